//go:build !unix

package fileops

// These are 0 where no file makes its opener wait.
const openNonblock, openDirectory = 0, 0
