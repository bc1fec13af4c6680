//go:build unix

package fileops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNamesAreClaimedWithoutARace lets another process take the name, or
// change it, just before each operation of a save.
func TestNamesAreClaimedWithoutARace(t *testing.T) {
	cases := 0
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			run := func(n int, change func(path string), save func() error) (bool, error) {
				l.resetOutputs()
				hit := false
				l.faulty.Reset(func(c vfstest.Call) error {
					if c.N == n {
						hit = true
						change(l.onDisk("out/name"))
					}
					return nil
				})
				err := save()
				l.settle()
				cases++
				return hit, err
			}
			save := func(o SaveOptions) func() error {
				return func() error {
					_, err := l.pool.SaveToFile(t.Context(), "ours", l.at("out"), "name", &o)
					return err
				}
			}
			read := func() string {
				text, err := os.ReadFile(l.onDisk("out/name"))
				require.NoError(t, err)
				return string(text)
			}
			taken := func(path string) { os.WriteFile(path, []byte("theirs"), 0o600) }
			for n, hit := 1, true; hit; n++ {
				var err error
				hit, err = run(n, taken, save(SaveOptions{}))
				if err != nil {
					require.ErrorIs(t, err, fs.ErrExist)
					require.Equal(t, "theirs", read(), "taken at operation %d", n)
				} else if hit { // the name was ours before: theirs then wrote into it
					require.Equal(t, "theirs", read())
				}
			}
			for n, hit := 1, true; hit; n++ {
				var err error
				hit, err = run(n, taken, save(SaveOptions{Overwrite: true}))
				require.NoError(t, err)
				require.Contains(t, []string{"ours", "theirs"}, read())
			}
			for n, hit := 1, true; hit; n++ { // a directory is never replaced
				var err error
				hit, err = run(n, func(path string) { os.Mkdir(path, 0o777) }, save(SaveOptions{Overwrite: true}))
				if st, statErr := os.Lstat(l.onDisk("out/name")); statErr == nil && st.IsDir() {
					require.Error(t, err)
				}
				require.Empty(t, slices.DeleteFunc(names(t, l.onDisk("out")), func(name string) bool { return !vfs.IsTempName(name) }))
			}
			for n, hit := 1, true; hit; n++ { // the directory itself goes away
				var err error
				hit, err = run(n, func(path string) { os.RemoveAll(filepath.Dir(path)) }, save(SaveOptions{Overwrite: true}))
				if err != nil {
					l.checkClear(err, fs.ErrNotExist)
				}
			}
			l.close()
		})
	}
	t.Logf("%d cases", cases)
}

// TestFailedCloseOfASavedFileIsReported fails the close: some systems report only
// then that written data is lost.
func TestFailedCloseOfASavedFileIsReported(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			for name, save := range map[string]func() error{
				"new": func() error {
					_, err := l.pool.SaveToFile(t.Context(), "text", l.at("out"), "new.txt", nil)
					return err
				},
				"replacing": func() error {
					_, err := l.pool.SaveToFile(t.Context(), "text", l.at("out"), "old.txt", &SaveOptions{Overwrite: true})
					return err
				},
				"copy": func() error { return l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at("out/copy.txt")) },
			} {
				l.resetOutputs()
				wrote := ""
				l.faulty.Reset(func(c vfstest.Call) error {
					switch {
					case c.Op == "write" || c.Op == "copyFrom":
						wrote = c.Name
					case c.Op == "close" && c.Name == wrote:
						return syscall.EIO
					}
					return nil
				})
				err := save()
				assert.ErrorIs(t, err, syscall.EIO, name)
				l.settle()
				if !assert.ObjectsAreEqual(outputs, l.saved()) {
					assert.Fail(t, "a file that may be incomplete has the name", "%s: %v", name, l.saved())
				}
			}
			l.close()
		})
	}
}

// TestFailedSaveRemovesOnlyItsOwnFile lets the last step of a save fail when
// the file has its name already: the name is given up, unless something else
// has taken it by then.
func TestFailedSaveRemovesOnlyItsOwnFile(t *testing.T) {
	for _, s := range seams {
		for step, fail := range map[string]func(op string) error{
			"close": func(op string) error {
				if op == "close" {
					return syscall.EIO
				}
				return nil
			},
			"rename": func(op string) error { // over an empty file, as on FAT
				switch op {
				case "createUnnamed", "renameNew":
					return errors.ErrUnsupported
				case "link":
					return syscall.EPERM
				case "rename":
					return syscall.EIO
				}
				return nil
			},
		} {
			for theirs, take := range map[string]func(path string) error{
				"nobody":      func(string) error { return nil },
				"nothing":     os.Remove,
				"a file":      func(path string) error { os.Remove(path); return os.WriteFile(path, []byte("theirs"), 0o666) },
				"a directory": func(path string) error { os.Remove(path); return os.Mkdir(path, 0o777) },
			} {
				t.Run(fmt.Sprintf("%s/%s/%s", s.name, step, theirs), func(t *testing.T) {
					l := newLab(t, s, PoolOptions{})
					path := l.onDisk("out/new.txt")
					var put fs.FileInfo
					l.faulty.Reset(func(c vfstest.Call) error {
						err := fail(c.Op)
						if err == syscall.EIO {
							take(path)
							put, _ = os.Lstat(path)
						}
						return err
					})
					_, err := l.pool.SaveToFile(t.Context(), "ours", l.at("out"), "new.txt", nil)
					require.ErrorIs(t, err, syscall.EIO)
					l.settle()
					left, err := os.Lstat(path)
					if theirs == "nobody" || theirs == "nothing" {
						require.ErrorIs(t, err, fs.ErrNotExist)
					} else {
						require.NoError(t, err)
						require.True(t, os.SameFile(put, left))
						require.NoError(t, os.Remove(path))
					}
					require.Equal(t, outputs, l.saved())
					l.close()
				})
			}
		}
	}
}

// TestPermissionsAreFlushed checks that a save with Sync sets the permissions of
// the replaced file before it flushes the new one.
func TestPermissionsAreFlushed(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, os.Chmod(l.onDisk("out/old.txt"), 0o750))
		var order []string
		l.faulty.Reset(func(c vfstest.Call) error {
			if c.Op == "chmod" || c.Op == "fsync" {
				order = append(order, c.Op)
			}
			return nil
		})
		_, err := l.pool.SaveToFile(t.Context(), "text", l.at("out"), "old.txt", &SaveOptions{Overwrite: true, Sync: true})
		require.NoError(t, err)
		require.Equal(t, []string{"chmod", "fsync"}, order, s.name)
		st, err := os.Stat(l.onDisk("out/old.txt"))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o750), st.Mode().Perm())
		l.close()
	}
}

// TestNoDirectoryAtAll: where not even the top can be opened there is nothing
// to make, and no end to looking above it.
func TestNoDirectoryAtAll(t *testing.T) {
	for _, s := range seams {
		for _, dir := range []string{".", "", "a/b", string(filepath.Separator)} {
			l := newLab(t, s, PoolOptions{})
			calls := 0
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op != "openDir" {
					return nil
				}
				if calls++; calls > 100 {
					return syscall.EIO // or the stack would overflow
				}
				return syscall.ENOENT
			})
			_, err := l.pool.SaveToFile(t.Context(), "text", dir, "name", nil)
			assert.ErrorIs(t, err, fs.ErrNotExist, "%s, %q", s.name, dir)
			assert.LessOrEqual(t, calls, 10, "%s, %q", s.name, dir)
			l.close()
		}
	}
}

// TestInPlaceGoesOnToItsEnd ends the context at each call of a save into an
// existing file. The file has the old text, or the whole new one once the save has
// begun to write.
func TestInPlaceGoesOnToItsEnd(t *testing.T) {
	for _, s := range seams {
		for _, form := range callForms[1:] {
			l := newLab(t, s, PoolOptions{})
			text := letters(3 * writePiece) // in several pieces, had it to be whole
			for n, reached := 1, true; reached; n++ {
				l.resetOutputs()
				ctx, cancel := context.WithCancel(t.Context())
				begun := false
				reached = false
				l.faulty.Reset(func(c vfstest.Call) error {
					begun = begun || c.Op == "write"
					if c.N == n {
						reached = true
						cancel()
					}
					return nil
				})
				save := saveTrialOf(text, "old.txt", SaveOptions{InPlace: true, Sync: true})
				_, err := save(ctx, l, form)
				l.settle()
				cancel()
				where := fmt.Sprintf("%s, %s, call %d", s.name, form, n)
				switch {
				case begun:
					require.True(t, l.saved()["out/old.txt"] == text, where)
				default:
					require.ErrorIs(t, err, context.Canceled, where)
					require.Equal(t, outputs, l.saved(), where)
				}
			}
			l.close()
		}
	}
}

// TestUnsyncedNamesAreTold refuses every flush of a directory. All files are saved,
// and the error says that they may not last.
func TestUnsyncedNamesAreTold(t *testing.T) {
	chunks := slices.Repeat(sampleChunks, 2*batchFiles)
	for _, s := range seams {
		for _, o := range []SaveOptions{{Sync: true}, {Sync: true, NewDir: true}, {Sync: true, Overwrite: true}, {Sync: true, InPlace: true}} {
			l := newLab(t, s, PoolOptions{})
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "sync" {
					return syscall.EROFS
				}
				return nil
			})
			path, err := l.pool.SaveToFile(t.Context(), "text", l.at("out/one/dir"), "a/file", &o)
			requireUnsynced(t, l, err, fmt.Sprintf("%s %+v", s.name, o))
			require.Equal(t, l.at("out/one/dir/a/file"), path)

			paths, err := l.pool.SaveChunks(t.Context(), chunks, l.at("out/all"), &o)
			requireUnsynced(t, l, err, fmt.Sprintf("%s %+v", s.name, o))
			require.Len(t, paths, len(chunks))
			saved := l.saved()
			require.Equal(t, "text", saved["out/one/dir/a/file"])
			for i, path := range paths {
				name := fmt.Sprintf("out/all/chunk_%d.json", i+1)
				require.Equal(t, l.at(name), path)
				require.Contains(t, saved[name], fmt.Sprintf("%q", chunks[i].Text))
			}
			require.Len(t, saved, len(outputs)+1+len(chunks))
			l.close()
		}
	}
}

func requireUnsynced(t *testing.T, l *lab, err error, where string) {
	t.Helper()
	require.ErrorIs(t, err, ErrNotSynced, where)
	l.checkClear(err, syscall.EROFS)
	require.ErrorContains(t, err, "sync ")
}
