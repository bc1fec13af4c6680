//go:build linux

package reliability

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A disk is a file system in an image file.
type disk struct {
	t     *testing.T
	dir   string // where it is mounted
	image string
}

// newDisk makes a disk of size bytes and mounts it until the test ends.
func newDisk(t *testing.T, fsType string, size int64) *disk {
	t.Helper()
	return newDiskIn(t, fsType, size, t.TempDir())
}

// newDiskIn makes a disk whose image is in a directory.
func newDiskIn(t *testing.T, fsType string, size int64, dir string) *disk {
	t.Helper()
	needRoot(t)
	d := &disk{t: t, dir: t.TempDir(), image: filepath.Join(dir, "image")}
	require.NoError(t, os.WriteFile(d.image, nil, 0o600))
	require.NoError(t, os.Truncate(d.image, size))
	d.command("mkfs."+fsType, "-q", d.image)
	d.mount()
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(d.dir, 0)) })
	return d
}

// mount mounts the image.
func (d *disk) mount() { d.t.Helper(); d.command("mount", "-o", "loop", d.image, d.dir) }

// unmount unmounts the image as soon as nothing uses it any more.
func (d *disk) unmount() {
	d.t.Helper()
	eventually(d.t, "unmount", func() bool { return unix.Unmount(d.dir, 0) == nil })
}

// command runs a program.
func (d *disk) command(name string, args ...string) {
	d.t.Helper()
	out, err := exec.Command(needProgram(d.t, name), args...).CombinedOutput()
	require.NoErrorf(d.t, err, "%s: %s", name, out)
}

// ioctl makes a request of the mounted file system. It returns the number that
// the system puts in place of value.
func (d *disk) ioctl(request uintptr, value uint64) uint64 {
	d.t.Helper()
	dir, err := os.Open(d.dir)
	require.NoError(d.t, err)
	defer dir.Close()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), request, uintptr(unsafe.Pointer(&value)))
	require.Zero(d.t, errno, errno.Error())
	return value
}

// A powerDisk is a disk that can lose power.
type powerDisk struct {
	*disk
	fsType string
}

// powerTypes are the file systems of the tests that cut the power.
var powerTypes = []string{"ext4", "xfs", "btrfs"}

// newPowerDisk makes such a disk. A btrfs cannot be shut down like the others.
// Its image is on an XFS, which can clone the image in one step while it is
// written to.
func newPowerDisk(t *testing.T, fsType string) *powerDisk {
	t.Helper()
	const size = 640 << 20 // of which the image takes what is written; mkfs.xfs makes none below 300 MiB
	if fsType == "btrfs" {
		outer := newDisk(t, "xfs", 2*size)
		return &powerDisk{newDiskIn(t, fsType, size, outer.dir), fsType}
	}
	return &powerDisk{newDisk(t, fsType, size), fsType}
}

// stops reports whether the file system fails after losePower. A btrfs goes on,
// and only forgets at the reboot.
func (d *powerDisk) stops() bool { return d.fsType != "btrfs" }

// losePower cuts the power. Nothing that the file system writes from then on
// reaches the disk, not even its journal.
func (d *powerDisk) losePower() {
	d.t.Helper()
	if !d.stops() {
		d.cloneImage()
		return
	}
	// EXT4_IOC_SHUTDOWN of the kernel's include/uapi/linux/ext4.h has the number
	// and flags of XFS_IOC_GOINGDOWN of fs/xfs/libxfs/xfs_fs.h.
	const shutdown, withoutLog = 0x8004587d, 2
	d.ioctl(shutdown, withoutLog)
}

// clone is the path of the image as it was when the power was cut.
func (d *powerDisk) clone() string { return d.image + ".clone" }

func (d *powerDisk) cloneImage() {
	d.t.Helper()
	from, err := os.Open(d.image)
	require.NoError(d.t, err)
	defer from.Close()
	to, err := os.Create(d.clone())
	require.NoError(d.t, err)
	defer to.Close()
	require.NoError(d.t, unix.IoctlFileClone(int(to.Fd()), int(from.Fd())))
}

// reboot mounts the file system again, in the state that is on the disk.
func (d *powerDisk) reboot() {
	d.t.Helper()
	d.unmount()
	if !d.stops() {
		require.NoError(d.t, os.Rename(d.clone(), d.image))
	}
	d.mount()
}

// commitJournal has the file system commit the changes of names so far, as any
// program can at any time. It does not write out the contents of other files.
func (d *powerDisk) commitJournal() {
	d.t.Helper()
	if d.fsType != "btrfs" { // an fsync(2) commits the changes of all files
		d.syncAnother()
		return
	}
	// The ioctls of the kernel's include/uapi/linux/btrfs.h for the commit that
	// btrfs also makes every 30 seconds. fsync(2) does not make it.
	const startSync, waitSync = 0x80089418, 0x40089416
	d.ioctl(waitSync, d.ioctl(startSync, 0))
}

// syncAnother flushes a file that no test is about.
func (d *powerDisk) syncAnother() {
	d.t.Helper()
	f, err := os.Create(filepath.Join(d.dir, "another"))
	require.NoError(d.t, err)
	defer f.Close()
	_, err = f.WriteString(time.Now().String())
	require.NoError(d.t, err)
	require.NoError(d.t, f.Sync())
}

// syncAll makes everything durable.
func (d *powerDisk) syncAll() {
	d.t.Helper()
	dir, err := os.Open(d.dir)
	require.NoError(d.t, err)
	defer dir.Close()
	require.NoError(d.t, unix.Syncfs(int(dir.Fd())))
}
