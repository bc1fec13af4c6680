package fileops

import (
	"io"
	"math"

	"github.com/lion-agi/fileops/internal/textscan"
)

// anySize is the limit of a read that takes any file.
const anySize = math.MaxInt64

// A laterError says that a file is too large to be read ahead.
type laterError struct{}

func (laterError) Error() string { return "too large to be read ahead" }

// read appends a regular file's contents to dst, in a slot. If dst has no room
// for them they are in other memory, of their own if dst was empty. A file of
// more than limit bytes is laterError. If check is not nil the file must be
// UTF-8.
func (t *task) read(dst []byte, path string, limit int64, check *textCheck) (data []byte, st info, err error) {
	err = t.inSlot("read", path, func() (err error) {
		data, st, err = t.appendFile(dst, path, limit, check)
		return err
	})
	return data, st, err
}

// nowLimit is the size of the largest file that is read on the goroutine of a
// caller who may give up: it takes less time than he is left to wait then.
const nowLimit = 1 << 20

// readNow is read of a file that the system has in memory. If it has not, or
// if anything else is the matter but the text, it is errWouldWait.
func (t *task) readNow(path string, check *textCheck) ([]byte, error) {
	f, st, err := regular(t.pool.fs.openNow(path))
	if err != nil {
		return nil, errWouldWait
	}
	data, _, err := t.appendOpened(nil, f, st, path, nowLimit, check)
	if _, ofText := err.(*EncodingError); err != nil && !ofText {
		return nil, errWouldWait
	}
	return data, err
}

// appendFile is read, in a slot that the caller holds.
func (t *task) appendFile(dst []byte, path string, limit int64, check *textCheck) ([]byte, info, error) {
	f, st, err := openRegular(t.pool.fs, path)
	if err != nil {
		return dst, info{}, err
	}
	return t.appendOpened(dst, f, st, path, limit, check)
}

// appendOpened appends a file to dst and closes it.
func (t *task) appendOpened(dst []byte, f file, st info, path string, limit int64, check *textCheck) ([]byte, info, error) {
	defer f.Close()
	check.reset() // of an earlier try
	switch {
	case st.size > t.maxFileSize():
		return dst, st, ErrTooLarge
	case st.size > limit:
		return dst, st, laterError{}
	}
	data, err := t.appendAll(dst, f, st.size, limit, check)
	if err != nil {
		return dst, st, err
	}
	t.pool.bytesRead.Add(uint64(len(data) - len(dst)))
	return data, st, check.finish(path)
}

// maxFileSize is the size of the largest file that may be held in memory.
func (t *task) maxFileSize() int64 {
	if limit := t.pool.opts.MaxFileSize; limit > 0 && !t.streams {
		return limit
	}
	return math.MaxInt - 1 // a slice can be no longer
}

// readBlock is how much is read at a time, so that a text is checked while it
// is in the processor's cache, and the context is looked at now and then.
const readBlock = 512 << 10

// unsizedRoom is how much room a file gets of which stat does not tell the
// size: those of /proc give a page at a time.
const unsizedRoom = 4 << 10

// appendAll appends an open file's contents to dst. size is what stat said: a
// hint, since the file may grow or shrink meanwhile, and files of /proc say 0.
func (t *task) appendAll(dst []byte, f file, size, limit int64, check *textCheck) ([]byte, error) {
	start := len(dst)
	room := unsizedRoom
	if size > 0 {
		room = int(size) + 1 // so that the read which meets the end is a short one
	}
	dst = grow(dst, room)
	for {
		if len(dst) == cap(dst) {
			dst = grow(dst, cap(dst))
		}
		free := dst[len(dst):cap(dst)]
		free = free[:min(len(free), readBlock)]
		n, err := f.Read(free)
		dst = dst[:len(dst)+n]
		check.add(dst[start:])
		got := int64(len(dst) - start)
		switch {
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		case n < len(free) && got == size:
			return dst, nil // a short read that ends where stat saw the end
		case got > t.maxFileSize():
			return dst, ErrTooLarge
		case got > limit:
			return dst, laterError{}
		case t.Err() != nil:
			return dst, t.Err()
		}
	}
}

// grow makes room for n more bytes, which are not zeroed. What holds something
// already is doubled at least, since more may follow.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	size := len(b) + n
	if len(b) > 0 {
		size = max(size, 2*cap(b))
	}
	return append(textscan.Uninitialized(size)[:0], b...)
}

// trim returns data, or a copy if it leaves most of its memory unused.
func trim(data []byte) []byte {
	if len(data) < cap(data)/2 {
		return append(textscan.Uninitialized(len(data))[:0], data...)
	}
	return data
}

// A textCheck follows a text while it is read: it counts its characters and
// finds the first byte that is not UTF-8. A nil one does nothing.
type textCheck struct {
	chars   int
	checked int // bytes, which are whole characters
	length  int
	invalid bool // at checked
}

// reset makes the check begin again.
func (c *textCheck) reset() {
	if c != nil {
		*c = textCheck{}
	}
}

// add looks at what has been read since the last time; text is all so far.
func (c *textCheck) add(text []byte) {
	if c == nil || c.invalid {
		return
	}
	chars, complete, bad := textscan.ScanPrefix(text[c.checked:])
	if bad >= 0 {
		c.invalid = true
		complete = bad
	}
	c.chars += chars
	c.checked += complete
	c.length = len(text)
}

// finish returns an *EncodingError if the text, which is whole now, is not
// UTF-8.
func (c *textCheck) finish(path string) error {
	if c == nil || !c.invalid && c.checked == c.length {
		return nil
	}
	return notUTF8(path, int64(c.checked))
}

func notUTF8(path string, offset int64) error {
	return &EncodingError{Path: path, Encoding: "utf-8", Offset: offset}
}
