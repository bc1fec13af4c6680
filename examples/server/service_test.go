package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// runMain is the variable that makes this program the server instead of its
// tests.
const runMain = "FILEOPS_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

const secret = "nobody's business"

// A fixture is a server over a small tree, beside which lies a secret.
type fixture struct {
	http.Handler
	t    *testing.T
	dir  string // the root
	pool *fileops.Pool
	log  strings.Builder
}

var tree = map[string]string{
	"a.txt":      "alpha\n",
	"b.md":       "béta\n",
	"big.txt":    strings.Repeat("x", 101),
	"noise.bin":  "ok\xff",
	"sub/c.txt":  "gamma\n",
	"sub/d.go":   "package d\n",
	"words.text": "one two three four five six",
}

// newFixture makes a server whose settings change has changed.
func newFixture(t *testing.T, change func(*settings)) *fixture {
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "root")}
	for name, text := range tree {
		f.write(name, text)
	}
	outside := filepath.Join(f.dir, "..", "secret.txt")
	require.NoError(t, os.WriteFile(outside, []byte(secret), 0o666))
	require.NoError(t, os.Symlink(outside, filepath.Join(f.dir, "out.txt")))
	require.NoError(t, os.Symlink("..", filepath.Join(f.dir, "up")))

	s := &settings{stall: time.Minute}
	s.pool.MaxFileSize, s.pool.Timeout = 100, time.Minute
	if change != nil {
		change(s)
	}
	root, err := os.OpenRoot(f.dir)
	require.NoError(t, err)
	s.pool.Root = root
	f.pool = fileops.NewPool(s.pool)
	f.Handler = newHandler(f.pool, root, s, slog.New(slog.NewTextHandler(&f.log, nil)))
	t.Cleanup(func() {
		assert.NoError(t, f.pool.Close(context.Background()))
		root.Close()
	})
	return f
}

func (f *fixture) write(name, text string) {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	require.NoError(f.t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(f.t, os.WriteFile(path, []byte(text), 0o666))
}

func (f *fixture) mkdir(name string) error { return os.Mkdir(filepath.Join(f.dir, name), 0o777) }

// do performs a request without a connection.
func (f *fixture) do(method, url, body string) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	f.ServeHTTP(w, r)
	return w.Result()
}

func (f *fixture) get(url string) *http.Response { return f.do("GET", url, "") }

func text(t *testing.T, r *http.Response) string {
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

func decode[T any](t *testing.T, r *http.Response) (v T) {
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.NoError(t, json.NewDecoder(r.Body).Decode(&v))
	return v
}

// occupy takes the pool's only slot and returns how to give it back.
func (f *fixture) occupy() (free func()) {
	release := make(chan struct{})
	held := fileops.Submit(context.Background(), f.pool, func(context.Context) (int, error) {
		<-release
		return 0, nil
	})
	require.Eventually(f.t, func() bool { return f.pool.Stats().Running == 1 }, patience, poll)
	return func() {
		close(release)
		held.Result()
	}
}

// How long tests wait for what must happen, and how often they look. No test
// passes by waiting.
const (
	patience = 30 * time.Second
	poll     = time.Millisecond
)

func TestList(t *testing.T) {
	f := newFixture(t, nil)
	type list struct{ Files []string }
	assert.Equal(t, []string{"a.txt", "big.txt", "sub/c.txt"}, decode[list](t, f.get("/files?ext=txt")).Files)
	assert.Equal(t, []string{"sub/c.txt", "sub/d.go"}, decode[list](t, f.get("/files?dir=sub")).Files)
}

func TestRead(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get("/file/b.md")
	assert.Equal(t, "béta\n", text(t, r))
	assert.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
	assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, int64(6), r.ContentLength)
}

func TestSave(t *testing.T) {
	f := newFixture(t, nil)
	r := f.do("PUT", "/file/new/de%20f.txt", "first")
	assert.Equal(t, http.StatusCreated, r.StatusCode)
	assert.Equal(t, "/file/new/de%20f.txt", r.Header.Get("Location"))
	assert.Equal(t, http.StatusConflict, f.do("PUT", "/file/new/de%20f.txt", "second").StatusCode)
	assert.Equal(t, "first", text(t, f.get("/file/new/de%20f.txt")))

	assert.Equal(t, http.StatusOK, f.do("PUT", "/file/new/de%20f.txt?overwrite=1", "third").StatusCode)
	assert.Equal(t, "third", text(t, f.get("/file/new/de%20f.txt")))
}

func TestConcat(t *testing.T) {
	f := newFixture(t, nil)
	const want = "---\na.txt\n---\n\nalpha\n\n---\nsub/c.txt\n---\n\ngamma\n"
	for name, r := range map[string]*http.Response{
		"GET":   f.get("/concat?path=sub&path=a.txt&path=none&type=&type=.txt"),
		"POST":  f.do("POST", "/concat", "path=sub&path=a.txt&path=none&type=.txt"),
		"mixed": f.do("POST", "/concat?path=sub&type=.txt", "path=none&path=a.txt"),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, http.StatusOK, r.StatusCode)
			assert.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
			assert.Equal(t, want, text(t, r))
			assert.Equal(t, "2", r.Trailer.Get("Concat-Files"))
			assert.Equal(t, fmt.Sprint(len(want)), r.Trailer.Get("Concat-Chars"))
			assert.Equal(t, "1", r.Trailer.Get("Concat-Skipped"))
			assert.Equal(t, []string{`"read none: no such file or directory"`}, r.Trailer["Concat-Skipped-File"])
		})
	}
}

func TestConcatNamesSomeOfManySkipped(t *testing.T) {
	f := newFixture(t, nil)
	query := url.Values{"path": {"a.txt"}}
	for i := range 2 * skippedNamed {
		query.Add("path", fmt.Sprint("none", i))
	}
	r := f.get("/concat?" + query.Encode())
	assert.Equal(t, fmt.Sprint(2*skippedNamed), r.Trailer.Get("Concat-Skipped"))
	assert.Len(t, r.Trailer["Concat-Skipped-File"], skippedNamed)
}

func TestConcatIsNotBoundByMaxFileSize(t *testing.T) {
	f := newFixture(t, nil)
	assert.Contains(t, text(t, f.get("/concat?path=big.txt")), tree["big.txt"])
}

func TestChunks(t *testing.T) {
	f := newFixture(t, nil)
	type answer struct{ Chunks []fileops.TextChunk }
	got := decode[answer](t, f.get("/chunks?path=words.text&size=2&overlap=1&threshold=0&unit=tokens")).Chunks
	var texts []string
	for _, c := range got {
		texts = append(texts, c.Text)
		assert.Equal(t, c.Text, tree["words.text"][c.Start:c.End])
		assert.Equal(t, "words.text", c.FilePath)
	}
	assert.Equal(t, []string{"one two three", "two three four five", "four five six"}, texts)

	f.write("empty", "")
	assert.Equal(t, "{\"chunks\":[]}\n", text(t, f.get("/chunks?path=empty")))

	whole := decode[answer](t, f.get("/chunks?path=words.text")).Chunks
	require.Len(t, whole, 1)
	assert.Equal(t, tree["words.text"], whole[0].Text)
}

func TestStats(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.Workers = 3 })
	text(t, f.get("/file/a.txt"))
	got := decode[fileops.Stats](t, f.get("/stats"))
	assert.Equal(t, 3, got.Workers)
	assert.Equal(t, uint64(1), got.Done)
	assert.Equal(t, uint64(6), got.BytesRead)
}

func TestStatuses(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		method, url, body string
		code              int
	}{
		{"GET", "/file/none.txt", "", 404},
		{"GET", "/file/", "", 404},
		{"GET", "/file/a.txt/b", "", 404},
		{"GET", "/nothing", "", 404},
		{"GET", "/files?dir=none", "", 404},
		{"GET", "/chunks?path=none", "", 404},
		{"GET", "/concat?path=none", "", 404},
		{"GET", "/browse/none", "", 404},
		{"GET", "/view/none", "", 404},
		{"GET", "/static/none", "", 404},

		{"GET", "/file/sub", "", 400},
		{"GET", "/file/a%00b", "", 400},
		{"GET", "/file/" + strings.Repeat("n", 300), "", 400},
		{"GET", "/concat", "", 400},
		{"POST", "/concat", "path=%zz", 400},
		{"GET", "/chunks?path=a.txt&size=many", "", 400},
		{"GET", "/chunks?path=a.txt&size=-1", "", 400},
		{"GET", "/chunks?path=a.txt&overlap=2", "", 400},
		{"GET", "/chunks?path=a.txt&overlap=x", "", 400},
		{"GET", "/chunks?path=a.txt&threshold=x", "", 400},
		{"GET", "/chunks?path=a.txt&unit=bytes", "", 400},
		{"GET", "/chunks?path=sub", "", 400},
		{"GET", "/view/a.txt?size=0&overlap=2", "", 400},
		{"PUT", "/file/x?overwrite=maybe", "", 400},
		{"PUT", "/file/x", "\xff", 400},
		{"PUT", "/file/x/", "", 400},
		{"PUT", "/file/x%5Cy", "", 400},
		{"PUT", "/file/sub?overwrite=1", "", 400},

		{"GET", "/file/%2e%2e/secret.txt", "", 403},
		{"GET", "/file/sub/%2e%2e/%2e%2e/secret.txt", "", 403},
		{"GET", "/file/%2e%2e%2fsecret.txt", "", 403},
		{"GET", "/file/%2Fetc/passwd", "", 403},
		{"GET", "/file/out.txt", "", 403},
		{"GET", "/file/up/secret.txt", "", 403},
		{"GET", "/files?dir=..", "", 403},
		{"GET", "/files?dir=/", "", 403},
		{"GET", "/files?dir=up", "", 403},
		{"GET", "/chunks?path=../secret.txt", "", 403},
		{"GET", "/chunks?path=out.txt", "", 403},
		{"GET", "/concat?path=../secret.txt", "", 403},
		{"GET", "/concat?path=/etc/passwd", "", 403},
		{"GET", "/concat?path=out.txt", "", 403},
		{"GET", "/browse/%2e%2e", "", 403},
		{"GET", "/browse/up", "", 403},
		{"GET", "/view/out.txt", "", 403},
		{"GET", "/view/%2e%2e/secret.txt", "", 403},
		{"PUT", "/file/%2e%2e/new.txt", "", 403},
		{"PUT", "/file/%2Ftmp/new.txt", "", 403},
		{"PUT", "/file/up/new.txt", "", 403},

		{"DELETE", "/file/a.txt", "", 405},
		{"PUT", "/file/a.txt", "", 409},
		{"PUT", "/file/sub", "", 409},
		{"GET", "/file/big.txt", "", 413},
		{"GET", "/view/big.txt", "", 413},
		{"GET", "/chunks?path=big.txt", "", 413},
		{"PUT", "/file/large.txt", strings.Repeat("x", 101), 413},
		{"POST", "/concat", "path=" + strings.Repeat("x", maxForm), 413},
		{"GET", "/file/noise.bin", "", 422},
		{"GET", "/view/noise.bin", "", 422},
		{"GET", "/chunks?path=noise.bin", "", 422},
		{"GET", "/concat?path=noise.bin", "", 422},
	} {
		t.Run(c.method+" "+c.url[:min(len(c.url), 60)], func(t *testing.T) {
			r := f.do(c.method, c.url, c.body)
			body := text(t, r)
			assert.Equal(t, c.code, r.StatusCode, body)
			assert.NotEmpty(t, body)
			assert.NotContains(t, body, secret)
			assert.NotContains(t, body, f.dir, "the answer must not tell where the root is")
		})
	}
	above, err := os.ReadDir(filepath.Dir(f.dir))
	require.NoError(t, err)
	assert.Len(t, above, 2, "nothing was saved outside the root")
	assert.NoFileExists(t, filepath.Join(f.dir, "large.txt"))
	assert.Empty(t, f.log.String(), "none of this is the server's fault")
}

// Plain dots never arrive: net/http redirects to the path without them.
func TestDotsAreRedirected(t *testing.T) {
	r := newFixture(t, nil).get("/file/sub/../../secret.txt")
	assert.Equal(t, http.StatusTemporaryRedirect, r.StatusCode)
	assert.Equal(t, "/secret.txt", r.Header.Get("Location"))
}

func TestStatusOfErrors(t *testing.T) {
	for err, want := range map[error]int{
		fmt.Errorf("x: %w", fileops.ErrOverloaded):    503,
		fileops.ErrClosed:                             503,
		context.DeadlineExceeded:                      504,
		context.Canceled:                              499,
		os.ErrDeadlineExceeded:                        408,
		io.ErrUnexpectedEOF:                           400,
		&fs.PathError{Op: "x", Err: fs.ErrPermission}: 403,
		errors.New("anything else"):                   500,
	} {
		assert.Equal(t, want, status(err), err)
	}
}

func TestOwnTroubleStaysInTheLog(t *testing.T) {
	var log strings.Builder
	s := &service{log: slog.New(slog.NewTextHandler(&log, nil))}
	w := httptest.NewRecorder()
	trouble := func(http.ResponseWriter, *http.Request) error { return errors.New("disk on fire") }
	s.answer(trouble, showText).ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Equal(t, "Internal Server Error\n", w.Body.String())
	assert.Contains(t, log.String(), "disk on fire")
}

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
	assert.Equal(t, http.StatusOK, f.get("/stats").StatusCode, "needs no slot")

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

// The slot is not given back before the answer, so only the deadline ends it.
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
	assert.Positive(t, f.pool.Stats().Active, "more is to come than the connection holds")
	r.Body.Close()
	require.Eventually(t, func() bool { return f.pool.Stats().Active == 0 }, patience, poll)
	assert.Less(t, f.pool.Stats().BytesRead, total)
}

// writeLarge makes a directory of more text than a connection holds, and
// returns how much.
func writeLarge(t *testing.T, dir string) (size uint64) {
	const files, each = 256, 1 << 20
	require.NoError(t, os.MkdirAll(dir, 0o777))
	first := filepath.Join(dir, "first")
	require.NoError(t, os.WriteFile(first, bytes.Repeat([]byte("x"), each), 0o666))
	for i := range files - 1 {
		require.NoError(t, os.Link(first, filepath.Join(dir, fmt.Sprint(i))))
	}
	return files * each
}

// Should the work end when part of the answer is out, the client must not take
// that for the whole.
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

// An endingWriter ends the request's work after the first write.
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

func TestAnotherSiteCannotSave(t *testing.T) {
	f := newFixture(t, nil)
	r := httptest.NewRequest("PUT", "/file/planted.txt", strings.NewReader("x"))
	r.Header.Set("Origin", "https://elsewhere.example")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.NoFileExists(t, filepath.Join(f.dir, "planted.txt"))
}
