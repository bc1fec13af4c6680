//go:build !windows

package vfs

import (
	"errors"
	"os"
	"time"
)

// openToRead opens a file or a directory.
func openToRead(name string, flags int) (*os.File, error) {
	return os.OpenFile(name, os.O_RDONLY|flags, 0)
}

// setOpenTimes sets no times: package os needs the name.
func setOpenTimes(*os.File, time.Time, time.Time) error { return errors.ErrUnsupported }
