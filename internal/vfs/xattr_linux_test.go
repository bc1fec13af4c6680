package vfs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// setXattr sets an extended attribute, or skips the test.
func (p place) setXattr(t *testing.T, name, attribute, value string) {
	t.Helper()
	err := unix.Setxattr(p.disk(name), attribute, []byte(value), 0)
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("no extended attributes on this file system")
	}
	require.NoError(t, err)
}

func (p place) xattr(t *testing.T, name, attribute string) string {
	t.Helper()
	value := make([]byte, 1<<16)
	n, err := unix.Getxattr(p.disk(name), attribute, value)
	require.NoError(t, err)
	return string(value[:n])
}

func TestCopyAttributes(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			p := newPlace(t, s, t.TempDir()) // on a disk, which may have attributes
			p.write(t, "src", "text")
			values := map[string]string{"user.a": "value of a", "user.empty": "", "user.binary": "\x00\xff", "user.long": strings.Repeat("x", 1000)}
			for name, value := range values {
				p.setXattr(t, "src", name, value)
			}
			dst, src := openCopy(t, p, p)
			require.NoError(t, dst.CopyAttributes(src))
			require.NoError(t, dst.CopyAttributes(src), "it replaces them")
			require.NoError(t, dst.Close())
			require.NoError(t, src.Close())
			for name, value := range values {
				require.Equal(t, value, p.xattr(t, "dst", name))
			}
		})
	}
}

// TestAtomicCopyKeepsAttributes copies attributes by every way that a file gets
// its name.
func TestAtomicCopyKeepsAttributes(t *testing.T) {
	for _, s := range seams {
		for _, missing := range systems {
			p := newPlace(t, s, t.TempDir())
			p.write(t, "src", "text")
			p.setXattr(t, "src", "user.a", "value")
			files := vfstest.New(p.FS)
			files.Reset(missing.fail)
			for _, name := range []string{"new", "old"} {
				o := vfs.AtomicOptions{Replace: name == "old"}
				if o.Replace {
					p.write(t, "old", "old text")
				}
				src, st, err := vfs.OpenRegular(files, p.at("src"))
				require.NoError(t, err)
				access := vfs.AccessOf(src, st)
				o.Access = &access
				require.NoError(t, vfs.WriteAtomic(files, p.at(name), o, func(f *vfs.TempFile) error { return f.CopyMeta(src, st) }))
				require.NoError(t, src.Close())
				require.Equal(t, "value", p.xattr(t, name, "user.a"))
			}
			require.Empty(t, files.Audit())
		}
	}
}

// TestAttributesWithoutRoom copies from a file whose attributes the target may
// not have room for: more than a block of ext4 in all.
func TestAttributesWithoutRoom(t *testing.T) {
	for _, s := range seams {
		p := newPlace(t, s, t.TempDir())
		p.write(t, "src", "text")
		p.setXattr(t, "src", "user.a", "value")
		dst, src := openCopy(t, p, p)
		for i := range 100 { // fill the target with others
			name := "user.other" + strings.Repeat("x", i)
			if unix.Setxattr(p.disk("dst"), name, []byte(strings.Repeat("y", 500)), 0) != nil {
				break
			}
		}
		require.NoError(t, dst.CopyAttributes(src))
		require.NoError(t, dst.Close())
		require.NoError(t, src.Close())
	}
}
