package vfs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

var (
	// ErrNotRegular reports a file that is neither regular nor, where one is
	// welcome, a directory.
	ErrNotRegular = errors.New("not a regular file")

	// ErrEscapes reports a path that leads outside its directory.
	ErrEscapes = errors.New("path leads outside its directory")
)

// A committedError is an error that came after a call had taken effect. It
// hides its reason from errors.Is, so that nobody repeats the call, until
// [Reason] unwraps it.
type committedError struct{ error }

// committed marks err, if there is one, as an error after the effect.
func committed(err error) error {
	if err == nil {
		return nil
	}
	return committedError{err}
}

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
		case committedError:
			err = e.error
		default:
			return err
		}
	}
}

// IsNotExist reports whether err says that there is no such file.
func IsNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// OutOfDescriptors reports whether the process, or the system, can open no more
// files for now.
func OutOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// LeadsNowhere reports whether err says that a link, or a directory's path,
// leads to nothing, round in circles, or outside.
func LeadsNowhere(err error) bool {
	for _, e := range []error{fs.ErrNotExist, ErrEscapes, syscall.ELOOP, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
