//go:build linux

package reliability

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// TestRefusedAttributes runs the writers on a file system that refuses one kind of
// request for attributes after the other, by each error that means "not here". The
// contents are saved, nobody may read a file who could not read the old one, and a
// flush that was asked for and refused is told.
func TestRefusedAttributes(t *testing.T) {
	in := makeInputs(t, t.TempDir(), 10_000)
	require.NoError(t, unix.Setxattr(in.path("a.txt"), "user.note", []byte("value"), 0))
	for _, errno := range []unix.Errno{unix.EPERM, unix.EACCES, unix.EOPNOTSUPP, unix.EINVAL, unix.EIO, unix.ENOSYS} {
		ways := [][]string{nil, {"tmpfile"}, {"tmpfile", "rename new", "link"}} // to give a file its name
		if errno != unix.EPERM {
			ways = ways[:1] // the way does not depend on the error
		}
		for _, refused := range ways {
			t.Run(errno.Error()+" "+strings.Join(refused, ", "), func(t *testing.T) {
				m := mountHanging(t, refused...) // a mount remembers what is refused by ENOSYS
				p := newPool(t, 8)
				for _, kind := range []string{"chmod", "chown", "utimes", "getxattr", "setxattr", "listxattr", "removexattr", "fsyncdir"} {
					for _, o := range slices.Concat(writers, inPlaceWriters) {
						dst := filepath.Join(m.dir, kind+" "+o.name)
						putOld(t, dst)
						m.refuse(kind, errno)
						err := within(t, o.name, func() error { return o.run(t.Context(), p, in, dst) })
						m.refuse("", 0)
						if kind == "fsyncdir" && strings.Contains(o.name, "sync") && errno != unix.ENOSYS { // which the kernel takes for success
							assert.ErrorIs(t, err, fileops.ErrNotSynced, "%s without %s", o.name, kind)
							assert.ErrorIs(t, err, errno, "%s without %s", o.name, kind)
						} else {
							assert.NoError(t, err, "%s without %s", o.name, kind)
						}
						requireContents(t, finished(t, o, in), readTree(t, dst), o.name+" without "+kind)
					}
				}
			})
		}
	}
}

// requireContents checks that files have the wanted contents. Their permissions
// may be fewer than wanted, as if a umask took some away.
func requireContents(t *testing.T, want, got tree, where string) {
	t.Helper()
	assert.Empty(t, got.temps, where)
	assert.Len(t, got.files, len(want.files), where)
	for name, text := range want.files {
		mode, contents, _ := strings.Cut(text, "\n")
		gotMode, gotContents, _ := strings.Cut(got.files[name], "\n")
		assert.True(t, contents == gotContents, "%s: %s", where, name)
		require.Len(t, gotMode, len(mode), where)
		for i := range mode {
			assert.Contains(t, []byte{mode[i], '-'}, gotMode[i], "%s: %s has %s, not %s", where, name, gotMode, mode)
		}
	}
}

// TestSaveOverMountedFile saves over a file that is a mount of its own, as those
// that are mounted into containers are. It cannot be replaced, and the error says
// so; it can be written to.
func TestSaveOverMountedFile(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	outside, inside := filepath.Join(dir, "outside"), filepath.Join(dir, "inside")
	put(t, outside, "the old text")
	put(t, inside, "")
	require.NoError(t, unix.Mount(outside, inside, "", unix.MS_BIND, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(inside, unix.MNT_DETACH)) })
	read := func() string {
		text, err := os.ReadFile(outside)
		require.NoError(t, err)
		return string(text)
	}
	p := newPool(t, 8)
	for _, sync := range []bool{false, true} {
		_, err := p.SaveToFile(t.Context(), "new", dir, "inside", &fileops.SaveOptions{Overwrite: true, Sync: sync})
		require.ErrorIs(t, err, unix.EBUSY)
		require.ErrorContains(t, err, "SaveOptions.InPlace")
		require.Equal(t, "the old text", read())
		_, err = p.SaveToFile(t.Context(), "new", dir, "inside", &fileops.SaveOptions{InPlace: true, Sync: sync})
		require.NoError(t, err)
		require.Equal(t, "new", read())
		put(t, outside, "the old text")
	}
	for _, o := range writers { // the others say so too
		if !strings.Contains(o.name, "old") {
			continue
		}
		dst := filepath.Join(dir, o.name)
		putOld(t, dst)
		for _, name := range []string{oldName, oldTable} {
			path := filepath.Join(dst, name)
			require.NoError(t, unix.Mount(path, path, "", unix.MS_BIND, ""))
			t.Cleanup(func() { assert.NoError(t, unix.Unmount(path, unix.MNT_DETACH)) })
		}
		before := readTree(t, dst)
		err := o.run(t.Context(), p, makeInputs(t, t.TempDir(), 1000), dst)
		require.ErrorContains(t, err, "a mount point can be written to, but not replaced", o.name)
		require.Equal(t, before, readTree(t, dst), o.name)
	}
}
