package vfs

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// System returns the whole file system.
func System() FS { return onWindows(osFS{}) }

// Confined returns the directory of root, which no name leads out of.
func Confined(root *os.Root) FS { return onWindows(&rootFS{root: root}) }

func onWindows(d directory) FS { return windowsFS{d, errnoOf, time.Sleep} }

func errnoOf(err error) uint32 {
	errno, _ := errors.AsType[syscall.Errno](err)
	return uint32(errno)
}

// openToRead opens a file or a directory. Others may rename, replace and remove
// it meanwhile, which os.OpenFile does not allow them but os.Root does. Flags
// have no meaning here.
func openToRead(name string, _ int) (*os.File, error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return os.Open(name) // for the error
	}
	const share = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | syscall.FILE_SHARE_DELETE
	const directoriesToo = syscall.FILE_FLAG_BACKUP_SEMANTICS // see CreateFile
	handle, err := syscall.CreateFile(path, syscall.GENERIC_READ, share, nil, syscall.OPEN_EXISTING, directoriesToo, 0)
	if err != nil {
		return os.Open(name) // for the error, and for long paths before Windows 10 1703
	}
	return os.NewFile(uintptr(handle), name), nil
}

// setOpenTimes sets the times of an open file by the handle that has written it.
// Later writes by that handle, and its close, then leave the times as they are.
// They do not if another handle sets the times. See "Algorithm for Noting That a
// File Has Been Modified" in Microsoft's MS-FSA.
func setOpenTimes(f *os.File, accessed, modified time.Time) error {
	a, m := syscall.NsecToFiletime(accessed.UnixNano()), syscall.NsecToFiletime(modified.UnixNano())
	return os.NewSyscallError("SetFileTime", syscall.SetFileTime(syscall.Handle(f.Fd()), nil, &a, &m))
}
