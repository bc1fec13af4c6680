package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Portable returns the whole file system by way of package os.
func Portable() FS { return osFS{} }

// An osFS is the whole file system by way of package os.
type osFS struct{}

func (osFS) Path() string { return "" }

func (osFS) Open(name string) (File, error) {
	return openedFile(openToRead(name, openNonblock))
}

func (osFS) OpenForWriting(name string) (File, error) {
	return openedFile(os.OpenFile(name, os.O_WRONLY|openNonblock, 0))
}

// ReadCached never succeeds: package os has no read that fails rather than wait.
func (osFS) ReadCached(string, int64) ([]byte, bool) { return nil, false }

func (osFS) OpenDir(name string) (FS, error) { return openedRoot(os.OpenRoot(insideOf(name))) }

// insideOf names a directory in a way that fails, rather than wait, if a FIFO
// has taken its place. Systems without FIFOs need no other name, and "C:/." is
// not the directory "C:" of Windows.
func insideOf(dir string) string {
	if dir == "" || openNonblock == 0 {
		return dir
	}
	return dir + "/."
}

func (osFS) Create(name string, perm fs.FileMode) (File, error) {
	return openedFile(os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm))
}

func (osFS) CreateUnnamed(fs.FileMode) (File, error)   { return nil, errors.ErrUnsupported }
func (osFS) LinkFile(File, string) error               { return errors.ErrUnsupported }
func (osFS) Stat(name string) (Info, error)            { return infoFrom(os.Stat(name)) }
func (osFS) Lstat(name string) (Info, error)           { return infoFrom(os.Lstat(name)) }
func (osFS) Mkdir(name string) error                   { return os.Mkdir(name, 0o777) }
func (osFS) Link(oldName, newName string) error        { return os.Link(oldName, newName) }
func (osFS) Rename(oldName, newName string) error      { return os.Rename(oldName, newName) }
func (osFS) RenameNew(string, string) error            { return errors.ErrUnsupported }
func (osFS) Remove(name string) error                  { return os.Remove(name) }
func (osFS) Sync() error                               { return errors.ErrUnsupported }
func (osFS) Close() error                              { return nil }
func (osFS) chmod(name string, perm fs.FileMode) error { return os.Chmod(name, perm) }

func (osFS) SetTimes(f File, name string, accessed, modified time.Time) error {
	err := setOpenTimes(f.(osFile).File, accessed, modified)
	if errors.Is(err, errors.ErrUnsupported) {
		err = os.Chtimes(name, accessed, modified)
	}
	return err
}

func (osFS) List(name string, follow bool) ([]Entry, error) {
	open := func(flags int) (*os.File, error) { return openToRead(name, openListing|flags) }
	switch {
	case follow:
		return listOpened(open(0))
	case openNoFollow == 0:
		return listOpened(openUnlinked(func() (os.FileInfo, error) { return os.Lstat(name) }, open))
	}
	dir, err := open(openNoFollow)
	if err != nil { // each system has another error for a link
		if st, lstatErr := os.Lstat(name); lstatErr == nil && !st.IsDir() {
			err = syscall.ENOTDIR
		}
	}
	return listOpened(dir, err)
}
