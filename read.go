package fileops

import (
	"io"
	"math"
	"slices"
	"sync"
)

// bufferSize is the size of the pooled buffers. It holds 98 of 100 source
// files, and is what a block of a copy is.
const bufferSize = 64 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) { buffers.Put(b) }

// contents is what a file holds, in memory.
type contents struct {
	data   []byte
	info   info
	pooled *buffer // what data lies in, if it is small
}

// text returns the contents as a string of their own and frees the rest.
func (c contents) text() string {
	if c.pooled == nil {
		return stringOf(c.data)
	}
	defer c.free()
	return string(c.data)
}

// bytes returns the contents as a slice of their own and frees the rest.
func (c contents) bytes() []byte {
	if c.pooled == nil {
		return c.data
	}
	defer c.free()
	return append(make([]byte, 0, len(c.data)), c.data...)
}

// free ends the use of data.
func (c contents) free() {
	if c.pooled != nil {
		putBuffer(c.pooled)
	}
}

// checkUTF8 returns an *EncodingError if the contents are not text.
func (c contents) checkUTF8(path string) error {
	if bad := validUTF8(c.data); bad >= 0 {
		return notUTF8(path, int64(bad))
	}
	return nil
}

func notUTF8(path string, offset int64) error {
	return &EncodingError{Path: path, Encoding: "utf-8", Offset: offset}
}

// anySize is the limit of a read that takes any file.
const anySize = math.MaxInt64

// A laterError says that a file is too large to be read ahead.
type laterError struct{}

func (laterError) Error() string { return "too large to be read ahead" }

// read reads a regular file, whole, if it is at most limit bytes long; else
// it returns laterError.
func (t *task) read(path string, limit int64) (c contents, err error) {
	s, err := t.acquire("read", path)
	if err != nil {
		return c, pathError("read", path, err)
	}
	defer t.release(s)
	pooled := getBuffer() // not before there is a slot: thousands may wait
	c.data, c.info, err = t.appendFile(pooled[:0], path, limit)
	if err != nil || cap(c.data) > bufferSize { // it has moved
		putBuffer(pooled)
	} else {
		c.pooled = pooled
	}
	return c, err
}

// appendFile is read, in a slot that the caller holds, into the free space of
// dst or, if the file needs it, more.
func (t *task) appendFile(dst []byte, path string, limit int64) ([]byte, info, error) {
	f, st, err := openRegular(t.pool.fs, path)
	if err != nil {
		return dst, info{}, pathError("read", path, err)
	}
	defer f.Close()
	if st.size > limit {
		return dst, st, laterError{}
	}
	data, err := readAll(dst, f, st.size, t.pool.maxFileSize())
	if err != nil {
		return dst, st, pathError("read", path, err)
	}
	t.pool.bytesRead.Add(uint64(len(data) - len(dst)))
	return data, st, nil
}

func (p *Pool) maxFileSize() int64 {
	if p.opts.MaxFileSize > 0 {
		return p.opts.MaxFileSize
	}
	return math.MaxInt - 1
}

// readAll appends an open file's contents to dst. size is what stat said: a
// hint, since the file may grow or shrink meanwhile, and files of /proc say 0.
func readAll(dst []byte, f file, size, limit int64) ([]byte, error) {
	if size > limit {
		return dst, ErrTooLarge
	}
	start := len(dst)
	dst = slices.Grow(dst, int(size)+1) // so that the read which meets the end is a short one
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, cap(dst))
		}
		free := dst[len(dst):cap(dst)]
		n, err := f.Read(free)
		dst = dst[:len(dst)+n]
		got := int64(len(dst) - start)
		switch {
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		case got > limit:
			return dst, ErrTooLarge
		case n < len(free) && got == size:
			return dst, nil // a short read that ends where stat saw the end
		}
	}
}
