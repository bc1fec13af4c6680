package vfs

import (
	"errors"
	"io"
	"sync"
)

// kernelPiece is the size of the pieces in which the kernel copies a file. The
// caller may stop the copy between two of them.
const kernelPiece = 32 << 20

// CopyContents copies src, whose size is about size, to the empty file dst. Both
// are at their beginning. CopyContents takes the fastest way that works: it
// shares blocks, or lets the kernel copy, or copies through a buffer.
//
// CopyContents calls copied before each piece with 0 and after each piece with
// the length of that piece. An error of copied stops the copy and is returned.
// An error of a read from src is returned as a [ReadError].
func CopyContents(dst, src File, size int64, copied func(n int64) error) error {
	if size >= bufferSize { // a smaller file costs less through a buffer
		if dst.CloneFrom(src) == nil {
			return copied(size)
		}
		if done, err := copyByKernel(dst, src, copied); done || err != nil {
			return err
		}
	}
	return copyThroughBuffer(dst, src, size, copied)
}

// A ReadError is an error of a read from the file that is copied.
type ReadError struct{ Err error }

// Error implements error.
func (e ReadError) Error() string { return e.Err.Error() }

// copyByKernel copies src by copy_file_range(2). done is false if the rest must
// be read: where the kernel cannot copy, and at the end, because
// copy_file_range(2) returns 0 for some files that have contents, such as those
// of /proc.
func copyByKernel(dst, src File, copied func(int64) error) (done bool, err error) {
	for {
		if err := copied(0); err != nil {
			return true, err
		}
		n, err := dst.CopyFrom(src, kernelPiece)
		if stop := copied(n); stop != nil {
			return true, stop
		}
		if errors.Is(err, errors.ErrUnsupported) || n == 0 && err == nil {
			return false, nil
		}
		if err != nil {
			return true, err
		}
	}
}

// bufferSize is the size of the buffers that copies go through.
const bufferSize = 64 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// copyThroughBuffer copies the rest of src by reads and writes.
func copyThroughBuffer(dst, src File, size int64, copied func(int64) error) error {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for done := int64(0); ; {
		if err := copied(0); err != nil {
			return err
		}
		n, err := src.Read(buf[:])
		done += int64(n)
		if n > 0 {
			m, err := dst.Write(buf[:n])
			if stop := copied(int64(m)); err == nil {
				err = stop
			}
			if err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF, err == nil && done == size && n < len(buf):
			return nil // a short read that ends at the size makes another read needless
		case err != nil:
			return ReadError{err}
		}
	}
}
