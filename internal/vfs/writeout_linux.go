package vfs

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// startWriteOut has the kernel begin to write a file's contents to the disk. It
// does not wait for the disk.
func startWriteOut(fd int) error {
	return unlessRefused(unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE))
}

// writeOut waits until the disk has a file's contents and the file system has
// entered their place and length. It does not wait for the journal and flushes
// no cache of the disk, so it costs far less than fsync(2).
//
// FIEMAP_FLAG_SYNC does all of that, see the kernel's
// Documentation/filesystems/fiemap.rst. sync_file_range(2) is for file systems
// without it. It does nothing on overlayfs, whose files have no pages of their
// own, and returns too early on btrfs, which enters the place of contents a
// little after it has written them.
func writeOut(fd int) error {
	const writeAndWait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	err := syncExtents(fd)
	if isRefusal(err) {
		err = unlessRefused(unix.SyncFileRange(fd, 0, 0, writeAndWait))
	}
	return err
}

// syncExtents writes a file out and asks for the number of its extents. It is
// the ioctl FS_IOC_FIEMAP with a struct fiemap of the kernel's
// include/uapi/linux/fiemap.h.
func syncExtents(fd int) error {
	const fsIocFiemap, fiemapFlagSync = 0xc020660b, 1
	request := struct {
		start, length                        uint64
		flags, mapped, extentCount, reserved uint32
	}{length: ^uint64(0), flags: fiemapFlagSync}
	return retry(func() error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), fsIocFiemap, uintptr(unsafe.Pointer(&request)))
		if errno != 0 {
			return errno
		}
		return nil
	})
}

// unlessRefused returns an error of the write-out, or nil if it is a refusal.
func unlessRefused(err error) error {
	if isRefusal(err) {
		return nil
	}
	return err
}

// isRefusal reports whether an error only says that the file system, the kernel or
// a sandbox does not offer a call.
func isRefusal(err error) bool {
	switch err {
	case unix.ENOSYS, unix.EOPNOTSUPP, unix.ENOTTY, unix.EINVAL, unix.ESPIPE, unix.EPERM, unix.EACCES, unix.EBADR:
		return true
	}
	return false
}
