package fileops

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// Texts that share a slab stay what they are while others are read after them,
// whatever their sizes.
func TestTextsOfReadFilesStay(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, size := range []int{0, 1, slabSize/8 - 1, slabSize / 8, slabSize/8 + 1, slabSize / 2, slabSize - 1, slabSize, slabSize + 1, 3 * slabSize, aheadLimit, aheadLimit + 1} {
		for n := range 12 {
			path := filepath.Join(dir, strconv.Itoa(len(paths)))
			text := strings.Repeat(string(rune('a'+n)), size)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
			paths = append(paths, path)
		}
	}
	texts := make([]string, len(paths))
	for r := range ReadFiles(context.Background(), paths) {
		require.NoError(t, r.Err)
		texts[r.Index] = r.Text
	}
	for i, path := range paths {
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, string(want) == texts[i], path)
	}
}

// To keep one small text of many costs a slab, not all that was read.
func TestOneKeptTextKeepsOneSlab(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("x", 20<<10)
	var paths []string
	for i := range 400 {
		path := filepath.Join(dir, strconv.Itoa(i))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		paths = append(paths, path)
	}
	inUse := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var kept []string
	before := inUse()
	for r := range ReadFiles(context.Background(), paths) {
		require.NoError(t, r.Err)
		if r.Index%100 == 50 {
			kept = append(kept, r.Text)
		}
	}
	require.Less(t, inUse()-before, int64((len(kept)+1)*slabSize))
	runtime.KeepAlive(kept)
}

// A read is given up between two blocks.
func TestReadsEndWithTheirContext(t *testing.T) {
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

// A large file of which stat does not tell the size is not read ahead whole,
// and streamed where others are.
func TestLargeFilesOfUnknownSize(t *testing.T) {
	l := newLab(t, seams[0], PoolOptions{})
	l.faulty.Describe = func(st *vfs.Info) { st.Size = 0 }
	text := strings.Repeat("0123456789abcdef", (wholeLimit+1)/16+readPiece)
	require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(text), 0o666))
	got, err := l.pool.ReadFile(t.Context(), l.at("in/large.txt"))
	require.NoError(t, err)
	require.True(t, text == got)

	var w strings.Builder
	var s counted
	l.faulty.Reset(s.Hook)
	result, err := l.pool.ConcatTo(t.Context(), &w, []string{l.at("in/large.txt"), l.at("in/a.txt")}, nil)
	require.NoError(t, err)
	require.Len(t, result.Files, 2)
	require.Contains(t, w.String(), text)
	require.Equal(t, 5, s.of(l.at("in/large.txt")), "opened ahead, to be held, to be checked, and to be streamed; and stat")

	limited := newPool(PoolOptions{Workers: 1, MaxFileSize: 1 << 20}, l.faulty)
	_, err = limited.ReadFile(t.Context(), l.at("in/large.txt"))
	require.ErrorIs(t, err, ErrTooLarge)
	l.close()
}

// counted counts what is opened or looked at by name.
type counted struct{ vfstest.Steps }

func (c *counted) Hook(call vfstest.Call) error {
	if call.Op == "open" || call.Op == "stat" {
		return c.Steps.Hook(vfstest.Call{Op: call.Name})
	}
	return nil
}

func (c *counted) of(name string) int { return strings.Count(c.String(), name) }
