//go:build unix

package fileops

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// copyBuffer is the size of the buffer that small copies go through.
const copyBuffer = 64 << 10

// sizes are around the sizes of buffers and limits.
var sizes = []int{0, 1, 1500, copyBuffer - 1, copyBuffer, copyBuffer + 1, aheadLimit - 1, aheadLimit + 1}

// TestReadsDoNotTrustSizes lets stat tell any size, as /proc does and as it is
// when a file grows or shrinks meanwhile.
func TestReadsDoNotTrustSizes(t *testing.T) {
	t.Parallel()
	for _, s := range seams[2:] {
		l := newLab(t, s, PoolOptions{})
		path := l.at("in/a.txt")
		for _, size := range someOf(sizes, 2) {
			want := letters(size)
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(want), 0o666))
			for _, told := range []int{0, 1, size / 2, size - 1, size, size + 1, 2*size + 10} {
				for _, h := range []vfstest.Hook{nil, func(vfstest.Call) error { return vfstest.ErrShort }} {
					if h != nil && told != 0 && told != size {
						continue // a short read that ends where stat saw the end may be taken for it
					}
					l.faulty.Reset(h)
					l.faulty.Describe = func(st *vfs.Info) { st.Size = int64(max(told, 0)) }
					same := func(text string, err error, what string) {
						t.Helper()
						require.NoError(t, err, what)
						require.True(t, text == want, "%s: %d bytes told as %d, read %d", what, size, told, len(text))
					}
					text, err := l.pool.ReadFile(t.Context(), path)
					same(text, err, "ReadFile")
					data, err := l.pool.ReadBytes(t.Context(), path)
					same(string(data), err, "ReadBytes")
					for r := range l.pool.ReadFiles(t.Context(), []string{path, path}) {
						same(r.Text, r.Err, "ReadFiles")
					}
					c, err := l.pool.Concat(t.Context(), []string{path}, nil)
					require.NoError(t, err)
					same(strings.TrimPrefix(c.Text, "---\n"+path+"\n---\n\n"), err, "Concat")
					chunks, err := l.pool.FileToChunks(t.Context(), path, &ChunkOptions{Size: 8 << 20})
					if size > 0 {
						require.NotEmpty(t, chunks)
						same(chunks[0].Text, err, "FileToChunks")
						require.EqualValues(t, size, chunks[0].FileSize)
					}
					l.faulty.Reset(nil)
					require.NoError(t, l.pool.CopyFile(t.Context(), path, l.at("out/copy")))
					copied, err := os.ReadFile(l.onDisk("out/copy"))
					same(string(copied), err, "CopyFile")
				}
			}
		}
		l.faulty.Describe = nil
		l.close()
	}
}

func TestFilesThatGrowAndShrink(t *testing.T) {
	t.Parallel()
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		path, disk := l.at("in/a.txt"), l.onDisk("in/a.txt")
		for _, size := range sizes {
			for _, after := range someOf([]int{0, size / 2, size + 1, size + copyBuffer, 2*size + aheadLimit}, 3) {
				for name, read := range map[string]func() (string, error){
					"ReadFile": func() (string, error) { return l.pool.ReadFile(t.Context(), path) },
					"Concat": func() (string, error) {
						r, err := l.pool.Concat(t.Context(), []string{path}, nil)
						if err != nil || len(r.Skipped) > 0 {
							return "", fmt.Errorf("%v, %v", r, err)
						}
						return strings.TrimPrefix(r.Text, "---\n"+path+"\n---\n\n"), nil
					},
				} {
					require.NoError(t, os.WriteFile(disk, []byte(letters(size)), 0o666))
					l.faulty.Reset(once("read", "a.txt", func() {
						require.NoError(t, os.WriteFile(disk, []byte(letters(after)), 0o666))
					}))
					text, err := read()
					require.NoError(t, err)
					require.True(t, text == letters(after), "%s, %s: %d bytes that became %d were read as %d", s.name, name, size, after, len(text))
				}
				require.NoError(t, os.WriteFile(disk, []byte(letters(size)), 0o666))

				l.faulty.Reset(func(c vfstest.Call) error {
					if (c.Op == "copyFrom" || c.Op == "read") && c.N < 20 {
						return os.WriteFile(disk, []byte(letters(after)), 0o666)
					}
					return nil
				})
				require.NoError(t, l.pool.CopyFile(t.Context(), path, l.at("out/copy")))
				copied, err := os.ReadFile(l.onDisk("out/copy"))
				require.NoError(t, err)
				require.True(t, string(copied) == letters(after), "%s: %d bytes that became %d were copied as %d", s.name, size, after, len(copied))
			}
		}
		l.close()
	}
}

// TestFilesOfProc reads files whose size is told as 0.
func TestFilesOfProc(t *testing.T) {
	const path = "/proc/version"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err)
	}
	want := string(data)
	require.NotEmpty(t, want)
	for _, files := range []vfs.FS{vfs.System(), vfs.Portable()} {
		f := vfstest.New(files)
		p := newPool(PoolOptions{Workers: 2}, f)
		text, err := p.ReadFile(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, want, text)
		for r := range p.ReadFiles(t.Context(), []string{path}) {
			require.Equal(t, FileResult{Path: path, Text: want}, r)
		}
		var w bytes.Buffer
		_, err = p.ConcatTo(t.Context(), &w, []string{path}, nil)
		require.NoError(t, err)
		require.Equal(t, "---\n"+path+"\n---\n\n"+want, w.String())
		chunks, err := p.Chunk(t.Context(), path, &ChunkOptions{Size: 1 << 20})
		require.NoError(t, err)
		require.Equal(t, want, chunks[0].Text)
		dst := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, p.CopyFile(t.Context(), path, dst))
		copied, err := os.ReadFile(dst)
		require.NoError(t, err)
		require.Equal(t, want, string(copied))
		require.NoError(t, p.Close(t.Context()))
		require.Empty(t, f.Audit())
	}
}

// TestReadTriedAgainBeginsAgain fails a read by EAGAIN in its middle. The next try
// begins anew: bytes that the earlier one has read and checked do not count.
func TestReadTriedAgainBeginsAgain(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		for name, read := range map[string]func() (string, error){
			"ReadFile": func() (string, error) { return l.pool.ReadFile(t.Context(), l.at("in/a.txt")) },
			"Concat": func() (string, error) {
				r, err := l.pool.Concat(t.Context(), []string{l.at("in/a.txt")}, nil)
				if err != nil || len(r.Skipped) > 0 {
					return "", fmt.Errorf("%v, %v", r, err)
				}
				return strings.TrimPrefix(r.Text, "---\n"+l.at("in/a.txt")+"\n---\n\n"), nil
			},
		} {
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(letters(2*readPiece)), 0o666))
			reads := 0
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "read" {
					if reads++; reads == 2 {
						require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte("short"), 0o666))
						return syscall.EAGAIN
					}
				}
				return nil
			})
			text, err := read()
			require.NoError(t, err, "%s, %s", s.name, name)
			require.Equal(t, "short", text, "%s, %s", s.name, name)
		}
		l.close()
	}
}

// A read is given up between two blocks.
func TestReadsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), make([]byte, 20*readPiece), 0o666))
			ctx, cancel := context.WithCancel(t.Context())
			reads := 0
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "read" {
					if reads++; reads == 3 {
						cancel()
					}
				}
				return nil
			})
			_, err := l.pool.AsyncReadFile(ctx, l.at("in/large.txt")).Result()
			require.ErrorIs(t, err, context.Canceled)
			checkClear(t, err, nil)
			require.Equal(t, 3, reads)
			l.close()
		})
	}
}

// TestReadKeepsItsBuffer lets a read fail in all ways: the bytes that the buffer
// holds already, of files before it, are still there. Without a slot they were gone,
// and ScanFiles, whose context had ended, panicked.
func TestReadKeepsItsBuffer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	require.NoError(t, os.WriteFile(path, []byte("of a file"), 0o600))
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx   context.Context
		path  string
		limit int64
		opts  PoolOptions
	}{
		"no slot":   {ended, path, anySize, PoolOptions{}},
		"no file":   {t.Context(), filepath.Join(dir, "b.txt"), anySize, PoolOptions{}},
		"no text":   {t.Context(), dir, anySize, PoolOptions{}},
		"limit":     {t.Context(), path, 3, PoolOptions{}},
		"too large": {t.Context(), path, anySize, PoolOptions{MaxFileSize: 3}},
	} {
		pool := NewPool(c.opts)
		data, _, err := (&task{Context: c.ctx, pool: pool}).read(pool.fs, []byte("kept"), c.path, c.limit, nil)
		require.Error(t, err, name)
		require.Equal(t, "kept", string(data), name)
		require.NoError(t, pool.Close(t.Context()))
	}
}
