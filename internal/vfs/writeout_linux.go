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
// sync_file_range(2) does that on most file systems. It does nothing on
// overlayfs, whose files have no pages of their own, and returns too early on
// btrfs, which enters the place of contents a little after it has written them.
// FIEMAP_FLAG_SYNC waits for both, see the kernel's
// Documentation/filesystems/fiemap.rst.
func writeOut(fd int) error {
	const writeAndWait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	if err := unlessRefused(unix.SyncFileRange(fd, 0, 0, writeAndWait)); err != nil {
		return err
	}
	return unlessRefused(syncExtents(fd))
}

// syncExtents asks for the number of a file's extents, after a write-out. It is
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

// unlessRefused returns an error of the write-out, or nil if the error only says
// that the file system, the kernel or a sandbox does not offer the call.
func unlessRefused(err error) error {
	switch err {
	case unix.ENOSYS, unix.EOPNOTSUPP, unix.ENOTTY, unix.EINVAL, unix.ESPIPE, unix.EPERM, unix.EACCES, unix.EBADR:
		return nil
	}
	return err
}
