//go:build unix

package sysmon

import (
	"time"

	"golang.org/x/sys/unix"
)

// Block makes one system call that takes about that long: poll(2) without any
// descriptor.
func Block(d time.Duration) { unix.Poll(nil, int(d.Milliseconds())) }
