//go:build linux

package reliability

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// The tests in this file cut the power after saves without Sync, or amid them. A
// saved file may be absent, old or new. It must be whole.

// oldChunks is the directory of the chunks that chunk writers replace.
const oldChunks = "old-chunks"

// unsynced are all writers that do not flush, and those that replace chunks.
func unsynced() (all []operation) {
	for _, o := range writers {
		if !strings.Contains(o.name, "sync") {
			all = append(all, o)
		}
	}
	overwrite := &fileops.SaveOptions{Overwrite: true}
	return append(all, operation{"SaveChunks old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveChunks(ctx, in.chunks(), filepath.Join(dst, oldChunks), overwrite)
		return err
	}}, operation{"Chunk old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := in.cut()
		o.OutputFile, o.OutputDir, o.Save = filepath.Join(dst, oldTable), filepath.Join(dst, oldChunks), overwrite
		_, err := p.Chunk(ctx, in.path("a.txt"), o)
		return err
	}})
}

// putOldChunks makes the old files of all these writers.
func putOldChunks(t *testing.T, dst string) {
	t.Helper()
	putOld(t, dst)
	for i := range 3 {
		put(t, filepath.Join(dst, oldChunks, fmt.Sprintf("chunk_%d.json", i+1)), oldText)
	}
}

// A cut is a moment at which the power is lost.
type cut struct {
	name   string
	before func(d *powerDisk)
	all    bool // everything is new, because the journal was committed
}

var cuts = []cut{
	{name: "at once", before: func(*powerDisk) {}},
	{name: "after an fsync of another file", before: (*powerDisk).syncAnother},
	{name: "after a commit of the journal", before: (*powerDisk).commitJournal, all: true},
	{name: "after seconds", before: func(*powerDisk) { time.Sleep(3 * time.Second) }},
}

// TestPowerCutWithoutSync cuts the power after all writers.
func TestPowerCutWithoutSync(t *testing.T) {
	for _, fsType := range powerTypes {
		for _, size := range []int{1_000, 100_000, 3 << 20} {
			t.Run(fmt.Sprintf("%s/%d bytes", fsType, size), func(t *testing.T) {
				t.Parallel()
				cutAfterWriters(t, fsType, size)
			})
		}
	}
}

func cutAfterWriters(t *testing.T, fsType string, size int) {
	d := newPowerDisk(t, fsType)
	p := fileops.NewPool(fileops.PoolOptions{Workers: 4})
	defer closePool(t, p)
	sources := map[string]inputs{ // a copy within a file system shares blocks or is made by the kernel
		"same disk":    makeInputs(t, filepath.Join(d.dir, "src"), size),
		"another disk": makeInputs(t, t.TempDir(), size),
	}
	before := tempTree(t, func(string) error { return nil })
	for i, c := range cuts {
		found := map[string]int{}
		top := filepath.Join(d.dir, strconv.Itoa(i))
		if fsType != "xfs" { // its journal waits for 30 seconds on all mounts alike
			d.command("mount", "-o", "remount,commit=1", d.dir)
		}
		eachUnsynced(sources, func(_ operation, _ inputs, name string) { putOldChunks(t, filepath.Join(top, name)) })
		d.syncAll()
		eachUnsynced(sources, func(o operation, in inputs, name string) {
			require.NoError(t, o.run(t.Context(), p, in, filepath.Join(top, name)), name)
		})
		c.before(d)
		d.losePower()
		d.reboot()
		eachUnsynced(sources, func(o operation, in inputs, name string) {
			after := tempTree(t, func(dst string) error { return o.run(t.Context(), p, in, dst) })
			got := readTree(t, filepath.Join(top, name))
			got.requireWhole(t, before, after)
			got.requireUnlisted(t, filepath.Join(top, name))
			if c.all {
				require.Equal(t, after.files, got.files, name)
			}
			for name, text := range after.files {
				switch old := before.files[name]; {
				case text == old: // the writer leaves it alone
				case got.files[name] == text:
					found["new"]++
				default:
					found["old or absent"]++
				}
			}
		})
		t.Logf("%s: %v", c.name, found)
		require.NoError(t, os.RemoveAll(top))
	}
}

// eachUnsynced calls a function for each writer with each source.
func eachUnsynced(sources map[string]inputs, call func(o operation, in inputs, name string)) {
	for from, in := range sources {
		for _, o := range unsynced() {
			call(o, in, o.name+" from "+from)
		}
	}
}

// tempTree returns the tree that a writer makes of the old files.
func tempTree(t *testing.T, write func(dst string) error) tree {
	t.Helper()
	dst := t.TempDir()
	putOldChunks(t, dst)
	require.NoError(t, write(dst))
	got := readTree(t, dst)
	require.NoError(t, os.RemoveAll(dst))
	return got
}

// TestPowerCutLosesPlainSaves checks that a save by package os is lost where this
// package's is not. Otherwise the other tests would show nothing.
func TestPowerCutLosesPlainSaves(t *testing.T) {
	for _, fsType := range powerTypes {
		t.Run(fsType, func(t *testing.T) {
			d := newPowerDisk(t, fsType)
			temp, path := filepath.Join(d.dir, "temp"), filepath.Join(d.dir, "file")
			if fsType == "xfs" { // ext4 and btrfs write out a file that replaces another
				put(t, path, "old")
			}
			d.syncAll()
			put(t, temp, "new")
			require.NoError(t, os.Rename(temp, path))
			d.commitJournal()
			d.losePower()
			d.reboot()
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Empty(t, data)
		})
	}
}

// TestPowerCutBelowOverlay cuts the power of the disk below an overlayfs, as
// below the root directory of a container. sync_file_range(2) does nothing there.
func TestPowerCutBelowOverlay(t *testing.T) {
	for _, fsType := range []string{"ext4", "xfs"} {
		t.Run(fsType, func(t *testing.T) {
			d := newPowerDisk(t, fsType)
			for _, name := range []string{"lower", "upper", "work"} {
				require.NoError(t, os.Mkdir(filepath.Join(d.dir, name), 0o777))
			}
			upper, top := filepath.Join(d.dir, "upper"), t.TempDir()
			put(t, filepath.Join(upper, oldName), oldText)
			d.command("mount", "-t", "overlay", "overlay", "-o", fmt.Sprintf("lowerdir=%s/lower,upperdir=%s,workdir=%s/work", d.dir, upper, d.dir), top)
			d.syncAll()
			_, err := fileops.SaveToFile(t.Context(), "text", top, oldName, &fileops.SaveOptions{Overwrite: true})
			if err == nil {
				_, err = fileops.SaveToFile(t.Context(), "text", top, "new", nil)
			}
			require.NoError(t, err)
			d.commitJournal()
			d.losePower()
			require.NoError(t, unix.Unmount(top, 0))
			d.reboot()
			for _, name := range []string{oldName, "new"} {
				data, err := os.ReadFile(filepath.Join(upper, name))
				require.NoError(t, err)
				assert.Equal(t, "text", string(data), name)
			}
		})
	}
}

// slowRate is the speed of a slow disk, in bytes a second.
const slowRate = 200_000

// TestPowerCutOnSlowDisk cuts the power of a disk that writes contents much more
// slowly than the journal. It is not enough there that the write-out has begun
// before a file gets its name.
func TestPowerCutOnSlowDisk(t *testing.T) {
	const name, other = "file", "other"
	text := strings.Repeat("x", slowRate)
	saves := map[string]func(t *testing.T, dir string){
		"write-out that has only begun": func(t *testing.T, dir string) {
			f, err := os.Create(filepath.Join(dir, other))
			require.NoError(t, err)
			defer f.Close()
			_, err = f.WriteString(text)
			require.NoError(t, err)
			require.NoError(t, unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE))
			require.NoError(t, os.Rename(f.Name(), filepath.Join(dir, name)))
		},
		"SaveToFile": func(t *testing.T, dir string) {
			_, err := fileops.SaveToFile(t.Context(), text, dir, name, nil)
			require.NoError(t, err)
		},
	}
	for _, fsType := range []string{"ext4", "xfs"} {
		for how, save := range saves {
			t.Run(fsType+"/"+how, func(t *testing.T) {
				d := newPowerDisk(t, fsType)
				d.syncAll()
				normal := d.slow()
				save(t, d.dir)
				dir, err := os.Open(d.dir)
				require.NoError(t, err)
				require.NoError(t, dir.Sync()) // has no contents of its own that would wait behind the file's
				dir.Close()
				d.losePower()
				normal()
				d.reboot()
				data, err := os.ReadFile(filepath.Join(d.dir, name))
				require.NoError(t, err)
				assert.Equal(t, how == "SaveToFile", text == string(data), "whole")
			})
		}
	}
}

// slow makes the disk slow until the result is called. It uses the block I/O
// controller of cgroup v1, which throttles contents and lets the journal pass.
func (d *powerDisk) slow() (normal func()) {
	d.t.Helper()
	const control = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device"
	if _, err := os.Stat(control); err != nil {
		d.t.Skip("needs cgroup v1")
	}
	var st unix.Stat_t
	require.NoError(d.t, unix.Stat(d.dir, &st))
	limit := func(rate int) {
		line := fmt.Sprintf("%d:%d %d", unix.Major(st.Dev), unix.Minor(st.Dev), rate)
		assert.NoError(d.t, os.WriteFile(control, []byte(line), 0))
	}
	limit(slowRate)
	normal = sync.OnceFunc(func() { limit(0) })
	d.t.Cleanup(normal)
	return normal
}

// TestPowerCutAmidSavesWithoutSync cuts the power at random moments during saves
// of all kinds, while the journal is committed now and then.
func TestPowerCutAmidSavesWithoutSync(t *testing.T) {
	for _, fsType := range powerTypes {
		t.Run(fsType, func(t *testing.T) {
			t.Parallel()
			d := newPowerDisk(t, fsType)
			const losses = 8
			saved, survived := 0, 0
			for loss := range losses {
				s := newStorm(t, filepath.Join(d.dir, strconv.Itoa(loss)))
				d.syncAll()
				var group sync.WaitGroup
				for id := range 3 {
					group.Go(func() { s.save(id) })
				}
				for range 1 + rand.IntN(4) {
					time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
					d.commitJournal()
				}
				time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
				d.losePower()
				s.over.Store(true)
				within(t, "the end of saving", func() bool { group.Wait(); return true })
				d.reboot()
				saved += int(s.saved.Load())
				survived += s.requireWhole()
				require.NoError(t, os.RemoveAll(s.dir))
			}
			t.Logf("%d cuts amid %d saves, of which %d survived", losses, saved, survived)
			require.Positive(t, survived)
		})
	}
}

// A storm saves files of random sizes by different writers.
type storm struct {
	t     *testing.T
	dir   string
	pool  *fileops.Pool
	over  atomic.Bool
	saved atomic.Int64
}

func newStorm(t *testing.T, dir string) *storm {
	t.Helper()
	s := &storm{t: t, dir: dir, pool: fileops.NewPool(fileops.PoolOptions{Workers: 4})}
	for id := range 3 {
		put(t, filepath.Join(dir, "replaced", strconv.Itoa(id)), stormText(0))
	}
	t.Cleanup(func() { closePool(t, s.pool) })
	return s
}

// stormText returns a text from which its length can be told.
func stormText(size int) string { return fmt.Sprintf("%d\n%s", size, strings.Repeat("x", size)) }

// save saves until it is over or a save fails, which must be because the power is
// lost.
func (s *storm) save(id int) {
	ctx, own := context.Background(), strconv.Itoa(id)
	overwrite := &fileops.SaveOptions{Overwrite: true}
	for n := 0; !s.over.Load(); n++ {
		sizes := []int{500, 20_000, 1_500_000}
		text := stormText(rand.IntN(sizes[rand.IntN(len(sizes))]))
		_, err := s.pool.SaveToFile(ctx, text, filepath.Join(s.dir, "replaced"), own, overwrite)
		if err == nil {
			_, err = s.pool.SaveToFile(ctx, text, filepath.Join(s.dir, "new", own), strconv.Itoa(n), nil)
		}
		if err == nil {
			err = s.pool.CopyFile(ctx, filepath.Join(s.dir, "new", own, strconv.Itoa(n)), filepath.Join(s.dir, "replaced", own))
		}
		if err == nil {
			_, err = s.pool.SaveChunks(ctx, []fileops.TextChunk{{Text: text}, {Text: text}, {Text: text}}, filepath.Join(s.dir, "chunks", own), overwrite)
		}
		if err != nil {
			requireFault(s.t, err, s.dir, unix.EIO, unix.EROFS)
			return
		}
		s.saved.Add(6)
	}
}

// requireWhole checks all files after the loss of power and returns their number.
func (s *storm) requireWhole() (files int) {
	s.t.Helper()
	for id := range 3 {
		require.FileExists(s.t, filepath.Join(s.dir, "replaced", strconv.Itoa(id)))
	}
	require.NoError(s.t, filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || tempName.MatchString(e.Name()) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(data)
		if strings.HasSuffix(path, ".json") {
			var chunk fileops.TextChunk
			if err := chunk.UnmarshalJSON(data); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			text = chunk.Text
		}
		digits, _, _ := strings.Cut(text, "\n")
		size, err := strconv.Atoi(digits)
		if err != nil || stormText(size) != text {
			return errors.New(path + " is torn")
		}
		files++
		return nil
	}))
	return files
}
