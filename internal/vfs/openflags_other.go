//go:build !unix

package vfs

// These systems have no FIFO that makes its opener wait, and no flag that
// refuses a symbolic link.
const openNonblock, openDirectory, openNoFollow = 0, 0, 0
