package fileops_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// A flatFS lists its tree in pages of so many files.
type flatFS struct {
	fstest.MapFS
	keys []string // in their order; nil for those of MapFS
	page int
	t    *testing.T
}

func newFlatFS(t *testing.T, page int, keys ...string) flatFS {
	f := flatFS{MapFS: fstest.MapFS{}, keys: keys, page: page, t: t}
	slices.Sort(f.keys)
	for _, key := range keys {
		f.MapFS[key] = &fstest.MapFile{Data: []byte(key)}
	}
	return f
}

// ReadDir fails the test: a walk of a tree needs no directory.
func (f flatFS) ReadDir(string) ([]fs.DirEntry, error) {
	f.t.Error("a directory is listed")
	return nil, nil
}

func (f flatFS) ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error) {
	at, _ := strconv.Atoi(token)
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	for ; at < len(f.keys); at++ {
		if name, below := strings.CutPrefix(f.keys[at], prefix); below {
			if len(entries) == f.page {
				return entries, strconv.Itoa(at), nil
			}
			entries = append(entries, oddEntry{name: name, size: int64(len(f.keys[at]))})
		}
	}
	return entries, "", nil
}

// TestFlatListing lists one tree flat and by directory.
func TestFlatListing(t *testing.T) {
	keys := []string{
		"a-b/x.txt", "a/b/c.txt", "a/b.txt", "a/b/build/o.txt", "a/build/1.txt", "a/build/2.txt", "a/buildx/3.txt", "a.txt", "b/.fileops-1-x.tmp",
		"b/one.log", "b/two.txt", "build/x/y/z.txt", "c/d/e/f/g.txt", "z.txt", "é/ü.txt",
	}
	byDirectory := newFlatFS(t, 0, keys...).MapFS
	for _, page := range []int{1, 2, 3, 7, 1000} {
		flat := newFlatFS(t, page, keys...)
		ctx := noHang(t)
		want, got := poolOver(t, byDirectory, fileops.PoolOptions{}), poolOver(t, flat, fileops.PoolOptions{Workers: 1 + page%3})
		for _, dir := range []string{".", "a", "./a/", "b", "c"} {
			for _, sel := range []*fileops.Selection{
				nil, {}, {Exclude: []string{"build/", "!x", "/b"}}, {SkipHidden: true, MaxSize: 9},
				{Include: []string{"*.txt", "!/a/", "build", "none", "/c/d/"}}, {Include: []string{"d/", "!g.*"}, Exclude: []string{"e"}},
			} {
				types := []string{".txt"}
				if sel != nil {
					types = nil
				}
				var skipped [2][]fileops.SkippedFile
				for i := range skipped {
					o := &fileops.ChunkOptions{Size: 4, FileTypes: types, Select: sel}
					if sel == nil {
						o.Exclude = []string{"/build/", ".log"}
					}
					o.OnSkip = func(s fileops.SkippedFile) { skipped[i] = append(skipped[i], s) }
					chunks, err := []*fileops.Pool{want, got}[i].Chunk(ctx, dir, o)
					require.NoError(t, err)
					if i == 1 {
						other, err := want.Chunk(ctx, dir, &fileops.ChunkOptions{Size: 4, FileTypes: types, Exclude: o.Exclude, Select: sel})
						require.NoError(t, err)
						require.Equal(t, other, chunks)
					}
				}
				require.ElementsMatch(t, skipped[0], skipped[1], "%s, pages of %d", dir, page)
			}
			files, err := want.DirToFiles(ctx, dir, nil)
			require.NoError(t, err)
			flatFiles, err := got.DirToFiles(ctx, dir, nil)
			require.NoError(t, err)
			require.Equal(t, files, flatFiles)
			for f, err := range got.Files(ctx, dir, &fileops.DirOptions{Stat: true}) {
				require.NoError(t, err)
				require.EqualValues(t, len(strings.TrimPrefix(f.Path, "./")), f.Size)
			}
			size, err := want.FileSize(ctx, dir)
			require.NoError(t, err)
			flatSize, err := got.FileSize(ctx, dir)
			require.NoError(t, err)
			require.Equal(t, size, flatSize)
		}
		n := 0
		for range got.Files(ctx, ".", nil) { // broken out of
			if n++; n == 3 {
				break
			}
		}
	}
}

// TestFlatListingOfOddKeys lists keys of a bucket that no path can name.
func TestFlatListingOfOddKeys(t *testing.T) {
	for name, c := range map[string]struct{ keys, taken, skipped []string }{
		"dots":               {[]string{"a/../x", "a/./x", "a/b", "a/.."}, []string{"a/b"}, []string{"a/..", "a/../x", "a/./x"}},
		"slashes":            {[]string{"/a", "a//b", "a/", "b"}, []string{"b"}, []string{"/a", "a/", "a//b"}},
		"no name":            {[]string{"", "a"}, []string{"a"}, []string{""}},
		"twice":              {[]string{"a", "a", "b"}, []string{"a", "b"}, []string{"a"}},
		"file and directory": {[]string{"a", "a-b", "a/b", "a/c/d", "b/c"}, []string{"a", "a-b", "b/c"}, []string{"a"}},
		"deeper":             {[]string{"a/b", "a/b-", "a/b/c", "a/c"}, []string{"a/b", "a/b-", "a/c"}, []string{"a/b"}},
	} {
		for _, page := range []int{1, 2, 100} {
			flat := newFlatFS(t, page)
			flat.keys = slices.Sorted(slices.Values(c.keys))
			p := poolOver(t, flat, fileops.PoolOptions{})
			var skipped []string
			files, err := p.DirToFiles(noHang(t), ".", &fileops.DirOptions{IgnoreErrors: true, OnSkip: func(s fileops.SkippedFile) {
				require.ErrorIs(t, s.Err, fileops.ErrBadEntry)
				skipped = append(skipped, s.Path)
			}})
			require.NoError(t, err)
			require.Equal(t, c.taken, files, "%s, pages of %d", name, page)
			require.ElementsMatch(t, c.skipped, skipped, "%s, pages of %d", name, page)
			_, err = p.ListFiles(noHang(t), ".", "")
			require.ErrorIs(t, err, fileops.ErrBadEntry)
		}
	}
}

// A treeFS has a function as its ReadTree.
type treeFS struct {
	fstest.MapFS
	readTree func(dir, token string) ([]fs.DirEntry, string, error)
}

func (f treeFS) ReadTree(dir, token string) ([]fs.DirEntry, string, error) {
	return f.readTree(dir, token)
}

// TestFlatListingThatFails has listings that break off, or never end. Each is the
// operation's error, after the files before it.
func TestFlatListingThatFails(t *testing.T) {
	page := func(names ...string) (list []fs.DirEntry) {
		for _, name := range names {
			list = append(list, oddEntry{name: name})
		}
		return list
	}
	for name, c := range map[string]struct {
		readTree func(dir, token string) ([]fs.DirEntry, string, error)
		files    []string
		want     error
		text     string
	}{
		"at once": {readTree: func(string, string) ([]fs.DirEntry, string, error) { return nil, "", errOdd }, want: errOdd},
		"later": {readTree: func(_, token string) ([]fs.DirEntry, string, error) {
			if token == "" {
				return page("a", "b"), "1", nil
			}
			return page("c"), "", errOdd
		}, files: []string{"a", "b"}, want: errOdd},
		"panic":       {readTree: func(string, string) ([]fs.DirEntry, string, error) { panic(errOdd) }, want: errOdd},
		"disorder":    {readTree: func(string, string) ([]fs.DirEntry, string, error) { return page("b", "a"), "", nil }, text: "order"},
		"same token":  {readTree: func(string, string) ([]fs.DirEntry, string, error) { return page(), "x", nil }, want: io.ErrNoProgress},
		"no progress": {readTree: func(_, token string) ([]fs.DirEntry, string, error) { return page(), token + "x", nil }, want: io.ErrNoProgress},
		"later disorder": {readTree: func(_, token string) ([]fs.DirEntry, string, error) {
			if token == "" {
				return page("b"), "1", nil
			}
			return page("a"), "", nil
		}, files: []string{"b"}, text: "order"},
	} {
		p := poolOver(t, treeFS{fstest.MapFS{}, c.readTree}, fileops.PoolOptions{})
		var files []string
		var failed error
		for f, err := range p.Files(noHang(t), ".", nil) {
			require.NoError(t, failed, "an error is last")
			if failed = err; err == nil {
				files = append(files, f.Path)
			}
		}
		require.Equal(t, c.files, files, name)
		require.ErrorContains(t, failed, c.text, name)
		if c.want != nil {
			require.ErrorIs(t, failed, c.want, name)
		}
		for _, err := range []error{
			second(p.ListFiles(noHang(t), ".", "")), second(p.FileSize(noHang(t), ".")), second(p.Chunk(noHang(t), ".", nil)),
		} {
			var pathErr *fs.PathError
			require.ErrorAs(t, err, &pathErr, name)
			if len(c.files) == 0 { // else a file may fail first
				require.Equal(t, ".", pathErr.Path, name)
			}
		}
	}
}

// TestFlatListingHoldsFewPages walks over many pages, and holds a few.
func TestFlatListingHoldsFewPages(t *testing.T) {
	const pages, size = 2000, 100
	var asked atomic.Int64
	read := 0
	p := poolOver(t, treeFS{fstest.MapFS{}, func(_, token string) ([]fs.DirEntry, string, error) {
		n, _ := strconv.Atoi(token)
		asked.Store(int64(n))
		list := make([]fs.DirEntry, size)
		for i := range list {
			list[i] = oddEntry{name: strconv.Itoa(10_000_000 + n*size + i)}
		}
		if n+1 == pages {
			return list, "", nil
		}
		return list, strconv.Itoa(n + 1), nil
	}}, fileops.PoolOptions{Workers: 1})
	for _, err := range p.Files(noHang(t), ".", nil) {
		require.NoError(t, err)
		read++
		require.Less(t, asked.Load(), int64(read/size+300))
	}
	require.Equal(t, pages*size, read)
	require.EqualValues(t, pages-1, asked.Load())
}

// TestFlatListingThatHangs returns when the context ends.
func TestFlatListingThatHangs(t *testing.T) {
	open, begun := make(chan struct{}), make(chan struct{})
	p := poolOver(t, treeFS{fstest.MapFS{}, func(string, string) ([]fs.DirEntry, string, error) {
		close(begun)
		<-open
		return nil, "", nil
	}}, fileops.PoolOptions{Workers: 1})
	ctx, cancel := context.WithCancel(noHang(t))
	go func() {
		<-begun
		cancel()
	}()
	_, err := p.ListFiles(ctx, ".", "")
	require.True(t, errors.Is(err, context.Canceled))
	require.Equal(t, 1, p.Stats().Running)
	close(open)
}
