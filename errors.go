package fileops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/vfs"
)

// Errors that a caller may branch on. They come wrapped, with the operation and
// the path; compare with [errors.Is].
var (
	// ErrOverloaded reports that [PoolOptions].MaxPending operations were
	// waiting already, so the pool refused this one.
	ErrOverloaded = errors.New("too many operations are waiting")

	// ErrClosed reports that the pool takes no more work.
	ErrClosed = errors.New("pool is closed")

	// ErrNotRegular reports a path that names neither a regular file nor,
	// where one is welcome, a directory, but a FIFO, a socket or a device.
	ErrNotRegular = vfs.ErrNotRegular

	// ErrSameFile reports that the source and the target of a copy are one
	// file, or a file that is cut and the OutputFile for its chunks.
	ErrSameFile = errors.New("source and target are the same file")

	// ErrEscapes reports a path that leads outside the directory that confines
	// it: the pool's Root, or the directory that a file is saved to.
	ErrEscapes = vfs.ErrEscapes

	// ErrTooLarge reports a file that is larger than [PoolOptions].MaxFileSize,
	// or than the memory that the process can take.
	ErrTooLarge = errors.New("file is too large")

	// ErrChanged reports a large file that changed between its two readings, or a file
	// of a bucket that changed since it was listed.
	ErrChanged = errors.New("file changed while it was read")

	// ErrNotFollowed is the reason of a [SkippedFile] that is a symbolic link
	// to a directory. An operation on a directory enters such links only with
	// [Selection].FollowLinks, and each directory once. Else name the link to have the
	// files behind it.
	ErrNotFollowed = errors.New("link to a directory is not followed")

	// ErrBadEntry reports an entry of a directory of [PoolOptions].FS that no path
	// can name: it is called "", ".", ".." or has a slash, or it is listed twice.
	ErrBadEntry = vfs.ErrBadEntry

	// ErrExcluded is the reason of a [SkippedFile] that the options leave out:
	// Exclude, a [Selection], the type of a file that was not asked for. It is also
	// that of the output file itself, and of the files that an earlier run saved in
	// OutputDir. [ExcludedError] has the rule.
	ErrExcluded = errors.New("excluded by the options")

	// ErrNotSynced reports a file that is saved, although the system refused to
	// make its name, or that of its directory, durable as Sync asks.
	ErrNotSynced = errors.New("saved, but not sure to outlast a power cut")

	// ErrBinary reports a file that the Encoding "auto" cannot decode: it is no
	// text, or a text in an encoding that cannot be told for certain. The error is
	// an *[EncodingError].
	ErrBinary = errors.New("not text, or in an unknown encoding")

	// ErrBelowThreshold is the reason of a [SkippedFile] with fewer than
	// [ConcatOptions].Threshold characters.
	ErrBelowThreshold = errors.New("fewer characters than the threshold")
)

// An EncodingError reports a text whose bytes are not valid in its encoding. With the
// Encoding "auto" it is [ErrBinary], and Offset is that of the first byte that is a
// NUL or not valid UTF-8 or, after a byte order mark, not valid in the encoding of
// the mark.
type EncodingError struct {
	Path     string // the file, "" for a text that did not come from one
	Encoding string // the encoding's name, as given or "utf-8"
	Offset   int64  // of the first invalid byte, from the start of the file
}

// Error implements error. It quotes a path that is not one line of text.
func (e *EncodingError) Error() string {
	op, reason := "decode", "invalid "+oneLine(e.Encoding)
	if e.Path != "" {
		op += " " + oneLine(e.Path)
	}
	if e.Is(ErrBinary) {
		reason = ErrBinary.Error()
	}
	return fmt.Sprintf("%s: %s at byte %d", op, reason, e.Offset)
}

// Is reports whether target is [ErrBinary] and the encoding was to be found out.
func (e *EncodingError) Is(target error) bool {
	return target == ErrBinary && e.Encoding == autoEncoding
}

// An OptionError reports an option or an argument with a meaningless value.
type OptionError struct {
	Option string // the field's or argument's name, such as "Overlap"
	Value  any    // its value
	Reason string // the values that it may have
}

// Error implements error.
func (e *OptionError) Error() string {
	if s, ok := e.Value.(string); ok {
		return fmt.Sprintf("option %s = %q: %s", e.Option, s, oneLine(e.Reason))
	}
	return fmt.Sprintf("option %s = %s: %s", e.Option, oneLine(fmt.Sprint(e.Value)), oneLine(e.Reason))
}

// checkContext returns an *OptionError for a nil context. Without it a call would
// panic, and some on a goroutine where nobody can recover.
func checkContext(ctx context.Context) error {
	if ctx == nil {
		return &OptionError{"ctx", nil, "must not be nil"}
	}
	return nil
}

// A PanicError reports a panic, or a call of [runtime.Goexit], in a function
// given to the package: to [Submit], as a Reader, Tokenizer, Splitter or Counter, in
// an FS.
type PanicError struct {
	Value any    // the argument of panic, or [ErrGoexit]
	Stack []byte // the goroutine's stack at the panic, as [runtime/debug.Stack] returns it
}

// ErrGoexit is the Value of a [PanicError] for a call of [runtime.Goexit].
var ErrGoexit = errors.New("runtime.Goexit was called")

// Error implements error. It shows the value, quoted if it is not one line of
// text; the stack is in the field.
func (e *PanicError) Error() string { return "panic: " + oneLine(fmt.Sprint(e.Value)) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// pathError gives err the operation's name and the path as the caller wrote it.
// It first removes the wrappers of the system's layers: below a Root or an open
// directory they name paths that the caller never saw.
func pathError(op, path string, err error) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *EncodingError, *OptionError, errTooLargeToHold:
		return err // these name their subject themselves
	case vfs.UnsyncedError:
		return &fs.PathError{Op: "sync", Path: path, Err: fmt.Errorf("%w: %w", ErrNotSynced, e.Reason)}
	}
	return &fs.PathError{Op: op, Path: path, Err: vfs.Reason(err)}
}

// oneLine returns s if it is valid UTF-8 without control characters and line
// breaks, and otherwise s as a quoted Go string, which is. A file may have any
// name, so a path in a text could otherwise look like several lines of it, or
// control a terminal.
func oneLine(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, breaksLine) {
		return s
	}
	return strconv.Quote(s)
}

// breaksLine reports whether c is a control character (Unicode's Cc) or one of
// the two line breaks that are none.
func breaksLine(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }

// oneLineError returns err if its text is what oneLine would return, and otherwise
// an error with the quoted text that wraps err.
func oneLineError(err error) error {
	if s := err.Error(); oneLine(s) != s {
		return quotedError{err}
	}
	return err
}

// A quotedError is an error with a quoted text.
type quotedError struct{ error }

func (e quotedError) Error() string { return strconv.Quote(e.error.Error()) }
func (e quotedError) Unwrap() error { return e.error }
