package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
)

func TestReadWriteAndSeek(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		f, err := p.Create(p.at("f"), 0o666)
		require.NoError(t, err)
		text := numbered(100_000)
		n, err := io.WriteString(f, text[:10])
		require.NoError(t, err)
		require.Equal(t, 10, n)
		n, err = f.Write(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		_, err = io.WriteString(f, text[10:])
		require.NoError(t, err)
		st, err := f.Stat()
		require.NoError(t, err)
		require.EqualValues(t, len(text), st.Size)
		require.NoError(t, f.Sync())
		require.NoError(t, f.Close())

		f, err = p.Open(p.at("f"))
		require.NoError(t, err)
		n, err = f.Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		first := make([]byte, 10)
		_, err = io.ReadFull(f, first)
		require.NoError(t, err)
		require.Equal(t, text[:10], string(first))
		at, err := f.Seek(5, io.SeekCurrent)
		require.NoError(t, err)
		require.EqualValues(t, 15, at)
		_, err = f.Seek(-1, io.SeekStart)
		require.Error(t, err)
		_, err = f.Write([]byte("x"))
		require.Error(t, err, "the file is open for reading")
		requireText(t, text[15:], readAll(t, f))
	})
}

func TestInfo(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		p.write(t, "f", "text")
		p.write(t, "g", "text")
		when := time.Unix(1_234_567_890, 123_456_700) // Windows counts in 100 ns
		require.NoError(t, os.Chtimes(p.disk("f"), when, when))
		want, err := os.Stat(p.disk("f"))
		require.NoError(t, err)
		byName, err := p.Stat(p.at("f"))
		require.NoError(t, err)
		require.Equal(t, want.Mode(), byName.Mode)
		require.EqualValues(t, 4, byName.Size)
		require.Equal(t, when.UnixNano(), byName.Modified)
		require.Equal(t, when.UnixNano(), byName.Accessed)

		f, err := p.Open(p.at("f"))
		require.NoError(t, err)
		opened, err := f.Stat()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.True(t, vfs.SameFile(byName, opened))
		require.Equal(t, byName.Mode, opened.Mode)
		other, err := p.Lstat(p.at("g"))
		require.NoError(t, err)
		require.False(t, vfs.SameFile(byName, other))
		require.False(t, vfs.SameFile(byName, vfs.Info{}))
		require.False(t, vfs.SameFile(vfs.Info{}, byName))
		dir, err := p.Stat(p.at("."))
		require.NoError(t, err)
		require.True(t, dir.Mode.IsDir())
	})
}

func TestListAllNames(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		entries, err := p.List(p.at("."), false)
		require.NoError(t, err)
		require.Empty(t, entries)

		var want []vfs.Entry
		for i := range 400 { // more than a buffer of names
			name := strings.Repeat("n", 1+i%200) + string(rune('a'+i%26)) + string(rune(0x4e00+i))
			p.write(t, name, "")
			want = append(want, vfs.Entry{Name: name, Kind: vfs.KindFile})
		}
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		want = append(want, vfs.Entry{Name: "dir", Kind: vfs.KindDir})
		for _, follow := range []bool{false, true} {
			entries, err := p.List(p.at("."), follow)
			require.NoError(t, err)
			require.ElementsMatch(t, want, entries)
		}
	})
}

func TestKindOf(t *testing.T) {
	for mode, want := range map[fs.FileMode]vfs.Kind{
		0o644:                               vfs.KindFile,
		fs.ModeSetuid | 0o755:               vfs.KindFile,
		fs.ModeDir | 0o755:                  vfs.KindDir,
		fs.ModeDir | fs.ModeSticky:          vfs.KindDir,
		fs.ModeSymlink | 0o777:              vfs.KindLink,
		fs.ModeNamedPipe:                    vfs.KindOther,
		fs.ModeSocket:                       vfs.KindOther,
		fs.ModeDevice:                       vfs.KindOther,
		fs.ModeDevice | fs.ModeCharDevice:   vfs.KindOther,
		fs.ModeIrregular:                    vfs.KindOther,
		fs.ModeSymlink | fs.ModeIrregular:   vfs.KindOther,
		fs.ModeDir | fs.ModeSymlink | 0o777: vfs.KindOther,
	} {
		require.Equal(t, want, vfs.KindOf(mode), "%v", mode)
	}
}

// TestNewNames makes names that are free, taken, and in a directory that is
// missing.
func TestNewNames(t *testing.T) {
	type maker func(d vfs.FS, name string) error
	makers := map[string]maker{
		"Create": func(d vfs.FS, name string) error {
			f, err := d.Create(name, 0o666)
			if err == nil {
				err = f.Close()
			}
			return err
		},
		"Mkdir":     func(d vfs.FS, name string) error { return d.Mkdir(name) },
		"Link":      func(d vfs.FS, name string) error { return d.Link("old", name) },
		"RenameNew": func(d vfs.FS, name string) error { return d.RenameNew("old", name) },
		"LinkFile": func(d vfs.FS, name string) error {
			f, err := d.CreateUnnamed(0o666)
			if err != nil {
				return err
			}
			defer f.Close()
			return d.LinkFile(f, name)
		},
	}
	for op, makeName := range makers {
		t.Run(op, func(t *testing.T) {
			eachSeam(t, func(t *testing.T, p place) {
				d := p.sub(t)
				p.write(t, "old", "old text")
				p.write(t, "file", "text")
				require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
				err := makeName(d, "new")
				if errors.Is(err, errors.ErrUnsupported) && (op == "RenameNew" || op == "LinkFile") {
					require.Equal(t, []string{"dir", "file", "old"}, p.names(t))
					return
				}
				require.NoError(t, err)
				st, err := os.Lstat(p.disk("new"))
				require.NoError(t, err)
				require.Equal(t, op == "Mkdir", st.IsDir())
				p.write(t, "old", "old text")
				before := p.names(t)
				for _, taken := range []string{"file", "dir", "new"} {
					require.ErrorIs(t, makeName(d, taken), fs.ErrExist, taken)
				}
				require.Equal(t, before, p.names(t))
				require.Equal(t, "text", p.read(t, "file"))
				require.Equal(t, "old text", p.read(t, "old"))
			})
		})
	}
}

func TestLinkGivesASecondName(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		d := p.sub(t)
		p.write(t, "f", "text")
		require.NoError(t, d.Link("f", "g"))
		f, err := d.Stat("f")
		require.NoError(t, err)
		g, err := d.Stat("g")
		require.NoError(t, err)
		require.True(t, vfs.SameFile(f, g))
		require.ErrorIs(t, d.Link("none", "h"), fs.ErrNotExist)
		require.Equal(t, []string{"f", "g"}, p.names(t))
	})
}

func TestRenameAndRemove(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		d := p.sub(t)
		p.write(t, "a", "text of a")
		p.write(t, "b", "text of b")
		require.NoError(t, os.MkdirAll(p.disk("dir/inner"), 0o777))
		require.NoError(t, d.Rename("a", "b"))
		require.Equal(t, []string{"b", "dir"}, p.names(t))
		require.Equal(t, "text of a", p.read(t, "b"))
		require.NoError(t, d.Rename("b", "c"))
		require.ErrorIs(t, d.Rename("b", "c"), fs.ErrNotExist)
		require.ErrorIs(t, d.Rename("b", "d"), fs.ErrNotExist)
		require.Error(t, d.Rename("c", "dir"))
		require.Error(t, d.Remove("dir"))
		require.Equal(t, []string{"c", "dir"}, p.names(t))
		require.NoError(t, d.Remove("c"))
		require.ErrorIs(t, d.Remove("c"), fs.ErrNotExist)
		require.Equal(t, []string{"dir"}, p.names(t))
	})
}

func TestSetTimes(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		d := p.sub(t)
		accessed, modified := time.Unix(1_000_000_000, 100), time.Unix(1_100_000_000, 200)
		f, err := d.Create("f", 0o666)
		require.NoError(t, err)
		require.NoError(t, d.SetTimes(f, "f", accessed, modified))
		st, err := f.Stat()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, modified.UnixNano(), st.Modified)
		st, err = p.Stat(p.at("f"))
		require.NoError(t, err)
		require.Equal(t, modified.UnixNano(), st.Modified)
	})
}

func TestSyncOfDirectories(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		require.NoError(t, p.sub(t).Sync())
		if p.confined {
			require.NoError(t, p.Sync())
		} else {
			require.Error(t, p.Sync(), "the whole file system is no directory")
		}
	})
}

// TestUnnamedFiles checks that a file without a name leaves no trace unless it
// is linked.
func TestUnnamedFiles(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		d := p.sub(t)
		f, err := d.CreateUnnamed(0o666)
		if err != nil {
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.ErrorIs(t, d.LinkFile(nil, "f"), errors.ErrUnsupported)
			return
		}
		_, err = io.WriteString(f, "text")
		require.NoError(t, err)
		_, err = f.Seek(0, io.SeekStart)
		require.NoError(t, err)
		require.Equal(t, "text", readAll(t, f), "it is open for reading too")
		require.Empty(t, p.names(t))

		f, err = d.CreateUnnamed(0o600)
		require.NoError(t, err)
		_, err = io.WriteString(f, "text")
		require.NoError(t, err)
		require.NoError(t, d.LinkFile(f, "f"))
		require.NoError(t, d.LinkFile(f, "g"))
		require.NoError(t, f.Close())
		require.Equal(t, []string{"f", "g"}, p.names(t))
		require.Equal(t, "text", p.read(t, "f"))
	})
}

func TestReadCachedOfPackageOS(t *testing.T) {
	for _, s := range seams[2:] {
		p := newPlace(t, s, t.TempDir())
		p.write(t, "f", "text")
		for range 2 {
			data, ok := p.ReadCached(p.at("f"), 1<<20)
			require.False(t, ok)
			require.Nil(t, data)
		}
	}
}

// TestClosedRoots checks that a closed root is not taken for a path that leads
// outside: os.Root tells both by the error of the same calls.
func TestClosedRoots(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	files := vfs.PortableConfined(root)
	_, err = files.Lstat("..")
	require.Equal(t, vfs.ErrEscapes, err)
	_, err = files.Lstat("none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, root.Close())
	for _, name := range []string{"..", "/", "none", "."} {
		_, err := files.Lstat(name)
		require.ErrorIs(t, err, fs.ErrClosed, name)
		_, err = files.Open(name)
		require.ErrorIs(t, err, fs.ErrClosed, name)
		_, err = files.OpenDir(name)
		require.ErrorIs(t, err, fs.ErrClosed, name)
		require.ErrorIs(t, files.Mkdir(name), fs.ErrClosed, name)
		require.ErrorIs(t, files.Rename(name, "x"), fs.ErrClosed, name)
	}
	require.Empty(t, files.Path())
	require.ErrorIs(t, files.Sync(), fs.ErrClosed)
	_, err = vfs.Confined(root).Lstat("..")
	require.ErrorIs(t, err, fs.ErrClosed)
}
