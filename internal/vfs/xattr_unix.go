//go:build linux || darwin || freebsd || netbsd

package vfs

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// notCopied are the attributes that say who may use a file, which [Access]
// copies, and what a program may do that is started from it, which nobody else
// may hand on: see acl(5) and capabilities(7).
var notCopied = []string{"system.posix_acl_access", "security.capability"}

// copyXattrs gives the open file dst the extended attributes of src. It leaves
// out those that dst's file system has no room for and those that only another
// user may set, as cp -a does.
func copyXattrs(dst, src int) error {
	names, err := readXattr(func(b []byte) (int, error) { return unix.Flistxattr(src, b) })
	if err != nil {
		return unlessUnsupported(err)
	}
	for name := range strings.SplitSeq(string(names), "\x00") {
		if name == "" || slices.Contains(notCopied, name) {
			continue
		}
		if err := copyXattr(dst, src, name); unlessUnsupported(err) != nil {
			return err
		}
	}
	return nil
}

func copyXattr(dst, src int, name string) error {
	value, err := readXattr(func(b []byte) (int, error) { return unix.Fgetxattr(src, name, b) })
	if err == errNoXattr { // removed since it was listed
		return nil
	}
	if err != nil {
		return err
	}
	if err := unix.Fsetxattr(dst, name, value, 0); !slices.Contains(noRoomForXattr, err) {
		return err
	}
	return nil
}

// noRoomForXattr are the errors for an attribute that is too large, or one too
// many, for the file system. See fsetxattr(2).
var noRoomForXattr = []error{unix.ENOSPC, unix.EDQUOT, unix.E2BIG, unix.ERANGE}

// xattrTries is how often a list or a value is read that keeps growing.
const xattrTries = 100

// readXattr reads a value whose size must be asked for first. read returns the
// size if it is given no room.
func readXattr(read func([]byte) (int, error)) ([]byte, error) {
	for tries := 1; ; tries++ {
		size, err := read(nil)
		if size <= 0 || err != nil {
			return nil, err
		}
		b := make([]byte, size)
		size, err = read(b)
		if err != unix.ERANGE || tries == xattrTries {
			return b[:max(size, 0)], err
		}
	}
}

// unlessUnsupported returns nil for the errors that mean "not on this file
// system" or "not by this user".
func unlessUnsupported(err error) error {
	for _, e := range []error{unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL, unix.ENOTTY, unix.EPERM, unix.EACCES} {
		if err == e {
			return nil
		}
	}
	return err
}
