package vfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A winError is an error number of Windows on any system.
type winError uint32

func (e winError) Error() string { return fmt.Sprint("error number ", uint32(e)) }

func winErrorOf(err error) uint32 {
	e, _ := errors.AsType[winError](err)
	return uint32(e)
}

// A likeWindows is a directory whose calls fail as those of Windows do.
type likeWindows struct {
	directory
	fail func(op, name string) error
}

func (d likeWindows) err(op, name string) error {
	if err := d.fail(op, name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (d likeWindows) Open(name string) (File, error) {
	if err := d.err("open", name); err != nil {
		return nil, err
	}
	return d.directory.Open(name)
}

func (d likeWindows) OpenDir(name string) (FS, error) {
	if err := d.err("openDir", name); err != nil {
		return nil, err
	}
	dir, err := d.directory.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return likeWindows{dir.(directory), d.fail}, nil
}

func (d likeWindows) Create(name string, perm fs.FileMode) (File, error) {
	if err := d.err("create", name); err != nil {
		return nil, err
	}
	f, err := d.directory.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return fileLikeWindows{f, d.fail}, nil
}

// A fileLikeWindows is an open file of a likeWindows.
type fileLikeWindows struct {
	File
	fail func(op, name string) error
}

func (f fileLikeWindows) Sync() error { return cmp.Or(f.File.Sync(), f.fail("fsync", "")) }

func (f fileLikeWindows) Close() error { return cmp.Or(f.File.Close(), f.fail("close", "")) }

func (d likeWindows) Stat(name string) (Info, error) {
	if err := d.err("stat", name); err != nil {
		return Info{}, err
	}
	return d.directory.Stat(name)
}

func (d likeWindows) Lstat(name string) (Info, error) {
	if err := d.err("lstat", name); err != nil {
		return Info{}, err
	}
	return d.directory.Lstat(name)
}

func (d likeWindows) List(name string, follow bool) ([]Entry, error) {
	if err := d.err("list", name); err != nil {
		return nil, err
	}
	return d.directory.List(name, follow)
}

func (d likeWindows) Mkdir(name string) error {
	if err := d.err("mkdir", name); err != nil {
		return err
	}
	return d.directory.Mkdir(name)
}

func (d likeWindows) Link(oldName, newName string) error {
	if err := d.err("link", newName); err != nil {
		return err
	}
	return d.directory.Link(oldName, newName)
}

// Rename does not replace a read-only file.
func (d likeWindows) Rename(oldName, newName string) error {
	if err := d.err("rename", newName); err != nil {
		return err
	}
	if st, err := d.directory.Lstat(newName); err == nil && st.Mode&ownerWrites == 0 {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: winError(errorAccessDenied)}
	}
	return d.directory.Rename(oldName, newName)
}

func (d likeWindows) Remove(name string) error {
	if err := d.err("remove", name); err != nil {
		return err
	}
	return d.directory.Remove(name)
}

// newLikeWindows returns a directory on the disk as an FS for Windows sees it,
// and the pauses that the FS makes.
func newLikeWindows(t *testing.T, fail func(op, name string) error) (files FS, dir string, pauses *[]time.Duration) {
	t.Helper()
	dir = t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, root.Close()) })
	pauses = new([]time.Duration)
	inner := likeWindows{&rootFS{root: root}, fail}
	return windowsFS{inner, winErrorOf, func(d time.Duration) { *pauses = append(*pauses, d) }}, dir, pauses
}

func TestErrorNumbersOfWindows(t *testing.T) {
	for errno, want := range map[uint32]struct {
		mayPass bool
		meaning error
	}{
		0:    {}, // no error number
		1:    {meaning: errors.ErrUnsupported},
		2:    {}, // package syscall translates it
		3:    {},
		4:    {meaning: syscall.EMFILE},
		5:    {mayPass: true},
		15:   {meaning: fs.ErrNotExist},
		32:   {mayPass: true, meaning: ErrInUse},
		33:   {}, // a part of an open file is locked, which may last
		50:   {},
		67:   {meaning: fs.ErrNotExist},
		80:   {},
		112:  {},
		123:  {meaning: errBadName},
		161:  {meaning: errBadName},
		183:  {},
		267:  {meaning: syscall.ENOTDIR},
		303:  {mayPass: true, meaning: ErrInUse},
		1142: {meaning: syscall.EMLINK},
		1921: {meaning: syscall.ELOOP},
	} {
		require.Equal(t, want.mayPass, mayPassOnWindows(errno), "%d", errno)
		require.Equal(t, want.meaning, meaningOnWindows(errno), "%d", errno)
	}
}

func TestTranslatedErrors(t *testing.T) {
	d := windowsFS{errno: winErrorOf}
	for errno, check := range map[winError]func(error) bool{
		1:    hasNoHardLinks,
		1142: hasNoHardLinks,
		4:    OutOfDescriptors,
		15:   LeadsNowhere,
		123:  LeadsNowhere,
		267:  LeadsNowhere,
		1921: LeadsNowhere,
		32:   func(err error) bool { return errors.Is(err, ErrInUse) },
	} {
		err := d.translated(&fs.PathError{Op: "open", Path: "f", Err: errno})
		require.True(t, check(err), "%d", errno)
		require.ErrorIs(t, err, errno, "the number stays")
		require.Equal(t, errno.Error(), err.Error())
		require.Equal(t, err, Reason(&fs.PathError{Err: err}), "the caller's wrapper keeps the meaning")
	}
	for _, err := range []error{nil, fs.ErrNotExist, ErrEscapes, winError(5), &fs.PathError{Op: "open", Path: "f", Err: syscall.EIO}} {
		require.Equal(t, err, d.translated(err), "%v", err)
	}
}

func TestPauses(t *testing.T) {
	var all time.Duration
	for try := 1; try <= maxPauses; try++ {
		pause, ok := pauseBefore(try)
		require.True(t, ok)
		require.Greater(t, pause, all, "each is longer than all before")
		all += pause
	}
	require.Equal(t, 127*time.Millisecond, all)
	_, ok := pauseBefore(maxPauses + 1)
	require.False(t, ok)
}

// TestCallsThatOthersDisturb fails the first calls of each operation.
func TestCallsThatOthersDisturb(t *testing.T) {
	calls := map[string]func(files FS) error{
		"open": func(files FS) error {
			f, err := files.Open("f")
			if err == nil {
				err = f.Close()
			}
			return err
		},
		"create": func(files FS) error {
			f, err := files.Create("new", 0o666)
			if err == nil {
				err = f.Close()
			}
			return err
		},
		"openDir": func(files FS) error {
			dir, err := files.OpenDir("dir")
			if err == nil {
				err = dir.Close()
			}
			return err
		},
		"list":   func(files FS) error { _, err := files.List("dir", false); return err },
		"stat":   func(files FS) error { _, err := files.Stat("f"); return err },
		"lstat":  func(files FS) error { _, err := files.Lstat("f"); return err },
		"mkdir":  func(files FS) error { return files.Mkdir("new") },
		"link":   func(files FS) error { return files.Link("f", "new") },
		"rename": func(files FS) error { return files.Rename("f", "g") },
		"remove": func(files FS) error { return files.Remove("f") },
	}
	for op, call := range calls {
		for _, c := range []struct {
			errno         winError
			times, pauses int
			fails         bool
		}{
			{errorSharingViolation, 1, 1, false},
			{errorAccessDenied, 3, 3, false},
			{errorDeletePending, maxPauses, maxPauses, false},
			{errorAccessDenied, maxPauses + 1, maxPauses, true},
			{errorSharingViolation, maxPauses + 1, maxPauses, true},
			{errorInvalidFunction, 1, 0, true},
			{2, 1, 0, true},
		} {
			t.Run(fmt.Sprintf("%s/%d times %d", op, c.times, c.errno), func(t *testing.T) {
				left := c.times
				files, dir, pauses := newLikeWindows(t, func(failing, _ string) error {
					if failing != op || left == 0 {
						return nil
					}
					left--
					return c.errno
				})
				require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), nil, 0o666))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "g"), nil, 0o666))
				require.NoError(t, os.Mkdir(filepath.Join(dir, "dir"), 0o777))
				err := call(files)
				require.Len(t, *pauses, c.pauses)
				require.Zero(t, left)
				if c.fails {
					require.ErrorIs(t, err, c.errno)
				} else {
					require.NoError(t, err)
				}
			})
		}
	}
}

// TestDirectoriesOnWindowsAreToo fails a call in a directory that OpenDir opens.
func TestDirectoriesOnWindowsAreToo(t *testing.T) {
	files, dir, pauses := newLikeWindows(t, func(op, _ string) error {
		if op == "remove" {
			return winError(errorSharingViolation)
		}
		return nil
	})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir"), 0o777))
	sub, err := files.OpenDir("dir")
	require.NoError(t, err)
	require.ErrorIs(t, sub.Remove("f"), ErrInUse)
	require.Len(t, *pauses, maxPauses)
	require.NoError(t, sub.Close())
}

func perm(t *testing.T, path string) fs.FileMode {
	t.Helper()
	st, err := os.Lstat(path)
	require.NoError(t, err)
	return st.Mode().Perm()
}

// TestReplaceReadOnlyFiles replaces a file that is read-only, which keeps that
// attribute, and fails to.
func TestReplaceReadOnlyFiles(t *testing.T) {
	for _, sync := range []bool{false, true} {
		var renames int
		var broken error
		files, dir, pauses := newLikeWindows(t, func(op, _ string) error {
			if op != "rename" {
				return nil
			}
			if renames++; renames%2 == 0 { // the one without the attribute
				return broken
			}
			return nil
		})
		path := filepath.Join(dir, "f")
		require.NoError(t, os.WriteFile(path, []byte("old"), 0o666))
		require.NoError(t, os.Chmod(path, 0o444))
		save := func(text string) error {
			return WriteAtomic(files, "f", AtomicOptions{Replace: true, Sync: sync}, func(f *TempFile) error {
				_, err := io.WriteString(f, text)
				return err
			})
		}
		for _, broken = range []error{syscall.EIO, winError(errorSharingViolation)} {
			require.ErrorIs(t, save("new"), broken)
			requireContents(t, path, "old")
			require.Equal(t, fs.FileMode(0o444), perm(t, path), "it is read-only as before")
		}
		*pauses, broken = nil, nil
		require.NoError(t, save("new"))
		require.Empty(t, *pauses)
		requireContents(t, path, "new")
		require.Equal(t, fs.FileMode(0o444), perm(t, path))
		requireNames(t, dir, "f")
	}
}

// TestDeniedRenamesChangeNothing denies renames for other reasons.
func TestDeniedRenamesChangeNothing(t *testing.T) {
	files, dir, pauses := newLikeWindows(t, func(op, _ string) error {
		if op == "rename" {
			return winError(errorAccessDenied)
		}
		return nil
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "old"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir"), 0o500))
	for name, want := range map[string]fs.FileMode{"file": 0o600, "dir": 0o500, "none": 0} {
		*pauses = nil
		require.ErrorIs(t, files.Rename("old", name), winError(errorAccessDenied), name)
		require.Len(t, *pauses, maxPauses)
		if want != 0 {
			require.Equal(t, want, perm(t, filepath.Join(dir, name)))
		}
	}
	requireNames(t, dir, "dir", "file", "old")
}

// TestSaveOnFAT saves a new file where hard links fail as they do on FAT.
func TestSaveOnFAT(t *testing.T) {
	for _, noLinks := range []winError{errorInvalidFunction, errorTooManyLinks} {
		files, dir, _ := newLikeWindows(t, func(op, _ string) error {
			if op == "link" {
				return noLinks
			}
			return nil
		})
		save := func(text string) error {
			return WriteAtomic(files, "f", AtomicOptions{}, func(f *TempFile) error {
				_, err := io.WriteString(f, text)
				return err
			})
		}
		require.NoError(t, save("text"))
		require.ErrorIs(t, save("other"), fs.ErrExist)
		requireContents(t, filepath.Join(dir, "f"), "text")
		requireNames(t, dir, "f")
	}
}

// TestNamesAreFlushedWithTheirFiles has the order of calls that makes a name
// durable on Windows: a flush before the name and one after it, by a file that
// is still open.
func TestNamesAreFlushedWithTheirFiles(t *testing.T) {
	for _, c := range []struct {
		replace bool
		noLinks error
		want    []string
	}{
		{true, nil, []string{"fsync", "rename", "fsync", "close"}},
		{false, nil, []string{"fsync", "link", "fsync", "close"}},
		{false, winError(errorInvalidFunction), []string{"fsync", "link", "create", "close", "rename", "fsync", "close"}},
	} {
		var done []string
		var broken string
		files, dir, _ := newLikeWindows(t, func(op, name string) error {
			if slices.Contains([]string{"fsync", "link", "rename", "close"}, op) || op == "create" && name == "f" {
				done = append(done, op)
			}
			switch {
			case op == "link":
				return c.noLinks
			case op == broken && len(done) == len(c.want)-1: // the second flush
				return syscall.EIO
			}
			return nil
		})
		o := AtomicOptions{Replace: c.replace, Sync: true}
		write := func(f *TempFile) error {
			f.late = true
			_, err := io.WriteString(f, "text")
			return err
		}
		require.NoError(t, WriteAtomic(files, "f", o, write))
		require.Equal(t, c.want, done)
		requireContents(t, filepath.Join(dir, "f"), "text")
		requireNames(t, dir, "f")

		require.NoError(t, os.Remove(filepath.Join(dir, "f")))
		done, broken = nil, "fsync"
		err := WriteAtomic(files, "f", o, write)
		require.Equal(t, UnsyncedError{syscall.EIO}, err)
		require.Equal(t, c.want, done, "the file is closed")
		requireNames(t, dir, "f")

		require.NoError(t, os.Remove(filepath.Join(dir, "f")))
		done, broken = nil, ""
		b, err := OpenBatch(files, ".", o)
		require.NoError(t, err)
		require.NoError(t, b.Add("f", write))
		saved, err := b.Commit()
		require.NoError(t, err)
		require.Equal(t, 1, saved)
		require.Equal(t, c.want, done)
		b.Discard()
		requireNames(t, dir, "f")
	}
}

func requireContents(t *testing.T, path, want string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(data))
}

func requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, want, names)
}
