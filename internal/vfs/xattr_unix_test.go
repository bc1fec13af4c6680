//go:build linux || darwin || freebsd || netbsd

package vfs

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestReadXattr reads a value that changes between the call that asks for its
// size and the one that reads it.
func TestReadXattr(t *testing.T) {
	value, grows := "value", 0
	read := func(b []byte) (int, error) {
		if b == nil {
			return len(value), nil
		}
		if grows > 0 {
			grows--
			value += "+"
		}
		if len(b) < len(value) {
			return -1, unix.ERANGE
		}
		return copy(b, value), nil
	}
	for _, grows = range []int{0, 1, xattrTries - 1} {
		got, err := readXattr(read)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
	}
	grows = xattrTries
	_, err := readXattr(read)
	require.Equal(t, unix.ERANGE, err, "it keeps growing")

	for _, size := range []int{0, -1} {
		got, err := readXattr(func([]byte) (int, error) { return size, nil })
		require.NoError(t, err)
		require.Empty(t, got)
	}
	_, err = readXattr(func([]byte) (int, error) { return -1, unix.EIO })
	require.Equal(t, unix.EIO, err)
	shrinks := []int{5, 3}
	got, err := readXattr(func([]byte) (size int, _ error) {
		size, shrinks = shrinks[0], shrinks[1:]
		return size, nil
	})
	require.NoError(t, err)
	require.Len(t, got, 3)
}

func TestUnlessUnsupported(t *testing.T) {
	require.NoError(t, unlessUnsupported(nil))
	for _, err := range []error{unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOSYS, unix.EPERM, unix.EACCES} {
		require.NoError(t, unlessUnsupported(err))
	}
	for _, err := range []error{unix.EIO, unix.ENOSPC, errNoXattr} {
		require.Equal(t, err, unlessUnsupported(err))
	}
}
