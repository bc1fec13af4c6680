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

// A disk is a file system in an image file. It can lose power.
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

// mount mounts the image.
func (d *disk) mount() { d.t.Helper(); d.command("mount", "-o", "loop", d.image, d.dir) }

// command runs a program.
func (d *disk) command(name string, args ...string) {
	d.t.Helper()
	out, err := exec.Command(needProgram(d.t, name), args...).CombinedOutput()
	require.NoErrorf(d.t, err, "%s: %s", name, out)
}

// losePower shuts an ext4 down. From then on the file system writes nothing more,
// not even its journal.
func (d *disk) losePower() {
	d.t.Helper()
	const ext4Shutdown, withoutLog = 0x8004587d, 2 // EXT4_IOC_SHUTDOWN and EXT4_GOING_FLAGS_NOLOGFLUSH of the kernel's include/uapi/linux/ext4.h
	dir, err := os.Open(d.dir)
	require.NoError(d.t, err)
	defer dir.Close()
	require.NoError(d.t, unix.IoctlSetPointerInt(int(dir.Fd()), ext4Shutdown, withoutLog))
}

// reboot mounts the file system again, in the state that is on the disk.
func (d *disk) reboot() {
	d.t.Helper()
	eventually(d.t, "unmount", func() bool { return unix.Unmount(d.dir, 0) == nil })
	d.mount()
}

// TestAcknowledgedSurvivesPowerLoss checks that a loss of power does not change
// the files of an operation that succeeded with Sync.
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
	t.Run("a save without Sync does not", func(t *testing.T) { // else losePower would lose nothing
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

// TestPowerLossAmidSaves cuts the power during saves with Sync. A file that was
// acknowledged has its text or that of a later save. A file that was not
// acknowledged is absent, old or new. Every file is whole.
func TestPowerLossAmidSaves(t *testing.T) {
	const savers, losses = 4, 12
	d := newDisk(t, "ext4", 32<<20)
	rounds := 0
	for loss := range losses {
		p := newPool(t, savers)
		dir := filepath.Join(d.dir, strconv.Itoa(loss))
		var group sync.WaitGroup
		var acknowledged atomic.Int64
		all := make([]*saver, savers)
		for i := range all {
			all[i] = &saver{t: t, dir: dir, id: i}
			group.Go(func() { all[i].run(p, &acknowledged) })
		}
		eventually(t, "saves", func() bool { return acknowledged.Load() > int64(3*loss) })
		d.losePower()
		within(t, "the end of saving", func() bool { group.Wait(); return true })
		d.reboot()
		rounds += int(acknowledged.Load())
		for _, s := range all {
			s.requireDurable()
		}
		got := readTree(t, dir)
		got.requireUnlisted(t, dir)
		require.NoError(t, os.RemoveAll(dir))
	}
	t.Logf("%d losses of power, %d saves acknowledged", losses, 2*rounds)
}

// A saver saves one version of a text after the other, until the power is lost.
// It saves each version twice: in a file that all versions replace, and in a new
// file.
type saver struct {
	t            *testing.T
	dir          string
	id           int
	began        int // the last version whose saves began
	acknowledged int // the last version whose saves both succeeded
}

// versionText returns the text of a version.
func versionText(version int) string { return strings.Repeat(strconv.Itoa(version)+"\n", 20_000) }

// replaced returns the name of the file that all versions replace.
func (s *saver) replaced() string { return strconv.Itoa(s.id) }

// kept returns the name of the new file of a version.
func (s *saver) kept(version int) string { return fmt.Sprintf("%d-kept/%d", s.id, version) }

// run saves until a save fails, which must be because the power is lost.
func (s *saver) run(p *fileops.Pool, acknowledged *atomic.Int64) {
	for {
		s.began++
		text := versionText(s.began)
		_, err := p.SaveToFile(s.t.Context(), text, s.dir, s.replaced(), &fileops.SaveOptions{Sync: true, Overwrite: true})
		if err == nil {
			_, err = p.SaveToFile(s.t.Context(), text, s.dir, s.kept(s.began), &fileops.SaveOptions{Sync: true})
		}
		if err != nil {
			requireFault(s.t, err, s.dir, unix.EIO, unix.EROFS)
			return
		}
		s.acknowledged = s.began
		acknowledged.Add(1)
	}
}

// requireDurable checks the files after the loss of power.
func (s *saver) requireDurable() {
	s.t.Helper()
	s.requireVersion(s.replaced(), s.acknowledged, s.began)
	for version := 1; version <= s.began; version++ {
		least := version
		if version > s.acknowledged {
			least = 0
		}
		s.requireVersion(s.kept(version), least, version)
	}
}

// requireVersion checks that a file has one of the versions from least to most,
// whole. The version 0 means that the file may be absent.
func (s *saver) requireVersion(name string, least, most int) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) && least == 0 {
		return
	}
	require.NoError(s.t, err)
	digits, _, _ := strings.Cut(string(data), "\n")
	version, _ := strconv.Atoi(digits)
	require.Truef(s.t, least <= version && version <= most, "version %q of %s", digits, name)
	require.Truef(s.t, versionText(version) == string(data), "%s is torn", name)
}
