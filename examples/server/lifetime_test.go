package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOverload(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.Workers, s.pool.MaxPending = 1, 1 })
	free := f.occupy()
	waiting := f.pool.AsyncReadFile(context.Background(), "a.txt")
	for _, url := range []string{"/file/a.txt", "/files", "/chunks?path=a.txt", "/concat?path=a.txt", "/", "/view/a.txt"} {
		r := f.get(url)
		assert.Equal(t, http.StatusServiceUnavailable, r.StatusCode, url)
		assert.NotEmpty(t, r.Header.Get("Retry-After"), url)
	}
	assert.Equal(t, http.StatusServiceUnavailable, f.do("PUT", "/file/x", "").StatusCode)
	assert.Equal(t, http.StatusOK, f.get("/stats").StatusCode, "/stats needs no slot")

	free()
	_, err := waiting.Result()
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, f.get("/file/a.txt").StatusCode)
}

func TestClosedPool(t *testing.T) {
	f := newFixture(t, nil)
	require.NoError(t, f.pool.Close(t.Context()))
	assert.Equal(t, http.StatusServiceUnavailable, f.get("/file/a.txt").StatusCode)
	assert.Equal(t, http.StatusServiceUnavailable, f.get("/concat?path=a.txt").StatusCode)
}

// The only slot stays occupied, so the request can end only by its deadline.
func TestTimeout(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.Workers, s.pool.Timeout = 1, time.Millisecond })
	free := f.occupy()
	defer free()
	for _, url := range []string{"/file/a.txt", "/files", "/chunks?path=a.txt", "/view/a.txt", "/"} {
		r := f.get(url)
		assert.Equal(t, http.StatusGatewayTimeout, r.StatusCode, url)
		assert.Contains(t, text(t, r), "Gateway Timeout", url)
	}
}

func TestLeavingEndsTheWait(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.Workers = 1 })
	server := httptest.NewServer(f)
	defer server.Close()
	free := f.occupy()
	defer free()
	for _, path := range []string{"/file/a.txt", "/concat?path=a.txt", "/chunks?path=a.txt"} {
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
			if err == nil {
				_, err = server.Client().Do(r)
			}
			left <- err
		}()
		require.Eventually(t, func() bool { return f.pool.Stats().Waiting == 1 }, patience, poll, path)
		leave()
		assert.ErrorIs(t, <-left, context.Canceled)
		require.Eventually(t, func() bool { return f.pool.Stats().Waiting == 0 }, patience, poll, path)
	}
}

// streams are requests for more text than the buffers of a connection hold.
var streams = []string{"/concat?path=many", "/chunks?path=many", "/chunks?path=one"}

// newStreaming returns a server of these streams.
func newStreaming(t *testing.T) (f *fixture, total uint64) {
	f = newFixture(t, func(s *settings) { s.pool.MaxFileSize = 0 })
	total = writeLarge(t, filepath.Join(f.dir, "many"))
	f.write("one", strings.Repeat("Größe ", 16<<20/8))
	return f, total
}

// A client that leaves in the middle of a stream stops the reading.
func TestLeavingEndsTheStream(t *testing.T) {
	for _, url := range streams {
		t.Run(url, func(t *testing.T) {
			f, total := newStreaming(t)
			server := httptest.NewServer(f)
			defer server.Close()

			r, err := server.Client().Get(server.URL + url)
			require.NoError(t, err)
			_, err = io.ReadFull(r.Body, make([]byte, 1<<20))
			require.NoError(t, err)
			assert.Positive(t, f.pool.Stats().Active, "the text is larger than the buffers of the connection")
			r.Body.Close()
			require.Eventually(t, func() bool { return f.pool.Stats().Active == 0 }, patience, poll)
			assert.Less(t, f.pool.Stats().BytesRead, total)
		})
	}
}

// If the work ends after a part of the answer was sent, the client must see that
// the answer is not whole.
func TestBrokenStreamIsNoAnswer(t *testing.T) {
	for _, url := range streams {
		t.Run(url, func(t *testing.T) {
			f, _ := newStreaming(t)
			ctx, end := context.WithCancel(t.Context())
			assertBroken(t, url, func(w http.ResponseWriter, r *http.Request) {
				f.ServeHTTP(&endingWriter{w, end}, r.WithContext(ctx))
			})
		})
	}
}

// HTTP/1.0 has no mark of the end of a text but the end of the connection.
func TestBrokenStreamResetsOldClients(t *testing.T) {
	for _, url := range append(streams, "/file/a.txt") {
		t.Run(url, func(t *testing.T) {
			f, _ := newStreaming(t)
			ctx, end := context.WithCancel(t.Context())
			set := &settings{stall: patience}
			server := newServer(ctx, set, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f.ServeHTTP(&endingWriter{w, end}, r)
			}), slog.New(slog.DiscardHandler))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			go server.Serve(pacedListener{l, set.stall})
			defer server.Close()
			conn, err := net.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			ask(t, conn, "GET "+url+" HTTP/1.0", "Host: a")
			_, err = io.Copy(io.Discard, conn)
			if url == "/file/a.txt" { // it is whole
				assert.NoError(t, err)
				return
			}
			assert.Error(t, err, "an end would tell that the text is whole")
		})
	}
}

// A file that changes between its two readings ends the stream of its chunks.
func TestChangedFileIsNoAnswer(t *testing.T) {
	f, _ := newStreaming(t)
	assertBroken(t, "/chunks?path=one", func(w http.ResponseWriter, r *http.Request) {
		f.ServeHTTP(&endingWriter{w, func() { assert.NoError(t, os.Truncate(filepath.Join(f.dir, "one"), 0)) }}, r)
	})
}

// In a directory, the trailers name a file that changes, and the stream goes on.
func TestChangedFileIsSkipped(t *testing.T) {
	f, _ := newStreaming(t)
	f.write("dir/one", strings.Repeat("x", 16<<20))
	f.write("dir/two", "the last")
	w := httptest.NewRecorder()
	change := func() { assert.NoError(t, os.Truncate(filepath.Join(f.dir, "dir", "one"), 0)) }
	f.ServeHTTP(&endingWriter{w, change}, httptest.NewRequest("GET", "/chunks?path=dir", nil))
	r := w.Result()
	assert.Contains(t, text(t, r), `{"chunk_content":"the last"`)
	assert.Equal(t, "1", r.Trailer.Get("Chunk-Files"))
	assert.Equal(t, []string{`"chunk dir/one: file changed while it was read"`}, r.Trailer["Chunk-Skipped-File"])
}

// assertBroken asserts that a client sees that an answer is not whole.
func assertBroken(t *testing.T, url string, handler http.HandlerFunc) {
	server := httptest.NewServer(handler)
	defer server.Close()
	r, err := server.Client().Get(server.URL + url)
	require.NoError(t, err)
	defer r.Body.Close()
	assert.Equal(t, http.StatusOK, r.StatusCode)
	_, err = io.Copy(io.Discard, r.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// An endingWriter ends something, such as the request, after the first write.
type endingWriter struct {
	http.ResponseWriter
	end func()
}

func (w *endingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	http.NewResponseController(w.ResponseWriter).Flush()
	w.end()
	return n, err
}

// Unwrap lets a handler set the deadlines of the connection.
func (w *endingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
