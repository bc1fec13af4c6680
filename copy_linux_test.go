package fileops_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// makeSparse writes a file that is a hole but for a few stretches of data, at the
// given offsets.
func (p place) makeSparse(t *testing.T, name string, size int64, data map[int64]string) {
	t.Helper()
	f, err := os.Create(p.abs(name))
	require.NoError(t, err)
	defer f.Close()
	if err := f.Truncate(size); errors.Is(err, unix.EFBIG) {
		t.Skipf("the file system has no file of %d bytes", size)
	} else {
		require.NoError(t, err)
	}
	for at, text := range data {
		_, err := f.WriteAt([]byte(text), at)
		require.NoError(t, err)
	}
}

// space returns how many bytes a file takes on the disk.
func (p place) space(t *testing.T, name string) int64 {
	t.Helper()
	var st unix.Stat_t
	require.NoError(t, unix.Stat(p.abs(name), &st))
	return st.Blocks * 512
}

// attribute returns an extended attribute of a file, nil if there is none.
func attribute(t *testing.T, path, name string) []byte {
	t.Helper()
	value := make([]byte, 1000)
	n, err := unix.Getxattr(path, name, value)
	if errors.Is(err, unix.ENODATA) {
		return nil
	}
	require.NoError(t, err)
	return value[:n]
}

// TestCopyFileKeepsHoles copies sparse files. A copy has the same data at the same
// places, takes no more space, and takes no work for the holes.
func TestCopyFileKeepsHoles(t *testing.T) {
	t.Parallel()
	const MiB, TiB = 1 << 20, 1 << 40
	for name, file := range map[string]struct {
		size int64
		data map[int64]string
	}{
		"a hole of 8 MiB":          {8 * MiB, nil},
		"8 MiB with data":          {8*MiB + 5, map[int64]string{0: "start", 3*MiB + 7: "middle", 8 * MiB: "end"}},
		"1 TiB with data":          {TiB, map[int64]string{0: "start", TiB / 2: "middle", TiB - 3: "end"}},
		"1 TiB and data at an end": {TiB + 1, map[int64]string{TiB: "e"}},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p place) {
				p.makeSparse(t, "src", file.size, file.data)
				p.write(t, "old", "old")
				for _, to := range []string{"new", "old"} {
					before := p.Stats().BytesWritten
					require.NoError(t, p.CopyFile(noHang(t), p.at("src"), p.at(to)))
					require.LessOrEqual(t, p.space(t, to), p.space(t, "src"))
					require.LessOrEqual(t, p.Stats().BytesWritten-before, uint64(p.space(t, "src")), "holes are no work")
					f, err := os.Open(p.abs(to))
					require.NoError(t, err)
					defer f.Close()
					st, err := f.Stat()
					require.NoError(t, err)
					require.Equal(t, file.size, st.Size())
					for at, text := range file.data {
						got := make([]byte, len(text))
						_, err := f.ReadAt(got, at)
						require.NoError(t, err)
						require.Equal(t, text, string(got))
					}
					if len(file.data) == 0 {
						all, err := io.ReadAll(f)
						require.NoError(t, err)
						require.True(t, string(make([]byte, file.size)) == string(all))
					}
				}
			})
		})
	}
}

// TestCopyFileGivesNoPrivileges copies a program that runs with the rights of its
// owner and group, and with a capability. A copy that another user can make must
// not run with them: see capabilities(7) and S_ISUID in inode(7).
func TestCopyFileGivesNoPrivileges(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may give capabilities")
	}
	// The kernel's struct vfs_cap_data in include/uapi/linux/capability.h: revision
	// 2 with the effective bit, and CAP_NET_BIND_SERVICE as permitted.
	capability := string([]byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "program", "text")
		require.NoError(t, unix.Chmod(p.abs("program"), 0o7755))
		setXattr(t, p.abs("program"), "security.capability", capability)
		setXattr(t, p.abs("program"), "user.note", "kept")
		setXattr(t, p.abs("program"), "trusted.note", "kept too")
		p.write(t, "old", "old")
		for _, to := range []string{"copy", "old"} {
			require.NoError(t, p.CopyFile(t.Context(), p.at("program"), p.at(to)))
			require.Nil(t, attribute(t, p.abs(to), "security.capability"))
			require.Equal(t, "kept", string(attribute(t, p.abs(to), "user.note")))
			require.Equal(t, "kept too", string(attribute(t, p.abs(to), "trusted.note")))
			st, err := os.Stat(p.abs(to))
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o755), st.Mode())
		}
		require.Equal(t, capability, string(attribute(t, p.abs("program"), "security.capability")))
	})
}
