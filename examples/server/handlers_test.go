package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The handlers up to the test functions are those of docs/PRODUCTION.md, which has
// them word for word.

// An answer is a stream to a client, which may be slow but must not stall.
type answer struct {
	http.ResponseWriter
	begun   bool
	skipped int // files that were left out
}

// newAnswer begins the header of a stream. It announces the trailer, which net/http
// would not send after a short text otherwise.
func newAnswer(w http.ResponseWriter, contentType string) *answer {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Trailer", "Skipped")
	return &answer{ResponseWriter: w}
}

// extend gives the client a minute for the next bytes.
func (a *answer) extend() error {
	return http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(time.Minute))
}

// Write gives the client a minute for each 64 KiB.
func (a *answer) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, 64<<10) {
		if err := a.extend(); err != nil {
			return n, err
		}
		a.begun = true
		written, err := a.ResponseWriter.Write(piece)
		if n += written; err != nil {
			return n, err
		}
	}
	return n, nil
}

// end ends the answer. An error has a status until the first byte has gone out. Then
// it ends the connection, so that the client does not take half for the whole.
func (a *answer) end(err error) {
	code := http.StatusInternalServerError
	switch {
	case err == nil:
		a.Header().Set("Skipped", strconv.Itoa(a.skipped))
		err = a.extend() // net/http sends the rest
	case errors.Is(err, fileops.ErrEscapes):
		code = http.StatusForbidden
	case errors.Is(err, fs.ErrNotExist):
		code = http.StatusNotFound
	case errors.Is(err, fileops.ErrOverloaded):
		code = http.StatusServiceUnavailable
	}
	switch {
	case err != nil && a.begun:
		panic(http.ErrAbortHandler)
	case err != nil:
		http.Error(a, http.StatusText(code), code)
	}
}

// handlers returns handlers of streams. Its pool must have a Root.
func handlers(pool *fileops.Pool) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /concat", func(w http.ResponseWriter, r *http.Request) {
		out := newAnswer(w, "text/plain; charset=utf-8")
		result, err := pool.ConcatTo(r.Context(), out, r.URL.Query()["path"], nil)
		if err == nil {
			out.skipped = len(result.Skipped)
			if len(result.Files) == 0 && out.skipped > 0 {
				err = result.Skipped[0].Err
			}
		}
		out.end(err)
	})
	mux.HandleFunc("GET /chunks", func(w http.ResponseWriter, r *http.Request) {
		out := newAnswer(w, "application/x-ndjson")
		opts := fileops.DefaultChunkOptions()
		opts.OnSkip = func(fileops.SkippedFile) { out.skipped++ } // in a directory
		_, err := pool.ChunkTo(r.Context(), out, r.URL.Query().Get("path"), &opts)
		out.end(err)
	})
	mux.HandleFunc("GET /files", func(w http.ResponseWriter, r *http.Request) {
		out := newAnswer(w, "application/x-ndjson")
		lines := bufio.NewWriterSize(out, 32<<10)
		dir := cmp.Or(r.URL.Query().Get("dir"), ".")
		for file, err := range pool.Files(r.Context(), dir, &fileops.DirOptions{Stat: true}) {
			if err == nil {
				err = json.NewEncoder(lines).Encode(file)
			}
			if err != nil {
				out.end(err)
				return
			}
		}
		out.end(lines.Flush())
	})
	return mux
}

// The handlers in the documentation are those of this file.
func TestHandlersOfTheDocumentation(t *testing.T) {
	source, err := os.ReadFile("handlers_test.go")
	require.NoError(t, err)
	advice, err := os.ReadFile(filepath.Join("..", "..", "docs", "PRODUCTION.md"))
	require.NoError(t, err)
	_, code, found := strings.Cut(string(source), "// them word for word.\n\n")
	require.True(t, found)
	code, _, found = strings.Cut(code, "// The handlers in the documentation are")
	require.True(t, found)
	assert.True(t, strings.Contains(string(advice), "```go\n"+strings.TrimSpace(code)+"\n```"), "docs/PRODUCTION.md has other handlers")
}

// getHandled sends a request to the handlers of the documentation.
func getHandled(t *testing.T, f *fixture, url string) *http.Response {
	server := httptest.NewServer(handlers(f.pool)) // a recorder has no deadlines
	t.Cleanup(server.Close)
	r, err := server.Client().Get(server.URL + url)
	require.NoError(t, err)
	t.Cleanup(func() { r.Body.Close() })
	return r
}

func TestHandlersAnswer(t *testing.T) {
	f := newFixture(t, nil)
	for url, want := range map[string]string{
		"/concat?path=sub&path=none": `^---\nsub/c.txt\n---\n\ngamma\n\n---\nsub/d.go\n---\n\npackage d\n$`,
		"/concat":                    `^$`,
		"/chunks?path=a.txt":         `^{"chunk_content":"alpha\\n",[^\n]*"file_path":"a.txt"[^\n]*}\n$`,
		"/chunks?path=.":             `(?s)alpha.*gamma`,
		"/files?dir=sub":             `^{"Path":"sub/c.txt","Size":6,[^\n]*}\n{"Path":"sub/d.go",[^\n]*}\n$`,
		"/files":                     `(?s)"a.txt".*"sub/c.txt"`,
	} {
		r := getHandled(t, f, url)
		assert.Equal(t, http.StatusOK, r.StatusCode, url)
		body := text(t, r)
		assert.Regexp(t, regexp.MustCompile(want), strings.ReplaceAll(body, `\\`, "/"), url)
		assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		if url == "/chunks?path=." { // noise.bin, out.txt and up
			assert.Equal(t, "3", r.Trailer.Get("Skipped"))
		}
	}
	for url, code := range map[string]int{
		"/concat?path=none": 404, "/concat?path=..": 403, "/chunks?path=none": 404, "/chunks": 404, "/chunks?path=out.txt": 403, "/files?dir=none": 404, "/files?dir=up": 403,
		"/chunks?path=noise.bin": 500,
	} {
		r := getHandled(t, f, url)
		assert.Equal(t, code, r.StatusCode, url)
		assert.Equal(t, http.StatusText(code)+"\n", text(t, r))
	}
}

// largeStreams are requests to the handlers whose answers are much longer than the
// buffers.
var largeStreams = []string{"/concat?path=many", "/chunks?path=many", "/files?dir=many"}

// writeMany writes the files of these requests.
func (f *fixture) writeMany() {
	for i := range 1000 {
		f.write(fmt.Sprintf("many/%d/%s%d", i/10, strings.Repeat("n", 200), i), strings.Repeat("x", 10_000))
	}
}

func TestHandlersBreakTheConnection(t *testing.T) {
	for _, url := range largeStreams {
		t.Run(url, func(t *testing.T) {
			f := newFixture(t, nil)
			f.writeMany()
			ctx, end := context.WithCancel(t.Context())
			assertBroken(t, url, func(w http.ResponseWriter, r *http.Request) {
				handlers(f.pool).ServeHTTP(&endingWriter{w, end}, r.WithContext(ctx))
			})
		})
	}
}

// A slow client gets all of an answer, and the connection of one that stalls ends.
func TestHandlersMoveTheDeadline(t *testing.T) {
	for _, url := range largeStreams {
		for _, stalls := range []bool{false, true} {
			t.Run(fmt.Sprint(url, stalls), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFixture(t, nil)
					f.writeMany()
					l := &pipeListener{make(chan net.Conn), make(chan struct{})}
					server := &http.Server{Handler: handlers(f.pool)}
					go server.Serve(l)
					defer server.Close()
					conn := l.dial()
					defer conn.Close()
					ask(t, conn, "GET "+url+" HTTP/1.1", "Host: a", "Connection: close")
					r, err := http.ReadResponse(bufio.NewReader(slowReader{conn, 5 * time.Second, 16 << 10}), nil)
					require.NoError(t, err)
					if stalls {
						time.Sleep(time.Minute + time.Second)
					}
					began := time.Now()
					_, err = io.Copy(io.Discard, r.Body)
					if stalls {
						assert.Error(t, err)
						assert.Zero(t, f.pool.Stats().Active)
						return
					}
					assert.NoError(t, err)
					assert.Greater(t, time.Since(began), time.Minute)
				})
			})
		}
	}
}

// The end of an answer can come long after the bytes before it.
func TestHandlersMoveTheDeadlineOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := newAnswer(w, "text/plain")
			_, err := io.WriteString(out, "the text")
			time.Sleep(time.Hour) // as if many files were left out
			out.end(err)
		})}
		go server.Serve(l)
		defer server.Close()
		conn := l.dial()
		defer conn.Close()
		ask(t, conn, "GET / HTTP/1.1", "Host: a", "Connection: close")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, "the text", text(t, r))
		assert.Equal(t, "0", r.Trailer.Get("Skipped"))
	})
}
