package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// inputs is the data that the jobs share. Each job makes its own texts, so that
// its figures do not depend on the memory that another job holds.
type inputs struct {
	quick  bool
	list   string // the directory whose files are listed
	src    string // the directory of the corpus
	disk   string // a scratch directory on disk
	memory string // a scratch directory in memory if the system has one, else on disk

	memoryName string                 // the name of its place in the table: "tmpfs", "disk" or the directory of -dir
	corpus     func() (corpus, error) // the files of src
	dirs       int                    // how many directories newDir has made
}

// A corpus is a list of files and the sum of their sizes.
type corpus struct {
	paths []string
	bytes int64
}

// newInputs finds the Go distribution and makes the scratch directories. Unless
// dir is empty, it replaces the place in memory.
func newInputs(quick bool, dir string) (*inputs, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	goroot, err := filepath.EvalSymlinks(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, err
	}
	in := &inputs{quick: quick, list: goroot, src: filepath.Join(goroot, "src"), memoryName: dir}
	if quick {
		in.src = filepath.Join(in.src, "encoding")
		in.list = in.src
	}
	if dir == "" {
		in.memoryName = "disk"
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			dir, in.memoryName = "/dev/shm", "tmpfs"
		}
	}
	if in.disk, err = os.MkdirTemp("", "fileops-benchmarks-"); err != nil {
		return nil, err
	}
	if in.memory, err = os.MkdirTemp(dir, "fileops-benchmarks-"); err != nil {
		return nil, errors.Join(err, in.close())
	}
	in.corpus = sync.OnceValues(func() (corpus, error) { return readCorpus(in.src, ".go") })
	return in, nil
}

// close removes the scratch directories.
func (in *inputs) close() error {
	return errors.Join(os.RemoveAll(in.disk), os.RemoveAll(in.memory))
}

// newDir makes a new directory below parent.
func (in *inputs) newDir(parent string) (string, error) {
	in.dirs++
	dir := filepath.Join(parent, fmt.Sprintf("%03d", in.dirs))
	return dir, os.Mkdir(dir, 0o755)
}

// newFile writes text to a new file below parent.
func (in *inputs) newFile(parent, text string) (string, error) {
	dir, err := in.newDir(parent)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "file.txt")
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// largeSize returns the size of a large file.
func (in *inputs) largeSize() int {
	if in.quick {
		return 1 << 20
	}
	return 64 << 20
}

// chunkCount returns how many chunks saveChunks saves.
func (in *inputs) chunkCount() int {
	if in.quick {
		return 100
	}
	return 10_000
}

// readCorpus finds the files below dir whose names have the extension.
func readCorpus(dir, extension string) (corpus, error) {
	var c corpus
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != extension || !isFile(path, d) {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		c.paths = append(c.paths, path)
		c.bytes += info.Size()
		return nil
	})
	return c, err
}

// isFile reports whether an entry of a walk is a regular file or a symbolic
// link to one.
func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
