package main

import (
	"net/http"
	"strings"
)

// checkConditions evaluates the preconditions of a request that would otherwise
// succeed (RFC 9110, section 13.2.1). exists says whether there is a file, or an
// answer, before the request.
//
// The server gives out neither entity tags nor dates. So no tag in If-Match or
// If-None-Match is that of a file, and only "*" can match (sections 13.1.1 and
// 13.1.2). Without a date, the server must ignore If-Modified-Since and
// If-Unmodified-Since (sections 13.1.3 and 13.1.4). Range is ignored as well
// (section 14.2), and Accept-Ranges says so.
func checkConditions(r *http.Request, exists bool) error {
	if match := r.Header.Values("If-Match"); len(match) > 0 && !(exists && isAny(match)) {
		return &statusError{http.StatusPreconditionFailed, "If-Match names no version of this file"}
	}
	if exists && hasAny(r.Header.Values("If-None-Match")) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return &statusError{http.StatusNotModified, ""}
		}
		return &statusError{http.StatusPreconditionFailed, "the file exists"}
	}
	return nil
}

// isAny reports whether a precondition is "*", which any version matches.
func isAny(values []string) bool { return len(values) == 1 && strings.TrimSpace(values[0]) == "*" }

// hasAny reports whether a "*" is in a list, alone or not. The list is malformed if it
// is not alone, and to replace a file by such a request is worse than to refuse it.
func hasAny(values []string) bool {
	for tag := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if strings.TrimSpace(tag) == "*" {
			return true
		}
	}
	return false
}

// begin begins the answer to a GET or HEAD request that succeeds, unless a
// precondition fails.
func begin(w http.ResponseWriter, r *http.Request, contentType string) error {
	if err := checkConditions(r, true); err != nil {
		return err
	}
	w.Header().Set("Accept-Ranges", "none")
	w.Header().Set("Content-Type", contentType)
	return nil
}
