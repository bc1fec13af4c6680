//go:build linux || darwin || freebsd || netbsd

package fileops

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestDirectoriesTooDeep goes down so far that paths are longer than the
// system takes them.
func TestDirectoriesTooDeep(t *testing.T) {
	t.Parallel()
	for _, seam := range seams {
		for _, shape := range someOf([]struct{ depth, name int }{{1000, 1}, {1000, 10}, {40, 200}}, 2) {
			if seam.name == "os confined" && shape.depth > 100 {
				continue // it can, but opens a million directories for that
			}
			t.Run(fmt.Sprintf("%s %d of %d", seam.name, shape.depth, shape.name), func(t *testing.T) {
				s := newShakyTree(t, seam)
				files := s.digDown(strings.Repeat("d", shape.name), shape.depth)
				s.requireDeep(files)
			})
		}
	}
}

// digDown makes directories in each other, with a file in every tenth, and
// returns the paths of those.
func (s *shakyTree) digDown(name string, depth int) (files []string) {
	dir, err := os.OpenRoot(s.onDisk("out"))
	require.NoError(s, err)
	defer func() { dir.Close() }()
	path := s.at("out")
	for i := range depth {
		require.NoError(s, dir.Mkdir(name, 0o777))
		below, err := dir.OpenRoot(name)
		require.NoError(s, err)
		require.NoError(s, dir.Close())
		dir, path = below, filepath.Join(path, name)
		if i%10 == 0 {
			require.NoError(s, dir.WriteFile("file.txt", []byte("settled"), 0o666))
			files = append(files, filepath.Join(path, "file.txt"))
		}
	}
	slices.Sort(files)
	return files
}

// requireDeep checks that every operation sees all files or says that it
// cannot.
func (s *shakyTree) requireDeep(files []string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	top := s.at("out")
	listed, err := s.pool.ListFiles(ctx, top, "")
	possible := err == nil // for this vfs.FS
	if possible {
		require.Equal(s, files, listed)
	} else {
		require.ErrorIs(s, err, unix.ENAMETOOLONG)
		s.requireClear(err, "ListFiles")
	}
	within := func(seen []string) {
		s.Helper()
		require.NotEmpty(s, seen)
		require.Subset(s, files, seen)
		require.True(s, slices.IsSorted(seen))
		require.Equal(s, possible, len(seen) == len(files))
	}
	listed, err = s.pool.DirToFiles(ctx, top, &DirOptions{IgnoreErrors: true})
	require.NoError(s, err)
	within(listed)

	size, err := s.pool.FileSize(ctx, top)
	if possible {
		require.NoError(s, err)
		require.EqualValues(s, len(files)*len("settled"), size)
	} else {
		require.ErrorIs(s, err, unix.ENAMETOOLONG)
	}

	joined, err := s.pool.Concat(ctx, []string{top}, nil)
	require.NoError(s, err)
	within(joined.Files)
	require.Equal(s, possible, len(joined.Skipped) == 0, "%v", joined.Skipped)

	var skipped []SkippedFile
	chunks, err := s.pool.Chunk(ctx, top, &ChunkOptions{OnSkip: func(f SkippedFile) { skipped = append(skipped, f) }})
	require.NoError(s, err)
	within(chunksSaw(chunks, true).files)
	require.Equal(s, joined.Skipped, skipped)
	for _, skip := range skipped {
		require.ErrorIs(s, skip.Err, unix.ENAMETOOLONG)
	}
	_, err = s.pool.Chunk(ctx, top, nil)
	require.Equal(s, possible, err == nil, "%v", err)
}

// TestDirectoriesThatLoop has links from below to above and to themselves.
func TestDirectoriesThatLoop(t *testing.T) {
	t.Parallel()
	for _, seam := range seams {
		t.Run(seam.name, func(t *testing.T) {
			s := newShakyTree(t, seam)
			for link, target := range map[string]string{
				"in/self": ".", "in/up": "..", "in/sub/in": "../../in", "in/sub/self": "self", "in/ping": "pong", "in/pong": "ping",
				"in/sub/away": "../sub/away/further", "in/sub/sub": "../sub/../sub",
			} {
				require.NoError(t, os.Symlink(target, s.onDisk(link)))
			}
			want := shakyPaths(s.at, settledFiles)
			for _, op := range shakyOps {
				if strings.HasSuffix(op.name, " to") || strings.HasPrefix(op.name, "Save") || strings.HasSuffix(op.name, "to a file") {
					continue
				}
				ctx, cancel := context.WithTimeout(context.Background(), guard)
				saw, err := op.run(ctx, s, asyncForm, "in/self/up/in/a.txt")
				cancel()
				require.NoError(t, err, op.name)
				if saw.whole {
					require.Equal(t, want, saw.files, op.name)
				}
			}
		})
	}
}

func shakyPaths(at func(string) string, paths []string) (all []string) {
	for _, path := range paths {
		all = append(all, at(path))
	}
	slices.Sort(all)
	return all
}

// TestOddNames works on files whose names are hard to bear.
func TestOddNames(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("n", 251) + ".txt"
	odd := []string{
		"new\nline.txt", "\n", "tab\t.txt", "carriage\rreturn.txt", "escape\x1b[2J.txt", "bell\a.txt", "quote\".txt", "it's.txt",
		"in\xffvalid.txt", "\xc0\xae\xc0\xae.txt", "\xed\xa0\x80.txt", "caf\u00e9.txt", "cafe\u0301.txt", "\u202etxt.gpj", "\ufeff.txt",
		"\u2028.txt", " ", " lead.txt", "trail ", "...", "....txt", "-rf", "--", "~", "*", "a,b;c.txt", "=1+1.csv", longest,
		strings.Repeat("é", 125) + ".txt",
	}
	for _, seam := range seams {
		t.Run(seam.name, func(t *testing.T) {
			s := newShakyTree(t, seam)
			var paths []string
			for i, name := range odd {
				dir := ""
				if i%3 == 0 {
					dir = odd[len(odd)-1-i] + ".d"[:min(2, 255-len(odd[len(odd)-1-i]))] + "/"
				}
				path := "out/" + dir + name
				err := os.MkdirAll(filepath.Dir(s.onDisk(path)), 0o777)
				if err == nil {
					err = os.WriteFile(s.onDisk(path), []byte("settled"), 0o666)
				}
				if errors.Is(err, unix.EILSEQ) { // not on this system
					continue
				}
				require.NoError(t, err)
				paths = append(paths, s.at(path))
			}
			slices.Sort(paths)
			s.requireOdd(paths)
		})
	}
}

// requireOdd checks that every operation bears the paths.
func (s *shakyTree) requireOdd(paths []string) {
	s.Helper()
	ctx := context.Background()
	top := s.at("out")
	listed, err := s.pool.ListFiles(ctx, top, "")
	require.NoError(s, err)
	require.Equal(s, paths, listed)
	joined, err := s.pool.Concat(ctx, []string{top}, nil)
	require.NoError(s, err)
	require.Equal(s, paths, joined.Files)
	require.Empty(s, joined.Skipped)
	size, err := s.pool.FileSize(ctx, top)
	require.NoError(s, err)
	require.EqualValues(s, len(paths)*len("settled"), size)
	for r := range s.pool.ReadFiles(ctx, paths) {
		require.NoError(s, r.Err)
		require.Equal(s, "settled", r.Text)
	}

	lines, table := s.at("in/chunks.jsonl"), s.at("in/chunks.csv")
	for _, output := range []string{lines, table} {
		chunks, err := s.pool.Chunk(ctx, top, &ChunkOptions{OutputFile: output})
		require.NoError(s, err)
		require.Equal(s, paths, chunksSaw(chunks, true).files)
	}
	text, err := s.pool.ReadBytes(ctx, lines)
	require.NoError(s, err)
	written := bufio.NewScanner(bytes.NewReader(text))
	for _, path := range paths {
		require.True(s, written.Scan())
		var c TextChunk
		require.NoError(s, json.Unmarshal(written.Bytes(), &c), path)
		require.Equal(s, string([]rune(path)), c.FilePath) // U+FFFD for each byte that is not UTF-8
	}
	require.False(s, written.Scan())
	text, err = s.pool.ReadBytes(ctx, table)
	require.NoError(s, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(s, err)
	require.Len(s, rows, 1+len(paths))

	for _, path := range paths {
		_, name := vfs.SplitPath(path)
		require.NoError(s, s.pool.CopyFile(ctx, path, s.at("in/copies/"+name)))
		saved, err := s.pool.SaveToFile(ctx, "settled", s.at("in/saved"), name, nil)
		require.NoError(s, err)
		require.Equal(s, s.at("in/saved/"+name), saved)
		require.Equal(s, "settled", s.read("in/copies/"+name))
		require.Equal(s, "settled", s.read("in/saved/"+name))
		_, err = s.pool.SaveToFile(ctx, "longer", s.at("in/stamped"), name, &SaveOptions{Timestamp: true, RandomHashDigits: 8})
		if tooLong := len(name)+len("_20060102150405-12345678") > 255; !tooLong {
			require.NoError(s, err)
		} else {
			require.ErrorIs(s, err, unix.ENAMETOOLONG)
			s.requireClear(err, name)
		}
	}
	require.True(s, utf8.ValidString(s.read("in/chunks.jsonl")))
	s.checkClean()
}

func (s *shakyTree) read(path string) string {
	text, err := os.ReadFile(s.onDisk(path))
	require.NoError(s, err)
	return string(text)
}
