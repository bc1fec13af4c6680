package vfstest_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// newFS returns a fault injector in front of the portable file system, and the
// path of a file in a directory of its own.
func newFS(t *testing.T) (files *vfstest.FS, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o666))
	return vfstest.New(vfs.Portable()), path
}

func TestAuditNoticesLeaks(t *testing.T) {
	files, path := newFS(t)
	f, err := files.Open(path)
	require.NoError(t, err)
	dir, err := files.OpenDir(filepath.Dir(path))
	require.NoError(t, err)
	inDir, err := dir.Create("g", 0o666)
	require.NoError(t, err)
	require.Equal(t, 3, files.Holds())
	require.ElementsMatch(t, []string{
		"left open: open " + path, "left open: openDir " + filepath.Dir(path), "left open: create g",
	}, files.Audit())
	for _, c := range []io.Closer{f, dir, inDir} {
		require.NoError(t, c.Close())
	}
	require.Zero(t, files.Holds())
	require.Empty(t, files.Audit())
}

// TestAuditNoticesUsesAfterClose uses a closed file and a closed directory in
// every way.
func TestAuditNoticesUsesAfterClose(t *testing.T) {
	files, path := newFS(t)
	f, err := files.Open(path)
	require.NoError(t, err)
	other, err := files.Create(path+"2", 0o666)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	for op, use := range map[string]func(){
		"read":           func() { f.Read(nil) },
		"write":          func() { f.Write(nil) },
		"seek":           func() { f.Seek(0, io.SeekStart) },
		"fstat":          func() { f.Stat() },
		"chmod":          func() { f.Chmod(0o666) },
		"fsync":          func() { f.Sync() },
		"close":          func() { f.Close() },
		"cloneFrom":      func() { other.CloneFrom(f) },
		"copyFrom":       func() { other.CopyFrom(f, 1) },
		"copyAttributes": func() { other.CopyAttributes(f) },
		"linkFile":       func() { files.LinkFile(f, path) },
		"setTimes":       func() { files.SetTimes(f, path, time.Now(), time.Now()) },
	} {
		require.Empty(t, audit(files))
		use()
		require.Equal(t, []string{op + " after close: " + path}, audit(files))
		files.Reset(nil)
	}
	require.NoError(t, other.Close())

	dir, err := files.OpenDir(filepath.Dir(path))
	require.NoError(t, err)
	require.NoError(t, dir.Close())
	for name, use := range map[string]func(){
		"open":          func() { dir.Open("f") },
		"openDir":       func() { dir.OpenDir(".") },
		"readCached":    func() { dir.ReadCached("f", 1) },
		"create":        func() { dir.Create("g", 0o666) },
		"createUnnamed": func() { dir.CreateUnnamed(0o666) },
		"stat":          func() { dir.Stat("f") },
		"lstat":         func() { dir.Lstat("f") },
		"list":          func() { dir.List(".", true) },
		"mkdir":         func() { dir.Mkdir("d") },
		"link":          func() { dir.Link("f", "g") },
		"rename":        func() { dir.Rename("f", "g") },
		"renameNew":     func() { dir.RenameNew("f", "g") },
		"remove":        func() { dir.Remove("f") },
		"sync":          func() { dir.Sync() },
		"closeDir":      func() { dir.Close() },
	} {
		use()
		found := audit(files)
		require.Len(t, found, 1, name)
		require.Contains(t, found[0], name+" after close: ")
		files.Reset(nil)
	}
	require.Empty(t, files.Audit())
}

// audit is Audit without the files that are still open.
func audit(files *vfstest.FS) (wrong []string) {
	for _, line := range files.Audit() {
		if line[:9] != "left open" {
			wrong = append(wrong, line)
		}
	}
	return wrong
}

func TestAuditNoticesOperationsInFlight(t *testing.T) {
	files, path := newFS(t)
	files.Reset(func(vfstest.Call) error {
		require.Equal(t, []string{"in flight: 1"}, files.Audit())
		return nil
	})
	_, err := files.Stat(path)
	require.NoError(t, err)
	require.Empty(t, files.Audit())
	calls, most := files.Called()
	require.Equal(t, 1, calls)
	require.Equal(t, 1, most)
}

func TestHooks(t *testing.T) {
	files, path := newFS(t)
	fail := func(fault error) { files.Reset(func(vfstest.Call) error { return fault }) }

	var seen []string
	files.Reset(func(c vfstest.Call) error {
		seen = append(seen, c.String())
		return nil
	})
	f, err := files.Open(path)
	require.NoError(t, err)
	b := make([]byte, 10)
	n, err := f.Read(b)
	require.NoError(t, err)
	require.Equal(t, 10, n)
	require.Equal(t, []string{"1: open " + path, "2: read " + path}, seen)

	fail(syscall.EIO)
	require.Equal(t, syscall.EIO, files.Remove(path))
	_, err = files.Open(path)
	require.Equal(t, syscall.EIO, err)
	require.FileExists(t, path, "the operation did nothing")
	require.Equal(t, syscall.EIO, f.Close())
	require.Zero(t, files.Holds(), "close frees the file in any case")

	fail(vfstest.Late{Err: syscall.EIO})
	_, err = files.Create(path+"2", 0o666)
	require.Equal(t, syscall.EIO, err)
	require.FileExists(t, path+"2")
	require.Zero(t, files.Holds())
	require.Equal(t, syscall.EIO, files.Remove(path+"2"))
	require.NoFileExists(t, path+"2")
	_, err = files.Open(path + "2")
	require.ErrorIs(t, err, os.ErrNotExist, "its own error counts")

	fail(vfstest.ErrShort)
	f, err = files.Open(path)
	require.NoError(t, err)
	n, err = f.Read(b)
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.NoError(t, f.Close())
	f, err = files.Create(path+"3", 0o666)
	require.NoError(t, err)
	n, err = f.Write(b)
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.Equal(t, 5, n)
	require.NoError(t, f.Close())
	require.Empty(t, files.Audit())
}

func TestSwitches(t *testing.T) {
	files, path := newFS(t)
	entries, err := files.List(filepath.Dir(path), false)
	require.NoError(t, err)
	require.Equal(t, []vfs.Entry{{Name: "f", Kind: vfs.KindFile}}, entries)
	files.UnknownKinds = true
	entries, err = files.List(filepath.Dir(path), false)
	require.NoError(t, err)
	require.Equal(t, []vfs.Entry{{Name: "f", Kind: vfs.KindUnknown}}, entries)

	files.Describe = func(st *vfs.Info) { st.Size = 5 }
	f, err := files.Open(path)
	require.NoError(t, err)
	st, err := f.Stat()
	require.NoError(t, err)
	require.EqualValues(t, 5, st.Size)
	require.NoError(t, f.Close())

	var s vfstest.Steps
	files.Reset(s.Hook)
	_, ok := files.ReadCached(path, 100)
	require.False(t, ok)
	require.Empty(t, s.String())
	files.CachedReads = true
	files.Reset(func(c vfstest.Call) error { return errors.Join(s.Hook(c), syscall.EIO) })
	_, ok = files.ReadCached(path, 100)
	require.False(t, ok)
	require.Equal(t, "readCached", s.String())
	require.Equal(t, vfs.Portable(), files.Inner())
}
