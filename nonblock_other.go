//go:build !unix

package fileops

// openNonblock is 0 where no file makes its opener wait.
const openNonblock = 0
