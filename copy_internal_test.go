//go:build unix

package fileops

import (
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestRefusedCopyWritesNothing copies onto things that are no files. The copy is
// refused before anything is written, so also where nothing may be written.
func TestRefusedCopyWritesNothing(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, unix.Mkfifo(l.onDisk("out/fifo"), 0o666))
		require.NoError(t, os.Mkdir(l.onDisk("out/a.txt"), 0o777))
		require.NoError(t, os.Symlink("fifo", l.onDisk("out/link")))
		l.faulty.Reset(func(c vfstest.Call) error {
			switch c.Op {
			case "create", "createUnnamed", "write":
				return syscall.EACCES
			}
			return nil
		})
		for dst, refused := range map[string]string{"out/fifo": "out/fifo", "out": "out/a.txt"} {
			err := l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at(dst))
			require.Equal(t, &fs.PathError{Op: "copy", Path: l.at(refused), Err: ErrNotRegular}, err, "%s, %s", s.name, dst)
		}
		l.faulty.Reset(nil)
		require.NoError(t, l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at("out/link"))) // which is replaced
		st, err := os.Lstat(l.onDisk("out/link"))
		require.NoError(t, err)
		require.True(t, st.Mode().IsRegular())
		l.close()
	}
}

// A copy that fails says which of its two files it is about, if that is known.
func TestFailedCopyNamesTheFile(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		for op, path := range map[string]string{"read": "in/a.txt", "write": "out/copy.txt"} {
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == op {
					return syscall.EIO
				}
				return nil
			})
			err := l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at("out/copy.txt"))
			require.Equal(t, &fs.PathError{Op: "copy", Path: l.at(path), Err: syscall.EIO}, err, "%s, %s", s.name, op)
		}
		l.close()
	}
}
