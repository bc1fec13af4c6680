//go:build darwin || freebsd || netbsd || openbsd

package memlimit

import "golang.org/x/sys/unix"

// systemAvailable returns the memory of the machine that a process does not have
// that uses so much already. Other processes may have some of it.
func systemAvailable(used, _ int64) int64 {
	for _, name := range []string{"hw.memsize", "hw.physmem64", "hw.physmem"} { // of macOS; of NetBSD; of FreeBSD and OpenBSD
		if total, err := unix.SysctlUint64(name); err == nil && total > 0 && total < unlimited {
			return int64(total) - used
		}
	}
	return unlimited
}
