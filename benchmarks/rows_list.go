package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/charlievieth/fastwalk"
	"github.com/lion-agi/fileops"
)

// listTree lists every file below the Go distribution, sorted by path.
func (in *inputs) listTree() (*comparison, error) {
	walkDir := func() (int64, error) {
		var paths []string
		err := filepath.WalkDir(in.list, func(path string, d fs.DirEntry, err error) error {
			if err == nil && isFile(path, d) {
				paths = append(paths, path)
			}
			return err
		})
		slices.Sort(paths)
		return int64(len(paths)), err
	}
	n, err := walkDir()
	return &comparison{
		files: int(n),
		ours: func() (int64, error) {
			paths, err := fileops.ListFiles(context.Background(), in.list, "")
			return int64(len(paths)), err
		},
		peers: []peer{
			{"fastwalk, collected and sorted", 1.1, func() (int64, error) {
				var mu sync.Mutex
				var paths []string
				err := fastwalk.Walk(nil, in.list, func(path string, d fs.DirEntry, err error) error {
					if err == nil && isFile(path, d) {
						mu.Lock()
						paths = append(paths, path)
						mu.Unlock()
					}
					return err
				})
				slices.Sort(paths)
				return int64(len(paths)), err
			}},
			{"filepath.WalkDir", 1.5, walkDir},
		},
	}, err
}
