//go:build unix

package vfs

import "syscall"

// Flags of open(2).
const (
	openNonblock  = syscall.O_NONBLOCK  // do not wait for the other end of a FIFO
	openDirectory = syscall.O_DIRECTORY // refuse a file that is no directory
	openNoFollow  = syscall.O_NOFOLLOW  // refuse a symbolic link
)
