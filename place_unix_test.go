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

// setUmask sets the process's umask for the rest of a test.
func setUmask(t *testing.T, mask int) {
	old := unix.Umask(mask)
	t.Cleanup(func() { unix.Umask(old) })
}

func (p place) perm(t *testing.T, name string) fs.FileMode {
	t.Helper()
	st, err := os.Lstat(p.abs(name))
	require.NoError(t, err)
	return st.Mode().Perm()
}

// setXattr gives a file an extended attribute, or skips the test.
func setXattr(t *testing.T, path, name, value string) {
	t.Helper()
	if err := unix.Setxattr(path, name, []byte(value), 0); errors.Is(err, unix.ENOTSUP) {
		t.Skipf("no extended attributes here: %v", err)
	} else {
		require.NoError(t, err)
	}
}
