package vfs

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// WriteInPlace writes over the contents of an existing regular file and follows
// a link to it. The file keeps its identity, and a failure can leave it with a
// part of the new contents. found is false if there is no such file.
func WriteInPlace(files FS, path string, sync bool, write func(File) error) (found bool, err error) {
	f, err := files.OpenForWriting(path)
	switch {
	case IsNotExist(err):
		switch _, lstatErr := files.Lstat(path); {
		case IsNotExist(lstatErr):
			return false, nil
		case lstatErr != nil:
			return false, lstatErr
		}
		return false, err // a link to nothing
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.EISDIR): // a FIFO without a reader, or a socket, see open(2)
		return false, ErrNotRegular
	case err != nil:
		return false, err
	}
	err = overwrite(f, sync, write)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return true, err
}

// overwrite writes over the contents of an open file. It cuts off the rest of
// the old contents last, so that the file is not empty in between.
func overwrite(f File, sync bool, write func(File) error) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if !st.Mode.IsRegular() {
		return ErrNotRegular
	}
	if err := write(f); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if size < st.Size {
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	if sync {
		return f.Sync()
	}
	return nil
}

// explainBusy tells why a file cannot be replaced that is a mount point, such as
// a single file that is mounted into a container: see EBUSY in rename(2).
func explainBusy(err error) error {
	if errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("a mount point can be written to, but not replaced (see SaveOptions.InPlace): %w", Reason(err))
	}
	return err
}
