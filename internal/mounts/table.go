// Package mounts tells which mount a path lies on. It goes by the spelling of
// the path and by the kernel's list of mounts, because a system call on a path
// may hang with its mount. A symbolic link in a path leads elsewhere, so the
// callers forbid such links or accept the mount that the link lies on.
//
// Only Linux has a list that can be read without asking each file system. On
// other systems every path is unknown and no file system is local.
package mounts

import (
	"path"
	"strings"
)

// A Table is the mounts that the process sees at one time. The zero Table
// knows none.
type Table struct {
	base    string          // the working directory and a slash, "" if it is unknown
	root    mount           // the mount on "/", zero if it is unknown
	points  map[string]bool // from every other mount point to whether its file system is local
	lengths []bool          // whether one of these has that length
}

// NewTable makes the Table of a list in the format of proc_pid_mountinfo(5).
func NewTable(list, workingDir string) Table {
	t := Table{points: make(map[string]bool)}
	if path.IsAbs(workingDir) { // else it is "(unreachable)/dir": see getcwd(2)
		t.base = strings.TrimSuffix(workingDir, "/") + "/"
	}
	for _, m := range visible(parse(list)) {
		t.add(m)
	}
	return t
}

// add adds a mount, which hides an earlier one on the same point.
func (t *Table) add(m mount) {
	if m.point == "/" {
		t.root = m
		return
	}
	t.points[m.point] = m.local
	if missing := len(m.point) + 1 - len(t.lengths); missing > 0 {
		t.lengths = append(t.lengths, make([]bool, missing)...)
	}
	t.lengths[len(m.point)] = true
}

// Point returns the mount point that a path lies on, or "" if it is unknown.
// A relative path begins at the working directory of the time of reading.
func (t Table) Point(name string) string {
	point, _ := t.find(name)
	return point
}

// find returns the mount point that a path lies on, or "", and whether its file
// system is local.
func (t Table) find(name string) (point string, local bool) {
	if !path.IsAbs(name) {
		if name == "" || t.base == "" {
			return "", false
		}
		name = t.base + name
	}
	point, local, clean := t.walk(name)
	if !clean {
		point, local, _ = t.walk(path.Clean(name))
	}
	return point, local
}

// walk is find for an absolute path. It goes down the path and looks each
// directory up, but only those of a length that a mount point has: so a path
// of thousands of directories costs little. It reports where the path is not
// clean, because path.Clean takes longer than all the rest.
func (t Table) walk(name string) (point string, local, clean bool) {
	point, local = t.root.point, t.root.local
	for start := 1; start < len(name); {
		end := len(name)
		if slash := strings.IndexByte(name[start:], '/'); slash >= 0 {
			end = start + slash
		}
		switch name[start:end] {
		case "", ".", "..":
			return "", false, false
		}
		if end < len(t.lengths) && t.lengths[end] {
			if isLocal, ok := t.points[name[:end]]; ok {
				point, local = name[:end], isLocal
			}
		}
		start = end + 1
	}
	return point, local, true
}
