//go:build unix

package fileops

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The size of a directory counts no file that is none any more by then.
func TestSizeOfFilesThatAreReplaced(t *testing.T) {
	for _, s := range seams {
		for what, replace := range map[string]func(l *lab) error{
			"a directory": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Mkdir(l.onDisk("in/sub/c.txt"), 0o777))
			},
			"a link to a directory": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Symlink("deep", l.onDisk("in/sub/c.txt")))
			},
			"a link in circles": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Symlink("c.txt", l.onDisk("in/sub/c.txt")))
			},
			"a FIFO": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), unix.Mkfifo(l.onDisk("in/sub/c.txt"), 0o666))
			},
			"below a file": func(l *lab) error {
				return errors.Join(os.Rename(l.onDisk("in/sub"), l.onDisk("sub")), os.WriteFile(l.onDisk("in/sub"), []byte("replaced"), 0o666))
			},
		} {
			l := newLab(t, s, PoolOptions{})
			l.faulty.Reset(once("stat", "c.txt", func() { require.NoError(t, replace(l)) }))
			size, err := l.pool.FileSize(t.Context(), l.at("in"))
			require.NoError(t, err, "%s: %s", s.name, what)
			want := len("alpha alpha alpha"+"beta beta"+"alpha alpha alpha"+"omega") + len("delta")
			if what == "below a file" {
				want -= len("delta")
			}
			require.EqualValues(t, want, size, "%s: %s", s.name, what)
			l.close()
		}
	}
}

// TestTextsOfReadFilesStay checks that texts that share a slab do not change while
// others are read after them, for texts of all sizes.
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
