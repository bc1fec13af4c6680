package vfs

import "os"

// openPath returns the path of an open directory, "" if it is unknown. It makes
// no system call on the directory's own file system.
func openPath(dir *os.File) string {
	path, _ := os.Readlink(procPath(int(dir.Fd())))
	return path
}
