package vfs_test

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

func writesFile(text string) func(vfs.File) error {
	return func(f vfs.File) error {
		_, err := io.WriteString(f, text)
		return err
	}
}

// TestWriteInPlace writes shorter, equal and longer texts into a file with two
// names. Both names keep standing for the file.
func TestWriteInPlace(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		p.write(t, "f", "the old text")
		require.NoError(t, os.Link(p.disk("f"), p.disk("second")))
		for _, text := range []string{"", "short", "the new text", "a text that is longer than the old text"} {
			for _, sync := range []bool{false, true} {
				found, err := vfs.WriteInPlace(files, p.at("f"), sync, writesFile(text))
				require.NoError(t, err)
				require.True(t, found)
				require.Equal(t, text, p.read(t, "f"))
				require.Equal(t, text, p.read(t, "second"))
			}
		}
		require.Empty(t, files.Audit())
	})
}

// TestWriteInPlaceOfOtherThings: only a missing file may be made instead.
func TestWriteInPlaceOfOtherThings(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		for path, want := range map[string]error{"missing": nil, "missing/f": nil, "dir": vfs.ErrNotRegular} {
			found, err := vfs.WriteInPlace(p, p.at(path), false, writesFile("text"))
			require.Equal(t, want, vfs.Reason(err), path)
			require.False(t, found)
		}
		require.Equal(t, []string{"dir"}, p.names(t))
	})
}

// TestWriteInPlaceUnderFaults fails each call, for a file, a missing file and a
// link to nothing. No error is lost, and nothing stays open.
func TestWriteInPlaceUnderFaults(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		require.NoError(t, os.Symlink("nothing", p.disk("dangling")))
		for path, want := range map[string]error{"missing": nil, "dangling": syscall.ENOENT} {
			files := vfstest.New(p.FS)
			for n := 1; n <= 2; n++ { // the calls that look for the file
				files.Reset(func(c vfstest.Call) error {
					if c.N == n {
						return syscall.EIO
					}
					return nil
				})
				_, err := vfs.WriteInPlace(files, p.at(path), true, writesFile("text"))
				require.Equal(t, syscall.EIO, vfs.Reason(err), path)
			}
			files.Reset(nil)
			found, err := vfs.WriteInPlace(files, p.at(path), true, writesFile("text"))
			require.Equal(t, want, vfs.Reason(err), path)
			require.False(t, found)
			require.Empty(t, files.Audit())
		}
		for n, reached := 1, true; reached; n++ {
			reached = false
			p.write(t, "f", "the old text")
			files := vfstest.New(p.FS)
			files.Reset(func(c vfstest.Call) error {
				if c.N != n {
					return nil
				}
				reached = true
				return syscall.EIO
			})
			_, err := vfs.WriteInPlace(files, p.at("f"), true, writesFile("text"))
			if reached {
				require.Equal(t, syscall.EIO, vfs.Reason(err))
			} else {
				require.NoError(t, err)
				require.Equal(t, "text", p.read(t, "f"))
			}
			require.Empty(t, files.Audit())
		}
	})
}
