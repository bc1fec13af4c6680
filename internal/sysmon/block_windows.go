package sysmon

import (
	"time"

	"golang.org/x/sys/windows"
)

// block makes one system call that takes about that long.
func block(d time.Duration) { windows.SleepEx(uint32(d.Milliseconds()), false) }
