//go:build unix

package fileops

import "syscall"

const (
	// openNonblock keeps open(2) from waiting for the other end of a FIFO.
	openNonblock = syscall.O_NONBLOCK
	// openDirectory makes it refuse what is no directory.
	openDirectory = syscall.O_DIRECTORY
	// openNoFollow makes it refuse a symbolic link.
	openNoFollow = syscall.O_NOFOLLOW
)
