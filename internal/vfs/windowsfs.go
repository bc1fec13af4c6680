package vfs

import (
	"errors"
	"io/fs"
	"syscall"
	"time"
)

// A windowsFS makes a directory by way of package os serve on Windows, where
// others that use a file or its directory can make a call fail for a moment. It
// knows the error numbers of Windows that package syscall does not translate.
// They are those of "System Error Codes" in Microsoft's documentation.
//
// Nothing here needs Windows, so that the tests of every system cover it.
type windowsFS struct {
	directory
	errno func(error) uint32 // the system's error number, 0 if there is none
	sleep func(time.Duration)
}

// A directory is an FS that can change the permission bits of a name.
type directory interface {
	FS
	chmod(name string, perm fs.FileMode) error
}

// Error numbers of Windows.
const (
	errorInvalidFunction  = 1
	errorTooManyOpenFiles = 4
	errorAccessDenied     = 5
	errorInvalidDrive     = 15
	errorSharingViolation = 32
	errorBadNetName       = 67
	errorInvalidName      = 123
	errorBadPathname      = 161
	errorDirectory        = 267
	errorDeletePending    = 303
	errorTooManyLinks     = 1142
	errorCantResolve      = 1921
)

// mayPassOnWindows reports whether an error may be gone in a moment. A file that
// another program has open without sharing it is a sharing violation. Access is
// denied to a file that is removed but still open, and to one that a virus
// scanner or an indexer looks at. See cmd/internal/robustio in Go.
func mayPassOnWindows(errno uint32) bool {
	switch errno {
	case errorAccessDenied, errorSharingViolation, errorDeletePending:
		return true
	default:
		return false
	}
}

// meaningOnWindows returns the error that an error number stands for elsewhere,
// nil if it stands for none or if package syscall knows it.
func meaningOnWindows(errno uint32) error {
	switch errno {
	case errorInvalidFunction: // a hard link on FAT and exFAT
		return errors.ErrUnsupported
	case errorTooManyOpenFiles:
		return syscall.EMFILE
	case errorTooManyLinks:
		return syscall.EMLINK
	case errorCantResolve: // a link to itself
		return syscall.ELOOP
	case errorInvalidDrive, errorBadNetName:
		return fs.ErrNotExist
	case errorDirectory:
		return syscall.ENOTDIR
	case errorInvalidName, errorBadPathname:
		return errBadName
	case errorSharingViolation, errorDeletePending:
		return ErrInUse
	default:
		return nil
	}
}

// A meantError is a system error with the meaning that it has elsewhere.
type meantError struct {
	error
	meaning error
}

// Is reports whether target is the meaning.
func (e meantError) Is(target error) bool { return target == e.meaning }

// Unwrap returns the system error.
func (e meantError) Unwrap() error { return e.error }

// translated returns an error with its meaning.
func (d windowsFS) translated(err error) error {
	if meaning := meaningOnWindows(d.errno(err)); meaning != nil {
		return meantError{Reason(err), meaning}
	}
	return err
}

// maxPauses is how often a call is tried again. The pauses double from 1 ms, so
// they take 127 ms together.
const maxPauses = 7

// pauseBefore returns how long to wait before a try, counted from 1 after the
// first call. ok is false if there is to be no such try.
func pauseBefore(try int) (pause time.Duration, ok bool) {
	if try > maxPauses {
		return 0, false
	}
	return time.Millisecond << (try - 1), true
}

// patiently makes a call again while its error may pass.
func (d windowsFS) patiently(call func() error) error {
	for try := 1; ; try++ {
		err := call()
		pause, again := pauseBefore(try)
		if err == nil || !again || !mayPassOnWindows(d.errno(err)) {
			return d.translated(err)
		}
		d.sleep(pause)
	}
}

// patient makes a call with a result as patiently does.
func patient[T any](d windowsFS, call func() (T, error)) (v T, err error) {
	err = d.patiently(func() (err error) {
		v, err = call()
		return err
	})
	return v, err
}

// Open waits for others, as all methods that follow do.
func (d windowsFS) Open(name string) (File, error) {
	return patient(d, func() (File, error) { return d.directory.Open(name) })
}

func (d windowsFS) OpenForWriting(name string) (File, error) {
	return patient(d, func() (File, error) { return d.directory.OpenForWriting(name) })
}

// OpenDir returns a directory that waits for others, too.
func (d windowsFS) OpenDir(name string) (FS, error) {
	dir, err := patient(d, func() (FS, error) { return d.directory.OpenDir(name) })
	if err != nil {
		return nil, err
	}
	return windowsFS{dir.(directory), d.errno, d.sleep}, nil
}

func (d windowsFS) Create(name string, perm fs.FileMode) (File, error) {
	return patient(d, func() (File, error) { return d.directory.Create(name, perm) })
}

func (d windowsFS) Stat(name string) (Info, error) {
	return patient(d, func() (Info, error) { return d.directory.Stat(name) })
}

func (d windowsFS) Lstat(name string) (Info, error) {
	return patient(d, func() (Info, error) { return d.directory.Lstat(name) })
}

func (d windowsFS) List(name string, follow bool) ([]Entry, error) {
	return patient(d, func() ([]Entry, error) { return d.directory.List(name, follow) })
}

func (d windowsFS) Mkdir(name string) error {
	return d.patiently(func() error { return d.directory.Mkdir(name) })
}

func (d windowsFS) Link(oldName, newName string) error {
	return d.patiently(func() error { return d.directory.Link(oldName, newName) })
}

func (d windowsFS) Remove(name string) error {
	return d.patiently(func() error { return d.directory.Remove(name) })
}

// Rename also replaces a file that is read-only.
func (d windowsFS) Rename(oldName, newName string) error {
	return d.patiently(func() error {
		err := d.directory.Rename(oldName, newName)
		if d.errno(err) == errorAccessDenied {
			return d.renameOverReadOnly(oldName, newName, err)
		}
		return err
	})
}

const ownerWrites fs.FileMode = 0o200

// renameOverReadOnly renames once more, after denied, if the file that has the
// new name is read-only: Windows does not replace such a file, see
// FILE_RENAME_INFORMATION. The file loses the attribute first. It gets it back
// if it is not replaced.
func (d windowsFS) renameOverReadOnly(oldName, newName string, denied error) error {
	old, err := d.directory.Lstat(newName)
	if err != nil || old.Mode.IsDir() || old.Mode&ownerWrites != 0 {
		return denied
	}
	if d.chmod(newName, old.Mode.Perm()|ownerWrites) != nil {
		return denied
	}
	err = d.directory.Rename(oldName, newName)
	if err != nil {
		d.chmod(newName, old.Mode.Perm())
	}
	return err
}
