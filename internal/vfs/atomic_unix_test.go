//go:build linux || darwin || freebsd || netbsd || openbsd

package vfs_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestAtomicPermissions checks that a new file has its permissions less the
// umask, and that a file that replaces another has those of the other.
func TestAtomicPermissions(t *testing.T) {
	for _, mask := range []fs.FileMode{0, 0o027} {
		setUmask(t, int(mask))
		eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
			require.NoError(t, vfs.WriteAtomic(files, p.at("new"), o, writes("text")))
			require.Equal(t, 0o666&^mask, p.perm(t, "new"))
			if !o.Replace {
				return
			}
			for _, old := range []fs.FileMode{0o600, 0o640, 0o777, 0o444, 0o000, 0o066} {
				require.NoError(t, os.Chmod(p.disk("new"), old))
				require.NoError(t, vfs.WriteAtomic(files, p.at("new"), o, writes("text")))
				require.Equal(t, old, p.perm(t, "new"))
			}
		})
	}
}

// TestReplacedFileKeepsOthersOut looks at the temporary file before each
// operation: only the owner may read it, as with the file that it replaces.
func TestReplacedFileKeepsOthersOut(t *testing.T) {
	setUmask(t, 0)
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		if !o.Replace {
			return
		}
		p.write(t, "f", "old secret")
		require.NoError(t, os.Chmod(p.disk("f"), 0o600))
		files.Reset(func(c vfstest.Call) error {
			for _, name := range p.names(t) {
				require.Equal(t, fs.FileMode(0o600), p.perm(t, name), "before %v", c)
			}
			return missing.fail(c)
		})
		require.NoError(t, vfs.WriteAtomic(files, p.at("f"), o, writes("new secret")))
		require.Equal(t, "new secret", p.read(t, "f"))
		require.Equal(t, fs.FileMode(0o600), p.perm(t, "f"))
	})
}

// TestAtomicWriteReplacesLinks writes to the name of a link. The link is
// replaced; its target stays as it is.
func TestAtomicWriteReplacesLinks(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		p.write(t, "target", "old text")
		require.NoError(t, os.Chmod(p.disk("target"), 0o604))
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		for link, target := range map[string]string{
			"link": "target", "dangling": "nowhere", "loop": "loop", "dirlink": "dir", "out": "../../nowhere",
		} {
			require.NoError(t, os.Symlink(target, p.disk(link)))
			err := vfs.WriteAtomic(files, p.at(link), o, writes("new text"))
			got, readErr := os.Readlink(p.disk(link))
			if !o.Replace {
				require.ErrorIs(t, err, fs.ErrExist)
				require.Equal(t, target, got)
				continue
			}
			require.NoError(t, err)
			require.Error(t, readErr, "it is no link any more")
			require.Equal(t, "new text", p.read(t, link))
			require.NotEqual(t, fs.FileMode(0o604), p.perm(t, link))
		}
		require.Equal(t, "old text", p.read(t, "target"))
		require.Equal(t, []string{"dangling", "dir", "dirlink", "link", "loop", "out", "target"}, p.names(t))
	})
}

// TestAtomicWriteReplacesNoFIFO writes to the name of a FIFO and must not wait.
func TestAtomicWriteReplacesNoFIFO(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		require.NoError(t, unix.Mkfifo(p.disk("fifo"), 0o666))
		want := fs.ErrExist
		if o.Replace {
			want = vfs.ErrNotRegular
		}
		require.ErrorIs(t, vfs.WriteAtomic(files, p.at("fifo"), o, writes("text")), want)
		require.Error(t, vfs.WriteAtomic(files, p.at("fifo/f"), o, writes("text")))
		require.Equal(t, []string{"fifo"}, p.names(t))
		st, err := os.Lstat(p.disk("fifo"))
		require.NoError(t, err)
		require.Equal(t, fs.ModeNamedPipe, st.Mode().Type())
	})
}
