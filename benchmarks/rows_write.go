package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/google/renameio/v2/maybe"
	"github.com/lion-agi/fileops"
	"github.com/otiai10/copy"
	"github.com/sourcegraph/conc/stream"
)

// emptyDir removes everything in a directory.
func emptyDir(dir string) error {
	return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755))
}

// corpusAndOutput returns the corpus and a new directory for the outputs.
func (in *inputs) corpusAndOutput() (c corpus, dir string, err error) {
	if c, err = in.corpus(); err == nil {
		dir, err = in.newDir(in.memory)
	}
	return c, dir, err
}

// concat writes the corpus into one file. The package writes a header for each
// file and the peers do not, so the answer is the size without the headers.
func (in *inputs) concat() (*comparison, error) {
	c, dir, err := in.corpusAndOutput()
	if err != nil {
		return nil, err
	}
	out := filepath.Join(dir, "all.txt")
	headers := int64(len(c.paths) - 1) // a newline between two files
	for _, path := range c.paths {
		headers += int64(len("---\n" + path + "\n---\n\n"))
	}
	return &comparison{
		bytes: c.bytes,
		reset: func() error { return emptyDir(dir) },
		ours: writeTo(out, headers, func(w *os.File) error {
			_, err := fileops.ConcatTo(context.Background(), w, c.paths, nil)
			return err
		}),
		peers: []peer{
			{"cat", 1.2, cat(c.paths, out)},
			{"conc stream of 8 + os.ReadFile", 0, writeTo(out, 0, func(w *os.File) error { return concStream(w, c.paths) })},
		},
	}, nil
}

// writeTo returns a run that creates a file and lets write fill it. The answer
// is the file's size without the headers.
func writeTo(out string, headers int64, write func(*os.File) error) run {
	return func() (int64, error) {
		file, err := os.Create(out)
		if err != nil {
			return 0, err
		}
		err = write(file)
		info, statErr := file.Stat()
		if err := errors.Join(err, statErr, file.Close()); err != nil {
			return 0, err
		}
		return info.Size() - headers, nil
	}
}

// cat returns a run that calls the program cat once for the whole list. It
// returns nil if there is no such program.
func cat(paths []string, out string) run {
	program, err := exec.LookPath("cat")
	if err != nil {
		return nil
	}
	return writeTo(out, 0, func(w *os.File) error {
		cmd := exec.Command(program, paths...)
		cmd.Stdout = w
		return cmd.Run()
	})
}

// concStream reads the files on several goroutines and writes them in order.
func concStream(w io.Writer, paths []string) error {
	var errs []error
	s := stream.New().WithMaxGoroutines(readers)
	for _, path := range paths {
		s.Go(func() stream.Callback {
			b, err := os.ReadFile(path)
			return func() {
				if err == nil {
					_, err = w.Write(b)
				}
				errs = append(errs, err)
			}
		})
	}
	s.Wait()
	return errors.Join(errs...)
}

// copyFile copies a file of size bytes to a new name in each run.
func (in *inputs) copyFile(size int, target float64) func() (*comparison, error) {
	return func() (*comparison, error) {
		text, err := in.asciiText(size)
		if err != nil {
			return nil, err
		}
		src, err := in.newFile(in.memory, text)
		if err != nil {
			return nil, err
		}
		dir, err := in.newDir(in.memory)
		if err != nil {
			return nil, err
		}
		// toNewName returns a run that copies to a path that does not exist yet.
		toNewName := func(f func(dst string) error) run {
			n := 0
			return func() (int64, error) {
				n++
				return int64(size), f(filepath.Join(dir, strconv.Itoa(n)))
			}
		}
		c := &comparison{
			reset: func() error { return emptyDir(dir) },
			ours: toNewName(func(dst string) error {
				return fileops.CopyFile(context.Background(), src, dst)
			}),
			peers: []peer{
				{"io.Copy, not atomic", target, toNewName(func(dst string) error { return ioCopy(src, dst) })},
				{"otiai10/copy, not atomic", target, toNewName(func(dst string) error { return copy.Copy(src, dst) })},
			},
		}
		if size >= 1<<20 {
			c.bytes = int64(size)
		}
		return c, nil
	}
}

// ioCopy copies a file with io.Copy.
func ioCopy(src, dst string) error {
	r, err := os.Open(src)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(dst)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// saveChunks writes each chunk to a JSON file of its own, with atomic writes.
func (in *inputs) saveChunks() (*comparison, error) {
	text, err := in.asciiText(1 << 20)
	if err != nil {
		return nil, err
	}
	chunks := sampleChunks(text, in.chunkCount())
	dir, err := in.newDir(in.memory)
	if err != nil {
		return nil, err
	}
	n := 0
	return &comparison{
		files: len(chunks),
		reset: func() error { return emptyDir(dir) },
		ours: func() (int64, error) {
			n++
			paths, err := fileops.SaveChunks(context.Background(), chunks, filepath.Join(dir, "ours"+strconv.Itoa(n)), nil)
			return int64(len(paths)), err
		},
		peers: []peer{
			{"a loop of json.MarshalIndent, temporary file, rename", 1.5, saveEach(chunks, dir, writeAndRename)},
			{"a loop of json.MarshalIndent, renameio", 0, saveEach(chunks, dir, func(path string, b []byte) error {
				return maybe.WriteFile(path, b, 0o644)
			})},
		},
	}, nil
}

// saveEach returns a run that encodes the chunks and writes each one to a file
// in a new directory below dir.
func saveEach(chunks []fileops.TextChunk, dir string, write func(path string, b []byte) error) run {
	n := 0
	return func() (int64, error) {
		n++
		sub := filepath.Join(dir, strconv.Itoa(n))
		if err := os.Mkdir(sub, 0o755); err != nil {
			return 0, err
		}
		for i, c := range chunks {
			b, err := json.MarshalIndent(newRecord(c), "", "  ")
			if err != nil {
				return 0, err
			}
			if err := write(filepath.Join(sub, "chunk_"+strconv.Itoa(i+1)+".json"), b); err != nil {
				return 0, err
			}
		}
		return int64(len(chunks)), nil
	}
}

// writeAndRename writes a temporary file and renames it, so that the file is
// whole or absent.
func writeAndRename(path string, b []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}
