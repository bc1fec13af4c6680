package fileops_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// oddNames are names with unusual characters, in an order that is not sorted.
var oddNames = []string{
	"a", "a!", "a-b", "a b", "a.b", "a0", "aa", "a.txt", "a+.txt", "A", "é", "e\u0301", "日本", "👍.txt", ".hidden", "..txt", "...", " ",
	"-rf", "new\nline", "tab\t.txt", "quote\"'`.txt", "back\\slash.txt", "\x01\x7f", "\xff\xfe.txt", "%2e%2e", "*?[", "~", "$HOME",
	strings.Repeat("n", 251) + ".txt", "z",
}

// writeOddTree makes files and directories with oddNames. It returns the names
// of all files, in the order of whole paths.
func writeOddTree(t *testing.T, p place) (names []string) {
	t.Helper()
	for i, name := range oddNames {
		if err := os.WriteFile(p.abs("probe "+name[:min(len(name), 200)]), nil, 0o666); err != nil {
			continue // the system does not allow this name
		}
		require.NoError(t, os.Remove(p.abs("probe "+name[:min(len(name), 200)])))
		switch i % 3 {
		case 0:
			names = append(names, name)
		case 1: // a directory with more of them
			for _, below := range oddNames[:12] {
				names = append(names, name+"/"+below)
			}
		case 2:
			names = append(names, name+"/deep/er/file.txt", name+"/deep.txt", name+"/.env")
		}
	}
	for _, name := range names {
		p.write(t, name, "x")
	}
	p.mkdir(t, "empty/as well")
	slices.Sort(names)
	return names
}

// TestListFilesIsSortedByWholePath compares the order of all operations on a
// directory with that of sorted strings.
func TestListFilesIsSortedByWholePath(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		names := writeOddTree(t, p)
		want := p.ats(names...)
		require.True(t, slices.IsSorted(want))

		got, err := p.ListFiles(t.Context(), p.at("."), "")
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = p.DirToFiles(t.Context(), p.at("."), nil)
		require.NoError(t, err)
		require.Equal(t, want, got)

		result, err := p.Concat(t.Context(), []string{p.at(".")}, nil)
		require.NoError(t, err)
		require.Equal(t, want, result.Files)
		var files []string
		chunks, err := p.Chunk(t.Context(), p.at("."), nil)
		require.NoError(t, err)
		for _, c := range chunks {
			files = append(files, c.FilePath)
		}
		require.Equal(t, want, files)
		size, err := p.FileSize(t.Context(), p.at("."))
		require.NoError(t, err)
		require.EqualValues(t, len(want), size)
	})
}

// TestListFilesKeepsTheSpellingOfItsDirectory lists directories by paths that
// are not clean. Each result begins with the path as it was given, and can be
// read.
func TestListFilesKeepsTheSpellingOfItsDirectory(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "dir/sub/file", "")
		p.symlink(t, "dir", "link")
		for _, dir := range []string{"dir", "link", "dir/", "./dir", "dir/../dir", "link//", "dir/sub"} {
			if !p.confined {
				dir = p.dir + "/" + dir
			}
			got, err := p.ListFiles(t.Context(), dir, "")
			require.NoError(t, err)
			require.Len(t, got, 1)
			rest, ok := strings.CutPrefix(got[0], dir)
			require.True(t, ok, got[0])
			require.Contains(t, []string{"/sub/file", "sub/file", "/file"}, rest)
			text, err := p.ReadFile(t.Context(), got[0])
			require.NoError(t, err)
			require.Empty(t, text)
		}
	})
}

// TestListFilesOfTheCurrentDirectory lists "" and ".". The results have no
// directory in front.
func TestListFilesOfTheCurrentDirectory(t *testing.T) {
	t.Parallel()
	want, err := filepath.Glob("*.go")
	require.NoError(t, err)
	got, err := fileops.DirToFiles(t.Context(), ".", &fileops.DirOptions{FileTypes: []string{"go"}, Shallow: true})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestListFilesMatchesExtensions lists names by the part after one of their
// dots.
func TestListFilesMatchesExtensions(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, name := range []string{"a.go", "b.GO", "c.go.txt", "d.tar.gz", "e.gz", "f", "go", ".go", "xgo", "g.", "h.tar.gz/i.go", "tar.gz"} {
			p.write(t, name, "")
		}
		for extension, want := range map[string][]string{
			"go":      {".go", "a.go", "h.tar.gz/i.go"},
			".go":     {".go", "a.go", "h.tar.gz/i.go"},
			"GO":      {"b.GO"},
			"o":       nil,
			"gz":      {"d.tar.gz", "e.gz", "tar.gz"},
			"tar.gz":  {"d.tar.gz"},
			".tar.gz": {"d.tar.gz"},
			"..gz":    nil,
			".":       {"g."},
		} {
			got, err := p.ListFiles(t.Context(), p.at("."), extension)
			require.NoError(t, err)
			require.Equal(t, p.ats(want...), got, extension)
		}
	})
}

// TestListFilesFollowsLinksToFilesOnly lists a tree with links to files,
// directories, special files, and nothing.
func TestListFilesFollowsLinksToFilesOnly(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "real/file", "")
		p.symlink(t, "real/file", "to file")
		p.symlink(t, "to file", "to link")
		p.symlink(t, "real", "to dir")
		p.symlink(t, "nothing", "to nothing")
		p.symlink(t, "itself", "itself")
		p.symlink(t, "..", "real/up")
		p.symlink(t, ".", "real/loop")
		p.mkfifo(t, "fifo")
		p.symlink(t, "fifo", "to fifo")
		got, err := p.ListFiles(noHang(t), p.at("."), "")
		require.NoError(t, err)
		require.Equal(t, p.ats("real/file", "to file", "to link"), got)
	})
}

// TestNonDirectoriesAreRefused uses a FIFO and a file as directories. No call
// hangs, and none changes anything.
func TestNonDirectoriesAreRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		ctx := noHang(t)
		text := p.write(t, "file", "text")
		for _, path := range []string{p.mkfifo(t, "fifo"), text} {
			for op, call := range map[string]func() error{
				"list":        func() error { _, err := p.ListFiles(ctx, path, ""); return err },
				"dir":         func() error { _, err := p.DirToFiles(ctx, path, nil); return err },
				"save":        func() error { _, err := p.SaveToFile(ctx, "text", path, "name", nil); return err },
				"save chunks": func() error { _, err := p.SaveChunks(ctx, make([]fileops.TextChunk, 1), path, nil); return err },
				"copy":        func() error { return p.CopyFile(ctx, text, path+"/name") },
			} {
				err := call()
				var pathErr *fs.PathError
				require.ErrorAs(t, err, &pathErr, op)
				require.NotErrorIs(t, err, ctx.Err(), op)
				require.NoError(t, ctx.Err(), "%s of %s hangs", op, path)
			}
		}
		require.Equal(t, []string{"fifo", "file"}, p.tree(t))
	})
}

// TestTemporaryFilesAreNeverListed lists temporary files, which a killed
// process leaves, and files with similar names. Only the others appear.
func TestTemporaryFilesAreNeverListed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		temp := ".fileops-0123456789abcdef.tmp"
		names := []string{
			".fileops-0123456789abcde.tmp", ".fileops-0123456789abcdef0.tmp", ".fileops-0123456789ABCDEF.tmp", ".fileops-.tmp",
			".fileops-0123456789abcdeg.tmp", ".fileops-0123456789abcdef.txt", "x.fileops-0123456789abcdef.tmp", "dir" + temp + "/file",
		}
		for _, name := range append(names, temp, "sub/"+temp) {
			p.write(t, name, "x")
		}
		slices.Sort(names)
		want := p.ats(names...)
		ctx, dir := t.Context(), p.at(".")
		got, err := p.ListFiles(ctx, dir, "")
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = p.DirToFiles(ctx, dir, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		result, err := p.Concat(ctx, []string{dir}, nil)
		require.NoError(t, err)
		require.Equal(t, want, result.Files)
		require.Empty(t, result.Skipped)
		size, err := p.FileSize(ctx, dir)
		require.NoError(t, err)
		require.EqualValues(t, len(want), size)
	})
}

// TestListFilesGoesDeep lists a file below very many directories.
func TestListFilesGoesDeep(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		deep := strings.Repeat("d/", unlessShort(1000, 100))
		p.write(t, deep+"file", "deep text")
		p.write(t, "d/e", "other text.")
		got, err := p.ListFiles(t.Context(), p.at("."), "")
		require.NoError(t, err)
		require.Equal(t, p.ats(deep+"file", "d/e"), got)
		size, err := p.FileSize(t.Context(), p.at("."))
		require.NoError(t, err)
		require.EqualValues(t, 20, size)
	})
}

// writeUnlistable makes two files and a directory that cannot be listed, not
// even by root, because the paths below it are longer than the system allows.
// It returns false if this pool can list it nevertheless.
func writeUnlistable(t *testing.T, p place) bool {
	t.Helper()
	p.write(t, "a", "first")
	p.write(t, "z", "last")
	root, err := os.OpenRoot(p.dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, root.MkdirAll(strings.Repeat(strings.Repeat("d", 250)+"/", 20), 0o777))
	got, err := p.ListFiles(t.Context(), p.at("."), "")
	if err != nil {
		return true
	}
	require.Equal(t, p.ats("a", "z"), got)
	return false
}

// TestDirectoriesThatCannotBeListed are an error, or a skipped path where the
// operation can skip one.
func TestDirectoriesThatCannotBeListed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		if !writeUnlistable(t, p) {
			require.True(t, p.portable && p.confined) // os.Root opens one directory after the other
			return
		}
		ctx, dir := noHang(t), p.at(".")
		requireUnlisted := func(err error) {
			t.Helper()
			var pathErr *fs.PathError
			require.ErrorAs(t, err, &pathErr)
			require.Equal(t, "list", pathErr.Op)
			require.True(t, strings.HasPrefix(pathErr.Path, p.at(strings.Repeat("d", 250))))
			require.ErrorContains(t, pathErr.Err, "too long")
		}
		_, err := p.ListFiles(ctx, dir, "")
		requireUnlisted(err)
		_, err = p.DirToFiles(ctx, dir, nil)
		requireUnlisted(err)
		_, err = p.FileSize(ctx, dir)
		requireUnlisted(err)
		_, err = p.Chunk(ctx, dir, nil)
		requireUnlisted(err)

		got, err := p.DirToFiles(ctx, dir, &fileops.DirOptions{IgnoreErrors: true})
		require.NoError(t, err)
		require.Equal(t, p.ats("a", "z"), got)
		result, err := p.Concat(ctx, []string{dir}, nil)
		require.NoError(t, err)
		require.Equal(t, p.ats("a", "z"), result.Files)
		require.Len(t, result.Skipped, 1)
		requireUnlisted(result.Skipped[0].Err)
		var skipped []fileops.SkippedFile
		chunks, err := p.Chunk(ctx, dir, &fileops.ChunkOptions{OnSkip: func(s fileops.SkippedFile) { skipped = append(skipped, s) }})
		require.NoError(t, err)
		require.Len(t, chunks, 2)
		require.Equal(t, result.Skipped, skipped)

		// IgnoreErrors does not apply to the directory that the caller names.
		_, err = p.DirToFiles(ctx, p.at("missing"), &fileops.DirOptions{IgnoreErrors: true})
		requirePathError(t, err, fs.ErrNotExist, "list", p.at("missing"))
	})
}

// TestListFilesWhileTheTreeChanges lists a tree while another goroutine makes
// and removes directories in it. This is no error.
func TestListFilesWhileTheTreeChanges(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	for _, name := range []string{"a", "b/c", "z/z"} {
		p.write(t, name, "")
	}
	stop := make(chan struct{})
	stopped := make(chan error)
	go func() {
		var errs []error
		for {
			select {
			case <-stop:
				stopped <- errors.Join(errs...)
				return
			default:
			}
			errs = append(errs, os.MkdirAll(p.abs("b/x/y/z"), 0o777), os.WriteFile(p.abs("b/x/y/file"), nil, 0o666), os.RemoveAll(p.abs("b/x")))
			runtime.Gosched() // wasip1 has one thread
		}
	}()
	for range unlessShort(200, 50) {
		got, err := p.ListFiles(t.Context(), p.dir, "")
		require.NoError(t, err)
		got = slices.DeleteFunc(got, func(path string) bool { return path == p.at("b/x/y/file") })
		require.Equal(t, p.ats("a", "b/c", "z/z"), got)
		_, err = p.FileSize(t.Context(), p.dir)
		require.NoError(t, err)
	}
	close(stop)
	require.NoError(t, <-stopped)
}
