package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
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

func TestKnownHosts(t *testing.T) {
	allowed := []string{"files.example"}
	for _, host := range []string{"", "localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080", "10.1.2.3:8080", "server:80", "files.example", "FILES.example:8080"} {
		assert.True(t, knownHost(host, allowed), host)
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "files.example.evil", "x.files.example", "127.0.0.1.", "0x7f.1"} {
		assert.False(t, knownHost(host, allowed), host)
	}
}

// A page whose name leads to the server's address must read and save nothing.
func TestRebindingIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	server := newServer(context.Background(), &settings{hosts: []string{"files.example"}}, f, slog.New(slog.DiscardHandler))
	for host, code := range map[string]int{"evil.example": 421, "evil.example:8080": 421, "files.example": 200, "127.0.0.1:8080": 200} {
		for _, url := range []string{"/file/a.txt", "/", "/stats", "/static/style.css"} {
			r := httptest.NewRequest("GET", url, nil)
			r.Host = host
			w := httptest.NewRecorder()
			server.Handler.ServeHTTP(w, r)
			assert.Equal(t, code, w.Code, host+url)
		}
	}
}

func TestHostsAreNamedByAFlag(t *testing.T) {
	var s settings
	require.NoError(t, s.parse([]string{"-hosts", "a.example,b.example"}, io.Discard))
	assert.Equal(t, []string{"a.example", "b.example"}, s.hosts)
}

// Another site can make its visitors' browsers send requests, but these save nothing.
func TestOtherSitesCannotSave(t *testing.T) {
	for _, headers := range [][]string{
		{"Origin: https://elsewhere.example"}, {"Origin: null"}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"},
		{"Sec-Fetch-Site: cross-site", "Origin: http://example.com"}, {"Sec-Fetch-Site: none, cross-site"},
	} {
		f := newFixture(t, nil)
		f.assertRefused(t, http.StatusForbidden, request{"PUT", "/file/new.txt", "x", headers})
		f.assertRefused(t, http.StatusForbidden, request{"PUT", "/file/a.txt?overwrite=1", "x", headers})
		f.assertRefused(t, http.StatusForbidden, request{"POST", "/concat", "path=a.txt", append(headers, form)})
	}
	for _, headers := range [][]string{nil, {"Origin: http://example.com"}, {"Sec-Fetch-Site: same-origin"}, {"Sec-Fetch-Site: none"}} {
		assert.Equal(t, 201, newFixture(t, nil).send(request{"PUT", "/file/new.txt", "x", headers}).StatusCode, headers)
	}
}

// A redirect to a clean path does not lead to another server.
func TestRedirectsStayHere(t *testing.T) {
	for _, url := range []string{"//elsewhere.example/", "//elsewhere.example/..", "///elsewhere.example", "/browse//elsewhere.example", "/.//elsewhere.example", "/%5celsewhere.example//"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawPath, r.RequestURI = strings.ReplaceAll(url, "%5c", `\`), url, url
		w := httptest.NewRecorder()
		newFixture(t, nil).ServeHTTP(w, r)
		assert.NotRegexp(t, `^([a-z]+:|[/\\]{2})`, w.Header().Get("Location"), url)
	}
}

// exchange sends bytes to a server and returns the status of each answer. It ends
// the connection after the expected number of answers: an earlier end cancels a
// request under way. If the bytes are half a request, it ends the connection first.
func exchange(t *testing.T, address, sent string, answers int) (codes []int) {
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, sent)
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	if strings.HasSuffix(sent, halfBody) {
		answers = 0
	}
	for {
		if len(codes) == answers {
			conn.(*net.TCPConn).CloseWrite() // fails if the server has closed it
		}
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return codes
		}
		io.Copy(io.Discard, r.Body)
		codes = append(codes, r.StatusCode)
	}
}

// halfBody is the part of a body after which a connection ends.
const halfBody = "ab"

// Package net/http refuses these requests. The test shows that nothing in front of
// it, and no handler, lets one through (RFC 9112, sections 6.1, 6.3 and 11.2).
func TestSmugglingIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	set := &settings{stall: patience}
	server := newServer(context.Background(), set, f, newLogger(&f.log, false))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(pacedListener{l, set.stall})
	defer server.Close()
	smuggled := "PUT /file/planted.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
	for sent, want := range map[string][]int{
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + smuggled:                         {400},
		"PUT /file/b HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n" + smuggled:                                                 {400},
		"PUT /file/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" + smuggled:                                        {501},
		"PUT /file/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n" + smuggled:                               {501},
		"PUT /file/b?overwrite=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled:                       {400},
		"PUT /file/b?overwrite=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + halfBody:                        {400},
		"PUT /file/b?overwrite=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n" + halfBody:                                     {400},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n" + smuggled:                                             {400},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                                                                   {400},
		"GET /file/a.txt HTTP/1.1\r\n\r\n":                                                                                         {400},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n":                                                                {400},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n":                                                          {417},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n":                                    {431},
		"GET /file/%zz HTTP/1.1\r\nHost: a\r\n\r\n":                                                                                {400},
		"GET /file/a b HTTP/1.1\r\nHost: a\r\n\r\n":                                                                                {400},
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n":                                                                                    {200},
		"GET http://elsewhere.example/file/a.txt HTTP/1.1\r\nHost: a\r\n\r\n":                                                      {421},
		"GET //elsewhere.example/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n":                                                               {307},
		"CONNECT elsewhere:80 HTTP/1.1\r\nHost: elsewhere:80\r\n\r\n":                                                              {405},
		"TRACE /file/a.txt HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n":                                                          {405},
		"GET /file/a.txt HTTP/1.0\r\n\r\n":                                                                                         {200},
		"GET /file/a.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /file/a.txt HTTP/1.1\r\nHost: a\r\n\r\n":                                   {200, 200},
		fmt.Sprintf("PUT /file/large HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", int64(1<<40)):     {413},
		"PUT /file/a.txt?x=1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n":                             {400},
		"PUT /file/a.txt?overwrite=1 HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n": {412},
	} {
		got := exchange(t, l.Addr().String(), sent, len(want))
		assert.Equal(t, want, got, "%.120q", sent)
	}
	require.NoError(t, server.Shutdown(t.Context()))
	found, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	assert.Len(t, found, len(tree)+1, "two files are in one directory, and there are two links")
	assert.NoFileExists(t, filepath.Join(f.dir, "planted.txt"))
	data, err := os.ReadFile(filepath.Join(f.dir, "a.txt"))
	require.NoError(t, err)
	assert.Equal(t, tree["a.txt"], string(data))
	assert.NotContains(t, f.log.String(), "level=ERROR", "no error here is the server's fault")
}
