package vfs

import (
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"
)

// openat2 is the one place that calls openat2(2). It fails with ENOSYS where the
// kernel lacks the call, where a sandbox denies it, and on Android.
func openat2(dir int, name string, flags int, perm fs.FileMode, resolve uint64) (int, error) {
	if killsForOpenat2(runtime.GOOS) {
		return -1, unix.ENOSYS
	}
	return unix.Openat2(dir, name, howToOpen(flags, perm, resolve))
}

// killsForOpenat2 reports whether a system may kill a process that calls
// openat2(2), so that no process can try the call. Android's seccomp filter for
// apps does: it allows the calls of SYSCALLS.TXT and SECCOMP_ALLOWLIST_*.TXT in
// the directory libc of bionic. The other calls of this package are among those
// since Android 8, which was the first with a filter.
func killsForOpenat2(goos string) bool { return goos == "android" }

// howToOpen returns the argument of openat2(2). Unlike openat(2) in packages
// syscall and unix, openat2(2) adds no O_LARGEFILE, without which a 32-bit kernel
// opens no file of 2 GiB or more. It refuses that flag beside O_PATH, which has
// no need of it.
func howToOpen(flags int, perm fs.FileMode, resolve uint64) *unix.OpenHow {
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_LARGEFILE
	}
	return &unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC), Mode: uint64(perm), Resolve: resolve}
}
