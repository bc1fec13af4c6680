package vfs

import (
	"os"
	"syscall"
)

// accessed returns the time of the last access, in nanoseconds since 1970.
func accessed(fi os.FileInfo) int64 {
	return fi.Sys().(*syscall.Win32FileAttributeData).LastAccessTime.Nanoseconds()
}
