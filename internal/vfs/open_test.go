package vfs_test

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

func TestOpenParent(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		p.write(t, "file", "text")
		for path, want := range map[string]string{"f": "f", "a/b/f": "f", "a//b/f//": "f", "a/b/../f": "f", "file": "file", "a/": "a"} {
			files := vfstest.New(p.FS)
			dir, name, err := vfs.OpenParent(files, p.at(path), new(vfs.NameSync))
			require.NoError(t, err, path)
			require.Equal(t, want, name)
			require.NoError(t, dir.Close())
			require.Empty(t, files.Audit())
		}
		require.Equal(t, []string{"a", "file"}, p.names(t))
		require.DirExists(t, p.disk("a/b"))
		for path, want := range map[string]error{
			".": fs.ErrExist, "a/..": fs.ErrExist, "file/f": nil, "file/a/f": nil, "new/..": fs.ErrNotExist, "new/.": fs.ErrNotExist,
		} {
			files := vfstest.New(p.FS)
			_, _, err := vfs.OpenParent(files, p.at(path), new(vfs.NameSync))
			require.Error(t, err, path)
			if want != nil {
				require.ErrorIs(t, err, want, path)
			}
			require.Empty(t, files.Audit())
		}
		require.Equal(t, []string{"a", "file"}, p.names(t))
	})
}

// TestMissingDirectoriesAbove makes "new/../b/f", in which ".." stands for a
// directory that was missing.
func TestMissingDirectoriesAbove(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		dir, name, err := vfs.OpenParent(p, p.at("new/../b/f"), &vfs.NameSync{Wanted: true})
		require.NoError(t, err)
		require.Equal(t, "f", name)
		require.NoError(t, dir.Close())
		require.Equal(t, []string{"b", "new"}, p.names(t))
	})
}

// TestDirectoryMadeMeanwhile has another process make each missing directory
// first. Only MakeNewDir must have made the last one itself.
func TestDirectoryMadeMeanwhile(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		files.Reset(func(c vfstest.Call) error {
			if c.Op == "mkdir" {
				require.NoError(t, os.MkdirAll(p.disk("a/b"), 0o777))
			}
			return nil
		})
		dir, _, err := vfs.OpenParent(files, p.at("a/b/f"), new(vfs.NameSync))
		require.NoError(t, err)
		require.NoError(t, dir.Close())
		require.NoError(t, os.RemoveAll(p.disk("a")))
		require.ErrorIs(t, vfs.MakeNewDir(files, p.at("a/b"), new(vfs.NameSync)), fs.ErrExist)
		require.Empty(t, files.Audit())
	})
}

// TestOpenersUnderFaults fails each operation of the functions that open. After
// an error nothing is open.
func TestOpenersUnderFaults(t *testing.T) {
	openers := map[string]func(files vfs.FS, p place) error{
		"OpenRegular": func(files vfs.FS, p place) error {
			f, _, err := vfs.OpenRegular(files, p.at("file"))
			return closed(f, err)
		},
		"OpenParent": func(files vfs.FS, p place) error {
			names := vfs.NameSync{Wanted: true}
			dir, _, err := vfs.OpenParent(files, p.at("a/b/f"), &names)
			if err == nil {
				err = cmp.Or(names.Err(), dir.Close())
			}
			return err
		},
		"MakeNewDir": func(files vfs.FS, p place) error {
			names := vfs.NameSync{Wanted: true}
			return cmp.Or(vfs.MakeNewDir(files, p.at("a/b/c"), &names), names.Err())
		},
	}
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			eachSeam(t, func(t *testing.T, p place) {
				p.write(t, "file", "text")
				for _, fault := range []error{syscall.EIO, vfstest.Late{Err: syscall.EIO}} {
					for n, reached := 1, true; reached; n++ {
						reached = false
						var hit vfstest.Call
						files := vfstest.New(p.FS)
						files.Reset(func(c vfstest.Call) error {
							if c.N != n {
								return nil
							}
							reached, hit = true, c
							return fault
						})
						err := open(files, p)
						where := fmt.Sprintf("%#v at %v", fault, hit)
						require.Empty(t, files.Audit(), where)
						switch {
						case err != nil:
							require.True(t, reached)
							unsynced, isUnsynced := err.(vfs.UnsyncedError)
							require.Equal(t, hit.Op == "sync", isUnsynced, where)
							if isUnsynced {
								err = unsynced.Reason
							}
							require.Equal(t, syscall.EIO, vfs.Reason(err), where)
						case reached && fault == syscall.EIO:
							require.Equal(t, "closeDir", hit.Op, where)
						}
						if (err == nil || hit.Op == "sync") && name != "OpenRegular" {
							require.DirExists(t, p.disk("a/b"), where)
						}
						require.NoError(t, os.RemoveAll(p.disk("a")))
					}
				}
			})
		})
	}
}
