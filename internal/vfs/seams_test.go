package vfs_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
)

// A seam is one implementation of vfs.FS.
type seam struct {
	name     string
	open     func(root *os.Root) vfs.FS
	confined bool
}

var seams = []seam{
	{"System", func(*os.Root) vfs.FS { return vfs.System() }, false},
	{"Confined", vfs.Confined, true},
	{"Portable", func(*os.Root) vfs.FS { return vfs.Portable() }, false},
	{"PortableConfined", vfs.PortableConfined, true},
}

// A place is a directory of a test, as one of the seams sees it.
type place struct {
	vfs.FS
	dir      string
	confined bool
}

// eachSeam runs a test on a directory of its own for each seam.
func eachSeam(t *testing.T, test func(t *testing.T, p place)) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			test(t, newPlace(t, s, tempDir(t)))
		})
	}
}

// tempDir makes a directory, in memory where the system has a place for that.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vfs")
	if err == nil {
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	} else {
		dir = t.TempDir()
	}
	dir, err = filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	return dir
}

func newPlace(t *testing.T, s seam, dir string) place {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	files := s.open(root)
	t.Cleanup(func() {
		require.NoError(t, files.Close())
		_, err := root.Stat(".")
		require.NoError(t, err, "Close must not close the root")
		require.NoError(t, root.Close())
	})
	return place{files, dir, s.confined}
}

// at returns a name as the seam takes it: relative to the directory if that is
// confined, else absolute. It cleans nothing.
func (p place) at(name string) string {
	if p.confined || name == "" || filepath.IsAbs(name) {
		return name
	}
	return p.dir + string(filepath.Separator) + name
}

// disk returns the path of a name for package os.
func (p place) disk(name string) string { return filepath.Join(p.dir, name) }

// sub opens the directory itself as an FS. It closes that when the test ends.
func (p place) sub(t *testing.T) vfs.FS {
	t.Helper()
	dir, err := p.OpenDir(p.at("."))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, dir.Close()) })
	return dir
}

func (p place) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(p.disk(name), []byte(text), 0o666))
}

func (p place) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(p.disk(name))
	require.NoError(t, err)
	return string(data)
}

// names returns the entries of the directory in order.
func (p place) names(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// numbered returns a text of at most 1.2 MB in which no two places look alike.
func numbered(size int) string { return numbers()[:size] }

var numbers = sync.OnceValue(func() string {
	var b strings.Builder
	for n := range 150_000 {
		fmt.Fprintf(&b, "%07d\n", n)
	}
	return b.String()
})

// requireText compares long texts, which it does not print.
func requireText(t *testing.T, want, got string) {
	t.Helper()
	if want != got {
		require.Fail(t, "wrong text", "%d bytes, not %d", len(got), len(want))
	}
}

// closed closes a file, if it could be opened.
func closed(f vfs.File, err error) error {
	if err == nil {
		err = f.Close()
	}
	return err
}

// readAll reads the rest of a file and closes it.
func readAll(t *testing.T, f vfs.File) string {
	t.Helper()
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return string(data)
}
