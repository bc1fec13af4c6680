//go:build linux || darwin || freebsd || netbsd

package fileops_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestSavePermissions saves files under several umasks. A new file has the
// permissions that the umask leaves, and a file that replaces another one has
// those of the other one.
func TestSavePermissions(t *testing.T) {
	everywhereInTurn(t, func(t *testing.T, p place) {
		save := func(name string, o fileops.SaveOptions) {
			t.Helper()
			_, err := p.SaveToFile(t.Context(), "new", p.at("."), name, &o)
			require.NoError(t, err)
			require.Equal(t, "new", p.text(t, name))
		}
		for mask, want := range map[int]fs.FileMode{0: 0o666, 0o022: 0o644, 0o027: 0o640, 0o077: 0o600} {
			setUmask(t, mask)
			save("fresh", fileops.SaveOptions{})
			require.Equal(t, want, p.perm(t, "fresh"))
			require.NoError(t, os.Remove(p.abs("fresh")))
			save("fresh", fileops.SaveOptions{Overwrite: true})
			require.Equal(t, want, p.perm(t, "fresh"))
			require.NoError(t, os.Remove(p.abs("fresh")))
			save("made/dir/file", fileops.SaveOptions{Overwrite: true})
			require.Equal(t, fs.FileMode(0o777)&^fs.FileMode(mask), p.perm(t, "made/dir"))
			require.NoError(t, os.RemoveAll(p.abs("made")))

			for _, perm := range []fs.FileMode{0o600, 0o640, 0o755, 0o444, 0o777} { // of the file that the save replaces
				p.write(t, "existing", "old")
				require.NoError(t, os.Chmod(p.abs("existing"), perm))
				save("existing", fileops.SaveOptions{Overwrite: true})
				require.Equal(t, perm, p.perm(t, "existing"))
				require.NoError(t, os.Remove(p.abs("existing")))
			}
			p.symlink(t, "made", "link") // a link has no permissions
			save("link", fileops.SaveOptions{Overwrite: true})
			require.Equal(t, want, p.perm(t, "link"))
			require.NoError(t, os.Remove(p.abs("link")))
		}
	})
}

// TestInPlaceKeepsOwnerAndAttributes saves into a file of another user, which has
// an attribute.
func TestInPlaceKeepsOwnerAndAttributes(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of other users")
	}
	eachInPlace(t, func(t *testing.T, p place, s inPlaceSave) {
		p.write(t, s.name, "old")
		require.NoError(t, os.Chown(p.abs(s.name), 2001, 3001))
		setXattr(t, p.abs(s.name), "user.note", "kept")
		_, err := s.save(t, p, p.at("."), "new", fileops.SaveOptions{InPlace: true, Sync: true})
		require.NoError(t, err)
		require.Equal(t, "new", s.read(t, p.text(t, s.name)))
		var st unix.Stat_t
		require.NoError(t, unix.Stat(p.abs(s.name), &st))
		require.Equal(t, []uint32{2001, 3001}, []uint32{st.Uid, st.Gid})
		value := make([]byte, 10)
		n, err := unix.Getxattr(p.abs(s.name), "user.note", value)
		require.NoError(t, err)
		require.Equal(t, "kept", string(value[:n]))
	})
}
