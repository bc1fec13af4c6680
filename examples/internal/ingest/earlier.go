package ingest

import (
	"path/filepath"
	"strings"
)

// earlierOutputs returns the files in dir that have the name of the output and
// the extension of any format. They are the outputs of earlier runs. The paths
// are the same as those of a walk of dir.
func earlierOutputs(dir, output string) []string {
	stem := strings.TrimSuffix(output, filepath.Ext(output))
	var found []string
	for _, extension := range []string{".jsonl", ".json", ".csv"} {
		if path, ok := within(dir, stem+extension); ok {
			found = append(found, path)
		}
	}
	return found
}

// otherFormats returns the strings that exclude the earlier outputs but for the
// output itself. Chunk never reads its output, so there is no need to exclude it.
// An exclusion could match too much: Exclude matches parts of paths, and "a.json"
// is a part of "a.jsonl".
func otherFormats(dir string, earlier []string, output string) []string {
	var parts []string
	for _, path := range earlier {
		rel, err := filepath.Rel(dir, path)
		if err == nil && filepath.Ext(path) != filepath.Ext(output) {
			parts = append(parts, "/"+filepath.ToSlash(rel)) // as Exclude sees it
		}
	}
	return parts
}

// within returns the path of an existing file below dir, as a walk of dir gives
// it. It returns false if the file does not exist or is not below dir.
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

// realPath returns the absolute path of a file, without symbolic links.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
