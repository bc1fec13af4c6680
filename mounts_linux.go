package fileops

import (
	"os"
	"strconv"
	"strings"
)

// listMounts returns the mounts there are; tests have others.
var listMounts = readMountInfo

// readMountInfo reads the kernel's list of mounts (see
// proc_pid_mountinfo(5)).
func readMountInfo() []mount {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return parseMountInfo(string(list))
}

func parseMountInfo(list string) (all []mount) {
	for line := range strings.Lines(list) { // which may be long
		where, what, ok := strings.Cut(line, " - ")
		fields := strings.Fields(where)
		if !ok || len(fields) < 5 {
			continue
		}
		fsType, _, _ := strings.Cut(what, " ")
		all = append(all, mount{unescapeMount(fields[4]), fsType})
	}
	return all
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
