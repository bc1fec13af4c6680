package vfs

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// PortableConfined returns the directory of root by way of os.Root. Close does
// not close root.
func PortableConfined(root *os.Root) FS { return &rootFS{root: root} }

// A rootFS is a directory by way of os.Root, which no name leads out of.
type rootFS struct {
	root *os.Root
	owns bool // Close closes root
}

func openedRoot(root *os.Root, err error) (FS, error) {
	if err != nil {
		return nil, err
	}
	return &rootFS{root: root, owns: true}, nil
}

// confined replaces the error by which os.Root says that a path escapes, which
// is not exported, by [ErrEscapes]. os.Root gives the same error for "..", and
// without a system call.
func (d *rootFS) confined(err error) error {
	if err == nil || errors.Is(err, fs.ErrClosed) { // a closed root answers ErrClosed to ".." too
		return err
	}
	_, escapes := d.root.Lstat("..")
	if Reason(err) == Reason(escapes) {
		return ErrEscapes
	}
	return err
}

func (d *rootFS) openFile(name string, flags int, perm fs.FileMode) (*os.File, error) {
	f, err := d.root.OpenFile(name, flags|openLarge, perm)
	return f, d.confined(err)
}

// Path returns the path of the open directory, where the system tells it.
func (d *rootFS) Path() string {
	dir, err := d.root.Open(".")
	if err != nil {
		return ""
	}
	defer dir.Close()
	return openPath(dir)
}

func (d *rootFS) Open(name string) (File, error) {
	return openedFile(d.openFile(name, os.O_RDONLY|openNonblock, 0))
}

func (d *rootFS) OpenForWriting(name string) (File, error) {
	return openedFile(d.openFile(name, os.O_WRONLY|openNonblock, 0))
}

// ReadCached never succeeds, see osFS.
func (d *rootFS) ReadCached(string, int64) ([]byte, bool) { return nil, false }

func (d *rootFS) OpenDir(name string) (FS, error) {
	dir, err := d.root.OpenRoot(insideOf(name))
	return openedRoot(dir, d.confined(err))
}

func (d *rootFS) Create(name string, perm fs.FileMode) (File, error) {
	return openedFile(d.openFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm))
}

func (d *rootFS) CreateUnnamed(fs.FileMode) (File, error) { return nil, errors.ErrUnsupported }
func (d *rootFS) LinkFile(File, string) error             { return errors.ErrUnsupported }

func (d *rootFS) lstat(name string) (os.FileInfo, error) {
	fi, err := d.root.Lstat(name)
	return fi, d.confined(err)
}

func (d *rootFS) Stat(name string) (Info, error) {
	fi, err := d.root.Stat(name)
	return infoFrom(fi, d.confined(err))
}

func (d *rootFS) Lstat(name string) (Info, error) { return infoFrom(d.lstat(name)) }

func (d *rootFS) List(name string, follow bool) ([]Entry, error) {
	open := func(flags int) (*os.File, error) { return d.openFile(name, os.O_RDONLY|openListing|flags, 0) }
	if follow {
		return listOpened(open(0))
	}
	return listOpened(openUnlinked(func() (os.FileInfo, error) { return d.lstat(name) }, open))
}

func (d *rootFS) Mkdir(name string) error { return d.confined(d.root.Mkdir(name, 0o777)) }

func (d *rootFS) Link(oldName, newName string) error {
	return d.confined(d.root.Link(oldName, newName))
}

func (d *rootFS) Rename(oldName, newName string) error {
	return d.confined(d.root.Rename(oldName, newName))
}

func (d *rootFS) RenameNew(string, string) error { return errors.ErrUnsupported }

func (d *rootFS) Remove(name string) error { return d.confined(d.root.Remove(name)) }

func (d *rootFS) chmod(name string, perm fs.FileMode) error {
	return d.confined(d.root.Chmod(name, perm))
}

func (d *rootFS) SetTimes(f File, name string, accessed, modified time.Time) error {
	err := setOpenTimes(f.(osFile).File, accessed, modified)
	if errors.Is(err, errors.ErrUnsupported) {
		err = d.confined(d.root.Chtimes(name, accessed, modified))
	}
	return err
}

func (d *rootFS) Sync() error {
	if nameIsFlushedWithFile {
		return nil
	}
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (d *rootFS) Close() error {
	if d.owns {
		return d.root.Close()
	}
	return nil
}
