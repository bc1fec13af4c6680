package vfs

import (
	"runtime"
	"strings"
)

// NameProblem returns why no file of the system can have a name, "" if one can.
// It knows the names that a system takes for others. The names of devices on
// Windows are not local, see [filepath.IsLocal].
func NameProblem(name string) string {
	if runtime.GOOS == "windows" {
		return windowsNameProblem(name)
	}
	return ""
}

// windowsNameProblem is NameProblem for Windows. See "Naming Files, Paths, and
// Namespaces" in Microsoft's documentation.
func windowsNameProblem(name string) string {
	switch {
	case name == "." || name == "..":
		return ""
	case strings.ContainsAny(name, `<>:"/\|?*`), strings.ContainsFunc(name, func(c rune) bool { return c < ' ' }):
		return "must not contain a character that Windows reserves"
	case strings.HasSuffix(name, "."), strings.HasSuffix(name, " "):
		return "must not end in a dot or a blank, which Windows removes"
	default:
		return ""
	}
}
