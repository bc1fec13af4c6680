//go:build unix

package fileops

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestDirectoryThatBecomesALink exchanges a directory, between its parent's
// listing and its own, for a thing that a walk does not enter. That is no error,
// and the files there are not found.
func TestDirectoryThatBecomesALink(t *testing.T) {
	t.Parallel()
	for _, s := range seams {
		for what, replace := range map[string]func(path string) error{
			"a link to a directory": func(path string) error { return os.Symlink("../elsewhere", path) },
			"an absolute link":      func(path string) error { return os.Symlink(filepath.Dir(path), path) },
			"a link in circles":     func(path string) error { return os.Symlink("sub", path) },
			"a link to nothing":     func(path string) error { return os.Symlink("nothing", path) },
			"a file":                func(path string) error { return os.WriteFile(path, []byte("replaced"), 0o666) },
			"a FIFO":                func(path string) error { return unix.Mkfifo(path, 0o666) },
			"nothing":               func(path string) error { return nil },
		} {
			t.Run(s.name+"/"+what, func(t *testing.T) {
				l := newLab(t, s, PoolOptions{})
				require.NoError(t, os.MkdirAll(l.onDisk("elsewhere/deep"), 0o777))
				for _, path := range []string{"elsewhere/c.txt", "elsewhere/deep/d.txt"} {
					require.NoError(t, os.WriteFile(l.onDisk(path), []byte("elsewhere"), 0o666))
				}
				want := l.paths([]string{"in/a.txt", "in/b.md", "in/link.txt", "in/z.txt"})
				for _, tr := range trials {
					if tr.writes && tr.name != "Chunk with OnSkip" {
						continue
					}
					l.faulty.Reset(once("list", "sub", func() {
						require.NoError(t, os.Rename(l.onDisk("in/sub"), l.onDisk("sub")))
						require.NoError(t, replace(l.onDisk("in/sub")))
					}))
					result, err := tr.run(t.Context(), l, asyncForm)
					require.NoError(t, err, tr.name)
					switch {
					case tr.account != nil:
						used, skipped := tr.account(result)
						require.Equal(t, want, slices.Compact(used), tr.name)
						require.Empty(t, skipped, tr.name)
					case tr.name == "ListFiles":
						require.Equal(t, slices.DeleteFunc(slices.Clone(want), func(path string) bool {
							return filepath.Ext(path) != ".txt"
						}), result)
					case tr.name == "DirToFiles":
						require.Equal(t, want, result)
					case tr.name == "FileSize of a directory":
						require.EqualValues(t, len("alpha alpha alpha"+"beta beta"+"alpha alpha alpha"+"omega"), result)
					}
					if _, err := os.Lstat(l.onDisk("sub")); err == nil { // it was listed
						require.NoError(t, os.RemoveAll(l.onDisk("in/sub")))
						require.NoError(t, os.Rename(l.onDisk("sub"), l.onDisk("in/sub")))
					}
				}
				l.close()
			})
		}
	}
}

// TestFirstDirectoryThatFailsIsTheError fails several directories, the later
// ones sooner. The error is that of the first one in the order of paths, and the
// directories after it are not listed any more.
func TestFirstDirectoryThatFailsIsTheError(t *testing.T) {
	t.Parallel()
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{Workers: 8})
		for _, dir := range []string{"a", "b/c", "d", "e/f/g", "h"} {
			require.NoError(t, os.MkdirAll(l.onDisk("in/"+dir), 0o777))
		}
		for range 20 {
			for name, walk := range map[string]func() error{
				"ListFiles": func() error { _, err := l.pool.ListFiles(t.Context(), l.at("in"), ""); return err },
				"FileSize":  func() error { _, err := l.pool.FileSize(t.Context(), l.at("in")); return err },
				"Chunk":     func() error { _, err := l.pool.Chunk(t.Context(), l.at("in"), nil); return err },
				"DirToFiles": func() error {
					files, err := l.pool.DirToFiles(t.Context(), l.at("in"), nil)
					require.Empty(t, files)
					return err
				},
			} {
				l.faulty.Reset(func(c vfstest.Call) error {
					if c.Op != "list" {
						return nil
					}
					switch filepath.Base(c.Name) {
					case "c":
						time.Sleep(time.Millisecond)
						return syscall.EIO
					case "d", "g", "h":
						return syscall.EACCES
					}
					return nil
				})
				require.Equal(t, &fs.PathError{Op: "list", Path: l.at("in/b/c"), Err: syscall.EIO}, walk(), "%s, %s", s.name, name)
			}
		}
		l.close()
	}
}

// A directory of which each entry must be looked at is left when the context
// ends, not when all have been.
func TestCancelledAmidALargeDirectory(t *testing.T) {
	for _, s := range seams {
		for _, unknown := range []bool{false, true} {
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.Mkdir(l.onDisk("links"), 0o777))
			for i := range 100 {
				require.NoError(t, os.Symlink("../in/a.txt", l.onDisk(fmt.Sprintf("links/%d", i))))
			}
			ctx, cancel := context.WithCancel(t.Context())
			looks := 0
			l.faulty.UnknownKinds = unknown
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "stat" || c.Op == "lstat" {
					if looks++; looks == 10 {
						cancel()
					}
				}
				return nil
			})
			_, err := l.pool.AsyncListFiles(ctx, l.at("links"), "").Result()
			require.ErrorIs(t, err, context.Canceled, s.name)
			checkClear(t, err, nil)
			l.settle()
			require.Less(t, looks, 15, s.name)
			l.close()
		}
	}
}

// The directory that a walk begins at may be a link, if that stays inside.
func TestWalkBeginsAtALink(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, os.Symlink("in/sub", l.onDisk("top")))
		require.NoError(t, os.Symlink("deep", l.onDisk("in/sub/link")))
		for top, want := range map[string][]string{
			"top":      {"top/c.txt", "top/deep/d.txt"},
			"top/link": {"top/link/d.txt"},
		} {
			files, err := l.pool.ListFiles(t.Context(), l.at(top), "")
			require.NoError(t, err, "%s, %s", s.name, top)
			require.Equal(t, l.paths(want), files, "%s, %s", s.name, top)
		}
		l.close()
	}
}

// A directory that is a FIFO must not hang anyone either.
func TestFIFOWhereADirectoryIsMeant(t *testing.T) {
	for _, s := range seams {
		for name, run := range map[string]func(context.Context, *lab) error{
			"ListFiles": func(ctx context.Context, l *lab) error {
				_, err := l.pool.ListFiles(ctx, l.at("fifo"), "")
				return err
			},
			"DirToFiles": func(ctx context.Context, l *lab) error {
				_, err := l.pool.DirToFiles(ctx, l.at("fifo"), nil)
				return err
			},
			"SaveToFile": func(ctx context.Context, l *lab) error {
				_, err := l.pool.SaveToFile(ctx, "text", l.at("fifo"), "new.txt", nil)
				return err
			},
			"SaveChunks": func(ctx context.Context, l *lab) error {
				_, err := l.pool.SaveChunks(ctx, sampleChunks, l.at("fifo"), nil)
				return err
			},
			"CopyFile": func(ctx context.Context, l *lab) error {
				return l.pool.CopyFile(ctx, l.at("in/a.txt"), l.at("fifo/a.txt"))
			},
		} {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				l := newLab(t, s, PoolOptions{})
				fifo := l.onDisk("fifo")
				require.NoError(t, unix.Mkfifo(fifo, 0o666))
				done := make(chan error, 1)
				go func() { done <- run(t.Context(), l) }()
				select {
				case err := <-done:
					checkClear(t, err, nil)
				case <-time.After(guard / 20):
					assert.Fail(t, "it hangs in opening the FIFO")
					end, err := os.OpenFile(fifo, os.O_RDWR, 0) // lets it go
					require.NoError(t, err)
					<-done
					end.Close()
				}
				l.close()
			})
		}
	}
}

func TestDirectoriesThatDoNotTellKinds(t *testing.T) {
	t.Parallel()
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			for _, tr := range someOf(trials, 3) {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					want := l.undisturbed(tr, plainForm)
					l.faulty.UnknownKinds = true
					defer func() { l.faulty.UnknownKinds = false }()
					require.Equal(t, want.result, l.undisturbed(tr, plainForm).result)
					for _, f := range []fault{faults[0], faults[4]} { // an entry that cannot be described is not lost
						for n := 1; l.underFault(tr, plainForm, want, f, n); n += stride(5) {
						}
					}
				})
			}
			l.TB = t
			l.close()
		})
	}
}
