package fileops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadReturnsContents compares ReadFile, ReadBytes and FileSize with the
// contents of files of many sizes, for contexts that can and cannot end.
func TestReadReturnsContents(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i, text := range texts() {
			path := p.write(t, fmt.Sprintf("%d.txt", i), text)
			for _, ctx := range []context.Context{context.Background(), t.Context()} {
				got, err := p.ReadFile(ctx, path)
				require.NoError(t, err)
				require.True(t, got == text, "ReadFile of text %d, %d bytes", i, len(text))
				data, err := p.ReadBytes(ctx, path)
				require.NoError(t, err)
				require.True(t, string(data) == text, "ReadBytes of text %d, %d bytes", i, len(text))
			}
			size, err := p.FileSize(t.Context(), path)
			require.NoError(t, err)
			require.EqualValues(t, len(text), size)
		}
	})
}

// TestReadBytesReturnsMemoryOfItsOwn overwrites the bytes of one read. Other
// reads of the file do not change.
func TestReadBytesReturnsMemoryOfItsOwn(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	path := p.write(t, "a", strings.Repeat("a", 100))
	first, err := p.ReadBytes(t.Context(), path)
	require.NoError(t, err)
	text, err := p.ReadFile(t.Context(), path)
	require.NoError(t, err)
	clear(first[:cap(first)])
	second, err := p.ReadBytes(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a", 100), text)
	require.Equal(t, text, string(second))
}

// TestReadFileRefusesInvalidUTF8 checks the offset in the error. ReadBytes
// returns the same contents.
func TestReadFileRefusesInvalidUTF8(t *testing.T) {
	t.Parallel()
	cases := map[string]int{
		"\xff":                    0,
		"abc\xffdef":              3,
		"\x80":                    0,
		"é\xc3":                   2, // truncated
		"日本\xe6\x97":              6,
		"a\xf0\x9f\x91":           1,
		"ab\xc0\xaf":              2, // an overlong encoding
		"\xed\xa0\x80":            0, // a surrogate
		"abcdefg\xf4\x90\x80\x80": 7, // beyond Unicode
		"\xff\xfeu\x00t\x00f\x00": 0,
		strings.Repeat("a", 64<<10-1) + "\xe6\x97a": 64<<10 - 1,
		strings.Repeat("a", 64<<10) + "\x80":        64 << 10,
		strings.Repeat("日", 1<<20) + "\xe6\x97":     3 << 20,
	}
	everywhere(t, func(t *testing.T, p place) {
		for text, offset := range cases {
			path := p.write(t, "bad", text)
			got, err := p.ReadFile(t.Context(), path)
			requireEncodingError(t, err, fileops.EncodingError{Path: path, Encoding: "utf-8", Offset: int64(offset)})
			require.Empty(t, got)
			data, err := p.ReadBytes(t.Context(), path)
			require.NoError(t, err)
			require.True(t, string(data) == text)
		}
	})
}

// TestReadRefusesNonRegularFiles reads a directory and special files. None of
// the calls hangs.
func TestReadRefusesNonRegularFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		ctx := noHang(t)
		paths := p.notRegular(t)
		paths["directory"] = p.mkdir(t, "dir")
		for name, path := range paths {
			t.Run(name, func(t *testing.T) {
				_, err := p.ReadFile(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				_, err = p.ReadBytes(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				for r := range p.ReadFiles(ctx, []string{path}) {
					requirePathError(t, r.Err, fileops.ErrNotRegular, "read", path)
				}
				_, err = p.FileToChunks(ctx, path, nil)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				if name == "directory" {
					return
				}
				_, err = p.FileSize(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "size", path)
				_, err = p.Chunk(ctx, path, nil)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
			})
		}
	})
}

// TestErrorsNameOperationAndPath calls each operation with paths that do not
// exist and with a cancelled context.
func TestErrorsNameOperationAndPath(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		file := p.write(t, "file", "text")
		below := p.at("file/below") // below a file, so no file can be there
		for _, path := range []string{p.at("missing"), p.at("missing/too"), below} {
			target := error(fs.ErrNotExist)
			if path == below {
				target = nil
			}
			for op, call := range map[string]func(ctx context.Context) error{
				"read":  func(ctx context.Context) error { _, err := p.ReadFile(ctx, path); return err },
				"size":  func(ctx context.Context) error { _, err := p.FileSize(ctx, path); return err },
				"list":  func(ctx context.Context) error { _, err := p.ListFiles(ctx, path, ""); return err },
				"copy":  func(ctx context.Context) error { return p.CopyFile(ctx, path, p.at("copy")) },
				"chunk": func(ctx context.Context) error { _, err := p.Chunk(ctx, path, nil); return err },
			} {
				for _, ctx := range []context.Context{t.Context(), context.Background()} {
					err := call(ctx)
					if target == nil {
						target = errors.Unwrap(err)
					}
					requirePathError(t, err, target, op, path)
					requirePathError(t, call(cancelled()), context.Canceled, op, path)
				}
			}
		}
		require.Equal(t, []string{"file"}, p.tree(t))

		_, err := p.ListFiles(t.Context(), file, "")
		var pathErr *fs.PathError
		require.ErrorAs(t, err, &pathErr)
		require.Equal(t, file, pathErr.Path)
	})
}

// TestConfinedPoolsAreConfined gives a confined pool paths and symbolic links
// that lead out of its directory. No operation follows them.
func TestConfinedPoolsAreConfined(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		if !p.confined {
			return
		}
		ctx := t.Context()
		outside := t.TempDir()
		secret := filepath.Join(outside, "secret")
		require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o666))
		toSecret, err := filepath.Rel(p.dir, secret)
		require.NoError(t, err)
		p.write(t, "file", "text")
		p.symlink(t, secret, "absolute link")
		p.symlink(t, toSecret, "relative link")
		p.symlink(t, outside, "dir link")
		for _, path := range []string{secret, toSecret, "absolute link", "relative link", "dir link/secret", "dir link/../" + filepath.Base(p.dir) + "/file"} {
			_, err := p.ReadFile(ctx, path)
			requirePathError(t, err, fileops.ErrEscapes, "read", path)
			_, err = p.FileSize(ctx, path)
			requirePathError(t, err, fileops.ErrEscapes, "size", path)
			require.ErrorIs(t, p.CopyFile(ctx, path, "copy"), fileops.ErrEscapes)
			_, err = p.Chunk(ctx, path, nil)
			require.ErrorIs(t, err, fileops.ErrEscapes)
			result, err := p.Concat(ctx, []string{path}, nil)
			require.NoError(t, err)
			require.Len(t, result.Skipped, 1)
			require.ErrorIs(t, result.Skipped[0].Err, fileops.ErrEscapes)
		}
		for _, dir := range []string{outside, "..", "dir link", "dir link/new", "x/../../new"} {
			_, err := p.ListFiles(ctx, dir, "")
			require.Error(t, err, dir)
			_, err = p.SaveToFile(ctx, "text", dir, "new", nil)
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
			require.ErrorIs(t, p.CopyFile(ctx, "file", filepath.Join(dir, "new")+"/x"), fileops.ErrEscapes, dir)
			_, err = p.SaveChunks(ctx, make([]fileops.TextChunk, 1), dir, &fileops.SaveOptions{NewDir: dir == "dir link/new"})
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
			_, err = p.FileToChunks(ctx, "file", &fileops.ChunkOptions{OutputFile: dir + "/new.json"})
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
		}
		// ListFiles leaves out links that lead out of the root.
		files, err := p.ListFiles(ctx, ".", "")
		require.NoError(t, err)
		require.Equal(t, []string{"file"}, files)
		entries, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	})
}

// TestReadFilesYieldsInOrder reads small, large, missing and invalid files.
// Each result, an error too, has the index of its path.
func TestReadFilesYieldsInOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		var paths, want []string
		add := func(text string) {
			paths = append(paths, p.write(t, fmt.Sprintf("%03d", len(paths)), text))
			want = append(want, text)
		}
		for i := range 90 {
			switch {
			case i%29 == 7:
				add(strings.Repeat("large 日本 ", 100_000)) // 1.3 MiB
			case i%13 == 5:
				paths = append(paths, p.at("missing"))
				want = append(want, "")
			default:
				add(fmt.Sprint("file ", i))
			}
		}
		bad := len(paths)
		add("not \xff UTF-8")
		paths, want = append(paths, paths[0], p.at(".")), append(want, want[0], "")

		seq := p.ReadFiles(t.Context(), paths)
		for range 2 { // a sequence can be used again
			next := 0
			for r := range seq {
				require.Equal(t, next, r.Index)
				require.Equal(t, paths[next], r.Path)
				switch {
				case r.Path == p.at("missing"):
					requirePathError(t, r.Err, fs.ErrNotExist, "read", r.Path)
				case next == bad:
					requireEncodingError(t, r.Err, fileops.EncodingError{Path: r.Path, Encoding: "utf-8", Offset: 4})
				case next == len(paths)-1:
					requirePathError(t, r.Err, fileops.ErrNotRegular, "read", r.Path)
				default:
					require.NoError(t, r.Err)
					require.True(t, want[next] == r.Text)
				}
				next++
			}
			require.Len(t, paths, next)
		}
		for range p.ReadFiles(t.Context(), nil) {
			require.Fail(t, "ReadFiles yields a result for no path")
		}
	})
}

// TestReadFilesStopsAtABreak leaves the loop at many places. Close then finds
// no read in flight.
func TestReadFilesStopsAtABreak(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{Workers: 3})
	paths := p.manyFiles(t, 200, 1000)
	for _, last := range []int{0, 1, 16, 17, 150, 199} {
		seen := 0
		for r := range p.ReadFiles(t.Context(), paths) {
			require.NoError(t, r.Err)
			seen++
			if r.Index == last {
				break
			}
		}
		require.Equal(t, last+1, seen)
	}
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, p.Stats().Running)
}

// TestReadFilesReadsAheadSomeMiBOnly reads in a slow loop and bounds the bytes
// that the pool reads ahead of it.
func TestReadFilesReadsAheadSomeMiBOnly(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{Workers: 1})
	const size = 512 << 10
	paths := p.manyFiles(t, 40, size)
	for r := range p.ReadFiles(t.Context(), paths) {
		require.NoError(t, r.Err)
		if r.Index%10 == 0 {
			time.Sleep(10 * time.Millisecond) // the pool reads ahead as far as it may
		}
		ahead := int64(p.Stats().BytesRead) - int64(r.Index+1)*size
		require.LessOrEqual(t, ahead, int64(8<<20))
	}
}

// TestReadFilesYieldsAllWhenItsContextEnds cancels the context in the loop.
// Each path still has a result. From the first error on, all results are
// errors.
func TestReadFilesYieldsAllWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	paths := newSystemPlace(t, fileops.PoolOptions{}).manyFiles(t, unlessShort(2000, 600), 10)
	for _, workers := range []int{1, 2, 16} {
		p := newSystemPlace(t, fileops.PoolOptions{Workers: workers})
		ctx, cancel := context.WithCancel(t.Context())
		next, failed := 0, 0
		for r := range p.ReadFiles(ctx, paths) {
			require.Equal(t, next, r.Index)
			next++
			if r.Index == 5 {
				cancel()
			}
			if r.Err == nil && failed == 0 {
				require.Equal(t, "xxxxxxxxxx", r.Text)
				continue
			}
			require.Empty(t, r.Text)
			requirePathError(t, r.Err, context.Canceled, "read", paths[r.Index])
			failed++
		}
		require.Len(t, paths, next)
		require.Positive(t, failed)

		next = 0
		for r := range p.ReadFiles(cancelled(), paths) {
			require.ErrorIs(t, r.Err, context.Canceled)
			next++
		}
		require.Len(t, paths, next)
		cancel()
	}
}

// TestReadFilesLoopBody calls the pool in the body of the loop, and panics
// there. The only slot is free for the call, and the panic reaches the caller.
func TestReadFilesLoopBody(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{Workers: 1})
	paths := p.manyFiles(t, 100, 10)
	ctx := noHang(t)
	for r := range p.ReadFiles(ctx, paths) {
		text, err := p.ReadFile(ctx, r.Path)
		require.NoError(t, err)
		require.Equal(t, r.Text, text)
	}
	require.PanicsWithValue(t, "panic of the caller", func() {
		for r := range p.ReadFiles(ctx, paths) {
			if r.Index == 3 {
				panic("panic of the caller")
			}
		}
	})
	require.NoError(t, p.Close(ctx))
}

// TestFileSize measures files, directories and links. A directory counts the
// files below it, and links to files, but nothing behind links to directories.
func TestFileSize(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "dir/ten", "0123456789")
		p.write(t, "dir/sub/deep/three", "日")
		p.write(t, "dir/empty", "")
		p.mkdir(t, "dir/none")
		p.symlink(t, "ten", "dir/link to ten")
		p.symlink(t, "../dir", "dir/loop")
		p.symlink(t, "nothing", "dir/dangling")
		p.mkfifo(t, "dir/fifo")
		for name, want := range map[string]int64{
			"dir": 10 + 3 + 10, "dir/sub": 3, "dir/none": 0, "dir/loop": 23, // a link that the caller names is followed
			"dir/ten": 10, "dir/empty": 0, "dir/link to ten": 10,
		} {
			got, err := p.FileSize(t.Context(), p.at(name))
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
		}
		_, err := p.FileSize(noHang(t), p.at("dir/fifo"))
		requirePathError(t, err, fileops.ErrNotRegular, "size", p.at("dir/fifo"))
		_, err = p.FileSize(t.Context(), p.at("dir/dangling"))
		requirePathError(t, err, fs.ErrNotExist, "size", p.at("dir/dangling"))
	})
}

// TestProcFilesAreReadToTheEnd reads and copies files of /proc, which report a
// size of 0, see proc(5).
func TestProcFilesAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has these files")
	}
	paths := []string{"/proc/version", "/proc/filesystems", "/proc/self/cmdline", "/proc/kallsyms"}
	if testing.Short() {
		paths = paths[:3]
	}
	for _, path := range paths {
		want, err := os.ReadFile(path)
		if err != nil || len(want) == 0 {
			continue // some sandboxes hide the file
		}
		everywhere(t, func(t *testing.T, p place) {
			if p.confined {
				return
			}
			got, err := p.ReadFile(t.Context(), path)
			require.NoError(t, err)
			require.True(t, got == string(want), path)
			require.NoError(t, p.CopyFile(t.Context(), path, p.at("copy")))
			require.True(t, p.text(t, "copy") == string(want), path)
			result, err := p.Concat(t.Context(), []string{path}, nil)
			require.NoError(t, err)
			require.True(t, result.Text == "---\n"+path+"\n---\n\n"+string(want), path)
		})
	}
}

// TestReadSurvivesChangingFiles reads a file that another goroutine rewrites.
// The text may mix two versions and may have holes, but the read does not fail.
func TestReadSurvivesChangingFiles(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	path := p.write(t, "file", "")
	var done atomic.Bool
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for i := 0; !done.Load(); i++ {
			assert.NoError(t, os.WriteFile(p.abs("file"), bytes.Repeat([]byte("x"), i*7919%200_000), 0o666))
			runtime.Gosched() // wasip1 has one thread
		}
	}()
	for range unlessShort(300, 50) {
		text, err := p.ReadFile(t.Context(), path)
		require.NoError(t, err)
		require.Empty(t, strings.Trim(text, "x\x00"))
	}
	done.Store(true)
	<-finished
}
