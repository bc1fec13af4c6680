package fileops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// The errors of this package that a caller may want to branch on. They come
// wrapped, with the operation and the path; compare with [errors.Is].
var (
	// ErrOverloaded says that [PoolOptions].MaxPending operations were
	// already waiting, so this one was refused instead of queued.
	ErrOverloaded = errors.New("too many operations are waiting")

	// ErrClosed says that the pool no longer takes work.
	ErrClosed = errors.New("pool is closed")

	// ErrNotRegular says that the path names something that is neither a
	// regular file nor, where one is welcome, a directory: a FIFO, a socket,
	// a device.
	ErrNotRegular = errors.New("not a regular file")

	// ErrSameFile says that the source and the target of a copy are one file,
	// or a file that is cut and the OutputFile for its chunks.
	ErrSameFile = errors.New("source and target are the same file")

	// ErrEscapes says that a path leads outside the directory that confines
	// it: the pool's Root, or the directory a file is saved to.
	ErrEscapes = errors.New("path leads outside its directory")

	// ErrTooLarge says that a file is larger than [PoolOptions].MaxFileSize.
	ErrTooLarge = errors.New("file is too large")

	// ErrExcluded is the reason of a [SkippedFile] whose path contains one of
	// [ConcatOptions].Exclude, whose type was not asked for, or that is the
	// output file itself.
	ErrExcluded = errors.New("excluded by the options")

	// ErrBelowThreshold is the reason of a [SkippedFile] with fewer than
	// [ConcatOptions].Threshold characters.
	ErrBelowThreshold = errors.New("fewer characters than the threshold")
)

// An EncodingError reports a file whose bytes are not valid in its encoding.
type EncodingError struct {
	Path     string // the file, "" where the text did not come from one
	Encoding string // the encoding's name, as given or "utf-8"
	Offset   int64  // in bytes from the start of the file, of the first invalid byte
}

// Error implements error.
func (e *EncodingError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("decode: invalid %s at byte %d", e.Encoding, e.Offset)
	}
	return fmt.Sprintf("decode %s: invalid %s at byte %d", e.Path, e.Encoding, e.Offset)
}

// An OptionError reports an option or an argument that means nothing.
type OptionError struct {
	Option string // the field's or argument's name, such as "Overlap"
	Value  any    // what it was set to
	Reason string // what it may be
}

// Error implements error.
func (e *OptionError) Error() string {
	if s, ok := e.Value.(string); ok {
		return fmt.Sprintf("option %s = %q: %s", e.Option, s, e.Reason)
	}
	return fmt.Sprintf("option %s = %v: %s", e.Option, e.Value, e.Reason)
}

// A PanicError stands for a panic, or a call of [runtime.Goexit], in a
// function given to the package: to [Submit], as a Reader, as a Tokenizer.
type PanicError struct {
	Value any    // what was given to panic; [ErrGoexit] after Goexit
	Stack []byte // the goroutine's stack at the panic, as [runtime/debug.Stack] gives it
}

// ErrGoexit is the Value of a [PanicError] that stands for a call of
// [runtime.Goexit].
var ErrGoexit = errors.New("runtime.Goexit was called")

// Error implements error. It shows the value; the stack is in the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// pathError gives err the operation's name and the path as the caller wrote
// it. What the system's layers had put around the reason is taken off first:
// below a Root or an open directory it names paths the caller never saw.
func pathError(op, path string, err error) error {
	switch err.(type) {
	case nil:
		return nil
	case *EncodingError, *OptionError, laterError:
		return err // these say what they are about themselves
	}
	return &fs.PathError{Op: op, Path: path, Err: reason(err)}
}

// A lateError is an error that came after a call had taken effect, so that it
// must not be repeated. It hides what it is from errors.Is until pathError
// takes it off.
type lateError struct{ error }

// asLate marks err, if there is one, as a lateError.
func asLate(err error) error {
	if err == nil {
		return nil
	}
	return lateError{err}
}

// reason returns what is inside the errors that package os wraps around a
// system call's.
func reason(err error) error {
	for {
		switch e := err.(type) {
		case *fs.PathError:
			err = e.Err
		case *os.LinkError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		case lateError:
			err = e.error
		default:
			return err
		}
	}
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// outOfDescriptors reports whether the process, or the system, can open no
// more files for now.
func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// leadsNowhere reports whether a link, or a directory's path, that gave err
// leads to no file that could be meant: to nothing, round in circles, or
// outside.
func leadsNowhere(err error) bool {
	for _, e := range []error{fs.ErrNotExist, ErrEscapes, syscall.ELOOP, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
