package vfs

import (
	"errors"
	"io"
	"io/fs"
	"time"
)

// An ioFile is a file of an fs.FS.
type ioFile struct {
	unsupportedFile
	fs    *ioFS
	file  fs.File
	info  Info
	ended bool
}

func (f *ioFile) Stat() (Info, error) { return f.info, nil }

func (f *ioFile) Close() error {
	_, err := guarded(f.fs, func() (struct{}, error) { return struct{}{}, f.file.Close() })
	return err
}

// errBadCount reports a Read that broke the contract of [io.Reader].
var errBadCount = errors.New("the file system returned an impossible count of bytes")

// Read fills b unless the file ends before. So a short read is the last one, as
// with a file on a disk, although an fs.File may return as little as it likes and
// may have more than Stat said.
func (f *ioFile) Read(b []byte) (n int, err error) {
	return guarded(f.fs, func() (int, error) { return f.fill(b) })
}

// fill is Read, which guards it.
func (f *ioFile) fill(b []byte) (n int, err error) {
	for idle := 0; n < len(b) && !f.ended; {
		if err := f.fs.ctx.Err(); err != nil {
			return n, err
		}
		m, err := f.file.Read(b[n:])
		if m < 0 || m > len(b)-n {
			return n, errBadCount
		}
		n += m
		switch idle++; {
		case err == io.EOF:
			f.ended = true
		case err != nil:
			return n, err
		case m > 0:
			idle = 0
		case idle == maxIdle:
			return n, io.ErrNoProgress
		}
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// An unsupportedFS has the methods of an FS that an fs.FS cannot have.
type unsupportedFS struct{}

func (unsupportedFS) OpenForWriting(string) (File, error)               { return nil, errors.ErrUnsupported }
func (unsupportedFS) OpenDir(string) (FS, error)                        { return nil, errors.ErrUnsupported }
func (unsupportedFS) Create(string, fs.FileMode) (File, error)          { return nil, errors.ErrUnsupported }
func (unsupportedFS) CreateUnnamed(fs.FileMode) (File, error)           { return nil, errors.ErrUnsupported }
func (unsupportedFS) LinkFile(File, string) error                       { return errors.ErrUnsupported }
func (unsupportedFS) ACL(string) ([]byte, error)                        { return nil, errors.ErrUnsupported }
func (unsupportedFS) Mkdir(string) error                                { return errors.ErrUnsupported }
func (unsupportedFS) Link(string, string) error                         { return errors.ErrUnsupported }
func (unsupportedFS) Rename(string, string) error                       { return errors.ErrUnsupported }
func (unsupportedFS) RenameNew(string, string) error                    { return errors.ErrUnsupported }
func (unsupportedFS) Remove(string) error                               { return errors.ErrUnsupported }
func (unsupportedFS) SetTimes(File, string, time.Time, time.Time) error { return errors.ErrUnsupported }
func (unsupportedFS) Sync() error                                       { return errors.ErrUnsupported }

// An unsupportedFile has the methods of a File that an fs.File cannot have.
type unsupportedFile struct{}

func (unsupportedFile) Write([]byte) (int, error)           { return 0, errors.ErrUnsupported }
func (unsupportedFile) Seek(int64, int) (int64, error)      { return 0, errors.ErrUnsupported }
func (unsupportedFile) Chmod(fs.FileMode) error             { return errors.ErrUnsupported }
func (unsupportedFile) Chown(int, int) error                { return errors.ErrUnsupported }
func (unsupportedFile) ACL() ([]byte, error)                { return nil, errors.ErrUnsupported }
func (unsupportedFile) SetACL([]byte) error                 { return errors.ErrUnsupported }
func (unsupportedFile) Truncate(int64) error                { return errors.ErrUnsupported }
func (unsupportedFile) Sync() error                         { return errors.ErrUnsupported }
func (unsupportedFile) StartWriteOut() error                { return errors.ErrUnsupported }
func (unsupportedFile) WriteOut() error                     { return errors.ErrUnsupported }
func (unsupportedFile) CloneFrom(File) error                { return errors.ErrUnsupported }
func (unsupportedFile) CopyFrom(File, int64) (int64, error) { return 0, errors.ErrUnsupported }
func (unsupportedFile) NextData(int64) (start, end int64, err error) {
	return 0, 0, errors.ErrUnsupported
}
func (unsupportedFile) CopyAttributes(File) error { return errors.ErrUnsupported }
