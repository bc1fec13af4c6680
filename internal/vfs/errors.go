package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

var (
	// ErrNotRegular reports a file that is not a regular file, nor a directory
	// where that is allowed too.
	ErrNotRegular = errors.New("not a regular file")

	// ErrEscapes reports a path that leads outside its directory.
	ErrEscapes = errors.New("path leads outside its directory")

	// ErrInUse reports a file or a directory that another program removes, or
	// keeps to itself. Only Windows has such errors.
	ErrInUse = errors.New("in use")

	// ErrBadEntry reports an entry of a directory that no path can name.
	ErrBadEntry = errors.New("unusable entry of a directory")

	// errBadName reports a name that no file can have.
	errBadName = errors.New("malformed name")
)

// An UnsyncedError reports names that could not be made durable. The files are
// saved. It hides its reason from errors.Is, so that no caller repeats the call.
type UnsyncedError struct{ Reason error }

// Error implements error.
func (e UnsyncedError) Error() string { return e.Reason.Error() }

// Reason returns the error inside the wrappers that package os and this package
// put around a system call's error.
func Reason(err error) error {
	for {
		switch e := err.(type) {
		case *fs.PathError:
			err = e.Err
		case *os.LinkError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		default:
			return err
		}
	}
}

// IsNotExist reports whether err says that there is no such file.
func IsNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// OutOfDescriptors reports whether the process, or the system, can open no more
// files at the moment.
func OutOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// LeadsNowhere reports whether err says that a path leads to no file: a part of
// it is missing, malformed or not a directory, its links form a circle, or it
// leads outside its directory.
func LeadsNowhere(err error) bool {
	for _, e := range []error{fs.ErrNotExist, ErrEscapes, errBadName, syscall.ELOOP, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
