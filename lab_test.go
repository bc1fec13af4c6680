package fileops

import (
	"context"
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
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sweeps run every operation, in every form, against one kind of trouble:
//
//   - sweep_faults_test.go: each call at the seam fails, or the context ends then
//   - sweep_hung_test.go: each call hangs
//   - sweep_timeout_test.go: the same in a pool with a Timeout
//   - sweep_replaced_test.go: a file or directory is replaced between two calls
//   - sweep_races_test.go: a goroutine changes the tree meanwhile
//   - sweep_oddtrees_test.go: trees that are deep, loop, or have odd names
//   - sweep_callbacks_test.go: callbacks panic, exit or fail
//   - sweep_confine_test.go: hostile names and links below a Root
//   - sweep_model_test.go: random operations beside a model in memory
//   - sweep_vectors_test.go: the recorded answers of the original
//
// trials_test.go lists the operations. With -short a sweep takes each n-th case
// only, see stride.

// stride returns the step from one case of a sweep to the next: 1, or short with
// -short.
func stride(short int) int {
	if testing.Short() {
		return short
	}
	return 1
}

// someOf returns each n-th element of a list, for the n of stride.
func someOf[T any](list []T, short int) (some []T) {
	for i := 0; i < len(list); i += stride(short) {
		some = append(some, list[i])
	}
	return some
}

// bubble runs a test in a bubble of testing/synctest. There synctest.Wait returns
// when all goroutines wait, and a test that would hang for ever ends at once: ctx
// ends after an hour of the bubble's time.
func bubble(t *testing.T, opts PoolOptions, test func(ctx context.Context, t *testing.T, l *lab)) {
	t.Helper()
	bubbleOn(t, seams[0], opts, test)
}

func bubbleOn(t *testing.T, s seam, opts PoolOptions, test func(ctx context.Context, t *testing.T, l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		checkDescriptors(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		l := newLab(t, s, opts)
		t.Cleanup(func() {
			cancel()
			l.close()
		})
		test(ctx, t, l)
	})
}

// A gate blocks goroutines that pass until it is opened.
type gate struct {
	open   chan struct{}
	Open   func()
	inside atomic.Int32
}

func newGate(t testing.TB) *gate {
	g := &gate{open: make(chan struct{})}
	g.Open = sync.OnceFunc(func() { close(g.open) })
	t.Cleanup(g.Open)
	return g
}

func (g *gate) pass() {
	g.inside.Add(1)
	<-g.open
	g.inside.Add(-1)
}

// hang makes the operations at the seam that match pass the gate first.
func (l *lab) hang(match func(vfstest.Call) bool) *gate {
	g := newGate(l)
	l.faulty.Reset(func(c vfstest.Call) error {
		if match(c) {
			g.pass()
		}
		return nil
	})
	return g
}

func anyCall(vfstest.Call) bool { return true }

func callOn(part string) func(vfstest.Call) bool {
	return func(c vfstest.Call) bool { return strings.Contains(c.Name, part) }
}

// occupied starts a Submit that holds a slot until the gate opens.
func (l *lab) occupied(ctx context.Context) (*Future[int], *gate) {
	g := newGate(l)
	f := Submit(ctx, l.pool, func(context.Context) (int, error) {
		g.pass()
		return 1, nil
	})
	synctest.Wait()
	return f, g
}

var workerCounts = []int{1, 2, 32}

func eachWorkerCount(t *testing.T, test func(t *testing.T, workers int)) {
	for _, n := range workerCounts {
		t.Run(fmt.Sprintf("%d workers", n), func(t *testing.T) { test(t, n) })
	}
}

// A seam is one of the real filesystems, and how paths are written for it.
type seam struct {
	name     string
	files    func(t testing.TB, dir string) vfs.FS
	confined bool // paths are relative to the directory
	io       bool // files are read by way of an fs.FS, and saved below a Root
}

var seams = []seam{
	{"system", func(testing.TB, string) vfs.FS { return vfs.System() }, false, false},
	{"system confined", func(t testing.TB, dir string) vfs.FS { return vfs.Confined(openRoot(t, dir)) }, true, false},
	{"os", func(testing.TB, string) vfs.FS { return vfs.Portable() }, false, false},
	{"os confined", func(t testing.TB, dir string) vfs.FS { return vfs.PortableConfined(openRoot(t, dir)) }, true, false},
}

// ioSeam is an os.DirFS. It is none of the seams, because it can only be read.
var ioSeam = seam{"io/fs", func(t testing.TB, dir string) vfs.FS { return vfs.Reading(os.DirFS(dir), foreignCalls) }, true, true}

// sweptSeams are the seams, and the trials that each of them can run.
var sweptSeams = append(slices.Clone(seams), ioSeam)

func (s seam) trials() []trial {
	if !s.io {
		return trials
	}
	return slices.DeleteFunc(slices.Clone(trials), func(tr trial) bool { return tr.saves })
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

// guard is the time after which a test calls a wait hung. Nothing else depends on
// it.
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

// inputs are the files of a lab, and outputs the files that its saves replace.
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
	if s.io {
		opts.FS = os.DirFS(dir)
		l.pool = newReadingPool(opts, l.faulty, vfs.Confined(openRoot(t, dir)))
	} else {
		l.pool = newPool(opts, l.faulty)
	}
	// Without mounts no reserve is lent: a slow machine must not add slots.
	l.pool.slots.reserve.read = func() mounts.Table { return mounts.Table{} }
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

// saved returns the files in out.
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

func (l *lab) paths(names []string) []string {
	for i, name := range names {
		names[i] = l.at(name)
	}
	return names
}

// checkClear checks that an error names the operation, the path and the reason.
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

// once returns a hook that makes a change before the first operation op on a
// file or directory called name.
func once(op, name string, change func()) vfstest.Hook {
	var done atomic.Bool
	return func(c vfstest.Call) error {
		if c.Op == op && filepath.Base(c.Name) == name && done.CompareAndSwap(false, true) {
			change()
		}
		return nil
	}
}

// inTime fails the test if work hangs.
func inTime(t testing.TB, work func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), guard/4)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	select {
	case <-done:
		require.NoError(t, ctx.Err(), "it hung until its context ended")
	case <-time.After(guard):
		require.Fail(t, "it hangs")
	}
}

func letters(n int) string { return strings.Repeat("abcdefghijklmnopqrstuvwxyz\n", n/27+1)[:n] }

func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
