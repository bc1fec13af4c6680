package vfs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// notHere are the errors by which systems say that they do not have an attribute
// or do not let it be set.
var notHere = []error{
	syscall.EPERM, syscall.EACCES, syscall.ENOTSUP, syscall.EINVAL, syscall.ENOSYS, syscall.ENOTTY, syscall.EIO, syscall.EROFS, syscall.ENOSPC,
}

// TestRefusedAttributes refuses each call that changes or reads an attribute, by
// each error, while a file is replaced and while one is copied. The contents are
// saved, and only the owner may do more than write the file.
func TestRefusedAttributes(t *testing.T) {
	for _, op := range []string{"chmod", "chown", "acl", "setACL", "entryACL", "copyAttributes", "setTimes"} {
		for i, refusal := range notHere {
			perm := []fs.FileMode{0o600, 0o640, 0o666}[i%3]
			t.Run(fmt.Sprintf("%s/%v", op, refusal), func(t *testing.T) {
				eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
					files.Reset(func(c vfstest.Call) error {
						if c.Op == op {
							return refusal
						}
						return missing.fail(c)
					})
					p.write(t, "old", "old text")
					require.NoError(t, os.Chmod(p.disk("old"), perm))
					for _, name := range []string{"old", "new"} {
						if name == "old" && !o.Replace {
							continue
						}
						require.NoError(t, vfs.WriteAtomic(files, p.at(name), o, writes("new text")))
						require.Equal(t, "new text", p.read(t, name))
						require.NoError(t, copyAtomic(files, p, name, "copy of "+name, o))
						require.Equal(t, "new text", p.read(t, "copy of "+name))
						if runtime.GOOS != "windows" && name == "old" {
							require.Zero(t, p.bits(t, "old")&0o077&^perm)
							require.Zero(t, p.bits(t, "copy of old")&0o077&^perm)
						}
					}
				})
			})
		}
	}
}

// bits returns the permission bits of a file.
func (p place) bits(t *testing.T, name string) fs.FileMode {
	t.Helper()
	st, err := os.Lstat(p.disk(name))
	require.NoError(t, err)
	return st.Mode().Perm()
}

// copyAtomic copies a file with its attributes.
func copyAtomic(files vfs.FS, p place, from, to string, o vfs.AtomicOptions) error {
	src, st, err := vfs.OpenRegular(files, p.at(from))
	if err != nil {
		return err
	}
	defer src.Close()
	access := vfs.AccessOf(src, st)
	o.Access = &access
	return vfs.WriteAtomic(files, p.at(to), o, func(f *vfs.TempFile) error {
		if err := vfs.CopyContents(f, src, st, neverStop); err != nil {
			return err
		}
		return f.CopyMeta(src, st)
	})
}

// TestNoCallThatChangesNothing replaces a file whose permissions a new file has
// anyway. Some shares refuse even a chmod(2) that would change nothing.
func TestNoCallThatChangesNothing(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		if !o.Replace {
			return
		}
		require.NoError(t, vfs.WriteAtomic(files, p.at("f"), o, writes("old text")))
		files.Reset(func(c vfstest.Call) error {
			require.NotContains(t, []string{"chmod", "chown", "setACL"}, c.Op)
			return missing.fail(c)
		})
		require.NoError(t, vfs.WriteAtomic(files, p.at("f"), o, writes("new text")))
		require.Equal(t, "new text", p.read(t, "f"))
	})
}

// TestFixedPermissions saves to a share that shows the same permissions for all
// files and refuses to change them. A file that others could not read is not
// replaced by one that they can, and a private file is not copied there.
func TestFixedPermissions(t *testing.T) {
	if file := filepath.Join(t.TempDir(), "file"); os.WriteFile(file, nil, 0o755) == nil {
		st, err := os.Stat(file)
		require.NoError(t, err)
		if st.Mode().Perm()&0o100 == 0 {
			t.Skip("the system has no permission bits")
		}
	}
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		if !o.Replace {
			return
		}
		files.Describe = func(st *vfs.Info) { st.Mode = 0o755 } // of open files
		files.Reset(func(c vfstest.Call) error {
			if c.Op == "chmod" {
				return syscall.EPERM
			}
			return missing.fail(c)
		})
		p.write(t, "f", "old text")
		for perm, saved := range map[fs.FileMode]bool{0o755: true, 0o777: true, 0o700: false, 0o640: false} {
			require.NoError(t, os.Chmod(p.disk("f"), perm))
			err := vfs.WriteAtomic(files, p.at("f"), o, writes("new text"))
			if saved {
				require.NoError(t, err)
				require.Equal(t, "new text", p.read(t, "f"))
			} else {
				require.ErrorIs(t, err, syscall.EPERM)
				require.ErrorContains(t, err, "would let others in")
				require.Equal(t, "old text", p.read(t, "f"))
			}
			require.Equal(t, []string{"f"}, p.names(t))
			require.NoError(t, os.Remove(p.disk("f")))
			p.write(t, "f", "old text")
		}
	})
}

// TestRefusedFlushOfADirectory saves files where directories cannot be flushed.
// All is saved, and the error says that it may not last.
func TestRefusedFlushOfADirectory(t *testing.T) {
	for _, refusal := range notHere {
		eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
			files.Reset(func(c vfstest.Call) error {
				if c.Op == "sync" {
					return refusal
				}
				return missing.fail(c)
			})
			var want error
			if o.Sync {
				want = vfs.UnsyncedError{Reason: refusal}
			}
			require.Equal(t, want, vfs.WriteAtomic(files, p.at("a/b/f"), o, writes("text")))
			require.Equal(t, "text", p.read(t, "a/b/f"))

			batch, err := vfs.OpenBatch(files, p.at("c/d"), o)
			require.NoError(t, err)
			require.NoError(t, batch.Add("one", writes("1")))
			require.NoError(t, batch.Add("two", writes("2")))
			saved, err := batch.Commit()
			require.Equal(t, 2, saved)
			require.Equal(t, want, err)
			batch.Discard()
			require.Equal(t, "2", p.read(t, "c/d/two"))
		})
	}
}
