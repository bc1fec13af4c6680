package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
)

func TestPathOfDirectories(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		want := ""
		if p.confined {
			want = p.dir
		}
		require.Equal(t, want, p.Path())
		require.NoError(t, os.MkdirAll(p.disk("a/b"), 0o777))
		require.NoError(t, os.Symlink("a/b", p.disk("link")))
		d, err := p.OpenDir(p.at("link"))
		require.NoError(t, err)
		require.Equal(t, p.disk("a/b"), d.Path())
		require.NoError(t, d.Close())
	})
}

// TestDirectoriesThatMove uses a directory after it was renamed: its names stay
// with it.
func TestDirectoriesThatMove(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		require.NoError(t, os.Mkdir(p.disk("d"), 0o777))
		p.write(t, "d/f", "text")
		d, err := p.OpenDir(p.at("d"))
		require.NoError(t, err)
		require.NoError(t, os.Rename(p.disk("d"), p.disk("moved")))
		f, err := d.Open("f")
		require.NoError(t, err)
		require.Equal(t, "text", readAll(t, f))
		require.NoError(t, d.Mkdir("new"))
		require.DirExists(t, p.disk("moved/new"))
		require.NoError(t, os.RemoveAll(p.disk("moved")))
		require.ErrorIs(t, d.Mkdir("new"), fs.ErrNotExist)
		require.ErrorIs(t, closed(d.Create("f", 0o666)), fs.ErrNotExist)
		temp, err := vfs.CreateTemp(d, "f", vfs.AtomicOptions{})
		if err == nil { // tmpfs makes unnamed files in directories that are removed
			err = temp.Commit()
			temp.Discard()
		}
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, d.Close())
		require.Empty(t, p.names(t))
	})
}

// TestTimesOfAccess sets times and reads them back. System needs no name to set
// them.
func TestTimesOfAccess(t *testing.T) {
	for _, s := range seams {
		names := []string{"f"}
		if s.name == "System" {
			names = append(names, "")
		}
		d := newPlace(t, s, tempDir(t)).sub(t)
		for _, name := range names {
			f, err := d.Create("f", 0o666)
			require.NoError(t, err)
			for _, accessed := range []time.Time{time.Unix(1_000_000_000, 1), time.Unix(-1, 999_999_999)} {
				modified := accessed.Add(time.Hour + 7)
				require.NoError(t, d.SetTimes(f, name, accessed, modified))
				st, err := f.Stat()
				require.NoError(t, err)
				require.Equal(t, accessed.UnixNano(), st.Accessed)
				require.Equal(t, modified.UnixNano(), st.Modified)
			}
			require.NoError(t, f.Close())
			require.NoError(t, d.Remove("f"))
		}
	}
}

// TestSystemHasUnnamedFiles checks that this system's atomic writes are tested
// in the way that leaves nothing after a kill.
func TestSystemHasUnnamedFiles(t *testing.T) {
	for _, s := range seams[:2] {
		f, err := newPlace(t, s, t.TempDir()).sub(t).CreateUnnamed(0o666)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no O_TMPFILE on this file system")
		}
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

// TestMagicLinks looks up links of /proc, which lead outside by no path: see
// RESOLVE_NO_MAGICLINKS in openat2(2).
func TestMagicLinks(t *testing.T) {
	outside, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer outside.Close()
	for _, s := range seams {
		if s.confined {
			p := newPlace(t, s, "/proc/self")
			for _, path := range []string{"fd/" + strconv.Itoa(int(outside.Fd())), "cwd", "root", "cwd/f"} {
				require.ErrorIs(t, closed(p.Open(path)), vfs.ErrEscapes, "%s: %s", s.name, path)
			}
			require.NoError(t, closed(p.Open("status")))
		}
	}
}

// openDescriptors returns how many descriptors the process has open.
func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

// TestNothingStaysOpen calls all methods with all paths, whether or not that
// works, and counts the descriptors of the process.
func TestNothingStaysOpen(t *testing.T) {
	dir := tempDir(t)
	makePaths(t, dir)
	useAll := func(p place) {
		for _, path := range []string{"file", "dir", "none", "fifo", "link", "dirlink", "loop", "out", "outfile", "..", "file/x", "", "new"} {
			for _, c := range calls {
				c.call(p, p.at(path))
			}
			p.ReadCached(p.at(path), 100)
			p.Path()
			vfs.OpenParent(p, p.at(path+"/.."), new(vfs.NameSync))
			if path == "new" || path == "dir" {
				vfs.MakeNewDir(p, p.at(path), &vfs.NameSync{Wanted: true})
				require.Error(t, vfs.MakeNewDir(p, p.at(path), &vfs.NameSync{Wanted: true}))
			}
			for _, o := range allOptions() {
				vfs.WriteAtomic(p, p.at("dir/"+path+"/f"), o, writes("text"))
				vfs.WriteAtomic(p, p.at("dir/"+path+"/f"), o, func(*vfs.TempFile) error { return syscall.EIO })
			}
			require.NoError(t, os.RemoveAll(p.disk("new")))
		}
	}
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			p := newPlace(t, s, filepath.Join(dir, "place"))
			useAll(p)
			before := openDescriptors(t)
			const rounds = 10
			for range rounds {
				useAll(p)
			}
			// The list of mounts may be open at the moment.
			require.Less(t, openDescriptors(t), before+rounds)
		})
	}
	before := openDescriptors(t)
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, vfs.Confined(root).Close())
		require.NoError(t, vfs.PortableConfined(root).Close())
	}
	require.NoError(t, root.Close())
	require.NoError(t, vfs.Confined(root).Close())
	require.Less(t, openDescriptors(t), before+10)
}
