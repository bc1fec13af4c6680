//go:build unix

package sysmon

import (
	"time"

	"golang.org/x/sys/unix"
)

// block makes one system call that takes about that long: poll(2) without any
// descriptor.
func block(d time.Duration) { unix.Poll(nil, int(d.Milliseconds())) }
