package vfs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// A system is a set of operations that a file system does not have. Each makes
// an atomic write take another way.
type system []string

var systems = []system{
	{},
	{"linkFile"},
	{"linkFile", "renameNew"},
	{"linkFile", "renameNew", "link"},
	{"createUnnamed"},
	{"createUnnamed", "renameNew"},
	{"createUnnamed", "renameNew", "link"},
}

// fail returns the error of the operations that the system does not have.
func (s system) fail(c vfstest.Call) error {
	switch {
	case !slices.Contains(s, c.Op):
		return nil
	case c.Op == "link": // see link(2)
		return syscall.EPERM
	default:
		return errors.ErrUnsupported
	}
}

func allOptions() (all []vfs.AtomicOptions) {
	for _, replace := range []bool{false, true} {
		for _, sync := range []bool{false, true} {
			all = append(all, vfs.AtomicOptions{Replace: replace, Sync: sync})
		}
	}
	return all
}

// eachAtomic runs a test with each seam, system and set of options. The test's
// directory has a vfstest.FS in front of it, which must be clean in the end.
func eachAtomic(t *testing.T, test func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions)) {
	for _, missing := range systems {
		for _, o := range allOptions() {
			t.Run(fmt.Sprintf("without %v/%+v", missing, o), func(t *testing.T) {
				eachSeam(t, func(t *testing.T, p place) {
					files := vfstest.New(p.FS)
					files.Reset(missing.fail)
					test(t, p, files, missing, o)
					require.Empty(t, files.Audit())
				})
			})
		}
	}
}

// writes returns a write function for WriteAtomic.
func writes(text string) func(*vfs.TempFile) error {
	return func(f *vfs.TempFile) error {
		_, err := io.WriteString(f, text)
		return err
	}
}

func TestWriteAtomic(t *testing.T) {
	text := numbered(200_000)
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		require.NoError(t, vfs.WriteAtomic(files, p.at("f"), o, writes(text)))
		requireText(t, text, p.read(t, "f"))
		err := vfs.WriteAtomic(files, p.at("f"), o, writes("other"))
		if o.Replace {
			require.NoError(t, err)
			require.Equal(t, "other", p.read(t, "f"))
		} else {
			require.ErrorIs(t, err, fs.ErrExist)
			requireText(t, text, p.read(t, "f"))
		}
		require.NoError(t, vfs.WriteAtomic(files, p.at("a/b//c/empty"), o, writes("")))
		require.Empty(t, p.read(t, "a/b/c/empty"))
		require.Equal(t, []string{"a", "f"}, p.names(t))
	})
}

// TestWriteAtomicToOtherThings writes to paths that no file can have.
func TestWriteAtomicToOtherThings(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		p.write(t, "file", "text")
		for path, want := range map[string]error{
			"dir": fs.ErrExist, "dir/": fs.ErrExist, ".": fs.ErrExist, "dir/..": fs.ErrExist, "dir/.": fs.ErrExist,
			"none/..": fs.ErrNotExist, "none/.": fs.ErrNotExist, "": nil, "file/x": nil, "file/..": nil, "nul\x00": nil,
		} {
			if o.Replace && strings.HasPrefix(path, "dir") && !strings.Contains(path, ".") {
				want = vfs.ErrNotRegular
			}
			err := vfs.WriteAtomic(files, p.at(path), o, writes("x"))
			require.Error(t, err, "%q", path)
			if want != nil {
				require.ErrorIs(t, err, want, "%q", path)
			}
		}
		if p.confined {
			for _, path := range []string{"../x", "..", "dir/../../x", p.dir + "/x"} {
				require.ErrorIs(t, vfs.WriteAtomic(files, path, o, writes("x")), vfs.ErrEscapes, path)
			}
		}
		require.Equal(t, []string{"dir", "file"}, p.names(t))
		require.Equal(t, "text", p.read(t, "file"))
	})
}

// TestWriteAtomicThatIsGivenUp fails in the write function.
func TestWriteAtomicThatIsGivenUp(t *testing.T) {
	gaveUp := errors.New("given up")
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		p.write(t, "old", "old text")
		for _, name := range []string{"old", "new"} {
			err := vfs.WriteAtomic(files, p.at(name), o, func(f *vfs.TempFile) error {
				require.NoError(t, writes("new text")(f))
				return gaveUp
			})
			require.Equal(t, gaveUp, err)
			require.Panics(t, func() {
				vfs.WriteAtomic(files, p.at(name), o, func(*vfs.TempFile) error { panic("given up") })
			})
			require.Equal(t, []string{"old"}, p.names(t))
			require.Equal(t, "old text", p.read(t, "old"))
		}
	})
}

// TestAtomicNameTakenMeanwhile has another file take the name while the contents
// are written, and before each operation of Commit.
func TestAtomicNameTakenMeanwhile(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		for n := 1; ; n++ {
			reached := false
			files.Reset(func(c vfstest.Call) error {
				if c.N == n {
					reached = true
					if _, err := os.Lstat(p.disk("f")); err != nil {
						p.write(t, "f", "other text")
					}
				}
				return missing.fail(c)
			})
			err := vfs.WriteAtomic(files, p.at("f"), o, writes("my text"))
			switch {
			case o.Replace:
				require.NoError(t, err)
				require.Contains(t, []string{"my text", "other text"}, p.read(t, "f"))
			case err != nil:
				require.ErrorIs(t, err, fs.ErrExist)
				require.Equal(t, "other text", p.read(t, "f"))
			default: // the name was not free any more when the other file came
				require.Equal(t, "my text", p.read(t, "f"))
			}
			require.Equal(t, []string{"f"}, p.names(t))
			if !reached {
				break
			}
			require.NoError(t, os.Remove(p.disk("f")))
		}
	})
}

// attempt is one atomic write under a fault.
type attempt struct {
	place
	files   *vfstest.FS
	missing system
	opts    vfs.AtomicOptions
	name    string
}

// under writes with a fault at operation n. It checks that the file is the old
// or the new one and that nothing else is left. It reports whether there was an
// operation n.
func (a attempt) under(t *testing.T, fault error, n int) bool {
	t.Helper()
	before := a.names(t)
	var hit vfstest.Call
	a.files.Reset(func(c vfstest.Call) error {
		if c.N == n {
			hit = c
			return fault
		}
		return a.missing.fail(c)
	})
	err := vfs.WriteAtomic(a.files, a.at(a.name), a.opts, writes("new text"))
	where := fmt.Sprintf("%v at %v: %v", fault, hit, err)
	require.Empty(t, a.files.Audit(), where)

	_, isLate := fault.(vfstest.Late)
	after := slices.DeleteFunc(a.names(t), func(name string) bool {
		lost := hit.Op == "remove" || isLate && vfs.IsTempName(hit.Name)
		return lost && vfs.IsTempName(name)
	})
	_, unsynced := err.(vfs.UnsyncedError)
	switch {
	case err == nil || unsynced:
		require.Contains(t, after, a.name, where)
		require.Equal(t, "new text", a.read(t, a.name), where)
	case isLate && hit.Op == "create" && hit.Name == a.name: // see claimByCreating
		require.Empty(t, a.read(t, a.name), where)
	case isLate && slices.Contains(after, a.name): // the operation took effect
		require.Contains(t, []string{"old text", "new text"}, a.read(t, a.name), where)
	default:
		require.Equal(t, before, after, where)
		if slices.Contains(before, a.name) {
			require.Equal(t, "old text", a.read(t, a.name), where)
		}
	}
	after = slices.DeleteFunc(after, func(name string) bool { return name == a.name })
	require.Equal(t, slices.DeleteFunc(before, func(name string) bool { return name == a.name }), after, where)
	if hit.N == 0 {
		require.NoError(t, err, where)
	}
	return hit.N != 0
}

func TestAtomicUnderFaults(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		for _, fault := range []error{syscall.EIO, vfstest.Late{Err: syscall.EIO}} {
			for _, name := range []string{"old", "new"} {
				if name == "old" && !o.Replace {
					continue
				}
				a := attempt{p, files, missing, o, name}
				for n, reached := 1, true; reached; n++ {
					for _, left := range p.names(t) {
						require.NoError(t, os.Remove(p.disk(left)))
					}
					p.write(t, "old", "old text")
					reached = a.under(t, fault, n)
				}
			}
		}
	})
}

// TestNameIsLostIfCloseFails checks that a name that a link gave goes again, but
// not if another file has it by then.
func TestNameIsLostIfCloseFails(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		for _, steal := range []bool{false, true} {
			want := []string{}
			files.Reset(func(c vfstest.Call) error {
				if c.Op != "close" {
					return nil
				}
				if _, err := os.Stat(p.disk("f")); err == nil && steal {
					p.write(t, "other", "other text")
					require.NoError(t, os.Rename(p.disk("other"), p.disk("f")))
					want = append(want, "f")
				}
				return syscall.EIO
			})
			err := vfs.WriteAtomic(files, p.at("f"), vfs.AtomicOptions{}, writes("text"))
			require.ErrorIs(t, err, syscall.EIO)
			require.Equal(t, want, p.names(t))
			require.Empty(t, files.Audit())
		}
	})
}

// TestAtomicSync checks the order of the operations that make a file durable:
// nothing changes the file after fsync, which comes before its name, which comes
// before the sync of the directory.
func TestAtomicSync(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, missing system, o vfs.AtomicOptions) {
		for range 2 { // the name is free, then taken
			var steps vfstest.Steps
			files.Reset(func(c vfstest.Call) error {
				steps.Hook(c)
				return missing.fail(c)
			})
			err := vfs.WriteAtomic(files, p.at("f"), o, writes("text"))
			if errors.Is(err, fs.ErrExist) {
				require.False(t, o.Replace)
				return
			}
			require.NoError(t, err)
			done := strings.Fields(steps.String())
			last := func(ops ...string) (at int) {
				at = -1
				for i, op := range done {
					if slices.Contains(ops, op) {
						at = i
					}
				}
				return at
			}
			fsync := last("fsync")
			if !o.Sync {
				require.Equal(t, -1, max(fsync, last("sync")), "%v", done)
				continue
			}
			require.Greater(t, fsync, last("write", "chmod", "copyFrom", "copyAttributes", "setTimes"), "%v", done)
			named := last("rename", "renameNew", "link", "linkFile")
			require.Greater(t, named, fsync, "%v", done)
			require.Greater(t, last("sync"), named, "%v", done)
		}
	})
}

// TestDirectoriesAreMadeDurably checks that each new directory's parent is
// synced if that is asked for.
func TestDirectoriesAreMadeDurably(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		for _, sync := range []bool{false, true} {
			files := vfstest.New(p.FS)
			var steps vfstest.Steps
			files.Reset(steps.Hook)
			path := filepath.Join(fmt.Sprint(sync), "b", "c")
			require.NoError(t, vfs.MakeNewDir(files, p.at(path), &vfs.NameSync{Wanted: sync}))
			require.DirExists(t, p.disk(path))
			want := 0
			if sync {
				want = 3
			}
			require.Equal(t, want, strings.Count(steps.String(), "sync"), "%s", &steps)
			require.ErrorIs(t, vfs.MakeNewDir(files, p.at(path), &vfs.NameSync{Wanted: sync}), fs.ErrExist)
			require.Empty(t, files.Audit())
		}
	})
}

// TestCopyMeta copies a file with its permissions and times by every way that a
// file gets its name.
func TestCopyMeta(t *testing.T) {
	when := time.Unix(1_111_111_111, 222_222_200)
	text := numbered(100_000)
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		p.write(t, "src", text)
		require.NoError(t, os.Chmod(p.disk("src"), 0o444))
		require.NoError(t, os.Chtimes(p.disk("src"), when, when))
		copyTo := func(name string) error {
			src, st, err := vfs.OpenRegular(files, p.at("src"))
			require.NoError(t, err)
			defer src.Close()
			access := vfs.AccessOf(src, st)
			o.Access = &access
			return vfs.WriteAtomic(files, p.at(name), o, func(f *vfs.TempFile) error {
				if err := vfs.CopyContents(f, src, st, func(int64) error { return nil }); err != nil {
					return err
				}
				return f.CopyMeta(src, st)
			})
		}
		check := func(name string) {
			requireText(t, text, p.read(t, name))
			st, err := os.Stat(p.disk(name))
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o444), st.Mode())
			require.True(t, when.Equal(st.ModTime()), "%v", st.ModTime())
		}
		require.NoError(t, copyTo("copy"))
		check("copy")
		p.write(t, "old", "old text")
		if err := copyTo("old"); o.Replace {
			require.NoError(t, err)
			check("old")
		} else {
			require.ErrorIs(t, err, fs.ErrExist)
		}
		require.Equal(t, []string{"copy", "old", "src"}, p.names(t))
	})
}

// TestErrorOfTheTemporaryFileIsNoReadError copies an unnamed file that cannot be
// read. The error must not look like one of the source of a copy.
func TestErrorOfTheTemporaryFileIsNoReadError(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		files.Reset(func(c vfstest.Call) error {
			if c.Op == "read" {
				return syscall.EIO
			}
			return system{"linkFile"}.fail(c)
		})
		err := vfs.WriteAtomic(files, p.at("f"), vfs.AtomicOptions{}, writes("text"))
		if err == nil { // the seam has no unnamed files
			require.Equal(t, "text", p.read(t, "f"))
			return
		}
		require.Equal(t, syscall.EIO, err)
		require.Empty(t, p.names(t))
		require.Empty(t, files.Audit())
	})
}

// TestDiscardAfterCommit checks that Discard does not remove a file that has its
// name.
func TestDiscardAfterCommit(t *testing.T) {
	eachAtomic(t, func(t *testing.T, p place, files *vfstest.FS, _ system, o vfs.AtomicOptions) {
		dir, name, err := vfs.OpenParent(files, p.at("f"), &vfs.NameSync{Wanted: o.Sync})
		require.NoError(t, err)
		f, err := vfs.CreateTemp(dir, name, o)
		require.NoError(t, err)
		require.NoError(t, writes("text")(f))
		require.NoError(t, f.Commit())
		f.Discard()
		f.Discard()
		require.NoError(t, dir.Close())
		require.Equal(t, []string{"f"}, p.names(t))
		require.Equal(t, "text", p.read(t, "f"))
	})
}
