package vfs

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// A linuxFile is a descriptor.
type linuxFile int

func (f linuxFile) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(f), b)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func (f linuxFile) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(int(f), b[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.ErrShortWrite
		}
		done += n
	}
	return done, nil
}

func (f linuxFile) Seek(offset int64, whence int) (int64, error) {
	return unix.Seek(int(f), offset, whence)
}

// Close is not tried again after EINTR: Linux frees the descriptor in any case,
// and another goroutine may have its number by then, see close(2).
func (f linuxFile) Close() error {
	if err := unix.Close(int(f)); err != unix.EINTR {
		return err
	}
	return nil
}

func (f linuxFile) Stat() (Info, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(int(f), &st) })
	return infoOf(&st), err
}

func (f linuxFile) Chmod(perm fs.FileMode) error {
	return retry(func() error { return unix.Fchmod(int(f), uint32(perm.Perm())) })
}

func (f linuxFile) Chown(owner, group int) error {
	return retry(func() error { return unix.Fchown(int(f), owner, group) })
}

func (f linuxFile) Truncate(size int64) error {
	return retry(func() error { return unix.Ftruncate(int(f), size) })
}

func (f linuxFile) ACL() ([]byte, error)    { return fileACL(int(f)) }
func (f linuxFile) SetACL(acl []byte) error { return setFileACL(int(f), acl) }

func (f linuxFile) NextData(offset int64) (start, end int64, err error) {
	return nextData(int(f), offset)
}

// Sync is not tried again, see [linuxFS.Sync].
func (f linuxFile) Sync() error { return unix.Fsync(int(f)) }

func (f linuxFile) StartWriteOut() error { return startWriteOut(int(f)) }
func (f linuxFile) WriteOut() error      { return writeOut(int(f)) }

func (f linuxFile) CloneFrom(src File) error {
	err := retry(func() error { return unix.IoctlFileClone(int(f), int(src.(linuxFile))) })
	switch err {
	case unix.EOPNOTSUPP, unix.ENOTTY, unix.EXDEV, unix.EINVAL, unix.ENOSYS, unix.EPERM: // see FICLONE in ioctl_ficlone(2)
		return errors.ErrUnsupported
	}
	return err
}

func (f linuxFile) CopyFrom(src File, n int64) (int64, error) {
	for {
		done, err := unix.CopyFileRange(int(src.(linuxFile)), nil, int(f), nil, int(min(n, 1<<30)), 0)
		switch err {
		case nil:
			return int64(done), nil
		case unix.EINTR:
			continue
		case unix.ENOSYS, unix.EXDEV, unix.EINVAL, unix.EOPNOTSUPP, unix.EPERM, unix.EIO:
			// Some network file systems return EIO for a copy to another one. A
			// read meets a real fault again.
			return 0, errors.ErrUnsupported
		default:
			return 0, err
		}
	}
}

func (f linuxFile) CopyAttributes(src File) error { return copyXattrs(int(f), int(src.(linuxFile))) }

func infoOf(st *unix.Stat_t) Info {
	return Info{
		Mode:     fileMode(uint32(st.Mode)),
		Size:     st.Size,
		Accessed: st.Atim.Nano(),
		Modified: st.Mtim.Nano(),
		Owner:    st.Uid,
		Group:    st.Gid,
		Sparse:   takesLess(int64(st.Blocks), st.Size),
		dev:      uint64(st.Dev),
		ino:      st.Ino,
	}
}

// fileMode turns the system's mode bits into Go's.
func fileMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	switch bits & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	default:
		mode |= fs.ModeDevice
	}
	if bits&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
