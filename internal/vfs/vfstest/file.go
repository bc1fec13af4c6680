package vfstest

import (
	"errors"
	"io"
	"io/fs"

	"github.com/lion-agi/fileops/internal/vfs"
)

// A File is an open file of an [FS].
type File struct {
	*Account
	inner  vfs.File
	name   string
	handle int
}

// inner returns the file behind a File that an operation uses.
func inner(f vfs.File, op string) vfs.File {
	file := f.(*File)
	file.use(file.handle, op, file.name)
	return file.inner
}

func (f *File) one(op string, perform func() error) error {
	f.use(f.handle, op, f.name)
	_, err := do(f.Account, op, f.name, func() (struct{}, error) { return struct{}{}, perform() })
	return err
}

// bytes performs an operation on n bytes, or on half of them.
func (f *File) bytes(op string, n int64, do func(n int64) (int64, error)) (done int64, short bool, err error) {
	defer f.end()
	f.use(f.handle, op, f.name)
	fault := f.begin(op, f.name)
	lost, isLate := errors.AsType[Late](fault)
	switch {
	case fault == ErrShort:
		short = true
		n = (n + 1) / 2
	case isLate:
		if done, err = do(n); err == nil {
			err = lost.Err
		}
		return done, false, err
	case fault != nil:
		return 0, false, fault
	}
	done, err = do(n)
	return done, short, err
}

func (f *File) Read(b []byte) (int, error) {
	n, _, err := f.bytes("read", int64(len(b)), func(n int64) (int64, error) {
		m, err := f.inner.Read(b[:n])
		return int64(m), err
	})
	return int(n), err
}

func (f *File) Write(b []byte) (int, error) {
	n, short, err := f.bytes("write", int64(len(b)), func(n int64) (int64, error) {
		m, err := f.inner.Write(b[:n])
		return int64(m), err
	})
	if short && err == nil && int(n) < len(b) {
		err = io.ErrShortWrite // an io.Writer must say so
	}
	return int(n), err
}

func (f *File) Seek(offset int64, whence int) (at int64, err error) {
	f.use(f.handle, "seek", f.name)
	return do(f.Account, "seek", f.name, func() (int64, error) { return f.inner.Seek(offset, whence) })
}

func (f *File) CopyFrom(src vfs.File, n int64) (int64, error) {
	n, _, err := f.bytes("copyFrom", n, func(n int64) (int64, error) {
		return f.inner.CopyFrom(inner(src, "copyFrom"), n)
	})
	return n, err
}

func (f *File) Stat() (vfs.Info, error) {
	f.use(f.handle, "fstat", f.name)
	st, err := do(f.Account, "fstat", f.name, f.inner.Stat)
	if f.Describe != nil && err == nil {
		f.Describe(&st)
	}
	return st, err
}

func (f *File) Chmod(perm fs.FileMode) error {
	return f.one("chmod", func() error { return f.inner.Chmod(perm) })
}

func (f *File) Chown(owner, group int) error {
	return f.one("chown", func() error { return f.inner.Chown(owner, group) })
}

func (f *File) ACL() ([]byte, error) {
	f.use(f.handle, "acl", f.name)
	return do(f.Account, "acl", f.name, f.inner.ACL)
}

func (f *File) SetACL(acl []byte) error {
	return f.one("setACL", func() error { return f.inner.SetACL(acl) })
}

func (f *File) Truncate(size int64) error {
	return f.one("truncate", func() error { return f.inner.Truncate(size) })
}

func (f *File) NextData(offset int64) (start, end int64, err error) {
	err = f.one("nextData", func() (err error) {
		start, end, err = f.inner.NextData(offset)
		return err
	})
	return start, end, err
}

func (f *File) Sync() error {
	return f.one("fsync", func() error {
		if !f.Durable {
			return nil
		}
		return f.inner.Sync()
	})
}

func (f *File) StartWriteOut() error {
	return f.one("startWriteOut", f.writingOut(f.inner.StartWriteOut))
}

func (f *File) WriteOut() error { return f.one("writeOut", f.writingOut(f.inner.WriteOut)) }

// writingOut returns the call, or nothing to do unless the disk is to be reached.
func (f *File) writingOut(call func() error) func() error {
	if !f.Durable {
		return func() error { return nil }
	}
	return call
}

func (f *File) CloneFrom(src vfs.File) error {
	return f.one("cloneFrom", func() error { return f.inner.CloneFrom(inner(src, "cloneFrom")) })
}

func (f *File) CopyAttributes(src vfs.File) error {
	return f.one("copyAttributes", func() error { return f.inner.CopyAttributes(inner(src, "copyAttributes")) })
}

func (f *File) Close() error { return f.closing(f.handle, "close", f.name, f.inner.Close) }
