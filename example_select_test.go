package fileops_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/lion-agi/fileops"
)

// writeFiles writes files, which are pairs of a name and a text, for an example.
func writeFiles(dir string, files ...[2]string) {
	for _, f := range files {
		path := filepath.Join(dir, f[0])
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f[1]), 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

// Take what a person would take of a repository, and say why the rest is left out.
func ExampleSelection() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	writeFiles(dir,
		[2]string{".gitignore", "node_modules/\n*.log\n!keep.log\n"},
		[2]string{"node_modules/left-pad/index.js", "…"},
		[2]string{"src/main.go", "package main"},
		[2]string{"src/debug.log", "…"},
		[2]string{"src/keep.log", "…"},
	)
	opts := &fileops.DirOptions{
		Select: &fileops.Selection{Git: true, SkipHidden: true, MaxSize: 16 << 20},
		OnSkip: func(s fileops.SkippedFile) {
			if out, ok := errors.AsType[*fileops.ExcludedError](s.Err); ok {
				name, _ := filepath.Rel(dir, out.Path)
				fmt.Printf("%s is left out by %s, line %d: %s\n", filepath.ToSlash(name), filepath.Base(out.Source), out.Line, out.Rule)
			}
		},
	}
	for file, err := range fileops.Files(context.Background(), dir, opts) {
		if err != nil {
			log.Fatal(err)
		}
		name, _ := filepath.Rel(dir, file.Path)
		fmt.Println(filepath.ToSlash(name))
	}
	// Output:
	// .gitignore is left out by SkipHidden, line 0: .*
	// node_modules is left out by .gitignore, line 1: node_modules/
	// src/debug.log is left out by .gitignore, line 2: *.log
	// src/keep.log
	// src/main.go
}
