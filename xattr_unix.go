//go:build linux || darwin || freebsd || netbsd

package fileops

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// copyXattrs gives the open file dst the extended attributes of src. Those
// that dst's file system has no room for, or that only another user may set,
// are left out, as cp -a does.
func copyXattrs(dst, src int) error {
	size, err := unix.Flistxattr(src, nil)
	if size <= 0 || err != nil {
		return unlessUnsupported(err)
	}
	names := make([]byte, size)
	size, err = unix.Flistxattr(src, names)
	if err != nil {
		return unlessUnsupported(err)
	}
	for name := range strings.SplitSeq(string(names[:size]), "\x00") {
		if name == "" {
			continue
		}
		if err := copyXattr(dst, src, name); unlessUnsupported(err) != nil {
			return err
		}
	}
	return nil
}

func copyXattr(dst, src int, name string) error {
	size, err := unix.Fgetxattr(src, name, nil)
	if err != nil {
		return err
	}
	value := make([]byte, size)
	size, err = unix.Fgetxattr(src, name, value)
	if err != nil {
		return err
	}
	return unix.Fsetxattr(dst, name, value[:size], 0)
}

// unlessUnsupported returns nil for the errors that mean "not here" or "not
// by you".
func unlessUnsupported(err error) error {
	for _, e := range []error{unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOSYS, unix.EPERM, unix.EACCES} {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}
