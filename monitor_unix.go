//go:build unix

package fileops

import (
	"time"

	"golang.org/x/sys/unix"
)

// blockThread makes a system call that takes so long.
func blockThread(d time.Duration) { unix.Poll(nil, int(d.Milliseconds())) }
