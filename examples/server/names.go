package main

import "strings"

// The functions here take the system as a parameter, so that the tests on every
// system cover all of them.

// slashed returns a path of the system with slashes, as URLs and JSON have it.
func slashed(path string, windows bool) string {
	if windows {
		return strings.ReplaceAll(path, `\`, "/")
	}
	return path
}

// slashedAll changes the paths to those with slashes.
func slashedAll(paths []string, windows bool) []string {
	for i, path := range paths {
		paths[i] = slashed(path, windows)
	}
	return paths
}

// checkName returns an error if no file of the system can have the path of a
// request. Windows would take such a path for another file or for a device, or
// fail with an error number that says nothing about the request.
func checkName(path string, windows bool) error {
	if strings.ContainsRune(path, 0) {
		return badParameter("path", shortened(path), "must not contain NUL")
	}
	if !windows {
		return nil
	}
	for element := range strings.SplitSeq(path, "/") {
		if reason := oddOnWindows(element); reason != "" {
			return badParameter("path", shortened(path), reason)
		}
	}
	return nil
}

// oddOnWindows returns why Windows has no file of a name, or "". The rules are
// those of "Naming Files, Paths, and Namespaces" in Microsoft's documentation.
func oddOnWindows(name string) string {
	switch {
	case name == "." || name == "..":
		return "" // the package says where it leads
	case strings.ContainsAny(name, `<>:"|?*\`), strings.ContainsFunc(name, isControl):
		return "must not contain a character that Windows reserves"
	case strings.HasSuffix(name, "."), strings.HasSuffix(name, " "):
		return "must not end in a dot or a blank: Windows removes them"
	case isDevice(name):
		return "must not be the name of a device"
	}
	return ""
}

// isControl reports whether a character is one of those that Windows reserves.
func isControl(r rune) bool { return r < ' ' }

// isDevice reports whether Windows takes a name for a device. An extension and
// blanks before it do not matter.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, numbered := strings.CutPrefix(stem, "COM")
	if !numbered {
		port, numbered = strings.CutPrefix(stem, "LPT")
	}
	return numbered && len([]rune(port)) == 1 && strings.Contains("0123456789¹²³", port)
}
