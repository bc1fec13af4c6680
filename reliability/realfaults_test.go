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
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// faultSize is more than the small file systems hold.
const faultSize = 2 << 20

// eachWriterFails runs all writers where they must fail with one of the
// reasons. Each gets a directory below top that has the old file; begin brings
// about the fault and end ends it.
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

// finished returns what a writer makes of its directory when nothing fails.
func finished(t *testing.T, o operation, in inputs) tree {
	t.Helper()
	dst := t.TempDir()
	putOld(t, dst)
	require.NoError(t, o.run(t.Context(), fileops.DefaultPool, in, dst))
	return readTree(t, dst)
}

func nothing() {}

// A file system that has no room for the text.
func TestDiskFull(t *testing.T) {
	dir := mount(t, "tmpfs", "size=1m")
	eachWriterFails(t, dir, nothing, nothing, unix.ENOSPC)
}

// A file system that has no room for another file.
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

// A file system that may not be written to.
func TestReadOnlyRemount(t *testing.T) {
	dir := mount(t, "tmpfs", "size=64m")
	remount := func(flags uintptr) func() {
		return func() { require.NoError(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT|flags, "")) }
	}
	eachWriterFails(t, dir, remount(unix.MS_RDONLY), remount(0), unix.EROFS)
}

// Files may not become as large as the text (RLIMIT_FSIZE).
func TestFileSizeLimit(t *testing.T) {
	if !alone(t) {
		return
	}
	signal.Ignore(unix.SIGXFSZ) // which else ends the process
	limit := func(max uint64) func() {
		return func() { setLimit(t, unix.RLIMIT_FSIZE, max) }
	}
	eachWriterFails(t, t.TempDir(), limit(64<<10), limit(unix.RLIM_INFINITY), unix.EFBIG)
}

// setLimit sets a soft limit of the process.
func setLimit(t *testing.T, which int, soft uint64) (before uint64) {
	t.Helper()
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(which, &limit))
	before = limit.Cur
	limit.Cur = min(soft, limit.Max)
	require.NoError(t, unix.Setrlimit(which, &limit))
	return before
}

// What the directory may hold is used up, though not what the disk can hold.
func TestQuota(t *testing.T) {
	d := newDisk(t, "btrfs", 256<<20)
	d.command("btrfs", "quota", "enable", d.dir)
	d.command("btrfs", "qgroup", "limit", "1M", d.dir)
	settle := func() { d.command("btrfs", "filesystem", "sync", d.dir) } // count again what is free
	eachWriterFails(t, d.dir, settle, settle, unix.EDQUOT)
}

// A disk has room for more copies of a file than it could hold, where they can
// share its blocks.
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

// A process that sees no /proc, by which files without a name get one, as in a
// bare chroot.
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
			out, err := writer(o, in, "/"+o.name, root).CombinedOutput()
			require.NoErrorf(t, err, "%s", out)
			after := readTree(t, dst)
			assert.NotEqual(t, before, after)
			assert.Empty(t, after.temps)
		})
	}
}

// A file system that makes files without a name but cannot give them one.
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

// /dev/full takes no byte: ConcatTo says so, and goes on to work.
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

// A device is no file to be replaced, not even by root.
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
				device := int(unix.Mkdev(1, 7)) // that of /dev/full
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

// 64 descriptors, 128 workers, and a thousand operations at once: those that
// find no descriptor, because others of the pool have them, wait for one.
func TestFewDescriptors(t *testing.T) {
	if !alone(t) {
		return
	}
	const descriptors, workers, calls = 64, 128, 1000
	in := makeInputs(t, t.TempDir(), 10_000)
	in.parts = 20 // so that those which save chunks take their time
	top := t.TempDir()
	before := setLimit(t, unix.RLIMIT_NOFILE, descriptors)
	defer setLimit(t, unix.RLIMIT_NOFILE, before)
	for _, o := range slices.Concat(readers, writers) {
		const calls = workers
		t.Run(o.name, func(t *testing.T) {
			dsts := make([]string, calls)
			for i := range dsts {
				dsts[i] = filepath.Join(top, o.name, fmt.Sprint(i))
			}
			p := newPool(t, workers)
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			errs := make(chan error, calls)
			for _, dst := range dsts {
				go func() { errs <- o.run(ctx, p, in, dst) }()
			}
			failed := 0
			for range calls {
				if err := <-errs; err != nil {
					if failed++; failed == 1 {
						assert.NoError(t, err)
					}
				}
			}
			assert.Zerof(t, failed, "of %d", calls)
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

// Operations that hold descriptors of what they write, while they wait for a
// slow disk to read from, do not take the last ones from each other.
func TestDescriptorsHeldWhileWaiting(t *testing.T) {
	needRoot(t)
	if !alone(t) {
		return
	}
	m := mountHanging(t)
	in := makeInputs(t, m.back, 10_000)
	in.src = m.dir
	for _, limit := range []uint64{64, 65, 66} { // they hold two each, so that none may be left or one
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
			time.Sleep(200 * time.Millisecond) // for as many as can begin
			m.release()
			failed := 0
			for _, r := range fileops.AllSettled(ctx, futures...) {
				if r.Err != nil {
					if failed++; failed == 1 {
						assert.NoError(t, r.Err)
					}
				}
			}
			assert.Zerof(t, failed, "of %d", calls)
		})
	}
}

// All descriptors are in other hands for good: operations fail and say why,
// rather than wait for ever, and nothing is left behind; then they work again.
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
				giveBack := takeDescriptors(t, free)
				err := within(t, o.name, func() error { return o.run(t.Context(), p, in, dst) })
				giveBack()
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

// takeDescriptors takes all descriptors of the process but some.
func takeDescriptors(t *testing.T, free int) (giveBack func()) {
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
