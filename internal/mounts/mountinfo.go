package mounts

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// localTypes are the file systems that open a cached file without asking
// anybody else and that can read cached data without waiting (RWF_NOWAIT in
// preadv2(2)). tmpfs is not among them because it refuses such reads.
var localTypes = []string{"btrfs", "ext2", "ext3", "ext4", "f2fs", "xfs"}

// A mount is one line of the list.
type mount struct {
	id, parent string
	point      string
	local      bool
}

// parse returns the mounts of a list in the format of proc_pid_mountinfo(5). It
// leaves out lines of any other format.
func parse(list string) []mount {
	mounts := make([]mount, 0, strings.Count(list, "\n"))
	for line := range strings.Lines(list) {
		if m, ok := parseLine(line); ok {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

// parseLine parses "id parent device root point options … - type source
// options". One space separates the fields. A mount point may contain any other
// white space of Unicode.
func parseLine(line string) (m mount, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields := strings.SplitN(before, " ", 6)
	if !ok || len(fields) < 5 {
		return mount{}, false
	}
	fsType, _, _ := strings.Cut(after, " ")
	m = mount{
		id:     fields[0],
		parent: fields[1],
		point:  unescape(fields[4]),
		local:  slices.Contains(localTypes, fsType),
	}
	return m, path.IsAbs(m.point)
}

// unescape undoes the octal escapes of white space and backslashes. Its result
// shares no memory with the list.
func unescape(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		code, err := strconv.ParseUint(after[:min(3, len(after))], 8, 8)
		if err != nil {
			b.WriteString(`\` + after)
			return b.String()
		}
		b.WriteByte(byte(code))
		s = after[3:]
	}
}

// A place is where a mount is attached.
type place struct{ parent, point string }

// visible returns the mounts that a path can lead to. The list also has those
// that a later mount hides, on the same point or on a directory above it. The
// order of the list does not tell which of two is the later one, since a mount
// may be moved (mount_namespaces(7), move_mount(2)), so the parents decide.
func visible(mounts []mount) []mount {
	byID := make(map[string]mount, len(mounts))
	taken := make(map[place]bool, len(mounts))
	for _, m := range mounts {
		byID[m.id] = m
		if m.id != m.parent { // the first root is its own parent
			taken[place{m.parent, m.point}] = true
		}
	}
	return slices.DeleteFunc(mounts, func(m mount) bool {
		return taken[place{m.id, m.point}] || !reachable(m, byID, taken)
	})
}

// reachable reports whether neither a mount nor any of its parents is covered.
func reachable(m mount, byID map[string]mount, taken map[place]bool) bool {
	for range len(byID) { // parents in a circle are no tree
		if covered(m, taken) {
			return false
		}
		up, ok := byID[m.parent]
		if !ok || up.id == m.id {
			return true
		}
		m = up
	}
	return false
}

// covered reports whether another mount with the same parent is on a directory
// above the mount's point.
func covered(m mount, taken map[place]bool) bool {
	for point := m.point; point != "/"; {
		point = point[:max(1, strings.LastIndexByte(point, '/'))]
		if taken[place{m.parent, point}] {
			return true
		}
	}
	return false
}
