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
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A shaky tree has files that stay and something that moves: the file
// in/moving.txt, or the directory in/moving with the file f.txt.
type shakyTree struct {
	testing.TB
	dir  string
	at   func(path string) string // path as the pool takes it
	pool *Pool
}

const (
	shakyFile = "in/moving.txt"
	shakyDir  = "in/moving"
)

// settledFiles stay what they are.
var settledFiles = []string{"in/a.txt", "in/moving-on.txt", "in/sub/b.txt", "in/z.txt"}

func newShakyTree(t testing.TB, s seam) *shakyTree {
	t.Helper()
	tree := &shakyTree{TB: t, dir: tempDir(t)}
	tree.at = tree.onDisk
	if s.confined {
		tree.at = filepath.FromSlash
	}
	for _, path := range settledFiles {
		require.NoError(t, os.MkdirAll(filepath.Dir(tree.onDisk(path)), 0o777))
		require.NoError(t, os.WriteFile(tree.onDisk(path), []byte("settled"), 0o666))
	}
	require.NoError(t, os.Mkdir(tree.onDisk("out"), 0o777))
	tree.pool = newPool(PoolOptions{Workers: 4}, s.files(t, tree.dir))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		assert.NoError(t, tree.pool.Close(ctx))
	})
	return tree
}

func (s *shakyTree) onDisk(path string) string {
	return filepath.Join(s.dir, filepath.FromSlash(path))
}

// moves are the ways to pull the floor away, again and again. They ignore
// errors: the operations under test are in their way as well.
var moves = []struct {
	name string
	file string // that is moved, or that is in what is moved
	step func(s *shakyTree, i int)
}{
	{"file grows", shakyFile, func(s *shakyTree, i int) {
		if i%64 == 0 {
			os.WriteFile(s.onDisk(shakyFile), nil, 0o666)
		}
		if f, err := os.OpenFile(s.onDisk(shakyFile), os.O_WRONLY|os.O_APPEND, 0); err == nil {
			f.Write(bytes.Repeat([]byte("m"), 1000*(i%7)))
			f.Close()
		}
	}},
	{"file shrinks", shakyFile, func(s *shakyTree, i int) {
		size := 100_000 * (3 - i%4)
		if size == 300_000 {
			os.WriteFile(s.onDisk(shakyFile), bytes.Repeat([]byte("m"), size), 0o666)
		}
		os.Truncate(s.onDisk(shakyFile), int64(size))
		if size == 0 { // bytes that truncation makes are no m
			os.Remove(s.onDisk(shakyFile))
		}
	}},
	{"file vanishes", shakyFile, func(s *shakyTree, i int) {
		os.Remove(s.onDisk(shakyFile))
		if i%2 == 0 {
			os.WriteFile(s.onDisk(shakyFile), []byte("mmm"), 0o666)
		}
	}},
	{"file is replaced", shakyFile, func(s *shakyTree, i int) {
		s.put(shakyFile, []string{"file", "fifo", "file", "dir", "a.txt", "file", ".", "moving.txt", "file", "missing"}[i%10])
	}},
	{"directory fills", shakyDir + "/f.txt", func(s *shakyTree, i int) {
		os.Mkdir(s.onDisk(shakyDir), 0o777)
		path := s.onDisk(fmt.Sprintf("%s/%d.txt", shakyDir, i%50))
		if i/50%2 == 0 {
			os.WriteFile(path, []byte("mmm"), 0o666)
		} else {
			os.Remove(path)
		}
	}},
	{"directory vanishes", shakyDir + "/f.txt", func(s *shakyTree, i int) {
		os.RemoveAll(s.onDisk(shakyDir))
		if i%2 == 0 {
			os.MkdirAll(s.onDisk(shakyDir+"/deep/down"), 0o777)
			os.WriteFile(s.onDisk(shakyDir+"/f.txt"), []byte("mmm"), 0o666)
			os.WriteFile(s.onDisk(shakyDir+"/deep/down/g.txt"), []byte("mmm"), 0o666)
		}
	}},
	{"directory is replaced", shakyDir + "/f.txt", func(s *shakyTree, i int) {
		s.put(shakyDir, []string{"dir", "fifo", "dir", "file", "dir", "sub", ".", "dir", "moving", "missing"}[i%10])
	}},
}

// put makes a path in the tree, in one step, a file, a FIFO, a directory or a
// link to something else.
func (s *shakyTree) put(path, what string) {
	path, next := s.onDisk(path), s.onDisk("next")
	os.RemoveAll(next)
	switch what {
	case "file":
		os.WriteFile(next, []byte("mmm"), 0o666)
	case "fifo":
		unix.Mkfifo(next, 0o666)
	case "dir":
		os.Mkdir(next, 0o777)
		os.WriteFile(filepath.Join(next, "f.txt"), []byte("mmm"), 0o666)
	default:
		os.Symlink(what, next)
	}
	if os.Rename(next, path) != nil { // a directory and a file do not replace each other
		os.RemoveAll(path)
		os.Rename(next, path)
	}
}

// A shakyOp is an operation on a tree that moves.
type shakyOp struct {
	name string
	// account says that it skips what fails, and so has no errors.
	account bool
	run     func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error)
}

// A shakyResult is what an operation has seen.
type shakyResult struct {
	whole   bool // it looked at all of in
	files   []string
	skipped []SkippedFile
	texts   []string // whole files
}

var shakyOps = []shakyOp{
	{name: "ReadFile", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		text, err := op1((*Pool).ReadFile, (*Pool).AsyncReadFile)(ctx, s.pool, f, s.at(file))
		return shakyResult{texts: []string{text.(string)}}, err
	}},
	{name: "ReadFiles", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (r shakyResult, err error) {
		for got := range s.pool.ReadFiles(ctx, []string{s.at("in/a.txt"), s.at(file), s.at("in/z.txt")}) {
			r.texts = append(r.texts, got.Text)
			if got.Err != nil {
				r.skipped = append(r.skipped, SkippedFile{got.Path, got.Err})
			}
		}
		return r, nil
	}},
	{name: "FileSize", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := op1((*Pool).FileSize, (*Pool).AsyncFileSize)(ctx, s.pool, f, s.at(file))
		return shakyResult{}, err
	}},
	{name: "FileSize of all", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		size, err := op1((*Pool).FileSize, (*Pool).AsyncFileSize)(ctx, s.pool, f, s.at("in"))
		if least := int64(len(settledFiles) * len("settled")); err == nil && size.(int64) < least {
			err = fmt.Errorf("size %d is less than %d", size, least)
		}
		return shakyResult{}, err
	}},
	{name: "ListFiles", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		files, err := op2((*Pool).ListFiles, (*Pool).AsyncListFiles, s.args("in", "txt"))(ctx, s.pool, f, "")
		return shakyResult{whole: true, files: files.([]string)}, err
	}},
	{name: "DirToFiles", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		files, err := op2((*Pool).DirToFiles, (*Pool).AsyncDirToFiles, func(string) (string, *DirOptions) {
			return s.at("in"), &DirOptions{IgnoreErrors: true}
		})(ctx, s.pool, f, "")
		return shakyResult{whole: true, files: files.([]string)}, err
	}},
	{name: "Concat", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		r, err := op2((*Pool).Concat, (*Pool).AsyncConcat, func(string) ([]string, *ConcatOptions) {
			return []string{s.at("in")}, nil
		})(ctx, s.pool, f, "")
		return concatSaw(r.(*ConcatResult)), err
	}},
	{name: "ConcatFiles named", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		r, err := op2((*Pool).ConcatFiles, (*Pool).AsyncConcatFiles, func(string) ([]string, *ConcatOptions) {
			return []string{s.at("in"), s.at("out/missing")}, nil
		})(ctx, s.pool, f, "")
		if saw := concatSaw(r.(*ConcatResult)); err == nil && len(saw.skipped) == 0 {
			return saw, errors.New("a missing file was not reported")
		}
		return concatSaw(r.(*ConcatResult)), err
	}},
	{name: "ConcatTo", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		var w bytes.Buffer
		r, err := call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) {
				return s.pool.ConcatTo(ctx, &w, []string{s.at("in")}, nil)
			},
			func(ctx context.Context) *Future[*ConcatResult] {
				return s.pool.AsyncConcatTo(ctx, &w, []string{s.at("in")}, nil)
			})
		return concatSaw(r.(*ConcatResult)), err
	}},
	{name: "FileToChunks", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		chunks, err := op2((*Pool).FileToChunks, (*Pool).AsyncFileToChunks, func(string) (string, *ChunkOptions) {
			return s.at(file), &ChunkOptions{Size: 1 << 30}
		})(ctx, s.pool, f, "")
		return chunksSaw(chunks.([]TextChunk), false), err
	}},
	{name: "Chunk", account: true, run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		var skipped []SkippedFile
		chunks, err := op2((*Pool).Chunk, (*Pool).AsyncChunk, func(string) (string, *ChunkOptions) {
			return s.at("in"), &ChunkOptions{
				Size: 1 << 30, OutputFile: s.at("out/chunks.jsonl"),
				OnSkip: func(f SkippedFile) { skipped = append(skipped, f) },
			}
		})(ctx, s.pool, f, "")
		r := chunksSaw(chunks.([]TextChunk), true)
		r.skipped = skipped
		return r, err
	}},
	{name: "Chunk strictly", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		chunks, err := op2((*Pool).Chunk, (*Pool).AsyncChunk, func(string) (string, *ChunkOptions) {
			return s.at("in"), &ChunkOptions{Size: 1 << 30}
		})(ctx, s.pool, f, "")
		return chunksSaw(chunks.([]TextChunk), true), err
	}},
	{name: "CopyFile from", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := copyOp(func(string) (string, string) { return s.at(file), s.at("out/copy.txt") })(ctx, s.pool, f, "")
		if err != nil {
			return shakyResult{}, err
		}
		text, err := os.ReadFile(s.onDisk("out/copy.txt"))
		return shakyResult{texts: []string{string(text)}}, err
	}},
	{name: "CopyFile to", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := copyOp(func(string) (string, string) { return s.at("in/a.txt"), s.at(file) })(ctx, s.pool, f, "")
		return shakyResult{}, err
	}},
	{name: "SaveToFile", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		dir, name := vfs.SplitPath(s.at(file))
		_, err := saveOp(func(string) (string, string, SaveOptions) {
			return dir, name, SaveOptions{Overwrite: true}
		})(ctx, s.pool, f, "")
		return shakyResult{}, err
	}},
	{name: "SaveToFile new", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := saveOp(func(string) (string, string, SaveOptions) {
			return s.at("in"), strings.TrimPrefix(file, "in/"), SaveOptions{}
		})(ctx, s.pool, f, "")
		return shakyResult{}, err
	}},
	{name: "SaveChunks", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := saveChunksOp(func(string) (string, *SaveOptions) {
			return s.at(shakyDir), &SaveOptions{Overwrite: true}
		})(ctx, s.pool, f, "")
		return shakyResult{}, err
	}},
	{name: "Concat to a file", run: func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error) {
		_, err := op2((*Pool).Concat, (*Pool).AsyncConcat, func(string) ([]string, *ConcatOptions) {
			return []string{s.at("out/missing")}, &ConcatOptions{OutputFile: s.at(file)}
		})(ctx, s.pool, f, "")
		return shakyResult{}, err
	}},
}

func (s *shakyTree) args(dir, extension string) func(string) (string, string) {
	return func(string) (string, string) { return s.at(dir), extension }
}

func concatSaw(r *ConcatResult) shakyResult {
	if r == nil {
		return shakyResult{}
	}
	saw := shakyResult{whole: true, files: r.Files, skipped: r.Skipped}
	for _, section := range r.Sections {
		_, content, ok := strings.Cut(section, "---\n\n")
		if ok {
			saw.texts = append(saw.texts, content)
		}
	}
	return saw
}

func chunksSaw(chunks []TextChunk, whole bool) shakyResult {
	saw := shakyResult{whole: whole}
	for _, c := range chunks {
		saw.files = append(saw.files, c.FilePath)
		saw.texts = append(saw.texts, c.Text)
	}
	return saw
}

// TestChangeUnderfoot runs every operation while what it works on is changed,
// all the time and at any moment.
func TestChangeUnderfoot(t *testing.T) {
	const rounds = 8
	for _, seam := range seams {
		t.Run(seam.name, func(t *testing.T) {
			failures, cases := map[string]int{}, 0
			for _, move := range moves {
				s := newShakyTree(t, seam)
				var moving sync.WaitGroup
				var stop atomic.Bool
				moving.Go(func() {
					for i := 0; !stop.Load(); i++ {
						move.step(s, i)
					}
				})
				func() { // so that the mover stops even if a check fails
					defer moving.Wait()
					defer stop.Store(true)
					for range rounds {
						for _, op := range shakyOps {
							for _, f := range callForms {
								if err := s.shake(op, f, move.file, move.name); err != nil {
									failures[errorClass(err)]++
								}
								cases++
							}
						}
					}
				}()
				s.checkClean()
			}
			t.Logf("%d calls, of which failed: %v", cases, failures)
		})
	}
}

// TestWalkWhileDirectoriesAndLinksSwap exchanges a directory for a link to
// another and back, all the time: what is behind the link is never found.
func TestWalkWhileDirectoriesAndLinksSwap(t *testing.T) {
	rounds := 3000
	if raceEnabled {
		rounds = 500
	}
	for _, seam := range seams {
		t.Run(seam.name, func(t *testing.T) {
			s := newShakyTree(t, seam)
			dir, link, spare := s.onDisk(shakyDir), s.onDisk("link"), s.onDisk("spare")
			s.put(shakyDir, "dir")
			require.NoError(t, os.Symlink("sub", link))
			var swapping sync.WaitGroup
			var stop atomic.Bool
			swaps := 0
			swapping.Go(func() {
				for ; !stop.Load(); swaps++ {
					os.Rename(dir, spare)
					os.Rename(link, dir)
					os.Rename(dir, link)
					os.Rename(spare, dir)
				}
			})
			defer swapping.Wait()
			defer stop.Store(true)
			settled, moving := shakyPaths(s.at, settledFiles), s.at(shakyDir+"/f.txt")
			seen := 0
			for range rounds {
				files, err := s.pool.ListFiles(t.Context(), s.at("in"), "")
				require.NoError(t, err)
				if i := slices.Index(files, moving); i >= 0 {
					files = slices.Delete(files, i, i+1)
					seen++
				}
				require.Equal(t, settled, files)
			}
			stop.Store(true)
			swapping.Wait()
			t.Logf("%d swaps, the directory was seen in %d of %d listings", swaps, seen, rounds)
		})
	}
}

// shake runs an operation once.
func (s *shakyTree) shake(op shakyOp, f callForm, file, move string) error {
	s.Helper()
	what := fmt.Sprintf("%s (%s) while %s", op.name, f, move)
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	if f == plainForm {
		f = cancellableForm // a hang would be for ever
	}
	saw, err := op.run(ctx, s, f, file)
	require.NotErrorIs(s, err, context.DeadlineExceeded, "%s hangs", what)
	require.NoError(s, panicked(err), what)
	if op.account {
		require.NoError(s, err, what)
	}
	if err != nil {
		s.requireClear(err, what)
		return err
	}
	for _, skip := range saw.skipped {
		require.NotEmpty(s, skip.Path, what)
		s.requireClear(skip.Err, what)
	}
	if saw.whole {
		require.True(s, slices.IsSorted(saw.files), "%s: %q", what, saw.files)
		require.Len(s, slices.Compact(slices.Clone(saw.files)), len(saw.files), what)
		for _, path := range settledFiles {
			require.Contains(s, saw.files, s.at(path), what)
		}
	}
	for _, text := range saw.texts { // whole, but for what the mover adds
		text = strings.TrimRight(text, "m\x00")
		if !json.Valid([]byte(text)) { // as SaveChunks saves
			require.Contains(s, []string{"", "settled", "saved"}, text, what)
		}
	}
	return nil
}

// requireClear checks that an error says what happened where.
func (s *shakyTree) requireClear(err error, what string) {
	s.Helper()
	p, ok := errors.AsType[*fs.PathError](err)
	require.True(s, ok, "%s: %T %v", what, err, err)
	require.NotEmpty(s, p.Op, what)
	require.NotEmpty(s, p.Path, what)
}

// checkClean checks that no temporary file is left and no settled one hurt.
func (s *shakyTree) checkClean() {
	s.Helper()
	require.NoError(s, filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		require.False(s, vfs.IsTempName(filepath.Base(path)), path)
		return err
	}))
	for _, path := range settledFiles {
		text, err := os.ReadFile(s.onDisk(path))
		require.NoError(s, err)
		require.Equal(s, "settled", string(text))
	}
}

// TestDirectoriesTooDeep goes down so far that paths are longer than the
// system takes them.
func TestDirectoriesTooDeep(t *testing.T) {
	for _, seam := range seams {
		for _, shape := range []struct{ depth, name int }{{1000, 1}, {1000, 10}, {40, 200}} {
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
