//go:build linux

package reliability

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// faultSize is more than the small file systems hold.
const faultSize = 2 << 20

// eachWriterFails runs all writers while there is a fault. Each must fail with one
// of the reasons. Each gets a directory below top that has the old files. begin
// causes the fault and end removes it.
func eachWriterFails(t *testing.T, top string, begin, end func(), reasons ...error) {
	t.Helper()
	in := makeInputs(t, t.TempDir(), faultSize)
	for _, o := range writers {
		t.Run(o.name, func(t *testing.T) {
			dst := filepath.Join(top, "dst")
			putOld(t, dst)
			before := readTree(t, dst)
			after := finished(t, o, in)
			p := newPool(t, 8)
			defer func() { assert.NoError(t, os.RemoveAll(dst)) }()

			begin()
			err := within(t, o.name, func() error { return o.run(t.Context(), p, in, dst) })
			got := readTree(t, dst)
			text, readErr := p.ReadFile(t.Context(), filepath.Join(dst, oldName))
			end()
			requireFault(t, err, dst, reasons...)
			got.requireWhole(t, before, after)
			assert.Empty(t, got.temps)
			if assert.NoError(t, readErr, "the pool reads") {
				assert.Equal(t, oldText, text)
			}
			_, err = p.SaveToFile(t.Context(), "text", dst, "after", nil)
			assert.NoError(t, err, "the pool writes")
		})
	}
}

// finished returns the tree that a writer makes if nothing fails.
func finished(t *testing.T, o operation, in inputs) tree {
	t.Helper()
	dst := t.TempDir()
	putOld(t, dst)
	require.NoError(t, o.run(t.Context(), fileops.DefaultPool, in, dst))
	return readTree(t, dst)
}

// nothing is the begin or end of a fault that is permanent.
func nothing() {}

// TestDiskFull uses a file system that has no space for the text.
func TestDiskFull(t *testing.T) {
	dir := mount(t, "tmpfs", "size=1m")
	eachWriterFails(t, dir, nothing, nothing, unix.ENOSPC)
}

// TestInodesFull uses a file system that has no space for another file.
func TestInodesFull(t *testing.T) {
	dir := mount(t, "tmpfs", "size=64m,nr_inodes=20")
	fillers := filepath.Join(dir, "fillers")
	fill := func() {
		require.NoError(t, os.Mkdir(fillers, 0o777))
		for i := 0; ; i++ {
			err := os.WriteFile(filepath.Join(fillers, fmt.Sprint(i)), nil, 0o666)
			if errors.Is(err, unix.ENOSPC) {
				return
			}
			require.NoError(t, err)
		}
	}
	empty := func() { require.NoError(t, os.RemoveAll(fillers)) }
	eachWriterFails(t, dir, fill, empty, unix.ENOSPC)
}

// TestReadOnlyRemount uses a file system that is read-only.
func TestReadOnlyRemount(t *testing.T) {
	dir := mount(t, "tmpfs", "size=64m")
	remount := func(flags uintptr) func() {
		return func() { require.NoError(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT|flags, "")) }
	}
	eachWriterFails(t, dir, remount(unix.MS_RDONLY), remount(0), unix.EROFS)
}

// TestFileSizeLimit limits files to less than the text: RLIMIT_FSIZE of
// getrlimit(2).
func TestFileSizeLimit(t *testing.T) {
	if !alone(t) {
		return
	}
	signal.Ignore(unix.SIGXFSZ) // its default action ends the process
	limit := func(max uint64) func() {
		return func() { setLimit(t, unix.RLIMIT_FSIZE, max) }
	}
	eachWriterFails(t, t.TempDir(), limit(64<<10), limit(unix.RLIM_INFINITY), unix.EFBIG)
}

// setLimit sets a soft limit of the process. It returns the limit before.
func setLimit(t *testing.T, resource int, soft uint64) (before uint64) {
	t.Helper()
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(resource, &limit))
	before = limit.Cur
	limit.Cur = min(soft, limit.Max)
	require.NoError(t, unix.Setrlimit(resource, &limit))
	return before
}

// TestQuota uses a directory that has less space than the disk.
func TestQuota(t *testing.T) {
	d := newDisk(t, "btrfs", 256<<20)
	d.command("btrfs", "quota", "enable", d.dir)
	d.command("btrfs", "qgroup", "limit", "1M", d.dir)
	settle := func() { d.command("btrfs", "filesystem", "sync", d.dir) } // updates the counts of the quota
	eachWriterFails(t, d.dir, settle, settle, unix.EDQUOT)
}

// TestCopiesShareBlocks makes more copies of a file than the disk can hold, on a
// file system where copies share their blocks.
func TestCopiesShareBlocks(t *testing.T) {
	d := newDisk(t, "btrfs", 256<<20)
	p := newPool(t, 8)
	text := strings.Repeat("0123456789abcde\n", 4<<20)
	path := filepath.Join(d.dir, "0")
	put(t, path, text)
	for i := range 5 {
		next := filepath.Join(d.dir, fmt.Sprint(i+1))
		require.NoError(t, p.CopyFile(t.Context(), path, next))
		path = next
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, text == string(data))
}

// TestWithoutProc runs the writers in a chroot without /proc. An unnamed file gets
// its name through /proc/self/fd: see O_TMPFILE in open(2).
func TestWithoutProc(t *testing.T) {
	needRoot(t)
	root := t.TempDir()
	makeInputs(t, filepath.Join(root, "src"), 10_000)
	in := newInputs("/src", 10_000)
	for _, o := range writers {
		t.Run(o.name, func(t *testing.T) {
			dst := filepath.Join(root, o.name)
			putOld(t, dst)
			before := readTree(t, dst)
			out, err := writerCommand(o, in, "/"+o.name, root).CombinedOutput()
			require.NoErrorf(t, err, "%s", out)
			after := readTree(t, dst)
			assert.NotEqual(t, before, after)
			assert.Empty(t, after.temps)
		})
	}
}

// TestUnnamedForEver uses a file system that makes unnamed files but cannot
// give them a name.
func TestUnnamedForEver(t *testing.T) {
	m := mountHanging(t, "link")
	in := makeInputs(t, t.TempDir(), 10_000)
	p := newPool(t, 8)
	for _, o := range writers {
		if !strings.Contains(o.name, "SaveToFile new") {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			dst := filepath.Join(m.dir, o.name)
			assert.NoError(t, o.run(t.Context(), p, in, dst))
			got := readTree(t, dst)
			assert.Len(t, got.files, 1)
			assert.Empty(t, got.temps)
		})
	}
}

// TestDevFull makes ConcatTo write to /dev/full, which takes no byte. The error says
// so, and the pool works afterwards.
func TestDevFull(t *testing.T) {
	in := makeInputs(t, t.TempDir(), faultSize)
	p := newPool(t, 8)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	result, err := p.ConcatTo(t.Context(), full, []string{in.src}, nil)
	assert.ErrorIs(t, err, unix.ENOSPC)
	assert.ErrorContains(t, err, "write")
	assert.ErrorContains(t, err, "/dev/full")
	assert.Empty(t, result.Files)
	_, err = p.ConcatTo(t.Context(), io.Discard, []string{in.src}, nil)
	assert.NoError(t, err)
}

// TestDeviceIsNotReplaced checks that no operation replaces a device, even for
// root.
func TestDeviceIsNotReplaced(t *testing.T) {
	needRoot(t)
	in := makeInputs(t, t.TempDir(), 10_000)
	p := newPool(t, 8)
	for _, o := range writers {
		if !strings.Contains(o.name, "old") {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{oldName, oldTable} {
				device := int(unix.Mkdev(1, 7)) // the device of /dev/full
				require.NoError(t, unix.Mknod(filepath.Join(dir, name), unix.S_IFCHR|0o666, device))
			}
			requireFault(t, o.run(t.Context(), p, in, dir), dir, fileops.ErrNotRegular)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 2)
			for _, e := range entries {
				assert.Equal(t, os.ModeDevice|os.ModeCharDevice, e.Type())
			}
		})
	}
}

// TestFewDescriptors runs many operations at once on 128 workers with 64
// descriptors. An operation that gets no descriptor, because others of its pool
// have them, waits for one.
func TestFewDescriptors(t *testing.T) {
	if !alone(t) {
		return
	}
	const descriptors, workers, calls = 64, 128, 1000
	in := makeInputs(t, t.TempDir(), 10_000)
	in.parts = 20 // operations that save chunks must overlap
	top := t.TempDir()
	before := setLimit(t, unix.RLIMIT_NOFILE, descriptors)
	defer setLimit(t, unix.RLIMIT_NOFILE, before)
	for _, o := range slices.Concat(readers, writers) {
		t.Run(o.name, func(t *testing.T) {
			p := newPool(t, workers)
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			errs := make([]error, workers)
			var group sync.WaitGroup
			for i := range errs {
				dst := filepath.Join(top, o.name, fmt.Sprint(i))
				group.Go(func() { errs[i] = o.run(ctx, p, in, dst) })
			}
			group.Wait()
			assertNoErrors(t, errs)
		})
	}
	t.Run("AsyncReadFile", func(t *testing.T) {
		p := newPool(t, workers)
		futures := make([]*fileops.Future[string], calls)
		for i := range futures {
			futures[i] = p.AsyncReadFile(t.Context(), in.path("a.txt"))
		}
		_, err := within2(t, "all", func() ([]string, error) { return fileops.All(t.Context(), futures...) })
		assert.NoError(t, err)
	})
}

// assertNoErrors checks that no error is set. It prints the first one and their
// number.
func assertNoErrors(t *testing.T, errs []error) {
	t.Helper()
	failed := 0
	for _, err := range errs {
		if err != nil {
			if failed++; failed == 1 {
				assert.NoError(t, err)
			}
		}
	}
	assert.Zerof(t, failed, "of %d", len(errs))
}

// TestDescriptorsHeldWhileWaiting runs operations that hold the descriptors of
// their outputs while they wait for a slow disk. They must not take the last
// descriptors from each other.
func TestDescriptorsHeldWhileWaiting(t *testing.T) {
	needRoot(t)
	if !alone(t) {
		return
	}
	m := mountHanging(t)
	in := makeInputs(t, m.back, 10_000)
	in.src = m.dir
	for _, limit := range []uint64{64, 65, 66} { // each operation holds two, so these limits leave none or one
		t.Run(fmt.Sprint(limit, " descriptors"), func(t *testing.T) {
			const calls = 60
			top := t.TempDir()
			p := newPool(t, 128)
			before := setLimit(t, unix.RLIMIT_NOFILE, limit)
			defer setLimit(t, unix.RLIMIT_NOFILE, before)
			m.hang("lookup")
			ctx, cancel := context.WithTimeout(t.Context(), guard/2)
			defer cancel()
			futures := make([]*fileops.Future[[]fileops.TextChunk], calls)
			for i := range futures {
				o := in.cut()
				o.OutputFile = filepath.Join(top, fmt.Sprint(i, ".jsonl"))
				o.Reader = p.ReadFile
				futures[i] = p.AsyncFileToChunks(ctx, in.path("a.txt"), o)
			}
			eventually(t, "they hang", func() bool { return m.stuck() > 0 })
			time.Sleep(200 * time.Millisecond) // more operations begin meanwhile
			m.release()
			var errs []error
			for _, r := range fileops.AllSettled(ctx, futures...) {
				errs = append(errs, r.Err)
			}
			assertNoErrors(t, errs)
		})
	}
}

// TestNoDescriptors takes the descriptors away from the pool for good. Operations
// fail with the reason instead of waiting for ever, and leave no temporary file.
// With enough descriptors they succeed again.
func TestNoDescriptors(t *testing.T) {
	if !alone(t) {
		return
	}
	in := makeInputs(t, t.TempDir(), 10_000)
	for _, o := range slices.Concat(readers, writers) {
		t.Run(o.name, func(t *testing.T) {
			p := newPool(t, 8)
			after := finished(t, o, in)
			for free := 0; ; free++ {
				dst := t.TempDir()
				putOld(t, dst)
				before := readTree(t, dst)
				restore := takeDescriptors(t, free)
				err := within(t, o.name, func() error { return o.run(t.Context(), p, in, dst) })
				restore()
				got := readTree(t, dst)
				if err == nil {
					t.Logf("needs %d descriptors", free)
					break
				}
				assert.ErrorIsf(t, err, unix.EMFILE, "with %d free", free)
				assert.Emptyf(t, got.temps, "with %d free", free)
				got.requireWhole(t, before, after)
				require.Less(t, free, 64)
			}
		})
	}
}

// takeDescriptors opens descriptors until only a number of them is free. restore
// closes them.
func takeDescriptors(t *testing.T, free int) (restore func()) {
	t.Helper()
	before := setLimit(t, unix.RLIMIT_NOFILE, 128)
	var taken []int
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EMFILE {
			break
		}
		require.NoError(t, err)
		taken = append(taken, fd)
	}
	closeAll := func(fds []int) {
		for _, fd := range fds {
			require.NoError(t, unix.Close(fd))
		}
	}
	closeAll(taken[len(taken)-free:])
	return func() {
		closeAll(taken[:len(taken)-free])
		setLimit(t, unix.RLIMIT_NOFILE, before)
	}
}
