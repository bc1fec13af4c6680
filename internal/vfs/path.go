package vfs

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"
)

// A PathSyntax says how paths are written.
type PathSyntax struct {
	volume    func(path string) string // the drive or share that a path begins with
	isSlash   func(c byte) bool
	separator string
	clean     func(path string) string
}

var (
	// NativePaths is the syntax of the system that the program runs on.
	NativePaths = PathSyntax{filepath.VolumeName, os.IsPathSeparator, string(os.PathSeparator), filepath.Clean}

	// SlashPaths is the syntax of io/fs, which is the same on every system.
	SlashPaths = PathSyntax{
		func(string) string { return "" }, func(c byte) bool { return c == '/' }, "/", path.Clean,
	}
)

// SplitPath is [PathSyntax.Split] for a path of the system.
func SplitPath(path string) (dir, base string) { return NativePaths.Split(path) }

// TrimSlashes removes the slashes at the end of a path, save a root's.
func TrimSlashes(path string) string { return NativePaths.trimSlashes(path) }

// Prefix is [PathSyntax.Prefix] for a path of the system.
func Prefix(dir string) string { return NativePaths.Prefix(dir) }

// CleanPath is [PathSyntax.Clean] for a path of the system.
func CleanPath(path string) string { return NativePaths.Clean(path) }

// Separator returns the byte that joins the names of a path.
func (x PathSyntax) Separator() byte { return x.separator[0] }

// Split splits a path into its directory, "." if there is none, and its last
// name. Slashes at the end do not count.
func (x PathSyntax) Split(path string) (dir, base string) {
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

func (x PathSyntax) trimSlashes(path string) string {
	root := len(x.volume(path)) + 1
	for len(path) > root && x.isSlash(path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}

// Prefix returns the text before a name in the path of a file in dir. It is ""
// for ".", as in paths of Python's pathlib.
func (x PathSyntax) Prefix(dir string) string {
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
func (x PathSyntax) isDrive(path string) bool {
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

// Clean returns the spelling of a path by which duplicates are found: without
// "." and without doubled or trailing slashes. It leaves a path with ".." alone,
// because the meaning of ".." depends on links.
func (x PathSyntax) Clean(path string) string {
	for part := range strings.FieldsFuncSeq(path, func(c rune) bool { return c < utf8.RuneSelf && x.isSlash(byte(c)) }) {
		if part == ".." {
			return path
		}
	}
	return x.clean(path)
}
