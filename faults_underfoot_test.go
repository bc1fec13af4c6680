//go:build unix

package fileops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// once returns a hook that makes a change before the first operation op on a
// file or directory called name.
func once(op, name string, change func()) vfstest.Hook {
	var done atomic.Bool
	return func(c vfstest.Call) error {
		if c.Op == op && filepath.Base(c.Name) == name && done.CompareAndSwap(false, true) {
			change()
		}
		return nil
	}
}

// inTime fails the test if work hangs.
func inTime(t testing.TB, work func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard/4)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	select {
	case <-done:
		require.NoError(t, ctx.Err(), "it hung until its context ended")
	case <-time.After(guard):
		require.Fail(t, "it hangs")
	}
}

// A change is what becomes of a file or directory meanwhile.
type change struct {
	name string
	make func(path, outside string) error
}

var changes = []change{
	{"vanishes", func(path, _ string) error { return nil }},
	{"a FIFO", func(path, _ string) error { return syscall.Mkfifo(path, 0o666) }},
	{"a file", func(path, _ string) error { return os.WriteFile(path, []byte("replaced"), 0o666) }},
	{"a directory", func(path, _ string) error { return os.Mkdir(path, 0o777) }},
	{"a link to a file", func(path, _ string) error { return os.Symlink("deep/d.txt", path) }},
	{"a link outside", func(path, outside string) error { return os.Symlink(outside, path) }},
	{"a link to nothing", func(path, _ string) error { return os.Symlink("nothing", path) }},
	{"a link in circles", func(path, _ string) error { return os.Symlink(filepath.Base(path), path) }},
	{"a link upwards", func(path, _ string) error { return os.Symlink("..", path) }},
	{"not text", func(path, _ string) error { return os.WriteFile(path, []byte("\xff"), 0o666) }},
}

// TestReplacedUnderfoot puts something else in the place of a file between
// its listing and its opening, and of a directory before its own listing.
func TestReplacedUnderfoot(t *testing.T) {
	cases := 0
	for _, s := range seams {
		for _, target := range []struct{ op, path string }{
			{"open", "in/sub/c.txt"}, {"list", "in/sub"}, {"stat", "in/sub/c.txt"}, {"stat", "in/link.txt"},
		} {
			for _, ch := range changes {
				for _, tr := range trials {
					if tr.writes {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s %s %s/%s", s.name, target.op, target.path, ch.name, tr.name), func(t *testing.T) {
						l := newLab(t, s, PoolOptions{})
						outside := t.TempDir()
						require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
						l.faulty.Reset(once(target.op, filepath.Base(target.path), func() {
							path := l.onDisk(target.path)
							require.NoError(t, os.RemoveAll(path))
							if ch.name == "a link outside" && target.op != "list" {
								outside = filepath.Join(outside, "secret")
							}
							require.NoError(t, ch.make(path, outside))
						}))
						inTime(t, func(ctx context.Context) {
							result, err := tr.run(ctx, l, cancellableForm)
							shown := fmt.Sprint(result, err)
							if s.confined {
								assert.NotContains(t, shown, "secret", "what is outside is revealed")
							}
							if r, ok := errors.AsType[*PanicError](err); ok {
								assert.Fail(t, "panic", "%s", r.Stack)
							}
							switch encoding, ok := errors.AsType[*EncodingError](err); {
							case ok:
								assert.NotEmpty(t, encoding.Path)
							case err != nil && tr.name != "ReadFiles": // whose trial knows its texts
								checkClear(t, err, nil)
							case err == nil && tr.account != nil && target.op == "open":
								used, skipped := tr.account(result)
								path := l.at(target.path)
								assert.True(t, slices.Contains(used, path) ||
									slices.ContainsFunc(skipped, func(s SkippedFile) bool { return s.Path == path }),
									"%s is lost: used %v, skipped %v", path, used, skipped)
							}
						})
						if t.Failed() { // what hangs is let go
							if end, err := os.OpenFile(l.onDisk(target.path), os.O_RDWR, 0); err == nil {
								defer end.Close()
							}
						}
						l.close()
					})
					if t.Failed() {
						return // the others would hang too
					}
					cases++
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// TestDirectoryThatBecomesALink exchanges a directory, between its parent's
// listing and its own, for what a walk does not enter: that is no error, and
// what is there is not found.
func TestDirectoryThatBecomesALink(t *testing.T) {
	for _, s := range seams {
		for what, replace := range map[string]func(path string) error{
			"a link to a directory": func(path string) error { return os.Symlink("../elsewhere", path) },
			"an absolute link":      func(path string) error { return os.Symlink(filepath.Dir(path), path) },
			"a link in circles":     func(path string) error { return os.Symlink("sub", path) },
			"a link to nothing":     func(path string) error { return os.Symlink("nothing", path) },
			"a file":                func(path string) error { return os.WriteFile(path, []byte("replaced"), 0o666) },
			"a FIFO":                func(path string) error { return syscall.Mkfifo(path, 0o666) },
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

// The size of a directory counts no file that is none any more by then.
func TestSizeOfFilesThatAreReplaced(t *testing.T) {
	for _, s := range seams {
		for what, replace := range map[string]func(l *lab) error{
			"a directory": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Mkdir(l.onDisk("in/sub/c.txt"), 0o777))
			},
			"a link to a directory": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Symlink("deep", l.onDisk("in/sub/c.txt")))
			},
			"a link in circles": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), os.Symlink("c.txt", l.onDisk("in/sub/c.txt")))
			},
			"a FIFO": func(l *lab) error {
				return errors.Join(os.Remove(l.onDisk("in/sub/c.txt")), syscall.Mkfifo(l.onDisk("in/sub/c.txt"), 0o666))
			},
			"below a file": func(l *lab) error {
				return errors.Join(os.Rename(l.onDisk("in/sub"), l.onDisk("sub")), os.WriteFile(l.onDisk("in/sub"), []byte("replaced"), 0o666))
			},
		} {
			l := newLab(t, s, PoolOptions{})
			l.faulty.Reset(once("stat", "c.txt", func() { require.NoError(t, replace(l)) }))
			size, err := l.pool.FileSize(t.Context(), l.at("in"))
			require.NoError(t, err, "%s: %s", s.name, what)
			want := len("alpha alpha alpha"+"beta beta"+"alpha alpha alpha"+"omega") + len("delta")
			if what == "below a file" {
				want -= len("delta")
			}
			require.EqualValues(t, want, size, "%s: %s", s.name, what)
			l.close()
		}
	}
}

// TestFirstDirectoryThatFailsIsTheError fails several directories, the later
// ones sooner: the error is that of the first one in the order of paths, and
// what comes after it is not listed any more.
func TestFirstDirectoryThatFailsIsTheError(t *testing.T) {
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
				require.NoError(t, syscall.Mkfifo(fifo, 0o666))
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

// copyBuffer is the size of the buffer that small copies go through.
const copyBuffer = 64 << 10

// sizes are around the sizes of buffers and limits.
var sizes = []int{0, 1, 1500, copyBuffer - 1, copyBuffer, copyBuffer + 1, aheadLimit - 1, aheadLimit + 1}

func letters(n int) string { return strings.Repeat("abcdefghijklmnopqrstuvwxyz\n", n/27+1)[:n] }

// TestReadsDoNotTrustSizes lets stat tell any size, as /proc does and as it is
// when a file grows or shrinks meanwhile.
func TestReadsDoNotTrustSizes(t *testing.T) {
	for _, s := range seams[2:] {
		l := newLab(t, s, PoolOptions{})
		path := l.at("in/a.txt")
		for _, size := range sizes {
			want := letters(size)
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(want), 0o666))
			for _, told := range []int{0, 1, size / 2, size - 1, size, size + 1, 2*size + 10} {
				for _, h := range []vfstest.Hook{nil, func(vfstest.Call) error { return vfstest.ErrShort }} {
					if h != nil && told != 0 && told != size {
						continue // a short read that ends where stat saw the end may be taken for it
					}
					l.faulty.Reset(h)
					l.faulty.Describe = func(st *vfs.Info) { st.Size = int64(max(told, 0)) }
					same := func(text string, err error, what string) {
						t.Helper()
						require.NoError(t, err, what)
						require.True(t, text == want, "%s: %d bytes told as %d, read %d", what, size, told, len(text))
					}
					text, err := l.pool.ReadFile(t.Context(), path)
					same(text, err, "ReadFile")
					data, err := l.pool.ReadBytes(t.Context(), path)
					same(string(data), err, "ReadBytes")
					for r := range l.pool.ReadFiles(t.Context(), []string{path, path}) {
						same(r.Text, r.Err, "ReadFiles")
					}
					c, err := l.pool.Concat(t.Context(), []string{path}, nil)
					require.NoError(t, err)
					same(strings.TrimPrefix(c.Text, "---\n"+path+"\n---\n\n"), err, "Concat")
					chunks, err := l.pool.FileToChunks(t.Context(), path, &ChunkOptions{Size: 8 << 20})
					if size > 0 {
						require.NotEmpty(t, chunks)
						same(chunks[0].Text, err, "FileToChunks")
						require.EqualValues(t, size, chunks[0].FileSize)
					}
					l.faulty.Reset(nil)
					require.NoError(t, l.pool.CopyFile(t.Context(), path, l.at("out/copy")))
					copied, err := os.ReadFile(l.onDisk("out/copy"))
					same(string(copied), err, "CopyFile")
				}
			}
		}
		l.faulty.Describe = nil
		l.close()
	}
}

func TestFilesThatGrowAndShrink(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		path, disk := l.at("in/a.txt"), l.onDisk("in/a.txt")
		for _, size := range sizes {
			for _, after := range []int{0, size / 2, size + 1, size + copyBuffer, 2*size + aheadLimit} {
				for name, read := range map[string]func() (string, error){
					"ReadFile": func() (string, error) { return l.pool.ReadFile(t.Context(), path) },
					"Concat": func() (string, error) {
						r, err := l.pool.Concat(t.Context(), []string{path}, nil)
						if err != nil || len(r.Skipped) > 0 {
							return "", fmt.Errorf("%v, %v", r, err)
						}
						return strings.TrimPrefix(r.Text, "---\n"+path+"\n---\n\n"), nil
					},
				} {
					require.NoError(t, os.WriteFile(disk, []byte(letters(size)), 0o666))
					l.faulty.Reset(once("read", "a.txt", func() {
						require.NoError(t, os.WriteFile(disk, []byte(letters(after)), 0o666))
					}))
					text, err := read()
					require.NoError(t, err)
					require.True(t, text == letters(after), "%s, %s: %d bytes that became %d were read as %d", s.name, name, size, after, len(text))
				}
				require.NoError(t, os.WriteFile(disk, []byte(letters(size)), 0o666))

				l.faulty.Reset(func(c vfstest.Call) error {
					if (c.Op == "copyFrom" || c.Op == "read") && c.N < 20 {
						return os.WriteFile(disk, []byte(letters(after)), 0o666)
					}
					return nil
				})
				require.NoError(t, l.pool.CopyFile(t.Context(), path, l.at("out/copy")))
				copied, err := os.ReadFile(l.onDisk("out/copy"))
				require.NoError(t, err)
				require.True(t, string(copied) == letters(after), "%s: %d bytes that became %d were copied as %d", s.name, size, after, len(copied))
			}
		}
		l.close()
	}
}

func TestDirectoriesThatDoNotTellKinds(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			for _, tr := range trials {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					want := l.undisturbed(tr, plainForm)
					l.faulty.UnknownKinds = true
					defer func() { l.faulty.UnknownKinds = false }()
					require.Equal(t, want.result, l.undisturbed(tr, plainForm).result)
					for _, f := range []fault{faults[0], faults[4]} { // what cannot be described is not lost
						for n := 1; l.underFault(tr, plainForm, want, f, n); n++ {
						}
					}
				})
			}
			l.TB = t
			l.close()
		})
	}
}

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

func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestFilesOfProc reads files whose size is told as 0.
func TestFilesOfProc(t *testing.T) {
	const path = "/proc/version"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skip(err)
	}
	want := string(data)
	require.NotEmpty(t, want)
	for _, files := range []vfs.FS{vfs.System(), vfs.Portable()} {
		f := vfstest.New(files)
		p := newPool(PoolOptions{Workers: 2}, f)
		text, err := p.ReadFile(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, want, text)
		for r := range p.ReadFiles(t.Context(), []string{path}) {
			require.Equal(t, FileResult{Path: path, Text: want}, r)
		}
		var w bytes.Buffer
		_, err = p.ConcatTo(t.Context(), &w, []string{path}, nil)
		require.NoError(t, err)
		require.Equal(t, "---\n"+path+"\n---\n\n"+want, w.String())
		chunks, err := p.Chunk(t.Context(), path, &ChunkOptions{Size: 1 << 20})
		require.NoError(t, err)
		require.Equal(t, want, chunks[0].Text)
		dst := filepath.Join(t.TempDir(), "copy")
		require.NoError(t, p.CopyFile(t.Context(), path, dst))
		copied, err := os.ReadFile(dst)
		require.NoError(t, err)
		require.Equal(t, want, string(copied))
		require.NoError(t, p.Close(t.Context()))
		require.Empty(t, f.Audit())
	}
}

// TestOutOfDescriptorsWaitsForItsOwn has room for fewer open files than the
// workers want: those that find none wait for the others.
func TestOutOfDescriptorsWaitsForItsOwn(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{Workers: 8})
			l.faulty.Reset(func(c vfstest.Call) error {
				switch c.Op {
				case "open", "create", "createUnnamed", "openDir", "list":
					if l.faulty.Holds() >= 6 {
						return syscall.EMFILE
					}
				}
				return nil
			})
			inTime(t, func(ctx context.Context) {
				var wg sync.WaitGroup
				for i := range 50 {
					out := l.at(fmt.Sprintf("out/%d", i))
					wg.Go(func() {
						_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
						assert.NoError(t, err)
					})
					wg.Go(func() {
						_, err := l.pool.SaveToFile(ctx, "text", out, "new.txt", nil)
						assert.NoError(t, err)
					})
					wg.Go(func() { assert.NoError(t, l.pool.CopyFile(ctx, l.at("in/a.txt"), out+"/copy.txt")) })
					wg.Go(func() {
						r, err := l.pool.Concat(ctx, []string{l.at("in")}, nil)
						assert.NoError(t, err)
						assert.Empty(t, r.Skipped)
					})
				}
				wg.Wait()
			})
			l.close()
		})
	}
}

// TestFailedCloseOfASavedFileIsReported: some systems tell only then that what
// was written is lost.
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

func TestLargeFilesUnderFaults(t *testing.T) {
	large := letters(2<<20 + 12345)
	for _, s := range []seam{seams[0], seams[2]} {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(large), 0o666))
			sparse, err := os.Create(l.onDisk("in/large"))
			require.NoError(t, err)
			require.NoError(t, sparse.Truncate(wholeLimit+3<<20))
			require.NoError(t, sparse.Close())
			for _, f := range []fault{faults[0], faults[1]} {
				for n, hit := 1, true; hit; n++ { // a save in several blocks
					h, strike := f.strike(n)
					l.resetOutputs()
					l.faulty.Reset(strike)
					_, err := l.pool.SaveToFile(t.Context(), large, l.at("out"), "old.txt", &SaveOptions{Overwrite: true})
					l.settle()
					saved := l.saved()
					if hit = h.first.N != 0; err != nil {
						l.checkClear(err, f.reason)
						require.Equal(t, outputs, saved)
					} else {
						require.True(t, saved["out/old.txt"] == large)
					}
				}
				for n, hit := 1, true; hit; n++ { // files too large to be read ahead
					h, strike := f.strike(n)
					l.faulty.Reset(strike)
					paths := []string{l.at("in/a.txt"), l.at("in/z.txt")}
					for r := range l.pool.ReadFiles(t.Context(), paths) {
						if r.Err != nil {
							l.checkClear(r.Err, f.reason)
							require.NotZero(t, h.first.N)
						} else {
							require.True(t, r.Text == []string{large, inputs["in/z.txt"]}[r.Index])
						}
					}
					l.settle()
					hit = h.first.N != 0
				}
			}
			step := 1
			if raceEnabled {
				step = 9
			}
			broken := 0
			for n, hit := 1, true; hit; n += step { // a file too large for memory
				h, strike := faults[0].strike(n)
				l.faulty.Reset(strike)
				w := new(countingWriter)
				r, err := l.pool.ConcatTo(t.Context(), w, []string{l.at("in/large"), l.at("in/z.txt")}, nil)
				l.settle()
				require.NoError(t, err, "operation %v", h.first)
				require.Equal(t, r.Chars, w.n)
				for _, path := range []string{"in/large", "in/z.txt"} {
					skipped := slices.ContainsFunc(r.Skipped, func(s SkippedFile) bool { return s.Path == l.at(path) })
					require.True(t, skipped || slices.Contains(r.Files, l.at(path)))
					if skipped && slices.Contains(r.Files, l.at(path)) {
						broken++
						require.Contains(t, string(w.tail), "\n[fileops: read "+l.at(path))
					}
				}
				if hit = h.first.N != 0; !hit {
					require.Empty(t, r.Skipped)
					require.Greater(t, w.n, wholeLimit)
				}
			}
			require.Positive(t, broken, "no fault came in the middle of the text")
			l.close()
		})
	}
}

// A countingWriter counts bytes and keeps the last ones.
type countingWriter struct {
	n    int
	tail []byte
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	w.tail = append(w.tail, p...)
	w.tail = w.tail[max(0, len(w.tail)-1000):]
	return len(p), nil
}

// TestOutputThatCannotBeLookedAtIsNoInput: what cannot be told from the output
// file must not be taken for another.
func TestOutputThatCannotBeLookedAtIsNoInput(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		output := l.at("out") + "/../out/old.txt" // as it is not listed
		for name, write := range map[string]func() error{
			"Concat": func() error {
				_, err := l.pool.Concat(t.Context(), []string{l.at("out")}, &ConcatOptions{OutputFile: output})
				return err
			},
			"Chunk": func() error {
				_, err := l.pool.Chunk(t.Context(), l.at("out"), &ChunkOptions{OutputFile: output + ".csv"})
				return err
			},
		} {
			l.resetOutputs()
			require.NoError(t, os.WriteFile(l.onDisk("out/old.txt.csv"), []byte("the old text"), 0o666))
			want := l.saved()
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "lstat" && strings.HasPrefix(c.Name, output) {
					return syscall.EIO
				}
				return nil
			})
			l.checkClear(write(), syscall.EIO)
			l.settle()
			require.Equal(t, want, l.saved(), "%s, %s", s.name, name)
		}
		l.close()
	}
}

// What a replaced file's permissions are is flushed with the new one's text.
func TestPermissionsAreFlushed(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, os.Chmod(l.onDisk("out/old.txt"), 0o600))
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
		require.Equal(t, fs.FileMode(0o600), st.Mode().Perm())
		l.close()
	}
}

// A copy onto what is no file is refused before anything is written, and so
// also where nothing may be written.
func TestRefusedCopyWritesNothing(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, syscall.Mkfifo(l.onDisk("out/fifo"), 0o666))
		require.NoError(t, os.Mkdir(l.onDisk("out/a.txt"), 0o777))
		require.NoError(t, os.Symlink("fifo", l.onDisk("out/link")))
		l.faulty.Reset(func(c vfstest.Call) error {
			switch c.Op {
			case "create", "createUnnamed", "write":
				return syscall.EACCES
			}
			return nil
		})
		for dst, refused := range map[string]string{"out/fifo": "out/fifo", "out": "out/a.txt"} {
			err := l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at(dst))
			require.Equal(t, &fs.PathError{Op: "copy", Path: l.at(refused), Err: ErrNotRegular}, err, "%s, %s", s.name, dst)
		}
		l.faulty.Reset(nil)
		require.NoError(t, l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at("out/link"))) // which is replaced
		st, err := os.Lstat(l.onDisk("out/link"))
		require.NoError(t, err)
		require.True(t, st.Mode().IsRegular())
		l.close()
	}
}

// A copy that fails says which of its two files it is about, if that is known.
func TestFailedCopyNamesTheFile(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		for op, path := range map[string]string{"read": "in/a.txt", "write": "out/copy.txt"} {
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == op {
					return syscall.EIO
				}
				return nil
			})
			err := l.pool.CopyFile(t.Context(), l.at("in/a.txt"), l.at("out/copy.txt"))
			require.Equal(t, &fs.PathError{Op: "copy", Path: l.at(path), Err: syscall.EIO}, err, "%s, %s", s.name, op)
		}
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

// A call that is tried again, here for EAGAIN, begins again: what an earlier
// try has read and checked does not count.
func TestReadTriedAgainBeginsAgain(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		for name, read := range map[string]func() (string, error){
			"ReadFile": func() (string, error) { return l.pool.ReadFile(t.Context(), l.at("in/a.txt")) },
			"Concat": func() (string, error) {
				r, err := l.pool.Concat(t.Context(), []string{l.at("in/a.txt")}, nil)
				if err != nil || len(r.Skipped) > 0 {
					return "", fmt.Errorf("%v, %v", r, err)
				}
				return strings.TrimPrefix(r.Text, "---\n"+l.at("in/a.txt")+"\n---\n\n"), nil
			},
		} {
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(letters(2*readPiece)), 0o666))
			reads := 0
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "read" {
					if reads++; reads == 2 {
						require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte("short"), 0o666))
						return syscall.EAGAIN
					}
				}
				return nil
			})
			text, err := read()
			require.NoError(t, err, "%s, %s", s.name, name)
			require.Equal(t, "short", text, "%s, %s", s.name, name)
		}
		l.close()
	}
}
