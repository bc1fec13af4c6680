//go:build aix || dragonfly || linux || openbsd || solaris

package vfs

import (
	"os"
	"syscall"
	"time"
)

// accessed returns the time of the last access, in nanoseconds since 1970.
func accessed(fi os.FileInfo) int64 {
	at := fi.Sys().(*syscall.Stat_t).Atim
	return time.Unix(int64(at.Sec), int64(at.Nsec)).UnixNano()
}
