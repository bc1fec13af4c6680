//go:build linux

package reliability

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// TestTenThousandHungReads starts ten thousand reads of files on two hung mounts.
// They use no more threads than the pool has workers. A caller returns when its
// context ends, another pool is not affected, and the reads succeed when the
// mounts answer again.
func TestTenThousandHungReads(t *testing.T) {
	needRoot(t)
	if !alone(t) {
		return
	}
	const reads, workers = 10_000, 64
	mounts := []*hangingMount{mountHanging(t), mountHanging(t)}
	var paths []string
	for i := range 100 {
		for _, m := range mounts {
			name := fmt.Sprintf("%d.txt", i)
			put(t, filepath.Join(m.back, name), name)
			paths = append(paths, filepath.Join(m.dir, name))
		}
	}
	before := threads(t)
	p := newPool(t, workers)
	mounts[0].hang("open")
	mounts[1].hang("read")
	futures := make([]*fileops.Future[string], reads)
	for i := range futures {
		futures[i] = p.AsyncReadFile(t.Context(), paths[i%len(paths)])
	}
	eventually(t, "all workers hang", func() bool { return p.Stats().Running >= workers })
	assert.Positive(t, mounts[0].stuck())
	assert.Positive(t, mounts[1].stuck())

	t.Run("waits end with their contexts", func(t *testing.T) {
		late := make([]time.Duration, reads)
		ctx, cancel := context.WithCancel(t.Context())
		ended := time.Now().Add(100 * time.Millisecond)
		ctx, cancelAtTime := context.WithDeadline(ctx, ended)
		defer cancel()
		defer cancelAtTime()
		var waits sync.WaitGroup
		for i, f := range futures {
			waits.Go(func() {
				_, err := f.Await(ctx)
				late[i] = time.Since(ended)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		within(t, "Await", func() bool { waits.Wait(); return true })
		slices.Sort(late)
		t.Logf("%d waits ended %v after their context at the median, %v at most", reads, late[reads/2], late[reads-1])
		assert.Less(t, late[reads/2], 50*time.Millisecond)
		assert.Less(t, late[reads-1], time.Second)
	})
	t.Run("Stats shows the abandoned", func(t *testing.T) {
		s := p.Stats()
		assert.GreaterOrEqual(t, s.Running, workers)
		assert.LessOrEqual(t, s.Running, workers+workers/4, "the reserve is lent until the other mount hangs too")
		assert.Equal(t, s.Running, s.Abandoned)
		assert.Equal(t, reads-s.Running, s.Waiting)
		assert.Equal(t, reads, s.Active)
	})
	t.Run("threads are bounded", func(t *testing.T) {
		most := threads(t)
		t.Logf("%d threads before, %d with %d reads hung", before, most, reads)
		assert.LessOrEqual(t, most, before+workers+20)
	})
	t.Run("another pool goes on", func(t *testing.T) {
		other := newPool(t, 4)
		in := makeInputs(t, t.TempDir(), 10_000)
		for _, o := range slices.Concat(readers, writers) {
			dst := t.TempDir()
			putOld(t, dst)
			err := within(t, o.name, func() error { return o.run(t.Context(), other, in, dst) })
			assert.NoError(t, err, o.name)
		}
	})
	for _, m := range mounts {
		m.release()
	}
	for i, f := range futures {
		text, err := within2(t, "read after release", f.Result)
		require.NoError(t, err)
		require.Equal(t, filepath.Base(paths[i%len(paths)]), text)
	}
}

// within2 calls a function that returns two values, and hangs if there is a bug.
func within2[T any](t *testing.T, call string, f func() (T, error)) (v T, err error) {
	t.Helper()
	within(t, call, func() bool { v, err = f(); return true })
	return v, err
}

// TestHungMountLeavesWorkers checks that operations on other mounts go on in a
// pool whose workers are all held by a hung mount: on the pool's reserve.
func TestHungMountLeavesWorkers(t *testing.T) {
	needRoot(t)
	if !alone(t) {
		return
	}
	m := mountHanging(t, "tmpfile")
	hung := makeInputs(t, m.back, 10_000)
	hung.src = m.dir
	putOld(t, m.back)
	all := slices.Concat(readers, writers, inPlaceWriters)
	for _, workers := range []int{2, 3, 8, 64} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			p := newPool(t, workers)
			m.hang("lookup")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var left sync.WaitGroup
			for i := range 200 {
				left.Go(func() { all[i%len(all)].run(ctx, p, hung, m.dir) })
			}
			eventually(t, "the mount holds all workers", func() bool { return p.Stats().Running == workers })

			in := makeInputs(t, t.TempDir(), 10_000)
			for _, o := range all {
				dst := t.TempDir()
				putOld(t, dst)
				err := within(t, o.name, func() error { return o.run(t.Context(), p, in, dst) })
				assert.NoError(t, err, o.name)
			}
			assert.Equal(t, workers, p.Stats().Running, "the reserve is idle again")
			cancel()
			within(t, "cancelled", func() bool { left.Wait(); return true })
			m.release()
		})
	}
}

// TestCloseNamesTheStuck checks that Close returns when its context ends.
// Its error names the operation that hangs, whichever request it hangs in. After
// that operation has returned, a second Close succeeds.
func TestCloseNamesTheStuck(t *testing.T) {
	for _, kind := range []string{"lookup", "open", "getattr", "read", "flush"} {
		t.Run(kind, func(t *testing.T) {
			m := mountHanging(t)
			path := filepath.Join(m.dir, "a.txt")
			put(t, filepath.Join(m.back, "a.txt"), "a")
			p := newPool(t, 4)
			m.hang(kind)
			f := p.AsyncReadFile(t.Context(), path)
			eventually(t, "it hangs", func() bool { return m.stuck() == 1 })

			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := within(t, "Close", func() error { return p.Close(ctx) })
			stuck, ok := errors.AsType[*fileops.StuckError](err)
			require.Truef(t, ok, "%v", err)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			require.Len(t, stuck.Running, 1)
			assert.Equal(t, "read", stuck.Running[0].Op)
			assert.Equal(t, path, stuck.Running[0].Path)
			assert.Positive(t, stuck.Running[0].For)
			assert.ErrorContains(t, err, "read "+path)
			_, err = p.ReadFile(t.Context(), path)
			assert.ErrorIs(t, err, fileops.ErrClosed)

			m.release()
			text, err := within2(t, "read", f.Result)
			assert.NoError(t, err)
			assert.Equal(t, "a", text)
		})
	}
}

// TestEachRequestHangs runs each operation once for each request that it makes of
// the file system, and makes that request hang. The caller gets its context's
// error at once. After release the operation ends, each file is old or new and
// whole, and there is no temporary file.
func TestEachRequestHangs(t *testing.T) {
	for _, o := range slices.Concat(readers, writers, inPlaceWriters) {
		t.Run(o.name, func(t *testing.T) { hangAtEachRequest(t, o) })
	}
}

// hangAtEachRequest runs an operation until a run makes no request that could
// hang.
func hangAtEachRequest(t *testing.T, o operation) {
	m := mountHanging(t, "tmpfile")
	noLeaks(t)
	in := makeInputs(t, filepath.Join(m.back, "src"), 10_000)
	in.src = filepath.Join(m.dir, "src")
	name := func(n int) string { return fmt.Sprint("dst", n) }
	putOld(t, filepath.Join(m.back, name(0)))
	before := readTree(t, filepath.Join(m.back, name(0)))
	require.NoError(t, o.run(t.Context(), fileops.DefaultPool, in, filepath.Join(m.dir, name(0))))
	after := readTree(t, filepath.Join(m.back, name(0)))

	var hung []string
	for n := 1; ; n++ {
		putOld(t, filepath.Join(m.back, name(n)))
		p := fileops.NewPool(fileops.PoolOptions{Workers: 4})
		kind, ok := hangOnce(t, m, n, func(ctx context.Context) error {
			return o.run(ctx, p, in, filepath.Join(m.dir, name(n)))
		})
		m.release()
		closePool(t, p)
		got := readTree(t, filepath.Join(m.back, name(n)))
		got.requireWhole(t, before, after)
		assert.Emptyf(t, got.temps, "hung in request %d: %s", n, kind)
		if !ok {
			assert.Equal(t, after, got)
			break
		}
		hung = append(hung, kind)
	}
	t.Logf("hung in %d requests: %v", len(hung), hung)
	assert.NotEmpty(t, hung)
}

// hangOnce makes the nth request of an operation hang, and then cancels the
// operation. It returns the kind of the request, and false if there is no nth
// request.
func hangOnce(t *testing.T, m *hangingMount, n int, run func(context.Context) error) (kind string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m.hangAt(n)
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var err error
	eventually(t, "it hangs or ends", func() bool {
		select {
		case err = <-done:
			ok = false
			return true
		default:
			ok = m.stuck() > 0
			return ok
		}
	})
	if !ok {
		require.NoError(t, err)
		return "", false
	}
	kind = m.requests()[n-1]
	cancel()
	began := time.Now()
	err = within(t, "hung in "+kind, func() error { return <-done })
	assert.Less(t, time.Since(began), time.Second)
	assert.ErrorIsf(t, err, context.Canceled, "hung in request %d: %s", n, kind)
	return kind, true
}

// TestFIFODoesNotHang checks that a FIFO without a writer cannot hang an operation,
// because a FIFO is not a regular file.
func TestFIFODoesNotHang(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o666))
	put(t, filepath.Join(dir, "b.txt"), "b")
	p := newPool(t, 4)
	run := func(name string, op func() error) {
		t.Helper()
		err := within(t, name, op)
		assert.ErrorIs(t, err, fileops.ErrNotRegular, name)
		assert.ErrorContains(t, err, fifo, name)
	}
	ctx := t.Context()
	futures := make([]*fileops.Future[string], 10_000)
	for i := range futures {
		futures[i] = p.AsyncReadFile(ctx, fifo)
	}
	for _, f := range futures {
		run("AsyncReadFile", func() error { _, err := f.Result(); return err })
	}
	run("ReadBytes", func() error { _, err := p.ReadBytes(ctx, fifo); return err })
	run("FileSize", func() error { _, err := p.FileSize(ctx, fifo); return err })
	run("CopyFile from", func() error { return p.CopyFile(ctx, fifo, filepath.Join(dir, "new")) })
	run("CopyFile to", func() error { return p.CopyFile(ctx, filepath.Join(dir, "b.txt"), fifo) })
	run("SaveToFile", func() error {
		_, err := p.SaveToFile(ctx, "text", dir, "fifo", &fileops.SaveOptions{Overwrite: true})
		return err
	})
	run("FileToChunks", func() error { _, err := p.FileToChunks(ctx, fifo, nil); return err })
	run("Chunk", func() error { _, err := p.Chunk(ctx, fifo, nil); return err })
	run("Chunk to", func() error {
		jsonl := filepath.Join(dir, "fifo.jsonl")
		assert.NoError(t, os.Rename(fifo, jsonl))
		defer os.Rename(jsonl, fifo)
		_, err := p.Chunk(ctx, filepath.Join(dir, "b.txt"), &fileops.ChunkOptions{OutputFile: jsonl})
		return err
	})
	for r := range p.ReadFiles(ctx, []string{fifo, filepath.Join(dir, "b.txt")}) {
		assert.Equal(t, r.Index == 1, r.Err == nil)
	}
	result, err := within2(t, "Concat", func() (*fileops.ConcatResult, error) {
		return p.Concat(ctx, []string{fifo, dir}, nil)
	})
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "b.txt")}, result.Files)
	require.Len(t, result.Skipped, 1)
	assert.ErrorIs(t, result.Skipped[0].Err, fileops.ErrNotRegular)
}

// TestSubmittedHangsAreBounded gives ten thousand functions to Submit that block
// when they open a FIFO. They use no more threads than the pool has workers.
func TestSubmittedHangsAreBounded(t *testing.T) {
	if !alone(t) {
		return
	}
	const calls, workers = 10_000, 32
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o666))
	before := threads(t)
	p := newPool(t, workers)
	futures := make([]*fileops.Future[struct{}], calls)
	open := func(context.Context) (struct{}, error) {
		fd, err := openRetrying(fifo, unix.O_RDONLY)
		return struct{}{}, cmp.Or(err, unix.Close(fd))
	}
	for i := range futures {
		futures[i] = fileops.Submit(t.Context(), p, open)
	}
	eventually(t, "all workers hang", func() bool { return p.Stats().Running == workers })
	time.Sleep(50 * time.Millisecond) // a bug would start more threads meanwhile
	most := threads(t)
	t.Logf("%d threads before, %d with %d calls hung", before, most, calls)
	assert.LessOrEqual(t, most, before+workers+20)

	writer, err := openRetrying(fifo, unix.O_RDWR) // a writer lets every open return
	require.NoError(t, err)
	_, err = within2(t, "release", func() ([]struct{}, error) { return fileops.All(t.Context(), futures...) })
	assert.NoError(t, err)
	require.NoError(t, unix.Close(writer))
}

// openRetrying opens a file with a system call that blocks the thread. It retries
// if a signal interrupts the call: see signal(7).
func openRetrying(path string, flags int) (fd int, err error) {
	for {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}
