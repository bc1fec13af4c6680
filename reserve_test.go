package fileops

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// fakeMounts returns a list of mounts: a root and these points, outer ones
// first.
func fakeMounts(points ...string) func() mounts.Table {
	list := "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
	for i, point := range points {
		parent := 1
		for j, above := range points[:i] {
			if strings.HasPrefix(point, above+"/") {
				parent = j + 2
			}
		}
		list += fmt.Sprintf("%d %d 0:%d / %s rw - nfs4 server:/ rw\n", i+2, parent, i+2, point)
	}
	dir, _ := os.Getwd()
	return func() mounts.Table { return mounts.NewTable(list, dir) }
}

func TestReserveSizes(t *testing.T) {
	for workers, size := range map[int]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 8: 2, 16: 4, 32: 8, 33: 9, 100: 25} {
		require.Equal(t, size, newReserve(workers, "").size, "%d workers", workers)
	}
}

// TestPointsOfPaths finds the mounts of paths, absolute and relative to a Root.
func TestPointsOfPaths(t *testing.T) {
	r := newReserve(4, "")
	r.table = fakeMounts("/mnt", "/mnt/in")()
	based := newReserve(4, "/mnt")
	based.table = r.table
	for path, want := range map[string]string{"": "", "/": "/", "/mnt/f": "/mnt", "/mnt/in/f": "/mnt/in", "/mnt2": "/"} {
		require.Equal(t, want, r.point(path), path)
		require.Equal(t, want, based.point(path), path)
	}
	for path, want := range map[string]string{"f": "/mnt", "in/f": "/mnt/in", ".": "/mnt", "x/../in": "/mnt/in"} {
		require.Equal(t, want, based.point(path), path)
	}
}

// A mountLab is a directory with three mounts, of which one hangs. In the order
// of names one of the others comes before it and one after.
type mountLab struct {
	testing.TB
	dir    string
	files  *vfstest.FS
	pool   *Pool
	inside atomic.Int64  // operations in flight on the mount that hangs
	hang   chan struct{} // closed to end it
}

const mountedFiles = 4

func newMountLab(t *testing.T, opts PoolOptions) *mountLab {
	t.Helper()
	l := &mountLab{TB: t, dir: tempDir(t), hang: make(chan struct{})}
	for _, dir := range []string{"fine", "hung", "well", "local"} {
		for i := range mountedFiles {
			require.NoError(t, os.MkdirAll(l.at(dir), 0o777))
			require.NoError(t, os.WriteFile(l.at(fmt.Sprintf("%s/%d.txt", dir, i)), []byte("text"), 0o666))
		}
	}
	l.files = vfstest.New(vfs.System())
	l.files.Reset(func(c vfstest.Call) error {
		if strings.HasPrefix(c.Name, l.at("hung")) {
			l.inside.Add(1)
			<-l.hang
			l.inside.Add(-1)
		}
		return nil
	})
	l.pool = newPool(opts, l.files)
	l.pool.slots.reserve.read = fakeMounts(l.at("fine"), l.at("hung"), l.at("well"))
	return l
}

func (l *mountLab) at(path string) string { return filepath.Join(l.dir, path) }

// waitFor waits for a condition that must come true.
func (l *mountLab) waitFor(what string, condition func() bool) {
	l.Helper()
	require.Eventually(l, condition, guard, time.Millisecond, what)
}

// patience is a context that ends only if something hangs.
func (l *mountLab) patience() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	l.Cleanup(cancel)
	return ctx
}

// readHung starts reads on the mount that hangs.
func (l *mountLab) readHung(ctx context.Context, n int) (futures []*Future[string]) {
	for i := range n {
		futures = append(futures, l.pool.AsyncReadFile(ctx, l.at(fmt.Sprintf("hung/%d.txt", i%mountedFiles))))
	}
	return futures
}

// requireHealthy checks that work on other directories goes on.
func (l *mountLab) requireHealthy(n int, dirs ...string) {
	l.Helper()
	for i := range n {
		for _, dir := range dirs {
			text, err := l.pool.ReadFile(l.patience(), l.at(fmt.Sprintf("%s/%d.txt", dir, i%mountedFiles)))
			require.NoError(l, err)
			require.Equal(l, "text", text)
		}
	}
}

// recover ends the hang and checks that all work ends and nothing is left.
func (l *mountLab) recover(futures []*Future[string]) {
	l.Helper()
	close(l.hang)
	_, err := All(l.patience(), futures...)
	require.NoError(l, err)
	l.requireIdle()
}

func (l *mountLab) requireIdle() {
	l.Helper()
	require.NoError(l, l.pool.Close(l.patience()))
	s := l.pool.Stats()
	require.Zero(l, [...]int{s.Running, s.Waiting, s.Active, s.Abandoned})
	require.Zero(l, l.pool.pending.Load())
	require.Zero(l, l.pool.slots.used)
	_, most := l.files.Called()
	require.LessOrEqual(l, most, l.pool.opts.Workers+l.pool.slots.reserve.size, "threads are bounded")
	l.waitFor("the reserve is taken back", func() bool {
		l.pool.slots.mu.Lock()
		defer l.pool.slots.mu.Unlock()
		return !l.pool.slots.reserve.open()
	})
}

// TestHungMountLeavesOthersTheReserve hangs a mount under more operations than
// there are workers.
func TestHungMountLeavesOthersTheReserve(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 3, 4, 8, 32} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			hung := l.readHung(context.Background(), 3*workers)
			l.waitFor("the mount has all workers", func() bool { return int(l.inside.Load()) == workers })
			l.requireHealthy(2*workers, "fine", "well", "local")
			require.Equal(t, workers, l.pool.Stats().Running)
			require.Equal(t, 2*workers, l.pool.Stats().Waiting)
			l.recover(hung)
		})
	}
}

// TestReserveIsForOtherMounts checks that operations that wait when the mount is
// found to hang get the reserve in order of arrival, and that none on the hung
// mount does.
func TestReserveIsForOtherMounts(t *testing.T) {
	t.Parallel()
	const workers = 4
	l := newMountLab(t, PoolOptions{Workers: workers})
	var all []*Future[string]
	for i := range 8 {
		all = append(all, l.readHung(context.Background(), workers)...)
		all = append(all, l.pool.AsyncReadFile(context.Background(), l.at(fmt.Sprintf("fine/%d.txt", i%mountedFiles))))
	}
	for i, f := range all {
		if i%(workers+1) == workers {
			_, err := f.Await(l.patience())
			require.NoError(t, err)
		}
	}
	require.EqualValues(t, workers, l.inside.Load())
	l.recover(all)
}

// TestEveryHungOperationOpensTheReserve hangs a mount under operations that
// reach it not by the path that they are called with, or in one of their steps.
func TestEveryHungOperationOpensTheReserve(t *testing.T) {
	t.Parallel()
	const workers, calls = 4, 8
	for name, begin := range map[string]func(l *mountLab, i int) (done <-chan struct{}){
		"CopyFile from": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncCopyFile(context.Background(), l.at("hung/0.txt"), l.at(fmt.Sprint("local/copy", i))).Done()
		},
		"CopyFile to": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncCopyFile(context.Background(), l.at("local/0.txt"), l.at(fmt.Sprint("hung/copy", i))).Done()
		},
		"SaveToFile": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncSaveToFile(context.Background(), "text", l.at("hung"), fmt.Sprint(i), nil).Done()
		},
		"SaveChunks": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncSaveChunks(context.Background(), sampleChunks, l.at(fmt.Sprint("hung/", i)), nil).Done()
		},
		"Concat to a file": func(l *mountLab, i int) <-chan struct{} {
			o := &ConcatOptions{OutputFile: l.at(fmt.Sprint("hung/joined", i))}
			return l.pool.AsyncConcat(context.Background(), []string{l.at("local/0.txt")}, o).Done()
		},
		"Chunk to a file": func(l *mountLab, i int) <-chan struct{} {
			o := &ChunkOptions{OutputFile: l.at(fmt.Sprintf("hung/%d.csv", i))}
			return l.pool.AsyncChunk(context.Background(), l.at("local/0.txt"), o).Done()
		},
		"FileSize": func(l *mountLab, i int) <-chan struct{} {
			return l.pool.AsyncFileSize(context.Background(), l.at("hung")).Done()
		},
		"Chunk with a Reader": func(l *mountLab, i int) <-chan struct{} {
			o := &ChunkOptions{Reader: func(context.Context, string) (string, error) {
				<-l.hang // in a system call of its own
				return "text", nil
			}}
			path := l.at(fmt.Sprintf("well/%d.txt", i%mountedFiles)) // so that only the Reader hangs
			return l.pool.AsyncFileToChunks(context.Background(), path, o).Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			var done []<-chan struct{}
			for i := range calls {
				done = append(done, begin(l, i))
			}
			l.waitFor("all run or wait", func() bool {
				s := l.pool.Stats()
				return s.Running+s.Waiting == calls && s.Running >= workers
			})
			l.requireHealthy(2, "fine")
			close(l.hang)
			for _, d := range done {
				<-d
			}
			l.requireIdle()
		})
	}
}

// TestCopiesBetweenHungAndOtherMounts hangs a mount that others are copied to
// and from. Such a copy counts for the hung mount.
func TestCopiesBetweenHungAndOtherMounts(t *testing.T) {
	t.Parallel()
	l := newMountLab(t, PoolOptions{Workers: 4})
	var copies []*Future[struct{}]
	for i := range 9 {
		for _, dir := range []string{"fine", "well", "local"} {
			path, other := l.at(dir+"/0.txt"), l.at(fmt.Sprintf("hung/%s%d", dir, i))
			if i%2 == 1 {
				path, other = l.at("hung/0.txt"), l.at(fmt.Sprintf("%s/copy%d", dir, i))
			}
			copies = append(copies, l.pool.AsyncCopyFile(context.Background(), path, other))
		}
	}
	l.waitFor("the mount has all workers", func() bool {
		s := l.pool.Stats()
		return s.Running == 4 && s.Waiting == len(copies)-4
	})
	l.requireHealthy(8, "fine", "well", "local")
	close(l.hang)
	_, err := All(l.patience(), copies...)
	require.NoError(t, err)
	l.requireIdle()
}

// TestHungMountCountsAsPending fills MaxPending by waits for a hung mount.
func TestHungMountCountsAsPending(t *testing.T) {
	t.Parallel()
	const workers, maxPending = 4, 5
	l := newMountLab(t, PoolOptions{Workers: workers, MaxPending: maxPending})
	hung := l.readHung(context.Background(), workers)
	l.waitFor("the mount has all workers", func() bool { return int(l.inside.Load()) == workers })
	for i := range maxPending {
		hung = append(hung, l.readHung(context.Background(), 1)...)
		l.waitFor("it waits", func() bool { return l.pool.Stats().Waiting == i+1 })
	}
	l.waitFor("the reserve is open", func() bool {
		l.pool.slots.mu.Lock()
		defer l.pool.slots.mu.Unlock()
		return l.pool.slots.reserve.open()
	})
	for range 3 {
		_, err := l.readHung(context.Background(), 1)[0].Await(l.patience())
		require.ErrorIs(t, err, ErrOverloaded)
		require.Equal(t, maxPending, l.pool.Stats().Waiting)
		l.requireHealthy(3, "fine", "well", "local")
	}
	l.recover(hung)
}

// TestWaitsForHungMountsAreCancelled gives up waits for a hung mount.
func TestWaitsForHungMountsAreCancelled(t *testing.T) {
	t.Parallel()
	const workers = 4
	l := newMountLab(t, PoolOptions{Workers: workers})
	hung := l.readHung(context.Background(), workers)
	l.waitFor("the mount has all workers", func() bool { return int(l.inside.Load()) == workers })
	for range 50 {
		ctx, cancel := context.WithCancel(context.Background())
		waiting := l.readHung(ctx, 10)
		l.waitFor("they wait", func() bool { return l.pool.Stats().Waiting == 10 })
		cancel()
		for _, r := range AllSettled(l.patience(), waiting...) {
			require.ErrorIs(t, r.Err, context.Canceled)
		}
		l.waitFor("none waits", func() bool { return l.pool.Stats().Waiting == 0 })
	}
	l.requireHealthy(8, "fine", "well", "local")
	l.recover(hung)
}

// TestBlame finds the mounts that explain the calls that last.
func TestBlame(t *testing.T) {
	for _, c := range []struct {
		calls [][2]string
		want  map[string]bool
	}{
		{nil, map[string]bool{}},
		{[][2]string{{"", ""}}, map[string]bool{}},
		{[][2]string{{"/a", ""}}, map[string]bool{"/a": true}},
		{[][2]string{{"/a", "/b"}}, map[string]bool{"/a": true, "/b": true}},
		{[][2]string{{"/a", "/b"}, {"/a", ""}}, map[string]bool{"/a": true}},
		{[][2]string{{"/a", "/b"}, {"/c", "/b"}}, map[string]bool{"/b": true}},
		{[][2]string{{"/a", "/a"}, {"/b", ""}}, map[string]bool{"/a": true, "/b": true}},
		{[][2]string{{"/a", "/b"}, {"/c", "/b"}, {"/d", ""}}, map[string]bool{"/b": true, "/d": true}},
	} {
		require.Equal(t, c.want, blame(c.calls), "%v", c.calls)
	}
}

// TestBusyMountsDoNotDeadlock mixes all operations on all mounts with as few
// workers as there can be: all of them end.
func TestBusyMountsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			l := newMountLab(t, PoolOptions{Workers: workers})
			close(l.hang) // it is only busy
			ctx := l.patience()
			other := NewPool(PoolOptions{Workers: 64})
			all, txt := []string{l.at("hung"), l.at("well"), l.at("local")}, []string{".txt"} // so that no output is an input
			var work []*Future[string]
			for i := range 40 {
				out := l.at(fmt.Sprintf("out/%d", i))
				for _, do := range []func(context.Context) error{
					func(ctx context.Context) error {
						_, err := l.pool.Concat(ctx, all, &ConcatOptions{FileTypes: txt, OutputFile: l.at(fmt.Sprintf("well/joined%d.md", i))})
						return err
					},
					func(ctx context.Context) error {
						_, err := l.pool.ConcatTo(ctx, new(bytes.Buffer), all, &ConcatOptions{FileTypes: txt})
						return err
					},
					func(ctx context.Context) error {
						o := &ChunkOptions{OutputFile: l.at(fmt.Sprintf("well/chunks%d.jsonl", i)), FileTypes: txt}
						_, err := l.pool.Chunk(ctx, l.at("hung"), o)
						return err
					},
					func(ctx context.Context) error {
						o := &ChunkOptions{OutputDir: out, FileTypes: txt, Reader: l.pool.ReadFile}
						_, err := l.pool.Chunk(ctx, l.at("local"), o)
						return err
					},
					func(ctx context.Context) error { return l.pool.CopyFile(ctx, l.at("hung/0.txt"), l.at("well/copy")) },
					func(ctx context.Context) error { return l.pool.CopyFile(ctx, l.at("well/0.txt"), l.at("hung/copy")) },
					func(ctx context.Context) error {
						_, err := l.pool.FileSize(ctx, l.dir)
						return err
					},
				} {
					work = append(work, Submit(ctx, l.pool, func(ctx context.Context) (string, error) { return "", do(ctx) }))
					work = append(work, Submit(ctx, other, func(ctx context.Context) (string, error) { return "", do(ctx) }))
				}
			}
			_, err := All(ctx, work...)
			require.NoError(t, err)
			require.NoError(t, other.Close(ctx))
			l.requireIdle()
		})
	}
}
