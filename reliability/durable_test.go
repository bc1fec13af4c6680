//go:build linux

package reliability

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// A disk is a file system in a file, which can lose power.
type disk struct {
	t     *testing.T
	dir   string // where it is mounted
	image string
}

// newDisk makes a disk of size bytes and mounts it until the test ends.
func newDisk(t *testing.T, fsType string, size int64) *disk {
	t.Helper()
	needRoot(t)
	d := &disk{t: t, dir: t.TempDir(), image: filepath.Join(t.TempDir(), "image")}
	require.NoError(t, os.WriteFile(d.image, nil, 0o600))
	require.NoError(t, os.Truncate(d.image, size))
	d.command("mkfs."+fsType, "-q", d.image)
	d.mount()
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(d.dir, 0)) })
	return d
}

func (d *disk) mount() { d.t.Helper(); d.command("mount", "-o", "loop", d.image, d.dir) }

func (d *disk) command(name string, args ...string) {
	d.t.Helper()
	out, err := exec.Command(needProgram(d.t, name), args...).CombinedOutput()
	require.NoErrorf(d.t, err, "%s: %s", name, out)
}

// losePower makes the file system, an ext4, stop at once, without writing
// anything more, its journal included.
func (d *disk) losePower() {
	d.t.Helper()
	const ext4Shutdown, withoutLog = 0x8004587d, 2 // EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH
	dir, err := os.Open(d.dir)
	require.NoError(d.t, err)
	defer dir.Close()
	require.NoError(d.t, unix.IoctlSetPointerInt(int(dir.Fd()), ext4Shutdown, withoutLog))
}

// reboot mounts the file system again, as what it has become.
func (d *disk) reboot() {
	d.t.Helper()
	eventually(d.t, "unmount", func() bool { return unix.Unmount(d.dir, 0) == nil })
	d.mount()
}

// What was saved with Sync, and acknowledged, is there after the power was
// lost.
func TestAcknowledgedSurvivesPowerLoss(t *testing.T) {
	in := makeInputs(t, t.TempDir(), 100_000)
	for _, o := range writers {
		if !strings.Contains(o.name, "sync") {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			d := newDisk(t, "ext4", 32<<20)
			p := newPool(t, 8)
			dst := filepath.Join(d.dir, "dst")
			putOld(t, dst)
			unix.Sync()
			require.NoError(t, o.run(t.Context(), p, in, dst))
			acknowledged := readTree(t, dst)
			d.losePower()
			d.reboot()
			assert.Equal(t, acknowledged, readTree(t, dst))
		})
	}
	t.Run("what follows is not", func(t *testing.T) { // or the test would prove nothing
		d := newDisk(t, "ext4", 32<<20)
		p := newPool(t, 8)
		_, err := p.SaveToFile(t.Context(), "kept", d.dir, "kept", &fileops.SaveOptions{Sync: true})
		require.NoError(t, err)
		_, err = p.SaveToFile(t.Context(), "lost", d.dir, "lost", nil)
		require.NoError(t, err)
		d.losePower()
		d.reboot()
		assert.FileExists(t, filepath.Join(d.dir, "kept"))
		assert.NoFileExists(t, filepath.Join(d.dir, "lost"))
	})
}

// Power is lost amid saves with Sync. What was acknowledged is there, or what
// was to replace it; what was not is absent, or old, or new; and whole in any
// case.
func TestPowerLossAmidSaves(t *testing.T) {
	const writers, losses, size = 4, 12, 20_000
	d := newDisk(t, "ext4", 32<<20)
	text := func(version int) string { return strings.Repeat(strconv.Itoa(version)+"\n", size) }
	overwrite := &fileops.SaveOptions{Sync: true, Overwrite: true}
	saves := 0
	for loss := range losses {
		p := newPool(t, writers)
		dir := filepath.Join(d.dir, strconv.Itoa(loss))
		var group sync.WaitGroup
		var acknowledged [writers]int // the last version of each writer's own file
		var began [writers]int
		var all atomic.Int64
		for w := range writers {
			group.Go(func() {
				for version := 1; ; version++ {
					began[w] = version
					_, err := p.SaveToFile(t.Context(), text(version), dir, strconv.Itoa(w), overwrite)
					if err == nil {
						_, err = p.SaveToFile(t.Context(), text(version), dir,
							fmt.Sprintf("%d/%d", w+writers, version), &fileops.SaveOptions{Sync: true})
					}
					if err != nil {
						requireFault(t, err, dir, unix.EIO, unix.EROFS)
						return
					}
					acknowledged[w] = version
					all.Add(1)
				}
			})
		}
		eventually(t, "saves", func() bool { return all.Load() > int64(3*loss) })
		d.losePower()
		within(t, "the end of saving", func() bool { group.Wait(); return true })
		d.reboot()
		saves += int(all.Load())

		whole := func(name string, least, most int) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) && least == 0 {
				return
			}
			require.NoError(t, err)
			digits, _, _ := strings.Cut(string(data), "\n")
			version, _ := strconv.Atoi(digits)
			require.Truef(t, least <= version && version <= most, "version %q of %s", digits, name)
			require.Truef(t, text(version) == string(data), "%s is torn", name)
		}
		for w := range writers {
			whole(strconv.Itoa(w), acknowledged[w], began[w])
			for version := 1; version <= began[w]; version++ {
				least := version
				if version > acknowledged[w] {
					least = 0
				}
				whole(fmt.Sprintf("%d/%d", w+writers, version), least, version)
			}
		}
		got := readTree(t, dir)
		got.requireUnlisted(t, dir)
		require.NoError(t, os.RemoveAll(dir))
	}
	t.Logf("%d losses of power, %d saves acknowledged", losses, 2*saves)
}
