package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A request is a request with headers, for the tests of a table.
type request struct {
	method, url, body string
	headers           []string // "Name: value"
}

// send performs a request without a connection.
func (f *fixture) send(q request) *http.Response {
	r := httptest.NewRequest(q.method, q.url, strings.NewReader(q.body))
	for _, h := range q.headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// endpoints are requests that succeed, one for each endpoint and method.
var endpoints = []request{
	{"GET", "/", "", nil},
	{"GET", "/browse/sub", "", nil},
	{"GET", "/view/a.txt", "", nil},
	{"GET", "/view/a.txt?size=3", "", nil},
	{"GET", "/files?dir=sub", "", nil},
	{"GET", "/file/a.txt", "", nil},
	{"PUT", "/file/new.txt", "text", nil},
	{"PUT", "/file/a.txt?overwrite=1", "text", nil},
	{"GET", "/concat?path=a.txt", "", nil},
	{"POST", "/concat", "path=a.txt", []string{form}},
	{"GET", "/chunks?path=a.txt", "", nil},
	{"GET", "/stats", "", nil},
	{"GET", "/static/style.css", "", nil},
	{"HEAD", "/", "", nil},
	{"HEAD", "/view/a.txt", "", nil},
	{"HEAD", "/files", "", nil},
	{"HEAD", "/file/a.txt", "", nil},
	{"HEAD", "/concat?path=a.txt", "", nil},
	{"HEAD", "/chunks?path=a.txt", "", nil},
	{"HEAD", "/stats", "", nil},
}

const form = "Content-Type: application/x-www-form-urlencoded"

// with returns the request with something added to its query, and with headers.
func (q request) with(query string, headers ...string) request {
	if query != "" {
		separator := "?"
		if strings.Contains(q.url, "?") {
			separator = "&"
		}
		q.url += separator + query
	}
	q.headers = append(q.headers[:len(q.headers):len(q.headers)], headers...)
	return q
}

// assertRefused asserts that a request is refused with a status, changes no file and
// writes no log.
func (f *fixture) assertRefused(t *testing.T, code int, q request) {
	t.Helper()
	r := f.send(q)
	body := text(t, r)
	assert.Equal(t, code, r.StatusCode, "%s %s %s: %s", q.method, q.url, q.headers, body)
	assert.NotEmpty(t, body)
	assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	assert.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Empty(t, f.log.String(), "no error here is the server's fault")
	data, err := os.ReadFile(filepath.Join(f.dir, "a.txt"))
	require.NoError(t, err)
	assert.Equal(t, tree["a.txt"], string(data))
	assert.NoFileExists(t, filepath.Join(f.dir, "new.txt"))
}

func TestEndpointsSucceed(t *testing.T) {
	for _, q := range endpoints {
		r := newFixture(t, nil).send(q)
		assert.Less(t, r.StatusCode, 300, q)
		assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"), q)
		assert.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'", q)
	}
}

func TestEveryEndpointRefuses(t *testing.T) {
	for _, q := range endpoints {
		t.Run(q.method+" "+q.url, func(t *testing.T) {
			f := newFixture(t, nil)
			for _, query := range []string{"path=a;b", "a;b", "x=%zz", "%zz", "unknown=1", "unknown", "=1", "Path=a.txt", "dir=a&dir=b", "size=1&size=1&x",
				strings.Repeat("path=a&", 10_001)} {
				f.assertRefused(t, http.StatusBadRequest, q.with(query))
			}
			for _, header := range []string{
				"Content-Type: ;", "Content-Type: ", "Content-Type: text", "Content-Type: text/plain; charset", "Content-Type: text/plain; a=1; a=2", "Content-Type: /;=\"",
				"Content-Range: bytes 0-2/6", "Content-Range: nonsense",
			} {
				f.assertRefused(t, http.StatusBadRequest, q.with("", header))
			}
			f.assertRefused(t, http.StatusBadRequest, q.with("", "Content-Type: text/plain", "Content-Type: text/plain"))
			for _, header := range []string{"Content-Encoding: gzip", "Content-Encoding: identity, br", "Content-Encoding: x"} {
				f.assertRefused(t, http.StatusUnsupportedMediaType, q.with("", header))
			}
			if len(q.headers) == 0 {
				f.assertRefused(t, http.StatusUnsupportedMediaType, q.with("", "Content-Type: text/plain; charset=iso-8859-1"))
				assert.Less(t, newFixture(t, nil).send(q.with("", "Content-Encoding: identity", "Content-Type: text/plain; charset=UTF-8")).StatusCode, 300)
			}
			if q.body == "" {
				q.body = "body"
				f.assertRefused(t, http.StatusBadRequest, q)
			}
		})
	}
}

func TestUnsupportedCodingsNameTheSupportedOne(t *testing.T) {
	r := newFixture(t, nil).send(request{"PUT", "/file/new.txt", "x", []string{"Content-Encoding: gzip"}})
	assert.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
}

func TestParametersOfOneValueAreNotRepeated(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct{ method, url string }{
		{"GET", "/files?dir=sub&dir="},
		{"GET", "/files?ext=.txt&ext=.txt"},
		{"GET", "/chunks?path=a.txt&path=a.txt"},
		{"GET", "/chunks?path=a.txt&size=1&size=2"},
		{"GET", "/view/a.txt?size=1&size=2"},
		{"PUT", "/file/a.txt?overwrite=1&overwrite=0"},
	} {
		f.assertRefused(t, http.StatusBadRequest, request{method: c.method, url: c.url, body: strings.Repeat("x", len(c.method)%3/2)})
	}
}

func TestNumbers(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/chunks?path=a.txt&", "/view/a.txt?"} {
		for _, query := range []string{
			"size=1.5", "size=+", "size=%201", "size=1_000", "size=0x10", "size=-1", "size=9223372036854775808", "size=99999999999999999999",
			"size=1&overlap=NaN", "size=1&overlap=Inf", "size=1&overlap=-0.1", "size=1&overlap=1.1", "size=1&overlap=1e999", "size=1&overlap=0x1p-2", "size=1&overlap=0,5",
			"size=1&threshold=-1", "size=1&threshold=1e3", "size=1&threshold=9223372036854775808", "size=1&unit=Chars", "size=1&unit=" + strings.Repeat("u", 5000),
		} {
			f.assertRefused(t, http.StatusBadRequest, request{method: "GET", url: path + query})
			f.assertRefused(t, http.StatusBadRequest, request{method: "HEAD", url: path + query})
		}
		for _, query := range []string{
			"size=" + maxInt, "size=" + maxInt + "&overlap=1", "size=5&threshold=" + maxInt, "size=5&overlap=1e-9", "size=", "size=3&overlap=&threshold=&unit=",
		} {
			assert.Equal(t, 200, f.get(path+query).StatusCode, path+query)
		}
	}
}

func TestForms(t *testing.T) {
	f := newFixture(t, nil)
	for body, code := range map[string]int{
		"path=a;b": 400, "path=%zz": 400, "unknown=1": 400, "": 400, "type=.txt": 400,
	} {
		f.assertRefused(t, code, request{"POST", "/concat", body, []string{form}})
		f.assertRefused(t, code, request{"POST", "/concat", body, []string{form + "; charset=UTF-8"}})
	}
	f.assertRefused(t, 400, request{"POST", "/concat?path=%zz", "path=a.txt", []string{form}})
	f.assertRefused(t, 400, request{"POST", "/concat?x=1", "path=a.txt", []string{form}})
	f.assertRefused(t, 400, request{"POST", "/concat?encoding=klingon", "path=a.txt&encoding=auto", []string{form}})
	f.assertRefused(t, 400, request{"POST", "/concat?git=0", "path=a.txt&git=1", []string{form}})
	assert.Equal(t, 200, f.send(request{"POST", "/concat?path=a.txt&git=1", "path=sub&encoding=auto", []string{form}}).StatusCode)
	for _, headers := range [][]string{nil, {"Content-Type: application/json"}, {"Content-Type: multipart/form-data; boundary=x"}, {form + "; charset=latin1"}} {
		f.assertRefused(t, http.StatusUnsupportedMediaType, request{"POST", "/concat", "path=a.txt", headers})
	}
	assert.Equal(t, 200, newFixture(t, nil).send(request{"POST", "/concat?path=a.txt", "", nil}).StatusCode)
}

// Every URL names its methods.
func TestMethods(t *testing.T) {
	for url, want := range map[string]string{
		"/":                 "GET, HEAD, OPTIONS",
		"/browse/sub":       "GET, HEAD, OPTIONS",
		"/view/a.txt":       "GET, HEAD, OPTIONS",
		"/files":            "GET, HEAD, OPTIONS",
		"/file/a.txt":       "GET, HEAD, OPTIONS, PUT",
		"/concat":           "GET, HEAD, OPTIONS, POST",
		"/chunks":           "GET, HEAD, OPTIONS",
		"/stats":            "GET, HEAD, OPTIONS",
		"/static/style.css": "GET, HEAD, OPTIONS",
	} {
		f := newFixture(t, nil)
		r := f.do("OPTIONS", url, "")
		assert.Equal(t, http.StatusNoContent, r.StatusCode, url)
		assert.Equal(t, want, r.Header.Get("Allow"), url)
		assert.Empty(t, text(t, r))
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"} {
			if strings.Contains(want, method) {
				continue
			}
			f.assertRefused(t, http.StatusMethodNotAllowed, request{method: method, url: url})
			assert.Equal(t, want, f.do(method, url, "").Header.Get("Allow"), method+" "+url)
		}
		f.assertRefused(t, http.StatusBadRequest, request{"PATCH", url, "", []string{"Content-Range: bytes 0-1/2"}})
	}
}

// The server gives out no tags and no dates, so only "*" is a condition that it can
// evaluate to true.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		header string
		get    int
		put    int // of a file that exists
		create int // of a file that does not
	}{
		{"If-Match: *", 200, 200, 412},
		{`If-Match: "tag"`, 412, 412, 412},
		{`If-Match: W/"tag", "other"`, 412, 412, 412},
		{"If-Match: ", 412, 412, 412},
		{`If-Match: *, "tag"`, 412, 412, 412},
		{"If-None-Match: *", 304, 412, 201},
		{`If-None-Match: "tag", *`, 304, 412, 201},
		{"If-None-Match: ", 200, 200, 200},
		{`If-None-Match: "tag"`, 200, 200, 200},
		{"If-Modified-Since: Tue, 01 Jan 2080 00:00:00 GMT", 200, 200, 200},
		{"If-Unmodified-Since: Tue, 01 Jan 1980 00:00:00 GMT", 200, 200, 200},
		{"If-Modified-Since: nonsense", 200, 200, 200},
		{"Range: bytes=0-1", 200, 200, 200},
		{"Range: bytes=9-", 200, 200, 200},
		{`If-Range: "tag"`, 200, 200, 200},
	} {
		for _, q := range endpoints {
			if q.method == "PUT" || q.method == "POST" || strings.HasPrefix(q.url, "/static") {
				continue // package net/http serves the static files
			}
			r := newFixture(t, nil).send(q.with("", c.header))
			assert.Equal(t, c.get, r.StatusCode, q.method+q.url+c.header)
			if c.get == 304 {
				assert.Empty(t, text(t, r))
			}
		}
		f := newFixture(t, nil)
		r := f.send(request{"PUT", "/file/a.txt?overwrite=1", "changed", []string{c.header}})
		assert.Equal(t, c.put, r.StatusCode, c.header)
		assert.Equal(t, c.put == 200, text(t, f.get("/file/a.txt")) == "changed", c.header)

		r = f.send(request{"PUT", "/file/new.txt?overwrite=1", "new", []string{c.header}})
		assert.Equal(t, c.create, r.StatusCode, c.header)
		assert.Equal(t, c.create == 412, f.get("/file/new.txt").StatusCode == 404, c.header)
	}
}

// A request that would fail anyway fails in the same way with conditions.
func TestFailuresComeBeforeConditions(t *testing.T) {
	f := newFixture(t, nil)
	for url, code := range map[string]int{
		"/file/none": 404, "/file/noise.bin": 422, "/concat?path=none": 404, "/chunks?path=none": 404, "/files?dir=none": 404, "/browse/none": 404, "/view/none": 404,
		"/file/%2e%2e/secret.txt": 403,
	} {
		for _, header := range []string{"If-None-Match: *", `If-Match: "tag"`} {
			f.assertRefused(t, code, request{"GET", url, "", []string{header}})
		}
	}
	f.assertRefused(t, 409, request{"PUT", "/file/a.txt", "x", []string{"If-Match: *"}})
}

func TestRangesAreNotOffered(t *testing.T) {
	f := newFixture(t, nil)
	r := f.send(request{"GET", "/file/a.txt", "", []string{"Range: bytes=1-2"}})
	assert.Equal(t, tree["a.txt"], text(t, r))
	assert.Equal(t, "none", r.Header.Get("Accept-Ranges"))
	assert.Empty(t, r.Header.Get("ETag")+r.Header.Get("Last-Modified"))
}

// A HEAD request gets the header of the GET request and reads no file.
func TestHeadReadsNothing(t *testing.T) {
	f := newFixture(t, nil)
	for url, code := range map[string]int{
		"/": 200, "/browse/sub": 200, "/browse/none": 404, "/browse/a.txt": 404, "/browse/up": 403,
		"/view/a.txt": 200, "/view/a.txt?size=3": 200, "/view/none": 404, "/view/sub": 400, "/view/big.txt": 413, "/view/out.txt": 403,
		"/files": 200, "/files?dir=sub": 200, "/files?dir=none": 404, "/files?dir=a.txt": 404, "/files?dir=..": 403, "/files?dir=/": 403,
		"/file/a.txt": 200, "/file/": 404, "/file/none": 404, "/file/sub": 400, "/file/big.txt": 413, "/file/out.txt": 403, "/file/%2e%2e/secret.txt": 403,
		"/file/a%00b": 400, "/file/a.txt/b": 404,
		"/concat?path=none&path=a.txt": 200, "/concat?path=sub": 200, "/concat?path=none": 404, "/concat": 400, "/concat?path=": 200, "/concat?path=../secret.txt": 403,
		"/chunks?path=a.txt": 200, "/chunks?path=none": 404, "/chunks?path=sub": 200, "/chunks?path=big.txt": 413, "/chunks?path=big.txt&size=10": 200,
		"/view/a.txt?size=3&page=2": 200, "/view/a.txt?size=3&page=99": 200, "/view/a.txt?size=3&page=0": 400, "/view/sub?size=3": 400, "/view/big.txt?size=10": 200, "/view/big.txt?size=11": 413,
		"/stats": 200, "/static/style.css": 200, "/static/none": 404, "/nothing": 404,
		"/concat?path=a.txt&encoding=auto": 200, "/concat?path=a.txt&encoding=klingon": 400, "/concat?path=sub&type=*.txt": 400, "/concat?path=sub&exclude=!": 400,
		"/chunks?path=a.txt&encoding=auto": 200, "/chunks?path=a.txt&encoding=klingon": 400, "/chunks?path=sub&type=.tar.gz": 400, "/chunks?path=sub&git=2": 400,
		"/files?ext=txt": 200, "/files?ext=*.txt": 400, "/files?dir=sub&ext=a/b": 400,
	} {
		head, get := f.do("HEAD", url, ""), uint64(0)
		assert.Equal(t, code, head.StatusCode, url)
		assert.Zero(t, f.pool.Stats().BytesRead, url)
		other := newFixture(t, nil)
		want := other.get(url)
		get = other.pool.Stats().BytesRead
		assert.Equal(t, want.StatusCode, head.StatusCode, url)
		assert.Equal(t, want.Header.Get("Content-Type"), head.Header.Get("Content-Type"), url)
		if strings.HasPrefix(url, "/file/") && code == 200 {
			assert.Equal(t, want.Header.Get("Content-Length"), head.Header.Get("Content-Length"), url)
			assert.Positive(t, get)
		}
	}
}

func TestHeadOfASocket(t *testing.T) {
	f := newFixture(t, nil)
	l, err := net.Listen("unix", filepath.Join(f.dir, "s"))
	require.NoError(t, err)
	defer l.Close()
	for _, url := range []string{"/concat?path=s", "/chunks?path=s", "/file/s", "/view/s"} {
		for _, method := range []string{"GET", "HEAD"} {
			f.assertRefused(t, http.StatusBadRequest, request{method: method, url: url})
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	server := httptest.NewServer(newFixture(t, nil))
	defer server.Close()
	for _, url := range []string{"/", "/stats", "/file/a.txt", "/file/none", "/concat?path=a.txt", "/chunks?path=a.txt"} {
		r, err := server.Client().Head(server.URL + url)
		require.NoError(t, err)
		assert.Empty(t, text(t, r), url)
	}
}

// Odd paths never are the server's fault, and lead to no file outside the root.
func TestOddPaths(t *testing.T) {
	for _, path := range []string{
		"a%00b", "%00", "%2e%2e%5csecret.txt", "..%5c..%5csecret.txt", "%2e%2e%2fsecret.txt", "sub%2f..%2f..%2fsecret.txt", "%2f%2f", "%5c%5cserver%5cshare",
		"C:%5cwindows", "C:secret.txt", "a.txt:stream", "a.txt%20", "a.txt.", "...", ".%2f.", "%2e", "%ff%fe", "%c0%ae%c0%ae/secret.txt", "%252e%252e%252fsecret.txt",
		"%0d%0aSet-Cookie:%20a=b", "%1b%5b2J", "%e2%80%ae", strings.Repeat("n", 256), strings.Repeat("n/", 3000), strings.Repeat("%2e%2e%2f", 100), "~root", "$HOME", "a.txt%2f", "a.txt/", "sub//c.txt", "con", "nul.txt", "out.txt%2f", "up%2fsecret.txt", "up/root/a.txt",
	} {
		f := newFixture(t, nil)
		for _, q := range []request{
			{method: "GET", url: "/file/" + path}, {method: "HEAD", url: "/file/" + path}, {method: "PUT", url: "/file/" + path, body: "x"}, {method: "PUT", url: "/file/" + path + "?overwrite=1", body: "x"},
			{method: "GET", url: "/view/" + path}, {method: "GET", url: "/browse/" + path}, {method: "GET", url: "/files?dir=" + path}, {method: "HEAD", url: "/files?dir=" + path},
			{method: "GET", url: "/concat?path=" + path}, {method: "HEAD", url: "/concat?path=" + path}, {method: "GET", url: "/chunks?path=" + path}, {method: "GET", url: "/static/" + path},
		} {
			r := f.send(q)
			body := text(t, r)
			name := fmt.Sprintf("%s %.80s", q.method, q.url)
			assert.Less(t, r.StatusCode, 500, name)
			assert.NotContains(t, body, secret, name)
			assert.NotContains(t, body, f.dir, name)
			for _, values := range r.Header {
				assert.NotContains(t, strings.Join(values, ""), "\n", name)
			}
			assert.Empty(t, r.Header.Get("Set-Cookie"), name)
			if r.StatusCode >= 400 && strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
				for _, c := range strings.TrimSuffix(body, "\n") {
					assert.True(t, c >= ' ' && c != 0x7f && c != 0x202e && c != 0xfffd, "%s: %q", name, body)
				}
			}
		}
		assert.Empty(t, f.log.String(), path)
		above, err := os.ReadDir(filepath.Dir(f.dir))
		require.NoError(t, err)
		assert.Len(t, above, 2, "nothing was saved outside the root")
	}
}
