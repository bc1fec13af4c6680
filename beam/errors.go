package fileopsbeam

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/lion-agi/fileops"
)

// A Skip is a file that was left out.
type Skip struct {
	Path   string `json:"path"` // below the source
	Reason string `json:"reason"`
}

// lasting are the errors of a file that another attempt would find again.
var lasting = []error{
	errStale, fs.ErrNotExist, fileops.ErrTooLarge, fileops.ErrNotRegular, fileops.ErrBadEntry, fileops.ErrEscapes,
	fileops.ErrNotFollowed, syscall.ENAMETOOLONG, syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP,
}

// lasts reports whether an error is the file's own and stays, so that the file is
// skipped. Any other error fails the part. A denial by a bucket is one of the
// credentials, and not of the file: to skip all that it denies would lose a corpus.
func (s *source) lasts(err error) bool {
	for _, one := range lasting {
		if errors.Is(err, one) {
			return true
		}
	}
	if s.system && errors.Is(err, fs.ErrPermission) {
		return true
	}
	_, encoding := errors.AsType[*fileops.EncodingError](err)
	_, panicked := errors.AsType[*fileops.PanicError](err)
	_, option := errors.AsType[*fileops.OptionError](err) // a pattern that matches nothing
	return encoding || panicked || option
}

// reasonOf returns the text of an error without the path and the offset, so that a
// manifest can count the files with a reason.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*fileops.EncodingError](err); ok {
		if errors.Is(err, fileops.ErrBinary) {
			return fileops.ErrBinary.Error()
		}
		return "not " + e.Encoding + " text"
	}
	for _, one := range lasting {
		if errors.Is(err, one) {
			return one.Error()
		}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
