package vfs

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDirectoryThatIsAlwaysExchanged opens a directory that is another one at
// each look. In the end that is an error; nothing hangs and nothing leaks.
func TestDirectoryThatIsAlwaysExchanged(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	lstat := func() (os.FileInfo, error) { return os.Lstat(dir) }
	_, err := openUnlinked(lstat, func(int) (*os.File, error) { return os.Open(other) })
	require.ErrorIs(t, err, errExchanged)

	tries := 0
	f, err := openUnlinked(lstat, func(int) (*os.File, error) {
		if tries++; tries < maxExchanges {
			return os.Open(other)
		}
		return os.Open(dir)
	})
	require.NoError(t, err)
	require.Equal(t, dir, f.Name())
	require.NoError(t, f.Close())
}
