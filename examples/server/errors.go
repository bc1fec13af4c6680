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
)

// statusClientClosed is the status of a client that left before its answer. It
// is not a standard code.
const statusClientClosed = 499

// status returns the HTTP status of an error. No other function maps errors.
func status(err error) int {
	switch {
	case is(err, fileops.ErrEscapes, fs.ErrPermission):
		return http.StatusForbidden
	case is(err, fs.ErrNotExist, syscall.ENOTDIR):
		return http.StatusNotFound
	case is(err, fs.ErrExist):
		return http.StatusConflict
	case is(err, fileops.ErrTooLarge), as[*http.MaxBytesError](err):
		return http.StatusRequestEntityTooLarge
	case as[*fileops.EncodingError](err):
		return http.StatusUnprocessableEntity // the file exists, but it is not text
	case as[*fileops.OptionError](err), is(err,
		fileops.ErrNotRegular, fileops.ErrExcluded, io.ErrUnexpectedEOF,
		syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP):
		return http.StatusBadRequest
	case is(err, fileops.ErrOverloaded, fileops.ErrClosed):
		return http.StatusServiceUnavailable
	case is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case is(err, os.ErrDeadlineExceeded): // the connection's deadline, while the body is read
		return http.StatusRequestTimeout
	case is(err, context.Canceled):
		return statusClientClosed
	default:
		return http.StatusInternalServerError
	}
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
// The reason of a server error is only in the log.
func message(err error, code int) string {
	if code >= http.StatusInternalServerError {
		return http.StatusText(code)
	}
	return err.Error()
}

// badParameter returns the error of an invalid query parameter.
func badParameter(name, value, reason string) error {
	return &fileops.OptionError{Option: name, Value: value, Reason: reason}
}

// An endpoint answers a request, or returns an error for the answer.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// answer returns the handler of an endpoint. show writes the answer if the
// endpoint fails.
func (s *service) answer(e endpoint, show func(w http.ResponseWriter, code int, message string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := e(w, r)
		if err == nil {
			return
		}
		code := status(err)
		if code == http.StatusInternalServerError {
			s.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "url", r.URL, "error", err)
		}
		if code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		show(w, code, message(err, code))
	})
}

// showText writes an error as plain text.
func showText(w http.ResponseWriter, code int, message string) {
	http.Error(w, message, code)
}
