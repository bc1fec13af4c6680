package vfs

import (
	"errors"
	"io"
	"math"
	"sync"
)

// kernelPiece is the size of the pieces in which the kernel copies a file. The
// caller may stop the copy between two of them.
const kernelPiece = 32 << 20

// CopyContents copies src, which st describes, to the empty file dst. Both are
// at their beginning. CopyContents takes the fastest way that works: it shares
// blocks, or lets the kernel copy, or copies through a buffer. Holes stay holes.
//
// CopyContents calls copied before each piece with 0 and after each piece with
// the length of that piece. An error of copied stops the copy and is returned.
// An error of a read from src is returned as a [ReadError].
func CopyContents(dst, src File, st Info, copied func(n int64) error) error {
	c := copying{dst: dst, src: src, copied: copied}
	if st.Size >= bufferSize { // a smaller file costs less through a buffer
		if dst.CloneFrom(src) == nil {
			return copied(st.Size)
		}
		if st.Sparse {
			if done, err := c.data(); done || err != nil {
				return err
			}
		}
	}
	_, err := c.run(math.MaxInt64, st.Size)
	return err
}

// A ReadError is an error of a read from the file that is copied.
type ReadError struct{ Err error }

// Error implements error.
func (e ReadError) Error() string { return e.Err.Error() }

// A copying is one CopyContents under way.
type copying struct {
	dst, src File
	copied   func(n int64) error
	buffered bool // the kernel cannot copy
}

// data copies the data of src and leaves out its holes. done is false if the
// system cannot tell where they are.
func (c *copying) data() (done bool, err error) {
	for end := int64(0); ; {
		var start int64
		start, end, err = c.src.NextData(end)
		switch {
		case err == io.EOF:
			return true, c.endAtSize()
		case errors.Is(err, errors.ErrUnsupported):
			return false, c.seek(0)
		case err != nil:
			return true, ReadError{err}
		}
		if err := c.seek(start); err != nil {
			return true, err
		}
		n, err := c.run(end-start, end-start)
		if err != nil || n < end-start { // cut off meanwhile, or its size was a lie
			return true, err
		}
	}
}

// seek moves both files to an offset.
func (c *copying) seek(offset int64) error {
	if _, err := c.src.Seek(offset, io.SeekStart); err != nil {
		return ReadError{err}
	}
	_, err := c.dst.Seek(offset, io.SeekStart)
	return err
}

// endAtSize gives dst the size of src, whose end may be a hole.
func (c *copying) endAtSize() error {
	size, err := c.src.Seek(0, io.SeekEnd)
	if err != nil {
		return ReadError{err}
	}
	return c.dst.Truncate(size)
}

// run copies at most limit bytes, and no more than src has, which is about size.
// It returns how much it has copied.
func (c *copying) run(limit, size int64) (done int64, err error) {
	if size >= bufferSize && !c.buffered {
		done, err = c.byKernel(limit)
		if err != nil || done == limit {
			return done, err
		}
	}
	n, err := c.throughBuffer(limit-done, size)
	return done + n, err
}

// byKernel copies by copy_file_range(2). It returns how much it has copied. The
// rest must be read: where the kernel cannot copy, and at the end, because
// copy_file_range(2) returns 0 for some files that have contents, such as those
// of /proc.
func (c *copying) byKernel(limit int64) (done int64, err error) {
	for done < limit {
		if err := c.copied(0); err != nil {
			return done, err
		}
		n, err := c.dst.CopyFrom(c.src, min(kernelPiece, limit-done))
		done += n
		if stop := c.copied(n); stop != nil {
			return done, stop
		}
		if errors.Is(err, errors.ErrUnsupported) {
			c.buffered = true
			return done, nil
		}
		if err != nil || n == 0 {
			return done, err
		}
	}
	return done, nil
}

// bufferSize is the size of the buffers that copies go through.
const bufferSize = 64 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// throughBuffer copies by reads and writes.
func (c *copying) throughBuffer(limit, size int64) (done int64, err error) {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for done < limit {
		if err := c.copied(0); err != nil {
			return done, err
		}
		piece := buf[:min(bufferSize, limit-done)]
		n, err := c.src.Read(piece)
		done += int64(n)
		if n > 0 {
			m, err := c.dst.Write(piece[:n])
			if stop := c.copied(int64(m)); err == nil {
				err = stop
			}
			if err != nil {
				return done, err
			}
		}
		switch {
		case err == io.EOF, err == nil && done == size && n < len(piece):
			return done, nil // a short read that ends at the size makes another read needless
		case err != nil:
			return done, ReadError{err}
		}
	}
	return done, nil
}
