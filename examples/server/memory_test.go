package main

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// allocated returns the status of a request and the bytes of memory that the whole
// program needs for it. For an error, or an answer without a body, these are all bytes
// that it allocates. For another answer they are the bytes in use at several moments while the
// answer is written: it is then computed, and its parts are garbage once written.
func (f *fixture) allocated(method, url, body string) (code int, bytes uint64) {
	f.get("/stats") // the first request of a server makes what all of them share
	var before, after runtime.MemStats
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := &counter{header: http.Header{}}
	runtime.GC()
	runtime.ReadMemStats(&before)
	f.ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	w.WriteHeader(http.StatusOK) // as package net/http does for an empty answer
	if w.code >= 400 || w.writes == 0 {
		return w.code, after.TotalAlloc - before.TotalAlloc
	}
	return w.code, w.inUse - min(w.inUse, before.HeapAlloc)
}

// A counter is an answer that is not kept. It measures the memory in use at its
// first write and at few of the later ones.
type counter struct {
	header http.Header
	code   int
	writes int
	inUse  uint64
}

func (c *counter) Header() http.Header { return c.header }
func (c *counter) WriteHeader(code int) {
	if c.code == 0 {
		c.code = code
	}
}
func (c *counter) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	if c.writes++; c.code < 400 && (c.writes == 1 || c.writes%100 == 0) {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		c.inUse = max(c.inUse, now.HeapAlloc)
	}
	return len(p), nil
}

// streamMemory is more than a stream of chunks takes, however much there is.
const streamMemory = 128 << 20

// A request for the chunks of a file takes an amount of memory that does not grow
// with the file, whatever the parameters say. A page of them takes less.
func TestMemoryOfChunksIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long with the race detector, which changes what memory is used")
	}
	const size = 512 << 10
	for name, contents := range map[string]string{
		"characters": strings.Repeat("x", size),
		"words":      strings.Repeat("x ", size/2),
		"blanks":     strings.Repeat(" ", size),
		"controls":   strings.Repeat("\x01", size), // six bytes each in JSON
	} {
		f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = size })
		f.write("large", contents)
		for _, query := range []string{
			"size=1", "size=1&overlap=1", "size=1&unit=tokens", "size=20&unit=tokens&overlap=1&threshold=0", "size=41&overlap=1", "size=42", "size=42&overlap=1",
			"size=1000&overlap=1", "size=524288&overlap=1", "size=" + maxInt + "&overlap=1", "size=1&threshold=" + maxInt,
		} {
			for path, most := range map[string]uint64{"/chunks?path=large&": streamMemory, "/view/large?page=30&": 10 * size} {
				code, bytes := f.allocated("GET", path+query, "")
				assert.Equal(t, 200, code, path+query)
				assert.Less(t, bytes, most, "%s: %s%s: %d MiB", name, path, query, bytes>>20)
			}
		}
	}
}

func TestTooManyEntriesAreRefused(t *testing.T) {
	for limit, code := range map[int]int{6: 200, 5: 413} {
		f := newFixture(t, func(s *settings) { s.maxEntries = limit })
		require.NoError(t, f.mkdir("crowd"))
		for _, name := range []string{"a", "b/c", "b/d/e"} { // a b b/c b/d b/d/e
			f.write("crowd/"+name, "text")
		}
		f.write("crowd/f", "text")
		for _, q := range []request{
			{"GET", "/files?dir=crowd", "", nil}, {"GET", "/files?dir=./crowd/.", "", nil}, {"GET", "/files?dir=crowd/b/../", "", nil}, {"GET", "/files?dir=crowd&ext=none", "", nil},
			{"GET", "/concat?path=crowd", "", nil}, {"GET", "/concat?path=crowd/a&path=crowd/b&path=crowd/f&path=a.txt", "", nil}, {"POST", "/concat", "path=crowd", []string{form}},
		} {
			r := f.send(q)
			assert.Equal(t, code, r.StatusCode, q.url)
			if code == 413 {
				assert.Contains(t, text(t, r), "more than 5 files and directories")
			}
		}
		repeated := strings.Repeat("path=crowd/b/d&", limit+1) // one file, many times
		assert.Equal(t, 413, f.do("POST", "/concat", repeated).StatusCode)
	}
}

func TestLongPathsCountMore(t *testing.T) {
	for length, code := range map[int]int{50: 200, 200: 413} {
		f := newFixture(t, func(s *settings) { s.maxEntries = 3 })
		name := strings.Repeat("n", length)
		f.write("crowd/"+name+"/"+name, "")
		f.write("crowd/"+name+"/"+name[1:], "")
		assert.Equal(t, code, f.get("/files?dir=crowd").StatusCode, length)
	}
}

// The census counts the open directory, even if another has taken its path.
func TestCensusCountsTheRoot(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.maxEntries = 1 })
	require.NoError(t, os.Rename(f.dir, f.dir+" moved"))
	assert.Equal(t, 413, f.get("/files").StatusCode)
	require.NoError(t, os.Mkdir(f.dir, 0o777))
	assert.Equal(t, 413, f.get("/files").StatusCode)
	f.write("one", "")
	f.write("two", "")
	require.NoError(t, os.RemoveAll(f.dir+" moved/sub"))
	for name := range tree {
		os.Remove(filepath.Join(f.dir+" moved", name))
	}
	require.NoError(t, os.Remove(filepath.Join(f.dir+" moved", "up")))
	assert.Equal(t, 200, f.get("/files").StatusCode)
}

// The census of a directory does not need the directory in memory, and a link to
// another one does not lead it round in circles.
func TestMemoryOfListingsIsBounded(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.maxEntries = 1000 })
	for i := range shownEntries + 1 {
		f.write(fmt.Sprintf("crowd/%s%d", strings.Repeat("n", 200), i), "")
	}
	for _, url := range []string{"/files?dir=crowd", "/concat?path=crowd", "/browse/crowd"} {
		code, bytes := f.allocated("GET", url, "")
		assert.Equal(t, 413, code, url)
		assert.Less(t, bytes, uint64(shownEntries*2000), url) // each name is read once
	}
	code, bytes := f.allocated("GET", "/files?dir=crowd", "")
	assert.Equal(t, 413, code)
	assert.Less(t, bytes, uint64(2<<20))

	f = newFixture(t, nil)
	require.NoError(t, f.mkdir("loop"))
	require.NoError(t, os.Symlink(".", filepath.Join(f.dir, "loop", "self")))
	assert.Equal(t, 200, f.get("/files?dir=loop").StatusCode)
}

// A long body or a file costs a few times its length. A claim of a length costs
// nothing.
func TestMemoryOfTextsIsBounded(t *testing.T) {
	const size = 8 << 20
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = size })
	f.write("large", strings.Repeat("x", size))
	for _, url := range []string{"/file/large", "/view/large", "/concat?path=large"} {
		code, bytes := f.allocated("GET", url, "")
		assert.Equal(t, 200, code)
		assert.Less(t, bytes, uint64(4*size), "%s: %d MiB", url, bytes>>20)
	}
	code, bytes := f.allocated("PUT", "/file/new", strings.Repeat("x", size))
	assert.Equal(t, 201, code)
	assert.Less(t, bytes, uint64(6*size), "%d MiB", bytes>>20)

	body := strings.Repeat("path=&", 10_000)
	code, bytes = f.allocated("POST", "/concat", body)
	assert.Less(t, code, 500)
	assert.Less(t, bytes, uint64(64<<20))
}

// A body whose header says that it is too large is not read.
func TestHugeClaimsAreRefusedAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	for url, method := range map[string]string{"/file/huge": "PUT", "/concat": "POST"} {
		r := httptest.NewRequest(method, url, neverRead{t})
		r.ContentLength = 1 << 50
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	}
}

// A neverRead is a body that the server must not read.
type neverRead struct{ t *testing.T }

func (n neverRead) Read([]byte) (int, error) {
	n.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

// maxInt is the largest int of the system.
var maxInt = strconv.Itoa(math.MaxInt)
