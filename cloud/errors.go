package cloud

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/smithy-go"
	"github.com/lion-agi/fileops"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// A storeError is the error of a driver, with the error of io/fs or of fileops that
// it means.
type storeError struct{ driver, means error }

func (e *storeError) Error() string   { return e.driver.Error() }
func (e *storeError) Unwrap() []error { return []error{e.means, e.driver} }

// errorOf returns the meaning of an error of a driver. It goes by the answer's
// status: the codes of gocloud.dev call a 403 of Google and an unknown host of
// Azure "not found".
func errorOf(err error) error {
	hideQuery(err)
	switch statusOf(err) {
	case http.StatusNotFound:
		return &storeError{err, fs.ErrNotExist}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &storeError{err, fs.ErrPermission}
	case http.StatusPreconditionFailed:
		return &storeError{err, fileops.ErrChanged}
	case 0:
		if gcerrors.Code(err) == gcerrors.NotFound && !isOfNetwork(err) {
			return &storeError{err, fs.ErrNotExist}
		}
	}
	return err
}

// hideQuery takes the query off the URL in an error: with Azure it may be a
// signature that grants access.
func hideQuery(err error) {
	var e *url.Error
	if errors.As(err, &e) {
		e.URL, _, _ = strings.Cut(e.URL, "?")
	}
}

// statusOf returns the HTTP status of the answer that an error is about, 0 if there
// is none.
func statusOf(err error) int {
	var (
		s3    interface{ HTTPStatusCode() int }
		azure *azcore.ResponseError
		gcs   *googleapi.Error
	)
	switch {
	case errors.As(err, &s3):
		return s3.HTTPStatusCode()
	case errors.As(err, &azure):
		return azure.StatusCode
	case errors.As(err, &gcs):
		return gcs.Code
	}
	return 0
}

// mayPass reports whether a request that failed may succeed at another attempt.
func mayPass(err error) bool {
	switch status := statusOf(err); {
	case status == http.StatusNotImplemented:
		return false
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return true
	case status == http.StatusBadRequest: // S3 has another status for a request that came too slowly
		var api smithy.APIError
		return errors.As(err, &api) && api.ErrorCode() == "RequestTimeout"
	case status >= http.StatusMultipleChoices:
		return false
	}
	return isOfNetwork(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isOfNetwork reports whether an error is one of the connection. net.Error would not
// do: any error of a system call is one.
func isOfNetwork(err error) bool {
	var request *url.Error
	var connection *net.OpError
	return errors.As(err, &request) || errors.As(err, &connection) || errors.Is(err, os.ErrDeadlineExceeded)
}
