package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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

// runMain is an environment variable. If it is set, the test binary behaves as
// the server.
const runMain = "FILEOPS_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

const secret = "nobody's business"

// A fixture is a server of a small tree. A secret file is beside the root.
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

// newFixture makes a server. change may change its settings.
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

// write writes a file below the root.
func (f *fixture) write(name, text string) {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	require.NoError(f.t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(f.t, os.WriteFile(path, []byte(text), 0o666))
}

// mkdir makes a directory below the root.
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

// get performs a GET request.
func (f *fixture) get(url string) *http.Response { return f.do("GET", url, "") }

// text returns the body of an answer.
func text(t *testing.T, r *http.Response) string {
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(body)
}

// decode returns the JSON value of an answer.
func decode[T any](t *testing.T, r *http.Response) (v T) {
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.NoError(t, json.NewDecoder(r.Body).Decode(&v))
	return v
}

// occupy takes the pool's only slot until free is called.
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

// Tests wait at most patience for something that must happen, and look for it
// once per poll. No test passes because time runs out.
const (
	patience = 30 * time.Second
	poll     = time.Millisecond
)

// writeLarge makes a directory with more text than the buffers of a connection
// hold. It returns the size of the text.
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
