//go:build linux || darwin || freebsd || netbsd

package fileops_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestCopyFileKeepsPermissions copies files of many modes under several umasks.
func TestCopyFileKeepsPermissions(t *testing.T) {
	everywhereInTurn(t, func(t *testing.T, p place) {
		src := p.write(t, "src", "text")
		p.write(t, "existing", "old")
		for _, mask := range []int{0, 0o022, 0o077, 0o777} {
			setUmask(t, mask)
			for _, perm := range []fs.FileMode{0o400, 0o444, 0o600, 0o644, 0o666, 0o755, 0o777, 0o421} {
				require.NoError(t, os.Chmod(p.abs("src"), perm))
				for _, name := range []string{"copy", "existing"} {
					require.NoError(t, os.Chmod(p.abs("existing"), 0o640))
					require.NoError(t, p.CopyFile(t.Context(), src, p.at(name)))
					require.Equal(t, perm, p.perm(t, name), "%s of %o under %o", name, perm, mask)
				}
				require.NoError(t, os.Remove(p.abs("copy")))
			}
		}
	})
}

// TestCopyFileKeepsTimes copies files with exact times, also from before 1970.
func TestCopyFileKeepsTimes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src", "text")
		p.write(t, "dst", "old")
		for _, times := range [][]unix.Timespec{
			{{Sec: 1_000_000_000, Nsec: 123_456_789}, {Sec: 1_600_000_000, Nsec: 987_654_321}},
			{{Sec: 1, Nsec: 1}, {Sec: 0, Nsec: 999_999_999}},
			{{Sec: -1_000_000, Nsec: 5}, {Sec: -1, Nsec: 7}}, // before 1970
		} {
			require.NoError(t, unix.UtimesNanoAt(unix.AT_FDCWD, p.abs("src"), times, 0))
			require.NoError(t, p.CopyFile(t.Context(), src, p.at("dst")))
			var st unix.Stat_t
			require.NoError(t, unix.Stat(p.abs("dst"), &st))
			require.Equal(t, times[1], st.Mtim)
			require.Equal(t, times[0], st.Atim)
		}
	})
}

// TestCopyFileKeepsExtendedAttributes copies a file with attributes, some with
// bytes that are not text.
func TestCopyFileKeepsExtendedAttributes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src", "text")
		for name, value := range map[string]string{"user.fileops.a": "one", "user.fileops.b": "\x00\xff", "user.fileops.empty": ""} {
			setXattr(t, p.abs("src"), name, value)
		}
		require.NoError(t, os.Chmod(p.abs("src"), 0o400))
		require.NoError(t, p.CopyFile(t.Context(), src, p.at("dst")))
		attribute := func(name string) string {
			value := make([]byte, 100)
			n, err := unix.Getxattr(p.abs("dst"), name, value)
			require.NoError(t, err, name)
			return string(value[:n])
		}
		require.Equal(t, "one", attribute("user.fileops.a"))
		require.Equal(t, "\x00\xff", attribute("user.fileops.b"))
		require.Empty(t, attribute("user.fileops.empty"))
	})
}

// TestCopyFileLeavesOutLargeAttributes copies to a file system that has no room
// for one of the attributes. The copy lacks this one.
func TestCopyFileLeavesOutLargeAttributes(t *testing.T) {
	t.Parallel()
	other, err := os.MkdirTemp("/dev/shm", "fileops-test-")
	if err != nil {
		t.Skipf("cannot use another file system: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	src := filepath.Join(other, "src")
	require.NoError(t, os.WriteFile(src, []byte("text"), 0o666))
	setXattr(t, src, "user.large", strings.Repeat("x", 20_000)) // ext4 stores at most one block, see xattr(7)
	setXattr(t, src, "user.small", "s")
	for _, portable := range []bool{false, true} {
		p := newPlace(t, false, portable, fileops.PoolOptions{})
		require.NoError(t, p.CopyFile(t.Context(), src, p.at("dst")))
		require.Equal(t, "text", p.text(t, "dst"))
		value := make([]byte, 10)
		if n, err := unix.Getxattr(p.abs("dst"), "user.small", value); !errors.Is(err, unix.ENOTSUP) {
			require.NoError(t, err)
			require.Equal(t, "s", string(value[:n]))
		}
	}
}

// TestCopyFileWhileAttributesChange copies a file while another goroutine adds,
// resizes and removes attributes. No copy fails.
func TestCopyFileWhileAttributesChange(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src", "text")
		path := p.abs("src")
		setXattr(t, path, "user.stays", "stays")
		var changing sync.WaitGroup
		var stop atomic.Bool
		changing.Go(func() {
			for i := 0; !stop.Load(); i++ {
				name := "user." + strings.Repeat("n", 1+i%10)
				unix.Setxattr(path, name, []byte(strings.Repeat("v", i%7*10)), 0)
				unix.Setxattr(path, "user.grows", []byte(strings.Repeat("v", i%2*100)), 0)
				if i%3 == 0 {
					unix.Removexattr(path, name)
				}
			}
		})
		defer changing.Wait()
		defer stop.Store(true)
		for range unlessShort(300, 50) {
			require.NoError(t, p.CopyFile(t.Context(), src, p.at("dst")))
			value := make([]byte, 10)
			n, err := unix.Getxattr(p.abs("dst"), "user.stays", value)
			require.NoError(t, err)
			require.Equal(t, "stays", string(value[:n]))
		}
	})
}
