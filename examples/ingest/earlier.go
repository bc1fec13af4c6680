package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// earlierOutputs returns the files in dir that have the name of the output,
// in any of its three forms: earlier runs have written them. The paths are
// those that a walk of dir meets.
func earlierOutputs(dir, output string) []string {
	stem := strings.TrimSuffix(output, filepath.Ext(output))
	var found []string
	for _, form := range []string{".jsonl", ".json", ".csv"} {
		if path, ok := within(dir, stem+form); ok {
			found = append(found, path)
		}
	}
	return found
}

// otherForms leaves out the output itself, which Chunk never reads. It matters
// because Exclude goes by a part of the path, and so "a.json" is in
// "data.json" too.
func otherForms(earlier []string, output string) []string {
	return slices.DeleteFunc(slices.Clone(earlier), func(path string) bool {
		return filepath.Ext(path) == filepath.Ext(output)
	})
}

// within returns the path that a file which exists has as one of dir.
func within(dir, file string) (string, bool) {
	from, err := realPath(dir)
	if err != nil {
		return "", false
	}
	to, err := realPath(file)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(from, to)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.Join(dir, rel), true
}

// realPath returns the one absolute path of a file that leads through no link.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
