//go:build linux || darwin || freebsd || netbsd

package fileops

import (
	"bytes"
	"context"
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

// settledFiles do not change.
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
	// account says that it skips files that fail, and so has no errors.
	account bool
	run     func(ctx context.Context, s *shakyTree, f callForm, file string) (shakyResult, error)
}

// A shakyResult is the part of the tree that an operation has seen.
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

// TestChangeUnderfoot runs every operation while a goroutine changes its files all
// the time.
func TestChangeUnderfoot(t *testing.T) {
	t.Parallel()
	rounds := 8 / stride(8)
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
// another and back, all the time: files behind the link are never found.
func TestWalkWhileDirectoriesAndLinksSwap(t *testing.T) {
	t.Parallel()
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

// requireClear checks that an error names the operation and the path.
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
