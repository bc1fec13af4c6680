//go:build linux || freebsd

package vfs

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// nextData is [File.NextData] by lseek(2).
func nextData(fd int, offset int64) (start, end int64, err error) {
	start, err = unix.Seek(fd, offset, unix.SEEK_DATA)
	if err == nil {
		end, err = unix.Seek(fd, start, unix.SEEK_HOLE)
	}
	switch err {
	case unix.ENXIO:
		return 0, 0, io.EOF
	case unix.EINVAL, unix.EOPNOTSUPP, unix.ENOSYS, unix.ENOTTY, unix.ESPIPE:
		return 0, 0, errors.ErrUnsupported
	}
	return start, end, err
}
