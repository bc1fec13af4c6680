//go:build linux || darwin || freebsd || netbsd

package fileops_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// setUmask sets the umask of the process for the rest of the test. The test
// must not run in parallel.
func setUmask(t *testing.T, mask int) {
	old := unix.Umask(mask)
	t.Cleanup(func() { unix.Umask(old) })
}

// perm returns the permissions of a file.
func (p place) perm(t *testing.T, name string) fs.FileMode {
	t.Helper()
	st, err := os.Lstat(p.abs(name))
	require.NoError(t, err)
	return st.Mode().Perm()
}

// setXattr gives a file an extended attribute, or skips the test if the file
// system has none.
func setXattr(t *testing.T, path, name, value string) {
	t.Helper()
	if err := unix.Setxattr(path, name, []byte(value), 0); errors.Is(err, unix.ENOTSUP) {
		t.Skipf("the file system has no extended attributes: %v", err)
	} else {
		require.NoError(t, err)
	}
}
