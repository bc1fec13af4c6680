//go:build linux || darwin || freebsd || netbsd || openbsd

package vfs_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// calls are the methods that look a path up, in the order of the columns of
// TestPaths.
var calls = []struct {
	name string
	call func(p place, path string) error
}{
	{"Open", func(p place, path string) error { return closed(p.Open(path)) }},
	{"OpenRegular", func(p place, path string) error {
		f, _, err := vfs.OpenRegular(p, path)
		return closed(f, err)
	}},
	{"OpenDir", func(p place, path string) error {
		d, err := p.OpenDir(path)
		if err == nil {
			err = d.Close()
		}
		return err
	}},
	{"Stat", func(p place, path string) error { _, err := p.Stat(path); return err }},
	{"Lstat", func(p place, path string) error { _, err := p.Lstat(path); return err }},
	{"List", func(p place, path string) error { _, err := p.List(path, false); return err }},
	{"List following", func(p place, path string) error { _, err := p.List(path, true); return err }},
}

// makePaths fills the directory of TestPaths. It is "place" in a directory that
// also has the directory "outside".
func makePaths(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "place/dir/inner"), 0o777))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "outside"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "place/file"), []byte("text"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "outside/secret"), []byte("secret"), 0o666))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "place/fifo"), 0o666))
	for link, target := range map[string]string{
		"link": "file", "dirlink": "dir", "fifolink": "fifo", "dangling": "nowhere", "loop": "loop", "deep": "dir/../dir/inner",
		"out": "../outside", "outfile": "../outside/secret", "abs": filepath.Join(dir, "outside"), "up": "..", "dir/up": "../..",
		"top": "/", "back": "../place/file",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, "place", link)))
	}
}

// wants are the errors that the table of TestPaths names.
var wants = map[string]error{
	"ok": nil, "none": fs.ErrNotExist, "notdir": syscall.ENOTDIR, "irreg": vfs.ErrNotRegular, "loop": syscall.ELOOP,
	"out": vfs.ErrEscapes,
}

// TestPaths calls each method with each kind of path. A FIFO must not make any
// of them wait. A confined seam must not follow a path that leads outside.
func TestPaths(t *testing.T) {
	const out = "out out out out out out out"
	dir := tempDir(t)
	makePaths(t, dir)
	for _, c := range []struct{ path, want, confined string }{
		// The columns are Open, OpenRegular, OpenDir, Stat, Lstat, List and List
		// that follows links.
		{"file", "ok ok notdir ok ok notdir notdir", ""},
		{"./file", "ok ok notdir ok ok notdir notdir", ""},
		{"dir/../file", "ok ok notdir ok ok notdir notdir", ""},
		{"dir", "ok irreg ok ok ok ok ok", ""},
		{"dir/", "ok irreg ok ok ok ok ok", ""},
		{".", "ok irreg ok ok ok ok ok", ""},
		{"dir/.", "ok irreg ok ok ok ok ok", ""},
		{"dir/..", "ok irreg ok ok ok ok ok", ""},
		{"dir/inner/../..", "ok irreg ok ok ok ok ok", ""},
		{"none", "none none none none none none none", ""},
		{"none/x", "none none none none none none none", ""},
		{"none/..", "none none none none none none none", ""},
		{"file/x", "notdir notdir notdir notdir notdir notdir notdir", ""},
		{"fifo", "ok irreg notdir ok ok notdir notdir", ""},
		{"fifo/x", "notdir notdir notdir notdir notdir notdir notdir", ""},
		{"link", "ok ok notdir ok ok notdir notdir", ""},
		{"link/x", "notdir notdir notdir notdir notdir notdir notdir", ""},
		{"link/", "notdir notdir notdir notdir notdir notdir notdir", ""},
		{"dirlink/", "ok irreg ok ok ok ok ok", ""},
		{"dirlink", "ok irreg ok ok ok notdir ok", ""},
		{"dirlink/inner", "ok irreg ok ok ok ok ok", ""},
		{"deep", "ok irreg ok ok ok notdir ok", ""},
		{"fifolink", "ok irreg notdir ok ok notdir notdir", ""},
		{"dangling", "none none none none ok notdir none", ""},
		{"loop", "loop loop loop loop ok notdir loop", ""},
		{"loop/x", "loop loop loop loop loop loop loop", ""},

		{"..", "ok irreg ok ok ok ok ok", out},
		{"../outside", "ok irreg ok ok ok ok ok", out},
		{"../place/file", "ok ok notdir ok ok notdir notdir", out},
		{"../none", "none none none none none none none", out},
		{"dir/../..", "ok irreg ok ok ok ok ok", out},
		{"dir/../../outside/secret", "ok ok notdir ok ok notdir notdir", out},
		{"/", "ok irreg ok ok ok ok ok", out},
		{"/none/x", "none none none none none none none", out},
		{"out", "ok irreg ok ok ok notdir ok", "out out out out ok notdir out"},
		{"out/", "ok irreg ok ok ok ok ok", out},
		{"up/", "ok irreg ok ok ok ok ok", out},
		{"out/secret", "ok ok notdir ok ok notdir notdir", out},
		{"outfile", "ok ok notdir ok ok notdir notdir", "out out out out ok notdir out"},
		{"abs", "ok irreg ok ok ok notdir ok", "out out out out ok notdir out"},
		{"abs/secret", "ok ok notdir ok ok notdir notdir", out},
		{"up", "ok irreg ok ok ok notdir ok", "out out out out ok notdir out"},
		{"dir/up/outside/secret", "ok ok notdir ok ok notdir notdir", out},
		{"top", "ok irreg ok ok ok notdir ok", "out out out out ok notdir out"},
		{"top/..", "ok irreg ok ok ok ok ok", out},
		{"back", "ok ok notdir ok ok notdir notdir", "out out out out ok notdir out"},
	} {
		for _, s := range seams {
			p := newPlace(t, s, filepath.Join(dir, "place"))
			want := c.want
			if s.confined && c.confined != "" {
				want = c.confined
			}
			for i, word := range strings.Fields(want) {
				err := calls[i].call(p, p.at(c.path))
				reason, known := wants[word]
				require.True(t, known, word)
				if reason == nil {
					require.NoError(t, err, "%s.%s of %s", s.name, calls[i].name, c.path)
				} else {
					require.ErrorIs(t, err, reason, "%s.%s of %s", s.name, calls[i].name, c.path)
				}
			}
		}
	}
}

// TestInvalidPaths calls each method with paths that stand for nothing.
func TestInvalidPaths(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		for _, path := range []string{"", "nul\x00", strings.Repeat("n", 300), strings.Repeat("n/", 3000)} {
			for _, c := range calls {
				require.Error(t, c.call(p, p.at(path)), "%s of %.10q", c.name, path)
			}
		}
		_, _, err := vfs.OpenRegular(p, "")
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// TestKinds checks that Lstat, Stat and List agree on the kind of each entry.
func TestKinds(t *testing.T) {
	dir := tempDir(t)
	makePaths(t, dir)
	for _, s := range seams {
		p := newPlace(t, s, filepath.Join(dir, "place"))
		entries, err := p.List(p.at("."), false)
		require.NoError(t, err)
		kinds := map[string]vfs.Kind{}
		for _, e := range entries {
			kinds[e.Name] = e.Kind
			st, err := p.Lstat(p.at(e.Name))
			require.NoError(t, err)
			want, err := os.Lstat(p.disk(e.Name))
			require.NoError(t, err)
			require.Equal(t, want.Mode(), st.Mode, e.Name)
			require.Equal(t, vfs.KindOf(st.Mode), e.Kind, e.Name)
		}
		require.Len(t, kinds, len(p.names(t)))
		require.Equal(t, vfs.KindFile, kinds["file"])
		require.Equal(t, vfs.KindDir, kinds["dir"])
		require.Equal(t, vfs.KindLink, kinds["dirlink"])
		require.Equal(t, vfs.KindOther, kinds["fifo"])

		file, err := p.Stat(p.at("file"))
		require.NoError(t, err)
		followed, err := p.Stat(p.at("link"))
		require.NoError(t, err)
		require.True(t, vfs.SameFile(file, followed))
		link, err := p.Lstat(p.at("link"))
		require.NoError(t, err)
		require.False(t, vfs.SameFile(file, link))
	}
}

// TestModeBits reads modes that have more than permissions.
func TestModeBits(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		p.write(t, "f", "")
		require.NoError(t, os.Mkdir(p.disk("d"), 0o777))
		for _, mode := range []fs.FileMode{0, 0o421, 0o777, fs.ModeSetuid | 0o755, fs.ModeSetgid | 0o755, fs.ModeSticky | 0o700} {
			for _, name := range []string{"f", "d"} {
				require.NoError(t, os.Chmod(p.disk(name), mode))
				want, err := os.Lstat(p.disk(name))
				require.NoError(t, err)
				st, err := p.Stat(p.at(name))
				require.NoError(t, err)
				require.Equal(t, want.Mode(), st.Mode)
			}
		}
	})
}

// setUmask sets the umask of the process for the rest of a test.
func setUmask(t *testing.T, mask int) {
	t.Helper()
	old := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(old) })
}

func (p place) perm(t *testing.T, name string) fs.FileMode {
	t.Helper()
	st, err := os.Lstat(p.disk(name))
	require.NoError(t, err)
	return st.Mode().Perm()
}

func TestPermissionsUnderUmask(t *testing.T) {
	for _, mask := range []fs.FileMode{0, 0o022, 0o077} {
		setUmask(t, int(mask))
		eachSeam(t, func(t *testing.T, p place) {
			d := p.sub(t)
			for name, perm := range map[string]fs.FileMode{"a": 0o666, "b": 0o600, "c": 0o777, "d": 0o444} {
				f, err := d.Create(name, perm)
				require.NoError(t, err)
				require.Equal(t, perm&^mask, p.perm(t, name))
				require.NoError(t, f.Chmod(0o642))
				require.NoError(t, f.Close())
				require.Equal(t, fs.FileMode(0o642), p.perm(t, name), "chmod(2) ignores the umask")
				if f, err := d.CreateUnnamed(perm); err == nil {
					st, err := f.Stat()
					require.NoError(t, err)
					require.Equal(t, perm&^mask, st.Mode)
					require.NoError(t, f.Close())
				}
			}
			require.NoError(t, d.Mkdir("dir"))
			require.Equal(t, 0o777&^mask, p.perm(t, "dir"))
		})
	}
}

// TestNewNamesFollowNoLink takes the names of links. Their targets stay as they
// are.
func TestNewNamesFollowNoLink(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		d := p.sub(t)
		p.write(t, "file", "text")
		p.write(t, "new", "new text")
		for link, target := range map[string]string{"link": "file", "dangling": "nowhere", "loop": "loop"} {
			require.NoError(t, os.Symlink(target, p.disk(link)))
			require.ErrorIs(t, closed(d.Create(link, 0o666)), fs.ErrExist, link)
			require.ErrorIs(t, d.Mkdir(link), fs.ErrExist, link)
			require.ErrorIs(t, d.Link("file", link), fs.ErrExist, link)
			if f, err := d.CreateUnnamed(0o666); err == nil {
				require.ErrorIs(t, d.LinkFile(f, link), fs.ErrExist, link)
				require.ErrorIs(t, d.RenameNew("file", link), fs.ErrExist, link)
				require.NoError(t, f.Close())
			}
			require.NoError(t, d.Link("new", "moved"))
			require.NoError(t, d.Rename("moved", link))
			require.Equal(t, "new text", p.read(t, link))
			require.NoError(t, d.Remove(link))

			require.NoError(t, os.Symlink(target, p.disk(link)))
			require.NoError(t, d.Remove(link))
			require.Equal(t, []string{"file", "new"}, p.names(t))
			require.Equal(t, "text", p.read(t, "file"))
		}
	})
}

// TestNoNewNamesOutside has each method that changes a directory use paths that
// lead outside. Nothing outside changes.
func TestNoNewNamesOutside(t *testing.T) {
	for _, s := range seams {
		if !s.confined {
			continue
		}
		dir := tempDir(t)
		makePaths(t, dir)
		top := newPlace(t, s, filepath.Join(dir, "place"))
		for _, d := range []vfs.FS{top, top.sub(t)} {
			for _, prefix := range []string{"../outside/", "out/", "abs/", "dir/up/outside/", dir + "/outside/", "dir/../../outside/"} {
				refused := func(err error) {
					t.Helper()
					require.ErrorIs(t, err, vfs.ErrEscapes, "%s with %s", s.name, prefix)
				}
				refused(closed(d.Create(prefix+"new", 0o666)))
				refused(d.Mkdir(prefix + "new"))
				refused(d.Link("file", prefix+"new"))
				refused(d.Link(prefix+"secret", "new"))
				refused(d.Rename("file", prefix+"secret"))
				refused(d.Rename(prefix+"secret", "new"))
				refused(d.Remove(prefix + "secret"))
				if f, err := d.CreateUnnamed(0o666); err == nil {
					refused(d.LinkFile(f, prefix+"new"))
					refused(d.RenameNew("file", prefix+"new"))
					refused(d.RenameNew(prefix+"secret", "new"))
					require.NoError(t, f.Close())
				}
			}
		}
		outside, err := os.ReadDir(filepath.Join(dir, "outside"))
		require.NoError(t, err)
		require.Len(t, outside, 1)
		require.Equal(t, "secret", top.read(t, "../outside/secret"))
		require.Equal(t, "text", top.read(t, "file"))
		require.NotContains(t, top.names(t), "new")
	}
}

// TestOpenRegularRefusesOthers opens files that are not regular. A FIFO must
// not make it wait, whether or not it has a writer.
func TestOpenRegularRefusesOthers(t *testing.T) {
	dir, err := os.MkdirTemp("", "vfs") // the path of a socket is short, see unix(7)
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "written"), 0o666))
	writer, err := os.OpenFile(filepath.Join(dir, "written"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer writer.Close()
	_, err = writer.WriteString("text")
	require.NoError(t, err)
	for _, s := range seams {
		p := newPlace(t, s, dir)
		paths := []string{"socket", "fifo", "written", "."}
		if !s.confined {
			paths = append(paths, os.DevNull, "/dev/zero")
		}
		for _, path := range paths {
			_, _, err := vfs.OpenRegular(p, p.at(path))
			require.ErrorIs(t, err, vfs.ErrNotRegular, "%s: %s", s.name, path)
		}
	}
}
