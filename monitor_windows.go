package fileops

import (
	"time"

	"golang.org/x/sys/windows"
)

// blockThread makes a system call that takes so long.
func blockThread(d time.Duration) { windows.SleepEx(uint32(d.Milliseconds()), false) }
