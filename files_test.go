package fileops_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// allFiles returns the paths of a loop.
func allFiles(t *testing.T, p place, o *fileops.DirOptions) (paths []string) {
	t.Helper()
	for f, err := range p.Files(t.Context(), p.at("."), o) {
		require.NoError(t, err)
		paths = append(paths, f.Path)
	}
	return paths
}

// TestFilesAreThoseOfDirToFiles compares the loop with the list, which compares
// itself with package filepath, on a tree with names that are easy to sort wrongly.
func TestFilesAreThoseOfDirToFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, dir := range []string{"a", "a.b", "a b", "b/c/d", "b/c.d", "b-c", "é"} {
			for _, name := range []string{"x.txt", "x", "z.md"} {
				p.write(t, dir+"/"+name, dir)
			}
		}
		p.write(t, "a.txt", "")
		p.mkdir(t, "empty/and/empty")
		for _, o := range []*fileops.DirOptions{nil, {FileTypes: []string{".txt"}}, {Shallow: true}, {Stat: true}} {
			want, err := p.DirToFiles(t.Context(), p.at("."), o)
			require.NoError(t, err)
			require.True(t, slices.IsSorted(want))
			require.Equal(t, want, allFiles(t, p, o))
		}
		for f, err := range p.Files(t.Context(), p.at("."), &fileops.DirOptions{Stat: true}) {
			require.NoError(t, err)
			st, err := os.Stat(f.Path)
			if p.confined {
				st, err = os.Stat(p.abs(f.Path))
			}
			require.NoError(t, err)
			require.Equal(t, st.Size(), f.Size)
			require.Equal(t, st.Mode(), f.Mode)
			require.True(t, st.ModTime().Equal(f.Modified))
		}
	})
}

// TestFilesOfManyDirectories walks over more directories than are listed ahead, and
// over a chain of them.
func TestFilesOfManyDirectories(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for i := range 300 {
			p.write(t, fmt.Sprintf("wide/%03d/file", i), "")
		}
		p.write(t, "deep/"+strings.Repeat("d/", 100)+"file", "")
		want, err := p.DirToFiles(t.Context(), p.at("."), nil)
		require.NoError(t, err)
		require.Len(t, want, 301)
		for range 3 {
			require.Equal(t, want, allFiles(t, p, nil))
		}
	})
}

// TestErrorsOfFiles yields the error of a directory in its place, and one that ends
// the loop last.
func TestErrorsOfFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		if !writeUnlistable(t, p) {
			return
		}
		var log []string
		for f, err := range p.Files(t.Context(), p.at("."), nil) {
			log = append(log, fmt.Sprint(f.Path[len(f.Path)-1:], " ", err != nil))
		}
		require.Equal(t, []string{"a false", "d true", "z false"}, log)
		skipped := 0
		o := &fileops.DirOptions{IgnoreErrors: true, OnSkip: func(fileops.SkippedFile) { skipped++ }}
		require.Equal(t, p.ats("a", "z"), allFiles(t, p, o))
		require.Equal(t, 1, skipped)
		for path, want := range map[string]error{"": fs.ErrNotExist, p.at("missing"): fs.ErrNotExist, p.at("a"): nil} {
			yields := 0
			for f, err := range p.Files(t.Context(), path, nil) {
				yields++
				require.Error(t, err)
				require.Equal(t, fileops.File{Path: path}, f)
				if want != nil {
					require.ErrorIs(t, err, want)
				}
			}
			require.Equal(t, 1, yields)
		}
		for _, err := range p.Files(cancelled(), p.at("."), nil) {
			require.ErrorIs(t, err, context.Canceled)
		}
	})
}

// TestBreakingOutOfFiles breaks out at every file.
func TestBreakingOutOfFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for i := range 40 {
			p.write(t, fmt.Sprintf("%02d/file", i), "")
		}
		for at := range 40 {
			i := 0
			for f, err := range p.Files(t.Context(), p.at("."), nil) {
				require.NoError(t, err)
				require.Equal(t, p.at(fmt.Sprintf("%02d/file", i)), f.Path)
				if i++; i > at {
					break
				}
			}
		}
		require.NoError(t, p.Close(t.Context()))
		require.Zero(t, p.Stats().Running)
	})
}

// TestScanFiles reads files of all sizes, some of which fail, from a sequence.
func TestScanFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		var want []fileops.FileBytes
		add := func(path string, data []byte) {
			want = append(want, fileops.FileBytes{Index: len(want), Path: path, Data: data})
		}
		for i, text := range texts() {
			add(p.write(t, fmt.Sprintf("%d.txt", i), text), []byte(text))
			if i%4 == 0 {
				add(p.at(fmt.Sprintf("missing %d", i)), nil)
			}
		}
		add(p.write(t, "no text", "\xff\x00"), []byte("\xff\x00"))
		paths := func(yield func(string) bool) {
			for _, w := range want {
				if !yield(w.Path) {
					return
				}
			}
		}
		for range 3 {
			i := 0
			for f := range p.ScanFiles(t.Context(), paths) {
				require.Equal(t, want[i].Index, f.Index)
				require.Equal(t, want[i].Path, f.Path)
				require.Equal(t, strings.Contains(f.Path, "missing"), f.Err != nil)
				require.True(t, bytes.Equal(want[i].Data, f.Data), f.Path)
				i++
			}
			require.Equal(t, len(want), i)
		}
		for at := range len(want) {
			i := 0
			for range p.ScanFiles(t.Context(), paths) {
				if i++; i > at {
					break
				}
			}
		}
		last := fileops.FileBytes{}
		for f := range p.ScanFiles(cancelled(), paths) {
			last = f
		}
		require.ErrorIs(t, last.Err, context.Canceled)
		for range p.ScanFiles(t.Context(), func(func(string) bool) {}) {
			require.Fail(t, "there is no file")
		}
		require.PanicsWithValue(t, "of the sequence", func() {
			for range p.ScanFiles(t.Context(), func(func(string) bool) { panic("of the sequence") }) {
			}
		})
		require.NoError(t, p.Close(t.Context()))
		require.Zero(t, p.Stats().Running)
	})
}

// TestScanFilesAllocatesNothingForAFile counts allocations over many small files.
func TestScanFilesAllocatesNothingForAFile(t *testing.T) {
	p := newSystemPlace(t, fileops.PoolOptions{})
	paths := p.manyFiles(t, 1000, 1000)
	scan := func() {
		for f := range p.ScanFiles(t.Context(), slices.Values(paths)) {
			require.NoError(t, f.Err)
		}
	}
	scan()
	perFile := testing.AllocsPerRun(5, scan) / float64(len(paths))
	require.Less(t, perFile, 1.0)
}
