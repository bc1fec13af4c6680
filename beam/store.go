package fileopsbeam

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Store is where the parts of a job go. Its methods may be called from many
// goroutines, processes and machines at once.
type Store interface {
	// Get returns a small object. If there is none, the error matches
	// [fs.ErrNotExist].
	Get(ctx context.Context, name string) ([]byte, error)

	// Size returns the size of an object. If there is none, the error matches
	// [fs.ErrNotExist].
	Size(ctx context.Context, name string) (int64, error)

	// Put makes an object, or replaces it, in one step: until then, and after a
	// failure, the name has its old contents.
	Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error
}

// openStore opens the output of a job.
func openStore(ctx context.Context, place string) (Store, error) {
	scheme := schemeOf(place)
	if scheme == "" {
		return dirStore(place), nil
	}
	open, err := stores.get(scheme)
	if err != nil {
		return nil, err
	}
	return openStores.get(place, func() (Store, error) { return open(context.WithoutCancel(ctx), place) })
}

// A dirStore is a directory of the system.
type dirStore string

func (d dirStore) Get(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}

func (d dirStore) Size(_ context.Context, name string) (int64, error) {
	info, err := os.Stat(filepath.Join(string(d), name))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// tempPattern is the pattern of temporary files. No operation of fileops lists such
// files, which a killed process leaves behind.
const tempPattern = ".fileops-*.tmp"

// Put writes a temporary file and renames it when it is whole and on the disk.
func (d dirStore) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) (err error) {
	if err := os.MkdirAll(string(d), 0o777); err != nil {
		return err
	}
	temp, err := os.CreateTemp(string(d), tempPattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if n, err := io.Copy(temp, content); err != nil || n != size {
		return errors.Join(err, io.ErrShortWrite)
	}
	if err := errors.Join(temp.Chmod(filePerm), temp.Sync(), temp.Close(), ctx.Err()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), filepath.Join(string(d), name))
}

// filePerm are the permissions of an output. Those of a temporary file let nobody else
// read it.
const filePerm fs.FileMode = 0o644
