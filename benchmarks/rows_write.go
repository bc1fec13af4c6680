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

// empty removes what is in a directory.
func empty(dir string) error {
	return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755))
}

// concat writes the corpus into one file, each of its files under a header
// where the contender writes one. The answer is the bytes that are not header.
func (in *inputs) concat() (*contest, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	dir, err := in.fresh(in.memory)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(dir, "all.txt")
	headers := int64(len(c.paths) - 1) // a newline between two
	for _, path := range c.paths {
		headers += int64(len("---\n" + path + "\n---\n\n"))
	}
	// to runs f with the output file and subtracts what f says is header.
	to := func(f func(w *os.File) (header int64, err error)) run {
		return func() (int64, error) {
			file, err := os.Create(out)
			if err != nil {
				return 0, err
			}
			header, err := f(file)
			info, statErr := file.Stat()
			if err := errors.Join(err, statErr, file.Close()); err != nil {
				return 0, err
			}
			return info.Size() - header, nil
		}
	}
	return &contest{
		bytes: c.bytes,
		reset: func() error { return empty(dir) },
		ours: to(func(w *os.File) (int64, error) {
			_, err := fileops.ConcatTo(context.Background(), w, c.paths, nil)
			return headers, err
		}),
		peers: []peer{
			{"cat", 1.2, cat(c.paths, to)},
			{"conc stream of 8 + os.ReadFile", 0, to(func(w *os.File) (int64, error) {
				var errs []error
				s := stream.New().WithMaxGoroutines(readers)
				for _, path := range c.paths {
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
				return 0, errors.Join(errs...)
			})},
		},
	}, nil
}

// cat runs the program of that name once for the whole list.
func cat(paths []string, to func(func(*os.File) (int64, error)) run) run {
	program, err := exec.LookPath("cat")
	if err != nil {
		return nil
	}
	return to(func(w *os.File) (int64, error) {
		cmd := exec.Command(program, paths...)
		cmd.Stdout = w
		return 0, cmd.Run()
	})
}

// copyFile copies a file of size bytes to a new name, again and again.
func (in *inputs) copyFile(size int, target float64) func() (*contest, error) {
	return func() (*contest, error) {
		text, err := in.ascii(size)
		if err != nil {
			return nil, err
		}
		src, err := in.file(in.memory, text)
		if err != nil {
			return nil, err
		}
		dir, err := in.fresh(in.memory)
		if err != nil {
			return nil, err
		}
		// each gives f a target that is not there yet.
		each := func(f func(dst string) error) run {
			n := 0
			return func() (int64, error) {
				n++
				return int64(size), f(filepath.Join(dir, strconv.Itoa(n)))
			}
		}
		c := &contest{
			reset: func() error { return empty(dir) },
			ours: each(func(dst string) error {
				return fileops.CopyFile(context.Background(), src, dst)
			}),
			peers: []peer{
				{"io.Copy, not atomic", target, each(func(dst string) error { return ioCopy(src, dst) })},
				{"otiai10/copy, not atomic", target, each(func(dst string) error { return copy.Copy(src, dst) })},
			},
		}
		if size >= 1<<20 {
			c.bytes = int64(size)
		}
		return c, nil
	}
}

// ioCopy copies a file in the plain way.
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

// saveChunks writes each chunk to a JSON file of its own, whole or not at all.
func (in *inputs) saveChunks() (*contest, error) {
	text, err := in.ascii(1 << 20)
	if err != nil {
		return nil, err
	}
	chunks := records(text, in.chunkCount())
	dir, err := in.fresh(in.memory)
	if err != nil {
		return nil, err
	}
	// by writes every chunk in turn with f.
	by := func(f func(path string, b []byte) error) run {
		n := 0
		return func() (int64, error) {
			n++
			sub := filepath.Join(dir, strconv.Itoa(n))
			if err := os.Mkdir(sub, 0o755); err != nil {
				return 0, err
			}
			for i, c := range chunks {
				b, err := json.MarshalIndent(record{c.Text, c.ID, c.Total, c.Size, c.FilePath, c.FileName, c.FileSize}, "", "  ")
				if err != nil {
					return 0, err
				}
				if err := f(filepath.Join(sub, "chunk_"+strconv.Itoa(i+1)+".json"), b); err != nil {
					return 0, err
				}
			}
			return int64(len(chunks)), nil
		}
	}
	n := 0
	return &contest{
		files: len(chunks),
		reset: func() error { return empty(dir) },
		ours: func() (int64, error) {
			n++
			paths, err := fileops.SaveChunks(context.Background(), chunks, filepath.Join(dir, "ours"+strconv.Itoa(n)), nil)
			return int64(len(paths)), err
		},
		peers: []peer{
			{"a loop of json.MarshalIndent, temporary file, rename", 1.5, by(writeAndRename)},
			{"a loop of json.MarshalIndent, renameio", 0, by(func(path string, b []byte) error {
				return maybe.WriteFile(path, b, 0o644)
			})},
		},
	}, nil
}

// writeAndRename writes a file so that it is there whole or not at all.
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
