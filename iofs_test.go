package fileops_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/fuzz
var embedded embed.FS

// poolOver makes a pool over an FS. The end of the test closes it.
func poolOver(t *testing.T, files fs.FS, o fileops.PoolOptions) *fileops.Pool {
	t.Helper()
	o.FS = files
	p := fileops.NewPool(o)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hangTimeout)
		defer cancel()
		assert.NoError(t, p.Close(ctx))
	})
	return p
}

// contentsOf reads a tree by package io/fs.
func contentsOf(t *testing.T, files fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all[name] = string(text)
		return err
	}))
	return all
}

// TestFSOfEachKind reads the same tree, which is embedded, from filesystems of
// other kinds.
func TestFSOfEachKind(t *testing.T) {
	want := contentsOf(t, embedded)
	require.NotEmpty(t, want)
	sorted := slices.Sorted(maps.Keys(want))
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, embedded))
	for kind, files := range map[string]fs.FS{
		"embed": embedded, "os.DirFS": os.DirFS(dir), "zip": zipped(t, want), "tar": untarred(t, want), "MapFS": mapFS(want),
		"fs.Sub": subOf(t, mapFS(prefixed("top/", want)), "top"),
	} {
		t.Run(kind, func(t *testing.T) {
			ctx, p := noHang(t), poolOver(t, files, fileops.PoolOptions{})
			paths, err := p.ListFiles(ctx, ".", "")
			require.NoError(t, err)
			require.Equal(t, sorted, paths)
			var size int64
			for f, err := range p.Files(ctx, "testdata", &fileops.DirOptions{Stat: true}) {
				require.NoError(t, err)
				require.EqualValues(t, len(want[f.Path]), f.Size)
				size += f.Size
				st, err := fs.Stat(files, f.Path)
				require.NoError(t, err)
				require.True(t, st.ModTime().Equal(f.Modified), "%v %v", st.ModTime(), f.Modified)
			}
			total, err := p.FileSize(ctx, "testdata")
			require.NoError(t, err)
			require.Equal(t, size, total)
			for f := range p.ScanFiles(ctx, slices.Values(paths)) {
				require.NoError(t, f.Err)
				require.Equal(t, want[f.Path], string(f.Data))
			}
			for r := range p.ReadFiles(ctx, paths) {
				require.NoError(t, r.Err)
				require.Equal(t, want[r.Path], r.Text)
			}
			all, err := p.Concat(ctx, []string{"."}, nil)
			require.NoError(t, err)
			require.Equal(t, sorted, all.Files)
			require.Empty(t, all.Skipped)
			var streamed bytes.Buffer
			_, err = p.ConcatTo(ctx, &streamed, []string{"testdata"}, nil)
			require.NoError(t, err)
			require.Equal(t, all.Text, streamed.String())
			chunks, err := p.Chunk(ctx, ".", &fileops.ChunkOptions{Size: 50})
			require.NoError(t, err)
			texts := map[string]string{}
			for _, c := range chunks {
				texts[c.FilePath] += c.Text
				require.Equal(t, path.Base(c.FilePath), c.FileName)
			}
			require.Equal(t, want, texts)
		})
	}
}

func mapFS(contents map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range contents {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func prefixed(prefix string, contents map[string]string) map[string]string {
	all := map[string]string{}
	for name, text := range contents {
		all[prefix+name] = text
	}
	return all
}

func subOf(t *testing.T, files fs.FS, dir string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(files, dir)
	require.NoError(t, err)
	return sub
}

func zipped(t testing.TB, contents map[string]string) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range contents {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(f, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	return r
}

// untarred writes a tar and reads it into a MapFS.
func untarred(t *testing.T, contents map[string]string) fs.FS {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.AddFS(mapFS(contents)))
	require.NoError(t, w.Close())
	files := fstest.MapFS{}
	for r := tar.NewReader(&b); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		files[strings.TrimSuffix(h.Name, "/")] = &fstest.MapFile{Data: data, Mode: h.FileInfo().Mode(), ModTime: h.ModTime}
	}
}

// An oddFS is a file system that misbehaves: a MapFS with functions in the place
// of its own.
type oddFS struct {
	fstest.MapFS
	readDir func(name string) ([]fs.DirEntry, error)
	open    func(name string) (fs.File, error)
}

func (f oddFS) Open(name string) (fs.File, error) {
	if f.open == nil {
		return f.MapFS.Open(name)
	}
	return f.open(name)
}

func (f oddFS) Stat(name string) (fs.FileInfo, error) {
	opened, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	return opened.Stat()
}

func (f oddFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if f.readDir == nil {
		return f.MapFS.ReadDir(name)
	}
	return f.readDir(name)
}

// An oddEntry is an entry of a directory, and its description.
type oddEntry struct {
	name string
	mode fs.FileMode
	size int64
}

func (e oddEntry) Name() string               { return e.name }
func (e oddEntry) IsDir() bool                { return e.mode.IsDir() }
func (e oddEntry) Type() fs.FileMode          { return e.mode.Type() }
func (e oddEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e oddEntry) Size() int64                { return e.size }
func (e oddEntry) Mode() fs.FileMode          { return e.mode }
func (e oddEntry) ModTime() time.Time         { return time.Time{} }
func (e oddEntry) Sys() any                   { return nil }

func oddEntries(entries ...oddEntry) func(string) ([]fs.DirEntry, error) {
	return func(name string) (list []fs.DirEntry, err error) {
		if name != "d" {
			return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
		}
		for _, e := range entries {
			list = append(list, e)
		}
		return list, nil
	}
}

// TestFSWithOddEntries lists names that no path can have. A walk takes what it can
// and reports the rest, with every operation.
func TestFSWithOddEntries(t *testing.T) {
	file, dir := fs.FileMode(0), fs.ModeDir
	for name, c := range map[string]struct {
		listed  []oddEntry
		taken   []string
		skipped []string
	}{
		"dot":                {[]oddEntry{{".", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/."}},
		"dot dot":            {[]oddEntry{{"..", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/.."}},
		"no name":            {[]oddEntry{{"", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/"}},
		"a file without":     {[]oddEntry{{"", file, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/"}},
		"slash":              {[]oddEntry{{"x/y", file, 1}, {"/", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d//", "d/x/y"}},
		"twice":              {[]oddEntry{{"a", file, 1}, {"b", file, 1}, {"a", file, 1}}, []string{"d/a", "d/b"}, []string{"d/a"}},
		"file and directory": {[]oddEntry{{"a", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/a"}},
		"directory twice":    {[]oddEntry{{"a", dir, 0}, {"a", dir, 0}, {"b", file, 1}}, []string{"d/b"}, []string{"d/a", "d/a"}},
		"gone directory":     {[]oddEntry{{"gone", dir, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/gone"}},
		"invalid UTF-8":      {[]oddEntry{{"\xff", file, 1}}, []string{"d/\xff"}, nil},
		"backslash":          {[]oddEntry{{`a\b`, file, 1}, {`..\c`, file, 1}}, []string{`d/..\c`, `d/a\b`}, nil},
		"device":             {[]oddEntry{{"dev", fs.ModeDevice, 0}, {"a", file, 1}}, []string{"d/a"}, []string{"d/dev"}},
		"irregular":          {[]oddEntry{{"a", fs.ModeIrregular, 1}}, []string{"d/a"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := oddFS{MapFS: fstest.MapFS{}, readDir: oddEntries(c.listed...)}
			files.open = func(name string) (fs.File, error) {
				if name == "d" {
					return fixedFile{oddEntry{"d", dir, 0}, nil}, nil
				}
				return fixedFile{oddEntry{path.Base(name), fs.ModeIrregular, 1}, strings.NewReader("x")}, nil
			}
			ctx, p := noHang(t), poolOver(t, files, fileops.PoolOptions{})
			var skipped []string
			note := func(s fileops.SkippedFile) {
				skipped = append(skipped, s.Path)
				require.Error(t, s.Err)
			}
			paths, err := p.DirToFiles(ctx, "d", &fileops.DirOptions{IgnoreErrors: true, OnSkip: note})
			require.NoError(t, err)
			require.Equal(t, c.taken, paths)
			require.ElementsMatch(t, c.skipped, skipped)

			skipped = nil
			chunks, err := p.Chunk(ctx, "d", &fileops.ChunkOptions{OnSkip: note})
			require.NoError(t, err)
			require.Len(t, chunks, len(c.taken))
			require.ElementsMatch(t, c.skipped, skipped)

			var text bytes.Buffer
			r, err := p.ConcatTo(ctx, &text, []string{"d"}, nil)
			require.NoError(t, err)
			require.Equal(t, c.taken, r.Files)
			for _, s := range r.Skipped {
				require.Contains(t, c.skipped, s.Path)
			}

			bad := slices.ContainsFunc(c.skipped, func(s string) bool { return s != "d/dev" && s != "d/gone" })
			_, err = p.ListFiles(ctx, "d", "")
			require.Equal(t, bad, errors.Is(err, fileops.ErrBadEntry), "%v", err)
		})
	}
}

// A fixedFile is an open file with a description and contents.
type fixedFile struct {
	oddEntry
	io.Reader
}

func (f fixedFile) Stat() (fs.FileInfo, error) { return f.oddEntry, nil }
func (f fixedFile) Close() error               { return nil }

// TestFSWithoutAnEnd walks a directory that contains itself.
func TestFSWithoutAnEnd(t *testing.T) {
	files := oddFS{MapFS: fstest.MapFS{}, readDir: func(name string) ([]fs.DirEntry, error) {
		return []fs.DirEntry{oddEntry{name: "d", mode: fs.ModeDir}, oddEntry{name: "f"}}, nil
	}}
	p := poolOver(t, files, fileops.PoolOptions{})
	var skipped []fileops.SkippedFile
	paths, err := p.DirToFiles(noHang(t), ".", &fileops.DirOptions{
		IgnoreErrors: true, OnSkip: func(s fileops.SkippedFile) { skipped = append(skipped, s) },
	})
	require.NoError(t, err)
	require.Len(t, paths, 2049)
	require.Len(t, skipped, 1)
	require.ErrorContains(t, skipped[0].Err, "too long")
}

// TestFSWithFalseSizes reads files whose sizes are no more than a hint.
func TestFSWithFalseSizes(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for _, size := range []int64{0, 1, 5000, 9999, 10000, 10001, 1 << 20, 3 << 20, -1, math.MinInt64} {
		for _, pieces := range []int{1, 10, 5000, 1 << 20} {
			files := oddFS{MapFS: fstest.MapFS{"f": {}}, open: func(string) (fs.File, error) {
				return fixedFile{oddEntry{"f", 0, size}, &pieceReader{text, pieces}}, nil
			}}
			ctx, p := noHang(t), poolOver(t, files, fileops.PoolOptions{})
			got, err := p.ReadFile(ctx, "f")
			require.NoError(t, err, "%d, %d", size, pieces)
			require.Equal(t, text, got)
			for f := range p.ScanFiles(ctx, slices.Values([]string{"f"})) {
				require.NoError(t, f.Err)
				require.Equal(t, text, string(f.Data))
			}
			var b bytes.Buffer
			_, err = p.ConcatTo(ctx, &b, []string{"f"}, nil)
			require.NoError(t, err)
			require.Contains(t, b.String(), text)
			chunks, err := p.Chunk(ctx, "f", &fileops.ChunkOptions{Size: 20000})
			require.NoError(t, err)
			require.Equal(t, text, chunks[0].Text)
			reported, err := p.FileSize(ctx, "f")
			require.NoError(t, err)
			require.Equal(t, max(0, size), reported)

			bounded := poolOver(t, files, fileops.PoolOptions{MaxFileSize: 9999})
			_, err = bounded.ReadFile(ctx, "f")
			requirePathError(t, err, fileops.ErrTooLarge, "read", "f")
		}
	}
	files := oddFS{MapFS: fstest.MapFS{}, open: func(string) (fs.File, error) {
		return fixedFile{oddEntry{"f", 0, math.MaxInt64}, strings.NewReader(text)}, nil
	}}
	_, err := poolOver(t, files, fileops.PoolOptions{}).ReadFile(noHang(t), "f")
	requirePathError(t, err, fileops.ErrTooLarge, "read", "f")
}

// A pieceReader returns a few bytes at a time, and the last ones with io.EOF.
type pieceReader struct {
	rest string
	n    int
}

func (r *pieceReader) Read(b []byte) (int, error) {
	n := copy(b[:min(len(b), r.n)], r.rest)
	if r.rest = r.rest[n:]; r.rest == "" {
		return n, io.EOF
	}
	return n, nil
}

type readFunc func(b []byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

var errOdd = errors.New("odd")

// TestFSThatBreaksItsContract has calls that panic, end their goroutine, or return
// impossible results.
func TestFSThatBreaksItsContract(t *testing.T) {
	reads := func(read readFunc) func(string) (fs.File, error) {
		return func(string) (fs.File, error) { return fixedFile{oddEntry{"f", 0, 10}, read}, nil }
	}
	for name, c := range map[string]struct {
		open func(string) (fs.File, error)
		want error  // one of the two
		text string // of a *PanicError
	}{
		"nothing":         {open: func(string) (fs.File, error) { return nil, nil }},
		"a nil FileInfo":  {open: func(string) (fs.File, error) { return mute{}, nil }},
		"negative count":  {open: reads(func([]byte) (int, error) { return -1, nil })},
		"too much":        {open: reads(func(b []byte) (int, error) { return len(b) + 1, nil })},
		"no progress":     {open: reads(func([]byte) (int, error) { return 0, nil }), want: io.ErrNoProgress},
		"breaks off":      {open: reads(func(b []byte) (int, error) { return copy(b, "abc"), errOdd }), want: errOdd},
		"panic":           {open: func(string) (fs.File, error) { panic("odd") }, text: "odd"},
		"panic in a read": {open: reads(func([]byte) (int, error) { panic("odd") }), text: "odd"},
		"Goexit": {open: func(string) (fs.File, error) {
			runtime.Goexit()
			return nil, nil
		}, want: fileops.ErrGoexit},
		"Goexit in a read": {open: reads(func([]byte) (int, error) {
			runtime.Goexit()
			return 0, nil
		}), want: fileops.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			files := oddFS{MapFS: fstest.MapFS{"f": {}, "g": {}}, open: c.open}
			check := func(err error) {
				t.Helper()
				var pathErr *fs.PathError
				require.ErrorAs(t, err, &pathErr)
				require.Equal(t, "f", pathErr.Path)
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				if c.text != "" {
					var panicErr *fileops.PanicError
					require.ErrorAs(t, err, &panicErr)
					require.Equal(t, c.text, panicErr.Value)
				}
			}
			ctx, p := noHang(t), poolOver(t, files, fileops.PoolOptions{Workers: 2})
			_, err := p.ReadFile(ctx, "f")
			check(err)
			_, err = p.ReadBytes(context.Background(), "f")
			check(err)
			_, err = p.AsyncReadFile(ctx, "f").Await(ctx)
			check(err)
			n := 0
			for f := range p.ScanFiles(ctx, slices.Values([]string{"f", "f"})) {
				check(f.Err)
				n++
			}
			require.Equal(t, 2, n)
			_, err = p.Chunk(ctx, "f", nil)
			check(err)
			r, err := p.Concat(ctx, []string{"f"}, nil)
			require.NoError(t, err)
			require.Len(t, r.Skipped, 1)
			check(r.Skipped[0].Err)
			require.Zero(t, p.Stats().Running)
		})
	}
}

// A mute file has no description.
type mute struct{ fs.File }

func (mute) Stat() (fs.FileInfo, error) { return nil, nil }
func (mute) Close() error               { return nil }

// TestFSWithOddDirectories lists directories whose calls break their contract.
func TestFSWithOddDirectories(t *testing.T) {
	type list = func(name string) ([]fs.DirEntry, error)
	for name, c := range map[string]struct {
		list list
		want error
	}{
		"an error with entries": {func(string) ([]fs.DirEntry, error) { return []fs.DirEntry{oddEntry{name: "a"}}, errOdd }, errOdd},
		"panic":                 {func(string) ([]fs.DirEntry, error) { panic(errOdd) }, errOdd},
		"a nil entry":           {func(string) ([]fs.DirEntry, error) { return []fs.DirEntry{nil}, nil }, nil},
		"Goexit": {func(string) ([]fs.DirEntry, error) {
			runtime.Goexit()
			return nil, nil
		}, fileops.ErrGoexit},
	} {
		files := oddFS{MapFS: fstest.MapFS{"d/f": {}}, readDir: c.list}
		ctx, p := noHang(t), poolOver(t, files, fileops.PoolOptions{})
		for _, err := range []error{
			second(p.ListFiles(ctx, "d", "")), second(p.FileSize(ctx, "d")), second(p.Chunk(ctx, "d", nil)),
		} {
			var pathErr *fs.PathError
			require.ErrorAs(t, err, &pathErr, name)
			require.Equal(t, "d", pathErr.Path)
			if c.want != nil {
				require.ErrorIs(t, err, c.want, name)
			}
		}
		r, err := p.Concat(ctx, []string{"d"}, nil)
		require.NoError(t, err)
		require.Len(t, r.Skipped, 1)
	}
}

func second[T any](_ T, err error) error { return err }

// TestFSOfBareFiles lists directories by their open files alone, a part at a time.
func TestFSOfBareFiles(t *testing.T) {
	want := map[string]string{}
	for i := range 3000 {
		want[fmt.Sprintf("d/%04d", i)] = ""
	}
	bare := bareFS{mapFS(want)}
	p := poolOver(t, bare, fileops.PoolOptions{})
	paths, err := p.ListFiles(noHang(t), "d", "")
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(want)), paths)
	_, err = p.ListFiles(noHang(t), "d/0001", "")
	require.ErrorContains(t, err, "not a directory")

	idle := oddFS{MapFS: fstest.MapFS{}, open: func(string) (fs.File, error) { return idleDir{}, nil }}
	_, err = poolOver(t, bareFS{idle}, fileops.PoolOptions{}).ListFiles(noHang(t), "d", "")
	requirePathError(t, err, io.ErrNoProgress, "list", "d")
}

// A bareFS has no methods but Open.
type bareFS struct{ files fs.FS }

func (f bareFS) Open(name string) (fs.File, error) { return f.files.Open(name) }

// An idleDir is a directory that never comes to its end.
type idleDir struct{ mute }

func (idleDir) Stat() (fs.FileInfo, error)         { return oddEntry{"d", fs.ModeDir, 0}, nil }
func (idleDir) ReadDir(int) ([]fs.DirEntry, error) { return nil, nil }
func (idleDir) Read([]byte) (int, error)           { return 0, nil }

// TestFSThatHangs has calls that ignore the context. The caller returns, and the
// slot stays taken until the call does.
func TestFSThatHangs(t *testing.T) {
	open := make(chan struct{})
	var inside atomic.Int32
	hang := func() {
		inside.Add(1)
		<-open
		inside.Add(-1)
	}
	files := oddFS{MapFS: fstest.MapFS{}, open: func(name string) (fs.File, error) {
		if name == "open" {
			hang()
		}
		return fixedFile{oddEntry{name, 0, 5}, readFunc(func([]byte) (int, error) {
			hang()
			return 0, io.EOF
		})}, nil
	}, readDir: func(string) ([]fs.DirEntry, error) {
		hang()
		return nil, nil
	}}
	p := poolOver(t, files, fileops.PoolOptions{Workers: 3})
	for i, call := range []func(ctx context.Context) error{
		func(ctx context.Context) error { return second(p.ReadFile(ctx, "open")) },
		func(ctx context.Context) error { return second(p.ReadFile(ctx, "read")) },
		func(ctx context.Context) error { return second(p.ListFiles(ctx, "list", "")) },
		func(ctx context.Context) error { return second(p.FileSize(ctx, "waits for a slot")) },
	} {
		ctx, cancel := context.WithCancel(noHang(t))
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		for inside.Load() < int32(min(i+1, 3)) {
			time.Sleep(time.Millisecond)
		}
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.Equal(t, min(i+1, 3), p.Stats().Running)
	}
	close(open)
}

// A contextFS ends its calls with the context.
type contextFS struct {
	fstest.MapFS
	ctx   context.Context
	calls *atomic.Int32
}

func (f contextFS) WithContext(ctx context.Context) fs.FS {
	f.ctx = ctx
	return f
}

func (f contextFS) Open(name string) (fs.File, error) {
	if !strings.Contains(name, "slow") {
		return f.MapFS.Open(name)
	}
	return fixedFile{oddEntry{name, 0, 5}, readFunc(func([]byte) (int, error) {
		f.calls.Add(1)
		<-f.ctx.Done()
		return 0, fmt.Errorf("request: %v", f.ctx.Err())
	})}, nil
}

// TestFSWithAContext frees the slot of a call that its context ends, and returns
// the context's error whatever the FS makes of it.
func TestFSWithAContext(t *testing.T) {
	calls := new(atomic.Int32)
	p := poolOver(t, contextFS{fstest.MapFS{"a": {Data: []byte("text")}, "slow": {}}, nil, calls}, fileops.PoolOptions{Workers: 1})
	for name, call := range map[string]func(ctx context.Context) error{
		"ReadFile": func(ctx context.Context) error { return second(p.ReadFile(ctx, "slow")) },
		"Chunk":    func(ctx context.Context) error { return second(p.Chunk(ctx, "slow", nil)) },
		"ConcatTo": func(ctx context.Context) error { return second(p.ConcatTo(ctx, io.Discard, []string{"slow"}, nil)) },
		"future":   func(ctx context.Context) error { return second(p.AsyncReadFile(ctx, "slow").Result()) },
	} {
		calls.Store(0)
		ctx, cancel := context.WithCancel(noHang(t))
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		for calls.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		require.ErrorIs(t, <-done, context.Canceled, name)
		text, err := p.ReadFile(noHang(t), "a") // needs the only slot
		require.NoError(t, err)
		require.Equal(t, "text", text)
	}
	timed := poolOver(t, contextFS{fstest.MapFS{}, nil, calls}, fileops.PoolOptions{Workers: 1, Timeout: time.Millisecond})
	_, err := timed.ReadFile(noHang(t), "slow")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestFSHoldsLargeFilesInPieces cuts and joins a file that is too large to be
// held, from an FS whose files have no identity.
func TestFSHoldsLargeFilesInPieces(t *testing.T) {
	text := strings.Repeat("0123456789abcde\n", 9<<20/16)
	ctx, p := noHang(t), poolOver(t, zipped(t, map[string]string{"large": text}), fileops.PoolOptions{})
	var b strings.Builder
	for c, err := range p.Chunks(ctx, "large", &fileops.ChunkOptions{Size: 10_000}) {
		require.NoError(t, err)
		b.WriteString(c.Text)
	}
	require.Equal(t, text, b.String())
	out := filepath.Join(t.TempDir(), "chunks.jsonl")
	_, err := p.FileToChunks(ctx, "large", &fileops.ChunkOptions{Size: 10_000, OutputFile: out})
	require.NoError(t, err)
	require.FileExists(t, out)
}

// A harmfulFS makes some calls of its open files, and of Open, harmful.
type harmfulFS struct {
	contents map[string]string
	harm     func(call, name string) // at the beginning of each call
	opened   atomic.Int32
	closed   atomic.Int32
}

func (f *harmfulFS) Open(name string) (fs.File, error) {
	if name == "." {
		return mapFS(f.contents).Open(name)
	}
	f.harm("open", name)
	f.opened.Add(1)
	text := f.contents[name]
	return &harmfulFile{f, oddEntry{name: name, size: int64(len(text))}, strings.NewReader(text)}, nil
}

// Stat does no harm: Concat describes its paths before it reads them.
func (f *harmfulFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(mapFS(f.contents), name) }

type harmfulFile struct {
	fs   *harmfulFS
	info oddEntry
	text io.Reader
}

func (f *harmfulFile) Stat() (fs.FileInfo, error) {
	f.fs.harm("stat", f.info.name)
	return f.info, nil
}

func (f *harmfulFile) Read(b []byte) (int, error) {
	f.fs.harm("read", f.info.name)
	return f.text.Read(b)
}

func (f *harmfulFile) Close() error {
	f.fs.closed.Add(1)
	f.fs.harm("close", f.info.name)
	return nil
}

// harmfulContents are files that are read together, and one that is too large for
// that.
var harmfulContents = map[string]string{
	"a": "of a", "b": "of b", "c": "", "d": strings.Repeat("0123456789abcdef", 80<<10), "e": "of e", "f": "of f",
}

// readsOfMany are the operations that read many files. Each returns the texts, and
// the errors of files.
var readsOfMany = map[string]func(ctx context.Context, p *fileops.Pool, paths []string) (map[string]string, map[string]error){
	"ScanFiles": func(ctx context.Context, p *fileops.Pool, paths []string) (map[string]string, map[string]error) {
		texts, errs := map[string]string{}, map[string]error{}
		for f := range p.ScanFiles(ctx, slices.Values(paths)) {
			if f.Err != nil {
				errs[f.Path] = f.Err
			} else {
				texts[f.Path] = string(f.Data)
			}
		}
		return texts, errs
	},
	"ReadFiles": func(ctx context.Context, p *fileops.Pool, paths []string) (map[string]string, map[string]error) {
		texts, errs := map[string]string{}, map[string]error{}
		for f := range p.ReadFiles(ctx, paths) {
			if f.Err != nil {
				errs[f.Path] = f.Err
			} else {
				texts[f.Path] = f.Text
			}
		}
		return texts, errs
	},
	"Chunks": func(ctx context.Context, p *fileops.Pool, paths []string) (map[string]string, map[string]error) {
		texts, errs := map[string]string{}, map[string]error{}
		for _, path := range paths {
			texts[path] = "" // a file without a text has no chunks
		}
		note := func(s fileops.SkippedFile) {
			errs[s.Path] = s.Err
			delete(texts, s.Path)
		}
		for c, err := range p.Chunks(ctx, ".", &fileops.ChunkOptions{Size: 1 << 21, OnSkip: note}) {
			if err != nil {
				errs["."] = err
			}
			texts[c.FilePath] += c.Text
		}
		return texts, errs
	},
	"Concat": func(ctx context.Context, p *fileops.Pool, paths []string) (map[string]string, map[string]error) {
		texts, errs := map[string]string{}, map[string]error{}
		r, err := p.Concat(ctx, paths, nil)
		if err != nil {
			return nil, map[string]error{".": err}
		}
		for _, s := range r.Skipped {
			errs[s.Path] = s.Err
		}
		for _, path := range r.Files {
			if strings.Contains(r.Text, harmfulContents[path]) {
				texts[path] = harmfulContents[path]
			}
		}
		return texts, errs
	},
}

// harms are ways in which a call does not return, or leaves something behind.
var harms = map[string]struct {
	do   func()
	want error // of the file; nil if it has none
}{
	"panic":  {func() { panic(errOdd) }, errOdd},
	"Goexit": {runtime.Goexit, fileops.ErrGoexit},
	"lock":   {runtime.LockOSThread, nil},
}

// requireHarm requires the error of a file that suffered harm.
func requireHarm(t *testing.T, err error, harm, path string) {
	t.Helper()
	requirePathError(t, err, harms[harm].want, "read", path)
	panicErr, ok := errors.AsType[*fileops.PanicError](err)
	require.True(t, ok)
	require.Contains(t, string(panicErr.Stack), "harmful", "the stack is not that of the call")
}

// TestFSHarmsOneFile does harm in each kind of call, of each file and of two of them.
// Only those have an error. All opened files are closed, and no goroutine stays. What
// Close does is too late for an error.
func TestFSHarmsOneFile(t *testing.T) {
	paths := slices.Sorted(maps.Keys(harmfulContents))
	for _, call := range []string{"open", "stat", "read", "close"} {
		for harm, h := range harms {
			for _, bad := range append(strings.Split("abcdef", ""), "ab", "bd", "ef", "abcdef") {
				files := &harmfulFS{contents: harmfulContents, harm: func(c, name string) {
					if c == call && strings.Contains(bad, name) {
						h.do()
					}
				}}
				for op, read := range readsOfMany {
					testHarm(t, fmt.Sprintf("%s %s %s %s", harm, call, bad, op), files, func(t *testing.T, p *fileops.Pool) {
						texts, errs := read(noHang(t), p, paths)
						for _, path := range paths {
							if h.want != nil && call != "close" && strings.Contains(bad, path) {
								requireHarm(t, errs[path], harm, path)
								require.NotContains(t, texts, path)
								delete(errs, path)
							} else {
								require.Equal(t, harmfulContents[path], texts[path], path)
							}
						}
						require.Empty(t, errs)
					})
				}
			}
		}
	}
}

// testHarm runs a test over a FS. It fails if files stay open, or goroutines run.
func testHarm(t *testing.T, name string, files *harmfulFS, test func(t *testing.T, p *fileops.Pool)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		noHang(t)
		before := runtime.NumGoroutine()
		files.opened.Store(0)
		files.closed.Store(0)
		p := fileops.NewPool(fileops.PoolOptions{FS: files, Workers: 2})
		test(t, p)
		require.NoError(t, p.Close(noHang(t)))
		require.Equal(t, files.opened.Load(), files.closed.Load(), "files stay open")
		require.Zero(t, p.Stats().Running)
		for ctx := noHang(t); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) { // Eventually has its own goroutine
			require.NoError(t, ctx.Err(), "goroutines stay")
		}
	})
}

// TestFSHarmsAtEachCall does harm at one call, the first, the second and so on. A panic
// is an error of that call's file, unless it closes it. After a Goexit the file is
// read again, or it is the error.
func TestFSHarmsAtEachCall(t *testing.T) {
	paths := slices.Sorted(maps.Keys(harmfulContents))
	for _, harm := range []string{"panic", "Goexit"} {
		for op, read := range readsOfMany {
			for at := int32(1); ; at++ {
				var calls atomic.Int32
				call, hit := "", ""
				files := &harmfulFS{contents: harmfulContents, harm: func(c, name string) {
					if calls.Add(1) == at {
						call, hit = c, name
						harms[harm].do()
					}
				}}
				testHarm(t, fmt.Sprintf("%s %s %d", harm, op, at), files, func(t *testing.T, p *fileops.Pool) {
					texts, errs := read(noHang(t), p, paths)
					for _, path := range paths {
						err := errs[path]
						delete(errs, path)
						if err == nil {
							require.Equal(t, harmfulContents[path], texts[path], path)
							continue
						}
						require.Equal(t, hit, path)
						require.NotEqual(t, "close", call)
						requireHarm(t, err, harm, path)
						hit = ""
					}
					require.Empty(t, errs)
					require.False(t, harm == "panic" && hit != "" && call != "close", "%s %s has no error", call, hit)
				})
				if calls.Load() < at {
					break
				}
			}
		}
	}
}
