package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/lion-agi/fileops"
)

// The package lists and reads files. The functions here only look at them: for
// HEAD requests, which must not read, and before a listing that could be too long.
// They work in one of the pool's slots and with the time limit of a request.

// inSlot calls a function in one of the pool's slots.
func inSlot[T any](ctx context.Context, s *service, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return fileops.Submit(ctx, s.pool, call).Await(ctx)
}

// noFiles is a pool without files. An operation on it checks its options as any
// other, and reads nothing.
var noFiles = fileops.NewPool(fileops.PoolOptions{FS: embed.FS{}})

// look returns the information on a file or directory.
func (s *service) look(ctx context.Context, name string) (fs.FileInfo, error) {
	if name == "" { // package os has an error of its own for it
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	info, err := inSlot(ctx, s, func(context.Context) (fs.FileInfo, error) { return s.root.Stat(name) })
	if _, failed := errors.AsType[*fs.PathError](err); failed {
		// The package tells a path that leads outside from one that is missing.
		if _, reason := s.pool.FileSize(ctx, name); reason != nil {
			return nil, reason
		}
	}
	return info, err
}

// lookAtFile returns the size of a file that could be read.
func (s *service) lookAtFile(ctx context.Context, name string) (int64, error) {
	info, err := s.look(ctx, name)
	switch {
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, &fs.PathError{Op: "read", Path: name, Err: fileops.ErrNotRegular}
	case s.maxSize > 0 && info.Size() > s.maxSize:
		return 0, &fs.PathError{Op: "read", Path: name, Err: fileops.ErrTooLarge}
	}
	return info.Size(), nil
}

// lookAtDirectory returns an error if a directory cannot be listed.
func (s *service) lookAtDirectory(ctx context.Context, name string) error {
	info, err := s.look(ctx, dirName(name))
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "list", Path: name, Err: syscall.ENOTDIR}
	}
	return err
}

// dirName returns the name that package os has for a directory.
func dirName(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// exists reports whether there is something at a path.
func (s *service) exists(ctx context.Context, name string) (bool, error) {
	_, err := s.look(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// A census counts the entries of directories up to a limit. An entry counts once
// more for each 256 bytes of its path, so that the limit bounds memory.
type census struct {
	root *os.Root
	left int // how many more entries may come
}

// errCrowded ends a census that has reached its limit.
var errCrowded = errors.New("too many entries")

// checkCrowd returns an error if there are more entries in and below directories than
// a request may ask for. The package keeps the paths of a listing in memory. A path
// that is given twice counts twice, as it does there.
func (s *service) checkCrowd(ctx context.Context, dirs []string) error {
	c := census{s.root, s.maxEntries}
	_, err := inSlot(ctx, s, func(ctx context.Context) (struct{}, error) {
		for _, dir := range dirs {
			if err := c.count(ctx, dir); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return tooMany(err, s.maxEntries)
}

// directories returns the names of the directories in a directory, which the package
// does not list. A directory of more than limit entries is an error.
func (s *service) directories(ctx context.Context, dir string, limit int) ([]string, error) {
	c := census{s.root, limit}
	names, err := inSlot(ctx, s, func(ctx context.Context) ([]string, error) { return c.entries(ctx, dir) })
	slices.Sort(names)
	return names, tooMany(err, limit)
}

// tooMany returns the error of a census, with the limit.
func tooMany(err error, limit int) error {
	if errors.Is(err, errCrowded) {
		return fmt.Errorf("more than %d files and directories: %w", limit, fileops.ErrTooLarge)
	}
	return err
}

// count counts the entries in and below a directory, or a file as one. It ignores
// errors: the package meets and reports them.
func (c *census) count(ctx context.Context, dir string) error {
	below, err := c.entries(ctx, dir)
	if err != nil {
		return err
	}
	for _, name := range below {
		if err := c.count(ctx, dirName(dir)+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// entries counts the entries of a directory and returns those that are directories.
// It never has more entries in memory than the limit.
func (c *census) entries(ctx context.Context, dir string) (below []string, err error) {
	dir = dirName(dir)
	info, err := c.root.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, c.take(ctx, 1)
	}
	f, err := c.open(dir, info)
	if err != nil {
		return nil, c.take(ctx, 1)
	}
	defer f.Close()
	for {
		found, readErr := f.ReadDir(256)
		for _, e := range found {
			if err := c.take(ctx, 1+(len(dir)+len(e.Name()))/256); err != nil {
				return nil, err
			}
			if e.IsDir() {
				below = append(below, e.Name())
			}
		}
		if readErr != nil {
			return below, nil
		}
	}
}

// open opens a directory. os.Root looks at each entry of a directory that it has
// opened, which takes four times as long. So open takes the same directory by its
// whole path, unless another one has come there.
func (c *census) open(dir string, info fs.FileInfo) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK // do not wait for a FIFO that has come there
	f, err := os.OpenFile(filepath.Join(c.root.Name(), dir), flags, 0)
	if err != nil {
		return c.root.OpenFile(dir, flags, 0)
	}
	if found, err := f.Stat(); err == nil && os.SameFile(info, found) {
		return f, nil
	}
	f.Close()
	return c.root.OpenFile(dir, flags, 0)
}

// take counts n entries.
func (c *census) take(ctx context.Context, n int) error {
	if c.left -= n; c.left < 0 {
		return errCrowded
	}
	return ctx.Err()
}
