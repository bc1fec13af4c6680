package vfs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestHowToOpen compares the arguments of openat2(2), which refuses flags and
// modes that it does not know. On 64-bit systems O_LARGEFILE is 0.
func TestHowToOpen(t *testing.T) {
	for _, c := range []struct {
		flags int
		perm  fs.FileMode
		want  uint64
	}{
		{unix.O_RDONLY, 0, unix.O_RDONLY | unix.O_CLOEXEC | unix.O_LARGEFILE},
		{unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL, 0o640, unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC | unix.O_LARGEFILE},
		{unix.O_RDWR | unix.O_TMPFILE, 0o600, unix.O_RDWR | unix.O_TMPFILE | unix.O_CLOEXEC | unix.O_LARGEFILE},
		{unix.O_PATH, 0, unix.O_PATH | unix.O_CLOEXEC},
		{unix.O_PATH | unix.O_NOFOLLOW, 0, unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC},
	} {
		want := &unix.OpenHow{Flags: c.want, Mode: uint64(c.perm), Resolve: beneath}
		require.Equal(t, want, howToOpen(c.flags, c.perm, beneath))
	}
}

// TestOnlyAndroidKillsForOpenat2 checks where openat2 makes no system call.
func TestOnlyAndroidKillsForOpenat2(t *testing.T) {
	require.True(t, killsForOpenat2("android"))
	require.False(t, killsForOpenat2("linux"))
}

// TestOnePlaceCallsOpenat2 looks for calls that miss the rules of openat2.
func TestOnePlaceCallsOpenat2(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var callers []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok && strings.EqualFold(call.Sel.Name, "openat2") {
				callers = append(callers, name)
			}
			return true
		})
	}
	require.Equal(t, []string{"openat2_linux.go"}, callers)
}

// TestLargeSparseFile reads the end of a file that a 32-bit offset cannot reach,
// through each way to open a file.
func TestLargeSparseFile(t *testing.T) {
	const size = 2 << 30
	dir := t.TempDir()
	path := filepath.Join(dir, "sparse")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	require.NoError(t, os.Truncate(path, size+1))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	confined := Confined(root)
	defer confined.Close()
	for name, files := range map[string]FS{path: System(), "sparse": confined} {
		f, err := files.Open(name)
		require.NoError(t, err)
		st, err := f.Stat()
		require.NoError(t, err)
		require.Equal(t, int64(size+1), st.Size)
		_, err = f.Seek(size, 0)
		require.NoError(t, err)
		n, err := f.Read(make([]byte, 10))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, f.Close())
		found, err := files.Stat(name)
		require.NoError(t, err)
		require.Equal(t, int64(size+1), found.Size)
	}
}
