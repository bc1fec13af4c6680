package vfs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// SplitPath splits a path into its directory, "." if there is none, and its
// last name. Slashes at the end do not count.
func SplitPath(path string) (dir, base string) {
	dir, base = filepath.Split(TrimSlashes(path))
	if dir == "" {
		return ".", base
	}
	return TrimSlashes(dir), base
}

// TrimSlashes removes the slashes at the end of a path, save a root's.
func TrimSlashes(path string) string {
	root := len(filepath.VolumeName(path)) + 1
	for len(path) > root && os.IsPathSeparator(path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}

// Prefix returns the text before a name in the path of a file in dir. It is ""
// for ".", as in paths of Python's pathlib.
func Prefix(dir string) string {
	switch {
	case dir == "" || dir == ".":
		return ""
	case os.IsPathSeparator(dir[len(dir)-1]):
		return dir
	default:
		return dir + string(os.PathSeparator)
	}
}

// OrDot returns dir, or "." for the empty path.
func OrDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// CheckPath returns ENOENT for the empty path, which names nothing, see
// path_resolution(7). os.Root calls it invalid instead.
func CheckPath(path string) error {
	if path == "" {
		return syscall.ENOENT
	}
	return nil
}

// CleanPath returns the spelling of a path by which duplicates are found:
// without "." and without doubled or trailing slashes. It leaves a path with
// ".." alone, because the meaning of ".." depends on links.
func CleanPath(path string) string {
	for part := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if part == ".." {
			return path
		}
	}
	return filepath.Clean(path)
}
