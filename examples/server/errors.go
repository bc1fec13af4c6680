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

// statusClientClosed stands in logs for a client that left before its answer.
const statusClientClosed = 499

// status is what an error means in HTTP. It is the only place that knows.
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
		return http.StatusUnprocessableEntity // there is such a file, but it is no text
	case as[*fileops.OptionError](err), is(err,
		fileops.ErrNotRegular, fileops.ErrExcluded, io.ErrUnexpectedEOF,
		syscall.EINVAL, syscall.ENAMETOOLONG, syscall.ELOOP):
		return http.StatusBadRequest
	case is(err, fileops.ErrOverloaded, fileops.ErrClosed):
		return http.StatusServiceUnavailable
	case is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case is(err, os.ErrDeadlineExceeded): // of the connection, while the body was read
		return http.StatusRequestTimeout
	case is(err, context.Canceled):
		return statusClientClosed
	default:
		return http.StatusInternalServerError
	}
}

func is(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// message is what the client is told. The package's errors name paths as the
// client wrote them, so they show nothing of what is outside the root; what is
// the server's own trouble stays in its log.
func message(err error, code int) string {
	if code >= http.StatusInternalServerError {
		return http.StatusText(code)
	}
	return err.Error()
}

// badParameter is the error of a query parameter that means nothing.
func badParameter(name, value, reason string) error {
	return &fileops.OptionError{Option: name, Value: value, Reason: reason}
}

// An endpoint answers a request, or returns the error that is the answer.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// answer makes a handler of an endpoint. show writes the answer of one that
// failed.
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

// showText writes an error for programs.
func showText(w http.ResponseWriter, code int, message string) {
	http.Error(w, message, code)
}
