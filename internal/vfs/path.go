package vfs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A pathSyntax says how a system writes paths.
type pathSyntax struct {
	volume    func(path string) string // the drive or share that a path begins with
	isSlash   func(c byte) bool
	separator string
}

// nativeSyntax is the syntax of the system that the program runs on.
var nativeSyntax = pathSyntax{filepath.VolumeName, os.IsPathSeparator, string(os.PathSeparator)}

// SplitPath splits a path into its directory, "." if there is none, and its
// last name. Slashes at the end do not count.
func SplitPath(path string) (dir, base string) { return nativeSyntax.split(path) }

// TrimSlashes removes the slashes at the end of a path, save a root's.
func TrimSlashes(path string) string { return nativeSyntax.trimSlashes(path) }

// Prefix returns the text before a name in the path of a file in dir. It is ""
// for ".", as in paths of Python's pathlib.
func Prefix(dir string) string { return nativeSyntax.prefix(dir) }

func (x pathSyntax) split(path string) (dir, base string) {
	path = x.trimSlashes(path)
	volume := len(x.volume(path))
	at := len(path)
	for at > volume && !x.isSlash(path[at-1]) {
		at--
	}
	dir, base = path[:at], path[at:]
	if dir == "" || x.isDrive(dir) {
		return dir + ".", base
	}
	return x.trimSlashes(dir), base
}

func (x pathSyntax) trimSlashes(path string) string {
	root := len(x.volume(path)) + 1
	for len(path) > root && x.isSlash(path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}

func (x pathSyntax) prefix(dir string) string {
	switch {
	case dir == "" || dir == ".":
		return ""
	case x.isSlash(dir[len(dir)-1]), x.isDrive(dir):
		return dir
	default:
		return dir + x.separator
	}
}

// isDrive reports whether a path is a drive of Windows without a slash, such as
// "C:". It stands for the current directory of that drive, and "C:f" is a file
// there. "C:\" is the root. See "Naming Files, Paths, and Namespaces" in
// Microsoft's documentation.
func (x pathSyntax) isDrive(path string) bool {
	return len(path) == 2 && path[1] == ':' && x.volume(path) == path
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
