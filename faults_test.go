package fileops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A seam is one of the real filesystems, and how paths are written for it.
type seam struct {
	name     string
	files    func(t testing.TB, dir string) vfs.FS
	confined bool // paths are relative to the directory
}

var seams = []seam{
	{"system", func(testing.TB, string) vfs.FS { return vfs.System() }, false},
	{"system confined", func(t testing.TB, dir string) vfs.FS { return vfs.Confined(openRoot(t, dir)) }, true},
	{"os", func(testing.TB, string) vfs.FS { return vfs.Portable() }, false},
	{"os confined", func(t testing.TB, dir string) vfs.FS { return vfs.PortableConfined(openRoot(t, dir)) }, true},
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

// guard is how long a test waits for what must happen before it calls that
// hung. Nothing else depends on it.
const guard = time.Minute

// A lab is a directory, with files to read in "in" and to replace in "out",
// and a pool on it that reports to a faulty filesystem.
type lab struct {
	testing.TB
	dir    string
	at     func(path string) string // path as the pool takes it
	faulty *vfstest.FS
	pool   *Pool
}

// inputs are the files of a lab, and outputs what is in the way when it
// saves.
var (
	inputs = map[string]string{
		"in/a.txt":          "alpha alpha alpha",
		"in/b.md":           "beta beta",
		"in/link.txt":       "alpha alpha alpha", // a symbolic link to a.txt
		"in/sub/c.txt":      "gamma gamma gamma gamma",
		"in/sub/deep/d.txt": "delta",
		"in/z.txt":          "omega",
	}
	outputs = map[string]string{
		"out/old.txt":      "the old text",
		"out/old.jsonl":    "the old lines",
		"out/chunk_2.json": "the old chunk",
	}
)

func newLab(t testing.TB, s seam, opts PoolOptions) *lab { return newLabIn(t, tempDir(t), s, opts) }

func newLabIn(t testing.TB, dir string, s seam, opts PoolOptions) *lab {
	t.Helper()
	l := &lab{TB: t, dir: dir}
	l.at = func(path string) string { return filepath.Join(l.dir, filepath.FromSlash(path)) }
	for path, text := range inputs {
		require.NoError(t, os.MkdirAll(filepath.Dir(l.at(path)), 0o777))
		if path != "in/link.txt" {
			require.NoError(t, os.WriteFile(l.at(path), []byte(text), 0o666))
		}
	}
	require.NoError(t, os.Symlink("a.txt", l.at("in/link.txt")))
	l.resetOutputs()
	if s.confined {
		l.at = filepath.FromSlash
	}
	l.faulty = vfstest.New(s.files(t, l.dir))
	if opts.Workers == 0 {
		opts.Workers = 2
	}
	l.pool = newPool(opts, l.faulty)
	return l
}

// tempDir makes a directory in memory where the system has a place for that:
// thousands of cases make and remove files.
func tempDir(t testing.TB) string {
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "fileops-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// onDisk is where a path really is.
func (l *lab) onDisk(path string) string { return filepath.Join(l.dir, filepath.FromSlash(path)) }

func (l *lab) resetOutputs() {
	require.NoError(l, os.RemoveAll(l.onDisk("out")))
	require.NoError(l, os.Mkdir(l.onDisk("out"), 0o777))
	for path, text := range outputs {
		require.NoError(l, os.WriteFile(l.onDisk(path), []byte(text), 0o666))
	}
}

// saved is what is in out by now.
func (l *lab) saved() map[string]string {
	files := map[string]string{}
	require.NoError(l, filepath.WalkDir(l.onDisk("out"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[filepath.ToSlash(strings.TrimPrefix(path, l.dir+string(os.PathSeparator)))] = string(text)
		return err
	}))
	return files
}

// settle waits until nothing is under way any more, parts of operations that
// were left behind included, and checks that nothing is left.
func (l *lab) settle() {
	l.Helper()
	var s Stats
	var wrong []string
	for began := time.Now(); time.Since(began) < guard; time.Sleep(time.Millisecond) {
		s, wrong = l.pool.Stats(), l.faulty.Audit()
		if s.Running+s.Waiting+s.Active+len(wrong) == 0 {
			return
		}
	}
	require.Failf(l, "something is left", "%+v, %v, %q", s, l.pool.slots.running(), wrong)
}

// close closes the pool and checks that nothing is left.
func (l *lab) close() {
	l.Helper()
	l.faulty.Reset(nil)
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	require.NoError(l, l.pool.Close(ctx))
	l.settle()
}

// A form is one of the ways to call an operation.
type callForm string

const (
	plainForm       callForm = "plain"       // on the caller's goroutine
	cancellableForm callForm = "cancellable" // the plain function, with a context that can end
	asyncForm       callForm = "async"
)

var callForms = []callForm{plainForm, cancellableForm, asyncForm}

// call calls an operation in one of its forms.
func call[T any](ctx context.Context, f callForm, plain func(context.Context) (T, error), async func(context.Context) *Future[T]) (any, error) {
	switch f {
	case plainForm:
		return plain(context.WithoutCancel(ctx))
	case cancellableForm:
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return plain(ctx)
	default:
		return async(ctx).Result()
	}
}

// A trial is an operation on a lab's files.
type trial struct {
	name   string
	run    func(ctx context.Context, l *lab, f callForm) (any, error)
	writes bool

	// of trials that skip what fails: the files used and skipped
	account func(result any) (used []string, skipped []SkippedFile)
	// and what the output file then holds
	output  string
	content func(result any) string
}

// A chunked is what a Chunk with OnSkip comes to.
type chunked struct {
	Chunks  []TextChunk
	Skipped []SkippedFile
}

var sampleChunks = []TextChunk{{Text: "one", ID: 1, Total: 3}, {Text: "two", ID: 2, Total: 3}, {Text: "three", ID: 3, Total: 3}}

var trials = []trial{
	{name: "ReadFile", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return l.pool.ReadFile(ctx, l.at("in/a.txt")) },
			func(ctx context.Context) *Future[string] { return l.pool.AsyncReadFile(ctx, l.at("in/a.txt")) })
	}},
	{name: "ReadBytes", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]byte, error) { return l.pool.ReadBytes(ctx, l.at("in/sub/c.txt")) },
			func(ctx context.Context) *Future[[]byte] { return l.pool.AsyncReadBytes(ctx, l.at("in/sub/c.txt")) })
	}},
	{name: "ReadFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		all := func(ctx context.Context) ([]string, error) {
			return readAllOf(ctx, l, "in/a.txt", "in/b.md", "in/link.txt", "in/z.txt")
		}
		return call(ctx, f, all, func(ctx context.Context) *Future[[]string] { return Submit(ctx, l.pool, all) })
	}},
	{name: "FileSize of a file", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (int64, error) { return l.pool.FileSize(ctx, l.at("in/a.txt")) },
			func(ctx context.Context) *Future[int64] { return l.pool.AsyncFileSize(ctx, l.at("in/a.txt")) })
	}},
	{name: "FileSize of a directory", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (int64, error) { return l.pool.FileSize(ctx, l.at("in")) },
			func(ctx context.Context) *Future[int64] { return l.pool.AsyncFileSize(ctx, l.at("in")) })
	}},
	{name: "ListFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.ListFiles(ctx, l.at("in"), "txt") },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncListFiles(ctx, l.at("in"), "txt") })
	}},
	{name: "DirToFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.DirToFiles(ctx, l.at("in"), nil) },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncDirToFiles(ctx, l.at("in"), nil) })
	}},
	{name: "CopyFile to a new directory", writes: true, run: copyTrial("out/new/dir/copy.txt")},
	{name: "CopyFile onto a file", writes: true, run: copyTrial("out/old.txt")},
	{name: "CopyFile into a directory", writes: true, run: copyTrial("out")},
	{name: "SaveToFile new", writes: true, run: saveTrial("new/dir/new.txt", SaveOptions{})},
	{name: "SaveToFile new directory", writes: true, run: saveTrial("new.txt", SaveOptions{NewDir: true, Sync: true})},
	{name: "SaveToFile replacing", writes: true, run: saveTrial("old.txt", SaveOptions{Overwrite: true})},
	{name: "SaveToFile durably", writes: true, run: saveTrial("old.txt", SaveOptions{Overwrite: true, Sync: true})},
	{name: "SaveToFile durably new", writes: true, run: saveTrial("a/b/new.txt", SaveOptions{Sync: true})},
	{name: "SaveChunks", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		dir, o := l.at("out"), &SaveOptions{Overwrite: true}
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.SaveChunks(ctx, sampleChunks, dir, o) },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncSaveChunks(ctx, sampleChunks, dir, o) })
	}},
	{name: "Concat", account: ofConcat, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		paths := []string{l.at("in")}
		return call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return l.pool.Concat(ctx, paths, nil) },
			func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcat(ctx, paths, nil) })
	}},
	{name: "Concat to a file", writes: true, account: ofConcat, output: "out/old.txt", content: textOf,
		run: func(ctx context.Context, l *lab, f callForm) (any, error) {
			paths, o := concatArguments(l)
			return call(ctx, f,
				func(ctx context.Context) (*ConcatResult, error) { return l.pool.Concat(ctx, paths, o) },
				func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcat(ctx, paths, o) })
		}},
	{name: "ConcatFiles to a file", writes: true, account: ofConcat, output: "out/old.txt", content: textOf,
		run: func(ctx context.Context, l *lab, f callForm) (any, error) {
			paths, o := concatArguments(l)
			return call(ctx, f,
				func(ctx context.Context) (*ConcatResult, error) { return l.pool.ConcatFiles(ctx, paths, o) },
				func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcatFiles(ctx, paths, o) })
		}},
	{name: "ConcatTo", account: ofConcat, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		var w bytes.Buffer
		paths := []string{l.at("in")}
		result, err := call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return l.pool.ConcatTo(ctx, &w, paths, nil) },
			func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcatTo(ctx, &w, paths, nil) })
		if r, ok := result.(*ConcatResult); ok && r != nil && err == nil {
			r.Text = w.String()
		}
		return result, err
	}},
	{name: "FileToChunks to a file", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in/sub/c.txt"), &ChunkOptions{Size: 10, OutputFile: l.at("out/old.jsonl")}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.FileToChunks(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncFileToChunks(ctx, path, o) })
	}},
	{name: "Chunk to files", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in"), &ChunkOptions{
			Size: 10, OutputFile: l.at("out/new.csv"), OutputDir: l.at("out"), Save: &SaveOptions{Overwrite: true},
		}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
	}},
	{name: "Chunk with OnSkip", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf, run: chunkTrial(nil)},
	{name: "Chunk to a growing file", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf,
		run: growing(chunkTrial(nil))},
	{name: "Chunk to a growing new file", writes: true, run: growing(func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in"), &ChunkOptions{Size: 10, OutputFile: l.at("out/new/dir/new.json")}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
	})},
	{name: "Chunk with a Reader", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf,
		run: chunkTrial((*Pool).ReadFile)},
	{name: "Submit", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		work := func(ctx context.Context) (string, error) {
			text, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
				return l.pool.ReadFile(ctx, l.at("in/a.txt"))
			}).Result()
			if err != nil {
				return "", err
			}
			return l.pool.SaveToFile(ctx, text, l.at("out"), "new.txt", nil)
		}
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return Submit(ctx, l.pool, work).Result() },
			func(ctx context.Context) *Future[string] { return Submit(ctx, l.pool, work) })
	}},
}

func copyTrial(to string) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		src, dst := l.at("in/a.txt"), l.at(to)
		return call(ctx, f,
			func(ctx context.Context) (struct{}, error) { return struct{}{}, l.pool.CopyFile(ctx, src, dst) },
			func(ctx context.Context) *Future[struct{}] { return l.pool.AsyncCopyFile(ctx, src, dst) })
	}
}

func saveTrial(name string, o SaveOptions) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		dir := l.at("out")
		if o.NewDir {
			dir = l.at("out/fresh/dir")
		}
		return call(ctx, f,
			func(ctx context.Context) (string, error) {
				return l.pool.SaveToFile(ctx, "the new text", dir, name, &o)
			},
			func(ctx context.Context) *Future[string] {
				return l.pool.AsyncSaveToFile(ctx, "the new text", dir, name, &o)
			})
	}
}

func concatArguments(l *lab) ([]string, *ConcatOptions) {
	return []string{l.at("in/sub"), l.at("in/a.txt"), l.at("in/b.md"), l.at("in/link.txt"), l.at("in/z.txt")},
		&ConcatOptions{OutputDir: l.at("out"), OutputFile: "old.txt"}
}

func chunkTrial(read func(*Pool, context.Context, string) (string, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		var skipped []SkippedFile
		path, o := l.at("in"), &ChunkOptions{
			Size: 10, OutputFile: l.at("out/old.jsonl"), OnSkip: func(s SkippedFile) { skipped = append(skipped, s) },
		}
		if read != nil {
			o.Reader = func(ctx context.Context, path string) (string, error) { return read(l.pool, ctx, path) }
		}
		chunks, err := call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
		if err != nil {
			return nil, err
		}
		return chunked{chunks.([]TextChunk), skipped}, nil
	}
}

// growing makes every output of a trial a large one.
func growing(run func(context.Context, *lab, callForm) (any, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		l.pool.outputs.held = 1 // until prepare
		return run(ctx, l, f)
	}
}

// readAllOf reads files by ReadFiles and checks that each is yielded once and
// in order.
func readAllOf(ctx context.Context, l *lab, paths ...string) (texts []string, err error) {
	full := make([]string, len(paths))
	for i, path := range paths {
		full[i] = l.at(path)
	}
	var errs []error
	for r := range l.pool.ReadFiles(ctx, full) {
		if r.Index != len(texts) || r.Path != full[r.Index] {
			return nil, fmt.Errorf("result %d is of %d, %s", len(texts), r.Index, r.Path)
		}
		if r.Err == nil && r.Text != inputs[paths[r.Index]] {
			return nil, fmt.Errorf("%s has the text %q", r.Path, r.Text)
		}
		texts = append(texts, r.Text)
		errs = append(errs, r.Err)
	}
	if len(texts) != len(paths) {
		return nil, fmt.Errorf("%d results for %d paths", len(texts), len(paths))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return texts, nil
}

func ofConcat(result any) ([]string, []SkippedFile) {
	r := result.(*ConcatResult)
	return r.Files, r.Skipped
}

func textOf(result any) string { return result.(*ConcatResult).Text }

func ofChunked(result any) (used []string, skipped []SkippedFile) {
	r := result.(chunked)
	for _, c := range r.Chunks {
		used = append(used, c.FilePath)
	}
	return used, r.Skipped
}

func linesOf(result any) string {
	var b strings.Builder
	for _, c := range result.(chunked).Chunks {
		line, _ := json.Marshal(c)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// A golden is what a trial comes to if nothing fails.
type golden struct {
	result any
	files  map[string]string
	calls  int // at the seam
}

// undisturbed runs a trial once, as the measure of the others.
func (l *lab) undisturbed(tr trial, f callForm) golden {
	l.Helper()
	l.prepare(tr, nil)
	result, err := tr.run(l.Context(), l, f)
	require.NoError(l, err)
	l.settle()
	calls, _ := l.faulty.Called()
	if tr.account != nil {
		used, skipped := tr.account(result)
		require.Empty(l, skipped)
		require.Subset(l, used, l.paths(slices.Collect(maps.Keys(inputs))))
	}
	if tr.output != "" {
		require.Equal(l, tr.content(result), l.saved()[tr.output])
	}
	return golden{result, l.saved(), calls}
}

// prepare makes the lab ready for a trial.
func (l *lab) prepare(tr trial, h vfstest.Hook) {
	if tr.writes {
		l.resetOutputs()
	}
	l.pool.outputs.held = outputHeld
	l.faulty.Reset(h)
}

func (l *lab) paths(names []string) []string {
	for i, name := range names {
		names[i] = l.at(name)
	}
	return names
}

// checkFiles checks that each file is the old or the new one, whole, and that
// there is nothing else. If the operation had no error all are new.
func (l *lab) checkFiles(tr trial, want golden, result any, err error, temporary bool) {
	l.Helper()
	if !tr.writes {
		return
	}
	saved := l.saved()
	fresh := want.files
	if err == nil && tr.output != "" {
		fresh = maps.Clone(fresh)
		fresh[tr.output] = tr.content(result)
	}
	for path, text := range saved {
		old, wasThere := outputs[path]
		latest, expected := fresh[path]
		switch {
		case vfs.IsTempName(filepath.Base(path)):
			require.True(l, temporary, "%s is left", path)
		case expected && text == latest:
		case err == nil:
			require.Failf(l, "wrong file", "%s holds %q", path, text)
		default:
			require.True(l, wasThere && text == old, "%s holds %q", path, text)
		}
	}
	for path := range outputs {
		require.Contains(l, saved, path, "a file is gone")
	}
	if err == nil {
		for path := range fresh {
			require.Contains(l, saved, path, "a file is missing")
		}
	}
}

// checkClear checks that an error says what failed, where and why.
func checkClear(t testing.TB, err, reason error) {
	t.Helper()
	var pathErr *fs.PathError
	require.ErrorAs(t, err, &pathErr)
	require.NotEmpty(t, pathErr.Path, "%v", err)
	require.NotEmpty(t, pathErr.Op, "%v", err)
	require.ErrorContains(t, err, pathErr.Path)
	require.ErrorContains(t, err, pathErr.Op)
	if reason != nil {
		require.ErrorIs(t, err, reason)
	}
}

// checkClear checks too that the error is about something of the lab's that
// the caller knows.
func (l *lab) checkClear(err, reason error) {
	l.Helper()
	checkClear(l, err, reason)
	pathErr, _ := errors.AsType[*fs.PathError](err)
	known := strings.Contains(pathErr.Path, l.at("in")) || strings.Contains(pathErr.Path, l.at("out"))
	require.True(l, known && !strings.Contains(pathErr.Path, ".fileops-"), "%v", err)
}

// checkAccount checks that each input is used or reported, and the latter
// clearly.
func (l *lab) checkAccount(tr trial, result any, reason error) (skips int) {
	l.Helper()
	used, skipped := tr.account(result)
	for _, s := range skipped {
		l.checkClear(s.Err, reason)
	}
	for name := range inputs {
		path := l.at(name)
		reported := slices.ContainsFunc(skipped, func(s SkippedFile) bool {
			return s.Path == path || strings.HasPrefix(path, vfs.Prefix(s.Path))
		})
		require.True(l, reported || slices.Contains(used, path), "%s is lost: used %v, skipped %v", path, used, skipped)
	}
	return len(skipped)
}

// A fault is a way in which operations at the seam fail.
type fault struct {
	name   string
	err    error // what the hook returns
	reason error // what the operation's error must be, if it has one; nil = any
	lasts  bool  // all operations fail from then on
}

var faults = []fault{
	{name: "EIO", err: syscall.EIO, reason: syscall.EIO},
	{name: "ENOSPC", err: syscall.ENOSPC, reason: syscall.ENOSPC},
	{name: "EDQUOT", err: syscall.EDQUOT, reason: syscall.EDQUOT},
	{name: "EMFILE", err: syscall.EMFILE, reason: syscall.EMFILE},
	{name: "EACCES", err: syscall.EACCES, reason: syscall.EACCES},
	{name: "EINTR", err: syscall.EINTR, reason: syscall.EINTR},
	{name: "ESTALE", err: syscall.ESTALE, reason: syscall.ESTALE},
	{name: "short", err: vfstest.ErrShort, reason: io.ErrShortWrite},
	{name: "late EIO", err: vfstest.Late{Err: syscall.EIO}},
	{name: "lasting EIO", err: syscall.EIO, reason: syscall.EIO, lasts: true},
}

// hits says which operation a fault hit.
type hits struct {
	first     vfstest.Call
	temporary bool // a temporary file could not be removed
}

// strike returns a hook that fails operation n.
func (f fault) strike(n int) (*hits, vfstest.Hook) {
	h := new(hits)
	var mayLeave atomic.Bool
	return h, func(c vfstest.Call) error {
		if c.N != n && (!f.lasts || c.N < n) {
			return nil
		}
		if c.N == n {
			h.first = c
		}
		_, isLate := f.err.(vfstest.Late)
		if c.Op == "remove" || isLate && vfs.IsTempName(c.Name) {
			mayLeave.Store(true)
			h.temporary = true
		}
		return f.err
	}
}

// TestFaultsAtEveryOperation fails each operation at the seam in turn, in each
// way, until the operation above it passes untouched.
func TestFaultsAtEveryOperation(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			cases := 0
			for _, tr := range trials {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					for _, form := range callForms {
						want := l.undisturbed(tr, form)
						for _, f := range faults {
							for n := 1; l.underFault(tr, form, want, f, n); n++ {
								cases++
							}
						}
					}
				})
			}
			l.TB = t
			l.close()
			t.Logf("%d cases", cases)
		})
	}
}

// underFault runs a trial with a fault at operation n and reports whether
// there was such an operation.
func (l *lab) underFault(tr trial, form callForm, want golden, f fault, n int) bool {
	l.Helper()
	hit, h := f.strike(n)
	l.prepare(tr, h)
	result, err := tr.run(l.Context(), l, form)
	l.settle()
	where := fmt.Sprintf("%s, %s at operation %v", form, f.name, hit.first)
	defer func() {
		if l.Failed() {
			l.Logf("in the case: %s: (%v, %v)", where, result, err)
		}
	}()
	l.checkFiles(tr, want, result, err, hit.temporary)
	skips := 0
	switch {
	case err != nil:
		require.NotZero(l, hit.first.N, "an error without a fault: %v", err)
		l.checkClear(err, f.reason)
	case tr.account != nil:
		skips = l.checkAccount(tr, result, f.reason)
	}
	if err == nil && skips == 0 {
		require.Equal(l, want.result, result, "neither an error nor the whole result: %s", where)
	}
	l.faulty.Reset(nil)
	text, err2 := l.pool.ReadFile(context.Background(), l.at("in/z.txt"))
	require.NoError(l, err2)
	require.Equal(l, inputs["in/z.txt"], text)
	return hit.first.N != 0
}

// TestCancelledAtEveryOperation ends the context at each operation at the seam
// in turn, and at random moments.
func TestCancelledAtEveryOperation(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			random := rand.New(rand.NewPCG(1, 2))
			cases := 0
			for _, tr := range trials {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					for _, form := range []callForm{cancellableForm, asyncForm} {
						want := l.undisturbed(tr, form)
						for n := range want.calls {
							l.underCancel(tr, form, want, n+1, 0)
							cases++
						}
						for range 25 {
							l.underCancel(tr, form, want, 1+random.IntN(want.calls), 1+random.IntN(40))
							cases++
						}
					}
				})
			}
			l.TB = t
			l.close()
			t.Logf("%d cases", cases)
		})
	}
}

// underCancel runs a trial whose context ends at operation n, or some turns of
// the scheduler later.
func (l *lab) underCancel(tr trial, form callForm, want golden, n, later int) {
	l.Helper()
	ctx, cancel := context.WithCancel(l.Context())
	defer cancel()
	l.prepare(tr, func(c vfstest.Call) error {
		switch {
		case c.N != n:
		case later == 0:
			cancel()
		default:
			go func() {
				for range later {
					runtime.Gosched()
				}
				cancel()
			}()
		}
		return nil
	})
	result, err := tr.run(ctx, l, form)
	l.settle()
	defer func() {
		if l.Failed() {
			l.Logf("in the case: %s, cancelled at %d + %d: (%v, %v)", form, n, later, result, err)
		}
	}()
	if err != nil {
		require.ErrorIs(l, err, context.Canceled)
		l.checkClear(err, nil)
		// The function has left its work behind, which may have come to its end.
		l.checkFiles(tr, want, result, err, false)
		return
	}
	require.Equal(l, want.result, result, "neither an error nor the whole result")
	l.checkFiles(tr, want, result, nil, false)
}
