package fileops_test

import (
	"context"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// A chooser is an operation on the files of a directory that has Exclude and
// reports the files that it leaves out.
type chooser struct {
	name string
	op   string // in the errors of excluded paths
	run  func(ctx context.Context, p place, dir string, o choice) (taken []string, left []fileops.SkippedFile, err error)
}

// A choice is the options that all choosers have.
type choice struct {
	types, exclude []string
	shallow        bool
	outputDir      string
	sel            *fileops.Selection
}

func (c choice) concatOptions() *fileops.ConcatOptions {
	return &fileops.ConcatOptions{FileTypes: c.types, Exclude: c.exclude, Shallow: c.shallow, OutputDir: c.outputDir, Select: c.sel}
}

func concatChooser(name string, concat func(place) func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error)) chooser {
	return chooser{name, "concat", func(ctx context.Context, p place, dir string, o choice) ([]string, []fileops.SkippedFile, error) {
		r, err := concat(p)(ctx, []string{dir}, o.concatOptions())
		if err != nil {
			return nil, nil, err
		}
		return r.Files, r.Skipped, nil
	}}
}

var choosers = []chooser{
	concatChooser("Concat", func(p place) func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error) {
		return p.Concat
	}),
	concatChooser("ConcatFiles", func(p place) func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error) {
		return p.ConcatFiles
	}),
	concatChooser("ConcatTo", func(p place) func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error) {
		return func(ctx context.Context, paths []string, o *fileops.ConcatOptions) (*fileops.ConcatResult, error) {
			o.OutputDir = ""
			return p.AsyncConcatTo(ctx, io.Discard, paths, o).Await(ctx)
		}
	}),
	{"Chunk", "chunk", func(ctx context.Context, p place, dir string, o choice) (taken []string, left []fileops.SkippedFile, err error) {
		chunks, err := p.Chunk(ctx, dir, &fileops.ChunkOptions{
			FileTypes: o.types, Exclude: o.exclude, Shallow: o.shallow, OutputDir: o.outputDir, Select: o.sel,
			OnSkip: func(s fileops.SkippedFile) { left = append(left, s) },
		})
		for _, c := range chunks {
			taken = append(taken, c.FilePath)
		}
		return taken, left, err
	}},
}

// everyChooser runs a test with each chooser in each place.
func everyChooser(t *testing.T, test func(t *testing.T, p place, c chooser)) {
	t.Helper()
	eachOf(t, choosers, test)
}

// eachOf runs a test with each of some choosers in each place.
func eachOf(t *testing.T, choosers []chooser, test func(t *testing.T, p place, c chooser)) {
	t.Helper()
	everywhere(t, func(t *testing.T, shared place) {
		for _, c := range choosers {
			t.Run(c.name, func(t *testing.T) {
				test(t, newPlace(t, shared.confined, shared.portable, fileops.PoolOptions{}), c)
			})
		}
	})
}

// byPath returns the reasons by path, and requires that no path comes twice.
func byPath(t *testing.T, left []fileops.SkippedFile) map[string]error {
	t.Helper()
	reasons := map[string]error{}
	for _, s := range left {
		require.Error(t, s.Err)
		require.ErrorContains(t, s.Err, s.Path)
		require.NotContains(t, reasons, s.Path)
		reasons[s.Path] = s.Err
	}
	return reasons
}

// TestExcludeLooksBelowTheDirectory reads a directory whose own path matches.
func TestExcludeLooksBelowTheDirectory(t *testing.T) {
	t.Parallel()
	const top = "build/my.log/project"
	names := []string{"a.txt", "build", "deep/build/out.txt", "deep/build.txt", "my.log", "sub/build/x/y.txt", "sub/rebuild/z.txt", "z.log/a.txt"}
	for _, c := range []struct {
		exclude []string
		want    []string
		left    []string
	}{
		{nil, names, nil},
		{[]string{"project"}, names, nil},
		{[]string{"build/my", "my.log/p"}, names, nil},
		{
			[]string{"build/"},
			[]string{"a.txt", "build", "deep/build.txt", "my.log", "z.log/a.txt"},
			[]string{"deep/build", "sub/build", "sub/rebuild"},
		},
		{
			[]string{"/build/"},
			[]string{"a.txt", "build", "deep/build.txt", "my.log", "sub/rebuild/z.txt", "z.log/a.txt"},
			[]string{"deep/build", "sub/build"},
		},
		{
			[]string{"/build"},
			[]string{"a.txt", "my.log", "sub/rebuild/z.txt", "z.log/a.txt"},
			[]string{"build", "deep/build", "deep/build.txt", "sub/build"},
		},
		{[]string{"/sub/"}, []string{"a.txt", "build", "deep/build.txt", "deep/build/out.txt", "my.log", "z.log/a.txt"}, []string{"sub"}},
		{
			[]string{"sub/build/x"},
			[]string{"a.txt", "build", "deep/build.txt", "deep/build/out.txt", "my.log", "sub/rebuild/z.txt", "z.log/a.txt"},
			[]string{"sub/build/x"},
		},
		{
			[]string{".log", "sub"},
			[]string{"a.txt", "build", "deep/build.txt", "deep/build/out.txt"},
			[]string{"my.log", "sub", "z.log"},
		},
		{[]string{"nothing", "y.txt/"}, names, nil},
	} {
		everyChooser(t, func(t *testing.T, p place, chooser chooser) {
			below := func(names []string) []string {
				var paths []string
				for _, name := range names {
					paths = append(paths, p.at(top+"/"+name))
				}
				slices.Sort(paths)
				return paths
			}
			for _, name := range names {
				p.write(t, top+"/"+name, "text")
			}
			taken, left, err := chooser.run(t.Context(), p, p.at(top), choice{exclude: c.exclude})
			require.NoError(t, err)
			require.Equal(t, below(c.want), taken, "%q", c.exclude)
			reasons := byPath(t, left)
			require.Len(t, reasons, len(c.left), "%q: %v", c.exclude, left)
			for _, path := range below(c.left) {
				requirePathError(t, reasons[path], fileops.ErrExcluded, chooser.op, path)
			}
			require.True(t, slices.IsSortedFunc(left, func(a, b fileops.SkippedFile) int { return strings.Compare(a.Path, b.Path) }))
		})
	}
}

// TestExcludeOfNamedFiles looks at the path of a named file as it is given, and
// at the files in a named directory by the path below it.
func TestExcludeOfNamedFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		a, b := p.write(t, "build/a.txt", "a"), p.write(t, "build/sub/b.txt", "b")
		for _, concat := range []func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error){p.Concat, p.ConcatFiles} {
			o := &fileops.ConcatOptions{Exclude: []string{"build" + string(filepath.Separator)}}
			r, err := concat(t.Context(), []string{a}, o)
			require.NoError(t, err)
			require.Empty(t, r.Files)
			requirePathError(t, byPath(t, r.Skipped)[a], fileops.ErrExcluded, "concat", a)

			r, err = concat(t.Context(), []string{p.at("build")}, o)
			require.NoError(t, err)
			require.Equal(t, []string{a, b}, r.Files)
			require.Empty(t, r.Skipped)

			// A directory that one path excludes and another names is not left out.
			o = &fileops.ConcatOptions{Exclude: []string{"/sub/"}}
			r, err = concat(t.Context(), []string{p.at("build"), p.at("build/sub")}, o)
			require.NoError(t, err)
			require.Equal(t, []string{a, b}, r.Files)
			require.Empty(t, r.Skipped)
		}
		// Concat takes a file once, if one of the paths takes it.
		r, err := p.Concat(t.Context(), []string{a, p.at("build")}, &fileops.ConcatOptions{Exclude: []string{"build/"}})
		require.NoError(t, err)
		require.Equal(t, []string{a, b}, r.Files)
		require.Empty(t, r.Skipped)
		// Chunk takes a file that is named.
		chunks, err := p.Chunk(t.Context(), a, &fileops.ChunkOptions{Exclude: []string{"build/", "a.txt"}})
		require.NoError(t, err)
		require.Len(t, chunks, 1)
	})
}

// TestExcludedDirectoriesAreNotListed excludes a directory that cannot be
// listed.
func TestExcludedDirectoriesAreNotListed(t *testing.T) {
	everyChooser(t, func(t *testing.T, p place, c chooser) {
		if !writeUnlistable(t, p) {
			require.True(t, p.portable && p.confined) // os.Root goes step by step
			return
		}
		dir := strings.Repeat("d", 250)
		for _, o := range []choice{{exclude: []string{"ddd"}}, {exclude: []string{"d/"}}, {exclude: []string{"/d"}}} {
			taken, left, err := c.run(t.Context(), p, p.at("."), o)
			require.NoError(t, err)
			require.Equal(t, p.ats("a", "z"), taken)
			require.Len(t, left, 1)
			requirePathError(t, byPath(t, left)[p.at(dir)], fileops.ErrExcluded, c.op, p.at(dir))
		}
		_, err := p.Chunk(t.Context(), p.at("."), &fileops.ChunkOptions{Exclude: []string{"/d"}})
		require.NoError(t, err)
	})
}

// plantNoFiles makes everything that a walk leaves out, and returns the reasons.
func plantNoFiles(t *testing.T, p place) map[string]error {
	t.Helper()
	p.write(t, "real/file.txt", "text")
	p.write(t, "picture.png", "text")
	p.symlink(t, "real/file.txt", "to file.txt")
	p.symlink(t, "real", "to dir")
	p.symlink(t, "to dir", "to link to dir.txt")
	p.symlink(t, "..", "real/up")
	p.symlink(t, ".", "real/self")
	p.symlink(t, "nothing", "real/dangling.txt")
	p.symlink(t, "nothing", "dangling")
	p.symlink(t, "nothing/below", "dangling too")
	p.symlink(t, "loop", "loop")
	p.symlink(t, "picture.png/below", "below a file")
	p.mkfifo(t, "fifo.txt")
	p.symlink(t, "fifo.txt", "to fifo.txt")
	p.symlink(t, "nothing", ".fileops-0123456789abcdef.tmp") // called as a temporary file, so it is not mentioned
	reasons := map[string]error{
		"to dir": fileops.ErrNotFollowed, "to link to dir.txt": fileops.ErrNotFollowed, "real/up": fileops.ErrNotFollowed, "real/self": fileops.ErrNotFollowed,
		"real/dangling.txt": fs.ErrNotExist, "dangling": fs.ErrNotExist, "dangling too": fs.ErrNotExist,
		"below a file": syscall.ENOTDIR,
		"fifo.txt":     fileops.ErrNotRegular, "to fifo.txt": fileops.ErrNotRegular, "s.txt": fileops.ErrNotRegular,
	}
	listener, err := net.Listen("unix", shortPath(t))
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	require.NoError(t, os.Rename(listener.Addr().String(), p.abs("s.txt")))
	if p.confined {
		p.symlink(t, "/dev/null", "outside.txt")
		p.symlink(t, "../..", "out")
		reasons["outside.txt"], reasons["out"] = fileops.ErrEscapes, fileops.ErrEscapes
	} else {
		p.symlink(t, os.DevNull, "device.txt")
		reasons["device.txt"] = fileops.ErrNotRegular
	}
	reasons["loop"] = nil // whose error differs
	return reasons
}

// requireReasons requires that everything that a walk leaves out is reported, in
// the order of paths.
func requireReasons(t *testing.T, p place, want map[string]error, left []fileops.SkippedFile) {
	t.Helper()
	got := byPath(t, left)
	require.Len(t, got, len(want), "%v", left)
	for name, reason := range want {
		if path := p.at(name); reason == nil {
			require.Error(t, got[path], name)
		} else {
			requirePathError(t, got[path], reason, "list", path)
		}
	}
	require.True(t, slices.IsSortedFunc(left, func(a, b fileops.SkippedFile) int { return strings.Compare(a.Path, b.Path) }))
}

func TestNoFilesAreReported(t *testing.T) {
	everyChooser(t, func(t *testing.T, p place, c chooser) {
		want := plantNoFiles(t, p)
		dir := p.at(".")
		for _, types := range [][]string{nil, {".txt", ".png"}} {
			taken, left, err := c.run(noHang(t), p, dir, choice{types: types})
			require.NoError(t, err)
			require.Equal(t, p.ats("picture.png", "real/file.txt", "to file.txt"), taken)
			requireReasons(t, p, want, left)
		}

		// FIFOs, sockets and devices have a type too. A link that leads nowhere
		// may stand for a directory.
		taken, left, err := c.run(noHang(t), p, dir, choice{types: []string{".png"}})
		require.NoError(t, err)
		require.Equal(t, p.ats("picture.png"), taken)
		others := map[string]error{}
		for name, reason := range want {
			if reason != fileops.ErrNotRegular {
				others[name] = reason
			}
		}
		requireReasons(t, p, others, left)

		// Exclude comes before all other reasons.
		taken, left, err = c.run(noHang(t), p, dir, choice{exclude: []string{"/to ", "/real/", "dangling", "fifo", "/below a file", "/loop/"}})
		require.NoError(t, err)
		require.Equal(t, p.ats("picture.png"), taken)
		reasons := byPath(t, left)
		for _, name := range []string{"below a file", "dangling", "dangling too", "fifo.txt", "loop", "real", "to dir", "to fifo.txt", "to file.txt"} {
			requirePathError(t, reasons[p.at(name)], fileops.ErrExcluded, c.op, p.at(name))
		}

		// Shallow leaves out directories, by whatever name.
		_, left, err = c.run(noHang(t), p, dir, choice{shallow: true})
		require.NoError(t, err)
		for name, reason := range want {
			if reason == fileops.ErrNotFollowed || strings.HasPrefix(name, "real/") {
				delete(want, name)
			}
		}
		requireReasons(t, p, want, left)
	})
}

// TestNoFilesAreNoFailures reads a directory with things that are no files. None
// of them fails an operation.
func TestNoFilesAreNoFailures(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		want := plantNoFiles(t, p)
		ctx, dir := noHang(t), p.at(".")
		files := p.ats("picture.png", "real/file.txt", "to file.txt")
		chunks, err := p.Chunk(ctx, dir, &fileops.ChunkOptions{Exclude: []string{"nothing"}})
		require.NoError(t, err)
		require.Len(t, chunks, len(files))
		listed, err := p.ListFiles(ctx, dir, "")
		require.NoError(t, err)
		require.Equal(t, files, listed)
		size, err := p.FileSize(ctx, dir)
		require.NoError(t, err)
		require.EqualValues(t, 12, size)

		for _, ignore := range []bool{false, true} {
			var left []fileops.SkippedFile
			var inside atomic.Int32
			o := &fileops.DirOptions{IgnoreErrors: ignore, OnSkip: func(s fileops.SkippedFile) {
				require.EqualValues(t, 1, inside.Add(1))
				left = append(left, s)
				inside.Add(-1)
			}}
			listed, err = p.DirToFiles(ctx, dir, o)
			require.NoError(t, err)
			require.Equal(t, files, listed)
			requireReasons(t, p, want, left)
			left = nil
			listed, err = p.AsyncDirToFiles(ctx, dir, o).Await(ctx)
			require.NoError(t, err)
			require.Equal(t, files, listed)
			requireReasons(t, p, want, left)
		}
		listed, err = p.DirToFiles(ctx, dir, nil)
		require.NoError(t, err)
		require.Equal(t, files, listed)

		// A link that is named is entered, and then it is not left out.
		r, err := p.Concat(ctx, []string{dir, p.at("to dir")}, nil)
		require.NoError(t, err)
		require.Contains(t, r.Files, p.at("to dir/file.txt"))
		require.NotContains(t, byPath(t, r.Skipped), p.at("to dir"))
	})
}

func TestDirToFilesReportsWhatIgnoreErrorsLeavesOut(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		if !writeUnlistable(t, p) {
			require.True(t, p.portable && p.confined) // os.Root goes step by step
			return
		}
		p.symlink(t, ".", "b link")
		p.symlink(t, ".", "z link")
		var left []fileops.SkippedFile
		files, err := p.DirToFiles(t.Context(), p.at("."), &fileops.DirOptions{
			IgnoreErrors: true, OnSkip: func(s fileops.SkippedFile) { left = append(left, s) },
		})
		require.NoError(t, err)
		require.Equal(t, p.ats("a", "z"), files)
		require.Len(t, left, 3)
		require.Equal(t, p.at("b link"), left[0].Path)
		require.True(t, strings.HasPrefix(left[1].Path, p.at(strings.Repeat("d", 250))))
		require.ErrorContains(t, left[1].Err, "too long")
		require.Equal(t, p.at("z link"), left[2].Path)

		left = nil
		_, err = p.DirToFiles(t.Context(), p.at("."), &fileops.DirOptions{OnSkip: func(s fileops.SkippedFile) { left = append(left, s) }})
		require.ErrorContains(t, err, "too long")
		require.Len(t, left, 1, "what comes before the failure")
		require.Equal(t, p.at("b link"), left[0].Path)
	})
}

func TestOnSkipOfDirToFilesMayFail(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, name := range []string{"a", "b", "c"} {
			p.symlink(t, ".", name)
		}
		calls := 0
		_, err := p.DirToFiles(t.Context(), p.at("."), &fileops.DirOptions{OnSkip: func(fileops.SkippedFile) { calls++; panic("no skipping") }})
		var panicErr *fileops.PanicError
		require.ErrorAs(t, err, &panicErr)
		require.Equal(t, "no skipping", panicErr.Value)
		require.Contains(t, string(panicErr.Stack), "TestOnSkipOfDirToFilesMayFail")
		require.Equal(t, 1, calls)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls = 0
		_, err = p.DirToFiles(ctx, p.at("."), &fileops.DirOptions{OnSkip: func(fileops.SkippedFile) { calls++; cancel() }})
		requirePathError(t, err, context.Canceled, "list", p.at("."))
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, 1, calls)
	})
}

// TestChoicesThatChooseNothing gives options that can match nothing, or
// everything.
func TestChoicesThatChooseNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "dir/a.txt", "text")
		ctx, dir := t.Context(), p.at("dir")
		before := p.tree(t)
		withTypes := func(types ...string) (errs []error) {
			_, err := p.DirToFiles(ctx, dir, &fileops.DirOptions{FileTypes: types})
			errs = append(errs, err)
			for _, c := range choosers {
				_, _, err := c.run(ctx, p, dir, choice{types: types})
				errs = append(errs, err)
			}
			o := &fileops.ChunkOptions{FileTypes: types}
			_, err = p.FileToChunks(ctx, p.at("dir/a.txt"), o)
			errs = append(errs, err)
			_, err = fileops.ChunkText("text", o)
			return append(errs, err)
		}
		for _, bad := range []string{"*", "*.txt", ".*", ".t?t", ".[ch]", ".tar.gz", "tar.gz", "..", ".", ".txt.", "dir/.txt", "/", `dir\.txt`, ".t\x00"} {
			for _, err := range withTypes(".txt", bad) {
				requireOptionError(t, err, "FileTypes")
				require.ErrorContains(t, err, "suffix")
			}
		}
		for _, good := range []string{"", ".txt", "txt", ".TXT", ".日本", ".t t", "gz", ".-", ".{}"} {
			for _, err := range withTypes(good) {
				require.NoError(t, err, good)
			}
		}

		for _, bad := range []string{"*", "*.txt", "dir/", "/", "t?t", "[ch]", `\`, "\x00"} {
			_, err := p.ListFiles(ctx, dir, bad)
			requireOptionError(t, err, "extension")
			_, err = p.AsyncListFiles(ctx, dir, bad).Await(ctx)
			requireOptionError(t, err, "extension")
		}

		withExclude := func(exclude ...string) (errs []error) {
			for _, c := range choosers {
				_, _, err := c.run(ctx, p, dir, choice{exclude: exclude})
				errs = append(errs, err)
			}
			o := &fileops.ChunkOptions{Exclude: exclude}
			_, err := p.FileToChunks(ctx, p.at("dir/a.txt"), o)
			errs = append(errs, err)
			_, err = fileops.ChunkText("text", o)
			return append(errs, err)
		}
		for _, bad := range []string{"", "*.log", "a\x00"} {
			for _, err := range withExclude("good", bad) {
				requireOptionError(t, err, "Exclude")
			}
		}
		for _, good := range []string{"[slug]", "a?b", "..", " ", "/"} {
			for _, err := range withExclude(good) {
				require.NoError(t, err, good)
			}
		}
		require.Equal(t, before, p.tree(t))
	})
}

// TestEmptyPaths gives an empty path for each argument that takes one.
func TestEmptyPaths(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		file := p.write(t, "file.txt", "text")
		before := p.tree(t)
		reader := &fileops.ChunkOptions{Reader: func(context.Context, string) (string, error) { return "text", nil }}
		for name, call := range map[string]func() error{
			"ReadFile":       func() error { _, err := p.ReadFile(ctx, ""); return err },
			"AsyncReadFile":  func() error { _, err := p.AsyncReadFile(ctx, "").Await(ctx); return err },
			"ReadBytes":      func() error { _, err := p.ReadBytes(ctx, ""); return err },
			"AsyncReadBytes": func() error { _, err := p.AsyncReadBytes(ctx, "").Await(ctx); return err },
			"ReadFiles": func() (err error) {
				for r := range p.ReadFiles(ctx, []string{file, ""}) {
					err = r.Err
				}
				return err
			},
			"FileSize":                 func() error { _, err := p.FileSize(ctx, ""); return err },
			"ListFiles":                func() error { _, err := p.ListFiles(ctx, "", ""); return err },
			"DirToFiles":               func() error { _, err := p.DirToFiles(ctx, "", nil); return err },
			"DirToFiles, IgnoreErrors": func() error { _, err := p.DirToFiles(ctx, "", &fileops.DirOptions{IgnoreErrors: true}); return err },
			"CopyFile from":            func() error { return p.CopyFile(ctx, "", p.at("copy")) },
			"CopyFile to":              func() error { return p.CopyFile(ctx, file, "") },
			"AsyncCopyFile to":         func() error { _, err := p.AsyncCopyFile(ctx, file, "").Await(ctx); return err },
			"CopyFile of nothing":      func() error { return p.CopyFile(ctx, "", "") },
			"Concat":                   func() error { _, err := p.Concat(ctx, []string{file, ""}, nil); return err },
			"ConcatFiles":              func() error { _, err := p.ConcatFiles(ctx, []string{""}, nil); return err },
			"ConcatTo":                 func() error { _, err := p.ConcatTo(ctx, io.Discard, []string{"", file}, nil); return err },
			"FileToChunks":             func() error { _, err := p.FileToChunks(ctx, "", nil); return err },
			"FileToChunks, Reader":     func() error { _, err := p.FileToChunks(ctx, "", reader); return err },
			"Chunk":                    func() error { _, err := p.Chunk(ctx, "", nil); return err },
			"Chunk, Reader":            func() error { _, err := p.Chunk(ctx, "", reader); return err },
			"Chunk, OnSkip": func() error {
				_, err := p.Chunk(ctx, "", &fileops.ChunkOptions{OnSkip: func(fileops.SkippedFile) {}})
				return err
			},
		} {
			err := call()
			var pathErr *fs.PathError
			require.ErrorAs(t, err, &pathErr, name)
			require.ErrorIs(t, err, syscall.ENOENT, name)
			require.Empty(t, pathErr.Path, name)
			require.Equal(t, before, p.tree(t), name)
		}
		_, err := p.SaveToFile(ctx, "text", p.at("."), "", nil)
		requireOptionError(t, err, "name")
	})
}

// TestEmptyDirMeansTheCurrentOne is the exception: the directory that files are
// saved to.
func TestEmptyDirMeansTheCurrentOne(t *testing.T) {
	p := newSystemPlace(t, fileops.PoolOptions{})
	t.Chdir(p.dir)
	path, err := p.SaveToFile(t.Context(), "text", "", "file.txt", nil)
	require.NoError(t, err)
	require.Equal(t, "file.txt", path)
	paths, err := p.SaveChunks(t.Context(), make([]fileops.TextChunk, 1), "", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"chunk_1.json"}, paths)
	require.Equal(t, []string{"chunk_1.json", "file.txt"}, p.tree(t))
}

// spellings returns paths that lead to a directory of a place.
func (p place) spellings(t *testing.T, name string) []string {
	t.Helper()
	link := p.symlink(t, filepath.Base(name), name+" link")
	dir := p.at(name)
	return []string{dir, dir + string(filepath.Separator), filepath.Dir(dir) + "/./" + filepath.Base(dir), link}
}

// TestOutputsOfEarlierRunsAreNoInputs saves into the directory that is read,
// again and again.
func TestOutputsOfEarlierRunsAreNoInputs(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		inputs := []string{
			"in/a.txt", "in/out/concatenated_text.txt", "in/out/my concatenated_text_20250101120000-abcdef.txt", "in/out/concatenated_text_20250101120000-ABCDEF.txt",
			"in/out/concatenated_text_20251301120000-abcdef.txt", "in/other/concatenated_text_20250101120000-abcdef.txt", "in/concatenated_text_20250101120000-abcdef.txt",
		}
		for _, name := range inputs {
			p.write(t, name, "text")
		}
		slices.Sort(inputs)
		dirs := p.spellings(t, "in/out")
		for round, dir := range dirs {
			for _, concat := range []func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error){p.Concat, p.ConcatFiles} {
				r, err := concat(ctx, []string{p.at("in")}, &fileops.ConcatOptions{OutputDir: dir})
				require.NoError(t, err)
				require.Equal(t, p.ats(inputs...), r.Files, "round %d", round)
			}
			// Whatever name this run has, the earlier ones are known.
			r, err := p.Concat(ctx, []string{p.at("in")}, &fileops.ConcatOptions{OutputDir: dir, OutputFile: "mine.txt"})
			require.NoError(t, err)
			require.Equal(t, p.ats(inputs...), r.Files)
			require.NoError(t, os.Remove(p.abs("in/out/mine.txt")))

			reasons := byPath(t, r.Skipped)
			require.Len(t, reasons, 1+2*(round+1)) // and the link
			delete(reasons, p.at("in/out link"))
			for path, err := range reasons {
				requirePathError(t, err, fileops.ErrExcluded, "concat", path)
				require.Regexp(t, `concatenated_text_\d{14}-[0-9a-f]{6}\.txt$`, path)
			}
			// An output that is named is read.
			named := slices.Sorted(maps.Keys(reasons))
			r, err = p.Concat(ctx, named, &fileops.ConcatOptions{OutputDir: dir, OutputFile: "mine.txt"})
			require.NoError(t, err)
			require.Equal(t, named, r.Files)
			require.NoError(t, os.Remove(p.abs("in/out/mine.txt")))
			// Without OutputDir, there are no outputs.
			r, err = p.Concat(ctx, []string{p.at("in")}, nil)
			require.NoError(t, err)
			require.Len(t, r.Files, len(inputs)+2*(round+1))
		}
	})
}

func TestChunksOfEarlierRunsAreNoInputs(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, shared place) {
		for _, c := range []struct {
			save   *fileops.SaveOptions
			inputs []string // that do not have the names of chunks
		}{
			{nil, []string{"in/out/chunk_1.json", "in/out/chunk_0_20250101120000-abcd.json", "in/out/chunk_1_20250101120000-abcde.json", "in/out/chunk_1_20250101120000.json"}},
			{&fileops.SaveOptions{Overwrite: true}, []string{"in/out/chunk_01.json", "in/out/chunk_1", "in/out/chunk_1.jsonl", "in/out/chunk_a.json", "in/out/chunks_1.json", "in/out/chunk_.json"}},
			{&fileops.SaveOptions{Overwrite: true, Extension: ".md", TimePrefix: true}, []string{"in/out/chunk_1.json", "in/out/20250101120000_chunk_1.md"}},
			{&fileops.SaveOptions{Overwrite: true, Timestamp: true, TimePrefix: true, TimestampFormat: "2006-01-02_15.04", RandomHashDigits: 1}, []string{"in/out/chunk_1_2025-01-01_12.00-f.json", "in/out/2025-01-01_chunk_1-f.json"}},
			{&fileops.SaveOptions{RandomHashDigits: 32}, []string{"in/out/chunk_1.json", "in/out/chunk_1-abcd.json"}},
		} {
			p := newPlace(t, shared.confined, shared.portable, fileops.PoolOptions{})
			inputs := append([]string{"in/a.txt", "in/sub/chunk_1.json", "in/sub/chunk_1.md", "in/chunk_1.json"}, c.inputs...)
			for _, name := range inputs {
				p.write(t, name, "text")
			}
			slices.Sort(inputs)
			earlier := []string{}
			for round, dir := range p.spellings(t, "in/out") {
				skipped := []string{}
				chunks, err := p.Chunk(t.Context(), p.at("in"), &fileops.ChunkOptions{
					OutputDir: dir, Save: c.save,
					OnSkip: func(s fileops.SkippedFile) {
						if s.Path == p.at("in/out link") {
							require.ErrorIs(t, s.Err, fileops.ErrNotFollowed)
							return
						}
						requirePathError(t, s.Err, fileops.ErrExcluded, "chunk", s.Path)
						skipped = append(skipped, s.Path)
					},
				})
				require.NoError(t, err)
				files := []string{}
				for _, chunk := range chunks {
					files = append(files, chunk.FilePath)
				}
				require.Equal(t, p.ats(inputs...), files, "round %d, %+v", round, c.save)
				require.Equal(t, earlier, skipped)

				earlier = []string{}
				for _, name := range p.tree(t) {
					if strings.HasPrefix(name, "in/out/") && !slices.Contains(inputs, name) {
						earlier = append(earlier, p.at(name))
					}
				}
				require.NotEmpty(t, earlier)
			}
			// Without OnSkip they are left out all the same.
			chunks, err := p.Chunk(t.Context(), p.at("in"), &fileops.ChunkOptions{OutputDir: p.at("in/out"), Save: c.save})
			require.NoError(t, err)
			require.Len(t, chunks, len(inputs))
		}
	})
}

// TestProgressCountsExcludedOnce counts an excluded directory like the file that
// takes its place in the list, and nothing that is no file.
func TestProgressCountsExcludedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, name := range []string{"a", "skip/b", "skip/c", "skip.txt"} {
			p.write(t, name, "text")
		}
		p.symlink(t, ".", "link")
		report, last := progressLog(t)
		_, err := p.Chunk(t.Context(), p.at("."), &fileops.ChunkOptions{Exclude: []string{"skip"}, Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: 3, Total: 3, Bytes: 4}, last())
	})
}
