package fileops

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// inMemory are the file systems of the kernel's own, which do not hang.
var inMemory = []string{
	"bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl",
	"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "securityfs",
	"selinuxfs", "sysfs", "tmpfs", "tracefs",
}

// readMountPoints reads the mount points, save the root's and those of file
// systems in memory, from the kernel's list (see proc_pid_mountinfo(5)).
func readMountPoints() []string {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return mountPoints(string(list))
}

func mountPoints(list string) (points []string) {
	for line := range strings.Lines(list) { // which may be long
		mount, fsType, ok := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if !ok || len(fields) < 5 {
			continue
		}
		point := unescapeMount(fields[4])
		fsType, _, _ = strings.Cut(fsType, " ")
		if point != "/" && !slices.Contains(inMemory, fsType) {
			points = append(points, point)
		}
	}
	return points
}

// unescapeMount undoes the octal escapes of spaces and the like.
func unescapeMount(s string) string {
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

// workingDir is the process's directory. The kernel knows its name, without
// asking a disk.
func workingDir() string {
	dir, _ := os.Readlink("/proc/self/cwd")
	return dir
}

// openedPath is the path of the directory that names in files are relative
// to, "" if it is not known.
func openedPath(files filesystem) string {
	var fd rawFile
	switch files := files.(type) {
	case *rawFiles:
		fd = rawFile(files.dir)
	case *rootFiles:
		dir, err := files.root.Open(".")
		if err != nil {
			return ""
		}
		defer dir.Close()
		fd = rawFile(dir.Fd())
	default:
		return ""
	}
	path, _ := os.Readlink(procPath(fd))
	return path
}
