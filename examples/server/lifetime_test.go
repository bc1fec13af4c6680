package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
	for _, path := range []string{"/file/a.txt", "/concat?path=a.txt"} {
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

// A client that leaves in the middle of a stream stops the reading.
func TestLeavingEndsTheStream(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 0 })
	total := writeLarge(t, filepath.Join(f.dir, "many"))
	server := httptest.NewServer(f)
	defer server.Close()

	r, err := server.Client().Get(server.URL + "/concat?path=many")
	require.NoError(t, err)
	_, err = io.ReadFull(r.Body, make([]byte, 1<<20))
	require.NoError(t, err)
	assert.Positive(t, f.pool.Stats().Active, "the text is larger than the buffers of the connection")
	r.Body.Close()
	require.Eventually(t, func() bool { return f.pool.Stats().Active == 0 }, patience, poll)
	assert.Less(t, f.pool.Stats().BytesRead, total)
}

// If the work ends after a part of the answer was sent, the client must see that
// the answer is not whole.
func TestBrokenStreamIsNoAnswer(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 0 })
	writeLarge(t, filepath.Join(f.dir, "many"))
	ctx, end := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.ServeHTTP(&endingWriter{w, end}, r.WithContext(ctx))
	}))
	defer server.Close()
	r, err := server.Client().Get(server.URL + "/concat?path=many")
	require.NoError(t, err)
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// An endingWriter cancels the request after the first write.
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
