package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"syscall"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// statusClientClosed is the status of a client that left before its answer. It
// is not a standard code.
const statusClientClosed = 499

// A statusError is an error with a status of its own.
type statusError struct {
	code int
	text string
}

// Error implements error.
func (e *statusError) Error() string { return e.text }

// A bodyError reports a body that ends too early or is malformed. Only the client
// can have caused it.
type bodyError struct{ error }

// Error implements error.
func (e bodyError) Error() string { return "read body: " + e.error.Error() }

// Unwrap returns the reason.
func (e bodyError) Unwrap() error { return e.error }

// status returns the HTTP status of an error. Apart from windowsStatus, no other
// function maps errors.
func status(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.code
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok && windows {
		if code := windowsStatus(errno); code != 0 {
			return code
		}
	}
	switch {
	case is(err, fileops.ErrEscapes, fs.ErrPermission, syscall.EROFS):
		return http.StatusForbidden
	case is(err, fs.ErrNotExist, syscall.ENOTDIR):
		return http.StatusNotFound
	case is(err, fs.ErrExist, fileops.ErrChanged, syscall.EISDIR, syscall.EBUSY, syscall.ETXTBSY):
		return http.StatusConflict
	case is(err, fileops.ErrTooLarge, syscall.EFBIG), as[*http.MaxBytesError](err):
		return http.StatusRequestEntityTooLarge
	case as[*fileops.EncodingError](err):
		return http.StatusUnprocessableEntity // the file exists, but it is not text
	case as[*fileops.OptionError](err), is(err,
		fileops.ErrNotRegular, fileops.ErrExcluded, io.ErrUnexpectedEOF,
		syscall.EINVAL, syscall.EILSEQ, syscall.ENAMETOOLONG, syscall.ELOOP):
		return http.StatusBadRequest
	case is(err, fileops.ErrOverloaded, fileops.ErrClosed):
		return http.StatusServiceUnavailable
	case is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case is(err, syscall.ENOSPC, syscall.EDQUOT):
		return http.StatusInsufficientStorage
	case is(err, os.ErrDeadlineExceeded): // the connection's deadline, while the body is read
		return http.StatusRequestTimeout
	case is(err, context.Canceled):
		return statusClientClosed
	case as[bodyError](err):
		return http.StatusBadRequest
	default:
		return http.StatusInternalServerError
	}
}

// windowsStatus returns the status of an error number of Windows that package
// syscall does not translate, or 0. The numbers are those of "System Error Codes"
// in Microsoft's documentation.
func windowsStatus(errno syscall.Errno) int {
	switch errno {
	case 87, 111, 123, 161, 206, 1920, 1921: // a name that is malformed or too long, a link that leads nowhere
		return http.StatusBadRequest
	case 15, 53, 67, 267, 303: // no such drive, server, share; not a directory; being removed
		return http.StatusNotFound
	case 19: // write-protected
		return http.StatusForbidden
	case 32, 33: // another process uses the file
		return http.StatusConflict
	case 39, 112: // the disk is full
		return http.StatusInsufficientStorage
	}
	return 0
}

// is reports whether an error is one of the targets.
func is(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// as reports whether an error has the type E.
func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// message returns the text of an answer. The package's errors name paths as the
// client wrote them, so they show nothing of the directories outside the root.
// Anybody may have chosen the names, so it is escaped. The reason of a server error
// is only in the log.
func message(err error, code int) string {
	if code >= http.StatusInternalServerError {
		return http.StatusText(code)
	}
	return terminal.Escape(err.Error())
}

// An endpoint answers a request, or returns an error for the answer.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// A shower writes the answer of a request that failed.
type shower func(w http.ResponseWriter, code int, message string)

// answer returns the handler of an endpoint. show writes the answer if the
// endpoint fails.
func (s *service) answer(e endpoint, show shower) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := e(w, r)
		if err == nil {
			return
		}
		code := status(err)
		if code == http.StatusInternalServerError || code == http.StatusInsufficientStorage {
			s.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "url", r.URL, "error", err)
		}
		if code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		if code == http.StatusNotModified { // it has no body: RFC 9110, section 15.4.5
			w.WriteHeader(code)
			return
		}
		show(w, code, message(err, code))
	})
}

// showText writes an error as plain text.
func showText(w http.ResponseWriter, code int, message string) {
	http.Error(w, message, code)
}
