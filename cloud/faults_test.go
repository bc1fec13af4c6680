package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"
)

// answers makes each request fail with a status.
func answers(status int, code string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		writeError(w, status, code)
		return true
	}
}

// first makes the first n requests fail.
func first(n int32, fault func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	var made atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) bool { return made.Add(1) <= n && fault(w, r) }
}

// reset breaks the connection off.
func reset(w http.ResponseWriter, r *http.Request) bool { panic(http.ErrAbortHandler) }

// calls are one of each kind of request.
var calls = map[string]func(files *FS) error{
	"GET": func(files *FS) error {
		_, err := fs.ReadFile(files, "d/a.txt")
		return err
	},
	"HEAD": func(files *FS) error {
		_, err := files.Stat("d/a.txt")
		return err
	},
	"LIST": func(files *FS) error {
		_, err := files.ReadDir("d")
		return err
	},
	"LIST of a tree": func(files *FS) error {
		_, _, err := files.ReadTree("d", "")
		return err
	},
}

func TestErrorsAreWhatTheyMean(t *testing.T) {
	meanings := []error{fs.ErrNotExist, fs.ErrPermission, fileops.ErrChanged}
	for _, c := range []struct {
		name     string
		fault    func(http.ResponseWriter, *http.Request) bool
		means    error // nil for none
		attempts int
	}{
		{"400", answers(400, "InvalidRequest"), nil, 1},
		{"401", answers(401, "Unauthorized"), fs.ErrPermission, 1},
		{"403", answers(403, "SignatureDoesNotMatch"), fs.ErrPermission, 1},
		{"408", answers(408, "Timeout"), nil, 3},
		{"412", answers(412, "PreconditionFailed"), fileops.ErrChanged, 1},
		{"429", answers(429, "TooManyRequests"), nil, 3},
		{"500", answers(500, "InternalError"), nil, 3},
		{"501", answers(501, "NotImplemented"), nil, 1},
		{"503", answers(503, "SlowDown"), nil, 3},
		{"reset", reset, nil, 3},
	} {
		l := newLab(t)
		l.put("d/a.txt", "text")
		files := l.open(&Options{Attempts: 3, Backoff: time.Nanosecond})
		l.fails(c.fault)
		for name, call := range calls {
			t.Run(c.name+" "+name, func(t *testing.T) {
				l.take()
				err := call(files)
				require.Error(t, err)
				for _, meaning := range meanings {
					require.Equal(t, meaning == c.means, errors.Is(err, meaning), "%v: %v", meaning, err)
				}
				require.Equal(t, map[string]int{strings.Fields(name)[0]: c.attempts}, l.take())
				require.NotContains(t, err.Error(), "dummysecret")
			})
		}
	}
}

func TestRequestTimeoutOfS3IsTriedAgain(t *testing.T) {
	l := newLab(t)
	l.put("d/a.txt", "text")
	l.fails(first(1, answers(400, "RequestTimeout")))
	require.NoError(t, calls["GET"](l.open(quick)))
}

func TestPassingFailuresAreTriedAgain(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"503": answers(503, "SlowDown"), "500": answers(500, "InternalError"), "reset": reset,
	} {
		for kind, call := range calls {
			t.Run(name+" "+kind, func(t *testing.T) {
				l := newLab(t)
				l.put("d/a.txt", "text")
				l.fails(first(defaultAttempts-1, fault))
				require.NoError(t, call(l.open(quick)))
			})
		}
	}
}

// TestUnreachableServer asks a port that nobody listens on, and a host that does not
// exist.
func TestUnreachableServer(t *testing.T) {
	files := open(t, s3URL("http://127.0.0.1:1"), quick)
	_, err := files.ReadDir(".")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	_, err = open(t, s3URL("http://host.invalid"), quick).ReadDir(".")
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
}

// breaksOff sends only some of a body that it has announced. tells says whether it
// tells of the rest: a chunked body has an end of its own.
func breaksOff(l *lab, after int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		l.real.ServeHTTP(&shortWriter{w, after}, r)
		panic(http.ErrAbortHandler)
	}
}

type shortWriter struct {
	http.ResponseWriter
	left int
}

func (s *shortWriter) Write(b []byte) (int, error) {
	n := min(s.left, len(b))
	s.left -= n
	s.ResponseWriter.Write(b[:n])
	s.ResponseWriter.(http.Flusher).Flush()
	return len(b), nil
}

func TestBrokenBodyGoesOn(t *testing.T) {
	l := newLab(t)
	text := corpus["large.txt"]
	l.put("a.txt", text)
	files := l.open(quick)
	_, err := files.ReadDir(".")
	require.NoError(t, err)

	l.take()
	l.fails(first(3, breaksOff(l, 1<<20)))
	got, err := fs.ReadFile(files, "a.txt")
	require.NoError(t, err)
	require.Equal(t, text, string(got))
	require.Equal(t, map[string]int{"GET": 4}, l.take())

	l.fails(breaksOff(l, 1<<10)) // for ever
	got, err = fs.ReadFile(files, "a.txt")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Less(t, len(got), len(text))
	require.Equal(t, map[string]int{"GET": defaultAttempts}, l.take())
}

// TestBrokenBodyOfAnotherVersion changes the file in the middle.
func TestBrokenBodyOfAnotherVersion(t *testing.T) {
	for _, obeys := range []bool{true, false} {
		t.Run(fmt.Sprint("obeys If-Match: ", obeys), func(t *testing.T) {
			l := newLab(t)
			l.put("a.txt", corpus["large.txt"])
			files := l.open(quick)
			breakOff := breaksOff(l, 1<<20)
			l.fails(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") == "" {
					return breakOff(w, r)
				}
				l.put("a.txt", strings.ToUpper(corpus["large.txt"]))
				if !obeys {
					l.real.ServeHTTP(w, r)
				}
				return !obeys
			})
			_, err := fs.ReadFile(files, "a.txt")
			require.ErrorIs(t, err, fileops.ErrChanged)
		})
	}
}

// TestReadersEnd reads on after an error, and after Close.
func TestReadersEnd(t *testing.T) {
	l := newLab(t)
	l.put("a.txt", corpus["large.txt"])
	files := l.open(&Options{Attempts: 1})
	l.fails(breaksOff(l, 1<<10))
	f, err := files.Open("a.txt")
	require.NoError(t, err)
	_, err = io.ReadAll(f)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, again := f.Read(make([]byte, 1))
	require.Equal(t, err, again)
	require.NoError(t, f.Close())
	_, err = f.Read(make([]byte, 1))
	require.ErrorIs(t, err, fs.ErrClosed)
	require.NoError(t, f.Close())
}

func TestChangedFiles(t *testing.T) {
	for _, obeys := range []bool{true, false} {
		for name, look := range map[string]func(files *FS) error{
			"listed":      func(files *FS) error { _, err := files.ReadDir("d"); return err },
			"listed flat": func(files *FS) error { _, _, err := files.ReadTree(".", ""); return err },
			"described":   func(files *FS) error { _, err := files.Stat("d/a.txt"); return err },
			"expected":    func(files *FS) error { files.Expect("d/a.txt", `"1234"`); return nil },
		} {
			t.Run(fmt.Sprint(name, ", obeys If-Match: ", obeys), func(t *testing.T) {
				l := newLab(t)
				l.put("d/a.txt", "old")
				files := l.open(quick)
				require.NoError(t, look(files))
				l.put("d/a.txt", "new")
				if !obeys {
					l.fails(func(w http.ResponseWriter, r *http.Request) bool { l.real.ServeHTTP(w, r); return true })
				}
				_, err := fs.ReadFile(files, "d/a.txt")
				require.ErrorIs(t, err, fileops.ErrChanged)
				got, err := fs.ReadFile(files, "d/a.txt") // the old version is forgotten
				require.NoError(t, err)
				require.Equal(t, "new", string(got))
			})
		}
	}
}

// TestFilesThatWereNotLookedAtHaveNoCondition checks that a file can be read, changed
// and read.
func TestFilesThatWereNotLookedAtHaveNoCondition(t *testing.T) {
	l := newLab(t)
	files := l.open(quick)
	for _, text := range []string{"old", "new"} {
		l.put("a.txt", text)
		got, err := fs.ReadFile(files, "a.txt")
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
}

// TestChangedFileIsSkipped changes a file between the listing and the read of a pool.
func TestChangedFileIsSkipped(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		l.put(name, "old")
	}
	l.fails(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "b.txt") {
			l.put("b.txt", "new")
		}
		return false
	})
	pool := newPool(t, fileops.PoolOptions{FS: l.open(quick)})
	result, err := pool.ChunkTo(t.Context(), io.Discard, ".", nil)
	require.NoError(t, err)
	require.Equal(t, 2, result.Files)
	require.Len(t, result.Skipped, 1)
	require.Equal(t, "b.txt", result.Skipped[0].Path)
	require.ErrorIs(t, result.Skipped[0].Err, fileops.ErrChanged)
}

// hang answers when the client has gone.
func hang(w http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

func TestContextEndsRequests(t *testing.T) {
	for name, fault := range map[string]func(l *lab) func(http.ResponseWriter, *http.Request) bool{
		"no answer": func(*lab) func(http.ResponseWriter, *http.Request) bool { return hang },
		"half a body": func(l *lab) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				l.real.ServeHTTP(&shortWriter{w, 1}, r)
				return hang(w, r)
			}
		},
		"busy": func(*lab) func(http.ResponseWriter, *http.Request) bool { return answers(503, "SlowDown") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.put("a.txt", corpus["large.txt"])
			pool := newPool(t, fileops.PoolOptions{FS: l.open(&Options{Backoff: time.Hour}), Workers: 1})
			ctx, cancel := context.WithCancel(t.Context())
			begun := make(chan struct{}, 100)
			failing := fault(l)
			l.fails(func(w http.ResponseWriter, r *http.Request) bool {
				begun <- struct{}{}
				return failing(w, r)
			})
			go func() {
				<-begun
				cancel()
			}()
			_, err := pool.ReadFile(ctx, "a.txt")
			require.ErrorIs(t, err, context.Canceled)
			l.fails(nil)
			_, err = pool.ReadFile(t.Context(), "a.txt") // the only slot is free
			require.NoError(t, err)
		})
	}
}

func TestSilentServerTimesOut(t *testing.T) {
	l := newLab(t)
	l.put("d/a.txt", corpus["large.txt"])
	files := l.open(&Options{Attempts: 2, Backoff: time.Nanosecond, Timeout: 50 * time.Millisecond})
	l.fails(hang)
	for name, call := range calls {
		require.ErrorIs(t, call(files), os.ErrDeadlineExceeded, name)
	}
	l.take()
	l.fails(func(w http.ResponseWriter, r *http.Request) bool {
		l.real.ServeHTTP(&shortWriter{w, 100}, r)
		return hang(w, r)
	})
	require.ErrorIs(t, calls["GET"](files), os.ErrDeadlineExceeded)
	require.Equal(t, map[string]int{"GET": 2}, l.take())
}

// TestPassingFailuresOfAPool chunks a bucket of which each tenth request fails.
func TestPassingFailuresOfAPool(t *testing.T) {
	l := newLab(t)
	for i := range 200 {
		l.put(fmt.Sprintf("%03d.txt", i), strings.Repeat("text ", i))
	}
	ask := func() []fileops.TextChunk {
		pool := newPool(t, fileops.PoolOptions{FS: l.open(quick), Workers: 16})
		chunks, err := pool.Chunk(t.Context(), ".", nil)
		require.NoError(t, err)
		return chunks
	}
	want := ask()
	var made atomic.Int32
	faults := []func(http.ResponseWriter, *http.Request) bool{answers(503, "SlowDown"), reset, answers(500, "InternalError"), breaksOff(l, 10)}
	l.fails(func(w http.ResponseWriter, r *http.Request) bool {
		n := made.Add(1)
		return n%10 == 0 && faults[n/10%4](w, r)
	})
	require.Equal(t, want, ask())
	require.Greater(t, made.Load(), int32(200))
}

func TestRequestsOfATree(t *testing.T) {
	const files = 2001
	l := newLab(t)
	for i := range files {
		l.put(fmt.Sprintf("%02d/%04d.txt", i%50, i), "text")
	}
	pool := newPool(t, fileops.PoolOptions{FS: l.open(nil), Workers: 16})
	chunks, err := pool.Chunk(t.Context(), ".", nil)
	require.NoError(t, err)
	require.Len(t, chunks, files)
	require.Equal(t, map[string]int{"LIST": 3, "GET": files}, l.take())

	_, err = pool.ReadFile(t.Context(), "00/0000.txt")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"GET": 1}, l.take())

	_, err = pool.FileSize(t.Context(), "00/0000.txt")
	require.NoError(t, err)
	require.Equal(t, map[string]int{"HEAD": 1}, l.take())

	paths, err := pool.ListFiles(t.Context(), ".", "")
	require.NoError(t, err)
	require.Len(t, paths, files)
	require.Equal(t, map[string]int{"LIST": 3}, l.take())

	pool = newPool(t, fileops.PoolOptions{FS: byDirectory{l.open(nil)}})
	byDir, err := pool.ListFiles(t.Context(), ".", "")
	require.NoError(t, err)
	require.Equal(t, paths, byDir)
	require.Equal(t, map[string]int{"LIST": 51}, l.take())
}

// TestOddKeys lists keys that are no paths. Each is read, or reported, or marks a
// directory.
func TestOddKeys(t *testing.T) {
	keys := map[string]string{
		"d/./x": "x", "d//x": "x", "d/../x": "x", "./y": "x", "../z": "x", "..": "x", ".": "x",
		"both": "file", "both/x": "below",
		"marker/": "", "marker/a.txt": "text", "full/": "lost?",
		"d/ok.txt": "text", "trailing /a": "text", "back\\slash": "text", "a:b*?": "text",
	}
	l := newLab(t)
	memory := memblob.OpenBucket(nil)
	defer memory.Close()
	for key, text := range keys {
		l.put(key, text)
		require.NoError(t, memory.WriteAll(t.Context(), key, []byte(text), nil))
	}
	require.NoError(t, memory.WriteAll(t.Context(), "/top", []byte("x"), nil)) // the server lists another key
	files := l.open(quick)
	for name, fsys := range map[string]fs.FS{
		"flat": files, "by directory": byDirectory{files},
		"memory, flat": New(memory, "", nil), "memory, by directory": byDirectory{New(memory, "", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			pool := newPool(t, fileops.PoolOptions{FS: fsys, Workers: 4})
			var refused []string
			list, err := pool.DirToFiles(t.Context(), ".", &fileops.DirOptions{
				IgnoreErrors: true,
				OnSkip: func(s fileops.SkippedFile) {
					assert.ErrorIs(t, s.Err, fileops.ErrBadEntry, s.Path)
					refused = append(refused, s.Path)
				},
			})
			require.NoError(t, err)
			require.Equal(t, []string{"a:b*?", "back\\slash", "both", "d/ok.txt", "marker/a.txt", "trailing /a"}, list)
			require.GreaterOrEqual(t, len(refused), 8, "%q", refused)
			for _, path := range list {
				got, err := pool.ReadFile(t.Context(), path)
				require.NoError(t, err, path)
				require.Equal(t, keys[path], got)
			}
		})
	}
	walked := 0 // a walk of io/fs believes every name
	require.NoError(t, fs.WalkDir(files, ".", func(string, fs.DirEntry, error) error {
		walked++
		require.Less(t, walked, 100)
		return nil
	}))
	entries, err := files.ReadDir("full")
	require.NoError(t, err)
	require.Len(t, entries, 1)
	entries, err = files.ReadDir("marker")
	require.NoError(t, err)
	require.Equal(t, []string{"a.txt"}, names(entries))
}

func names(entries []fs.DirEntry) (list []string) {
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestEmptyBuckets tells an empty bucket, which is an empty tree, from a prefix that
// nothing has, which may be misspelt.
func TestEmptyBuckets(t *testing.T) {
	l := newLab(t)
	files := l.open(quick)
	entries, err := files.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries)
	entries, next, err := files.ReadTree(".", "")
	require.NoError(t, err)
	require.Empty(t, slices.Concat(names(entries), names(nil)))
	require.Empty(t, next)

	files = open(t, "s3://"+bucketName+"/misspelt"+l.url[len("s3://"+bucketName):], quick)
	_, err = newPool(t, fileops.PoolOptions{FS: files}).ListFiles(t.Context(), ".", "")
	require.ErrorIs(t, err, fs.ErrNotExist)

	l.put("only/", "") // a folder that somebody has made in a console
	entries, err = l.open(quick).ReadDir("only")
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestEndlessListing serves a page that is its own next one.
func TestEndlessListing(t *testing.T) {
	l := newLab(t)
	l.fails(func(w http.ResponseWriter, r *http.Request) bool {
		io.WriteString(w, `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>`)
		for i := range pageSize {
			fmt.Fprintf(w, `<Contents><Key>%04d</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`, i)
		}
		io.WriteString(w, `</ListBucketResult>`)
		return true
	})
	_, err := l.open(quick).ReadDir(".")
	require.ErrorIs(t, err, io.ErrNoProgress)
	require.Equal(t, map[string]int{"LIST": 2}, l.take())
}
