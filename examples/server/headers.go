package main

import (
	"maps"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// secure sets the headers that keep a browser from running a file as a script,
// and from giving a file to another site. The server does not trust the files.
func secure(next http.Handler) http.Handler {
	headers := http.Header{
		"Cache-Control":                {"no-store"}, // files change, and no header says when
		"Content-Security-Policy":      {"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), headers)
		next.ServeHTTP(w, r)
	})
}

// knownHosts refuses requests to a host that is not the server's. Without it, a
// page whose name its owner changes to the address of this server could read every
// file through its visitor's browser (DNS rebinding). An address is safe, because
// no name stands for it. So is a name without a dot, such as localhost: nobody can
// register it. Other names must be among allowed.
func knownHosts(allowed []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !knownHost(r.Host, allowed) {
			// RFC 9110, section 15.5.20.
			http.Error(w, "this host is not served here: -hosts names those that are", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost reports whether a Host header names this server.
func knownHost(host string, allowed []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return true
	}
	return slices.ContainsFunc(allowed, func(name string) bool { return strings.EqualFold(name, host) })
}

// wellFormed refuses requests whose headers say something that this server does
// not do. To ignore them would save or answer something else than was meant.
func wellFormed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := checkHeaders(r)
		if err == nil {
			next.ServeHTTP(w, r)
			return
		}
		code := status(err)
		if code == http.StatusUnsupportedMediaType {
			w.Header().Set("Accept-Encoding", "identity") // RFC 9110, section 15.5.16
		}
		showText(w, code, message(err, code))
	})
}

// checkHeaders returns the error of headers that the server refuses on every URL.
func checkHeaders(r *http.Request) error {
	switch {
	case len(r.Header.Values("Content-Range")) > 0:
		// RFC 9110, section 14.5: the body is a part of a file, and to save it would
		// replace the whole.
		return &statusError{http.StatusBadRequest, "Content-Range is not supported: send the whole file"}
	case r.ContentLength != 0 && r.Method != http.MethodPut && r.Method != http.MethodPost:
		// RFC 9110, section 9.3.1: such a body has no meaning, and intermediaries
		// that differ about it are a way to smuggle requests.
		return &statusError{http.StatusBadRequest, "a " + r.Method + " request must have no body"}
	}
	if err := checkCodings(r.Header.Values("Content-Encoding")); err != nil {
		return err
	}
	return checkContentType(r.Header.Values("Content-Type"))
}

// checkCodings refuses a body that has to be decoded (RFC 9110, section 8.4).
func checkCodings(values []string) error {
	for _, coding := range strings.Split(strings.Join(values, ","), ",") {
		if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
			return &statusError{http.StatusUnsupportedMediaType, "Content-Encoding is not supported: send the text itself"}
		}
	}
	return nil
}

// checkContentType refuses a Content-Type that is malformed (RFC 9110, section
// 8.3), and text in another charset than UTF-8.
func checkContentType(values []string) error {
	if len(values) == 0 {
		return nil
	}
	media, parameters, err := mime.ParseMediaType(values[0])
	if err != nil || len(values) > 1 || !strings.Contains(media, "/") {
		return badParameter("Content-Type", strings.Join(values, ", "), "must be one media type")
	}
	switch charset := strings.ToLower(parameters["charset"]); charset {
	case "", "utf-8", "us-ascii":
		return nil
	}
	return &statusError{http.StatusUnsupportedMediaType, "the charset must be UTF-8"}
}
