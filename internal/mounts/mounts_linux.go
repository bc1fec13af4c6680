package mounts

import (
	"os"

	"golang.org/x/sys/unix"
)

// process is the cache of the process.
var process = cache{read: Read}

// Local reports whether a path lies, by its spelling, on a file system that
// opens a cached file without asking anybody else: ext2, ext3, ext4, xfs, btrfs
// or f2fs. A relative path begins at the working directory.
//
// Local makes no system call on any disk and never waits. It answers from a list
// that is less than two seconds old. Without such a list it reports false and
// starts a goroutine that reads the list, so it reports false once after a pause.
// With 1,000 mounts BenchmarkLocal measures 135 ns for a path of 42 bytes on the
// root and 255 ns for one of 102 bytes on a volume of a container (Go 1.26.8 on
// an Intel Xeon at 2.1 GHz).
func Local(path string) bool { return process.local(path) }

// Read reads the list of mounts. It makes no system call on any mount but
// /proc, so it returns even if a mount hangs. BenchmarkRead measures 65 µs for
// 20 mounts, and BenchmarkNewTable 1.3 ms for the parsing of 1,000.
func Read() Table {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Table{}
	}
	// os.Getwd calls stat on the directory, which may hang.
	dir, _ := os.Readlink("/proc/self/cwd")
	return NewTable(string(list), dir)
}

// LocalFD reports whether an open file or directory lies on a file system that
// [Local] reports true for. It calls fstatfs(2), which a file system in a
// network may keep waiting.
func LocalFD(fd int) bool {
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil {
		return false
	}
	switch uint32(st.Type) { // of another width on each architecture
	case unix.BTRFS_SUPER_MAGIC, unix.EXT4_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
		return true // ext2 and ext3 have the number of ext4
	default:
		return false
	}
}
