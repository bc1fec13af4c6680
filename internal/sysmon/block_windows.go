package sysmon

import (
	"time"

	"golang.org/x/sys/windows"
)

// Block makes one system call that takes about that long.
func Block(d time.Duration) { windows.SleepEx(uint32(d.Milliseconds()), false) }
