package fileops

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/lion-agi/fileops/internal/charset"
	"github.com/lion-agi/fileops/internal/memlimit"
	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// anySize is the limit of a read that takes any file.
const anySize = math.MaxInt64

// errTooLargeToHold says that a file is larger than the limit of a read.
type errTooLargeToHold struct{}

func (errTooLargeToHold) Error() string { return "too large to be held in memory" }

// read appends the contents of a regular file of files to dst, in a slot. If dst has
// no room for them they are in other memory, which is their own if dst was empty.
// A file of more than limit bytes is errTooLargeToHold. If check is not nil the
// file must be UTF-8.
func (t *task) read(files vfs.FS, dst []byte, path string, limit int64, check *textCheck) (data []byte, st vfs.Info, err error) {
	data = dst // also if there is no slot for it
	err = t.inSlot(&use{op: "read", path: path}, func() (err error) {
		data, st, err = t.appendFile(files, dst, path, limit, check)
		return err
	})
	return data, st, err
}

// cachedLimit is the size of the largest file that is read on the goroutine of
// a caller who may give up: the read takes less time than the caller is left to
// wait then, see unwindTime.
const cachedLimit = 1 << 20

// readCached is read for a file in the page cache. ok is false for any other
// file, and after any error but one of the text.
//
// A read whose caller may give up needs a goroutine otherwise, because its disk
// may hang: 10.5 µs instead of 5.3 for 4 KiB (BenchmarkCachedRead; Xeon, 2
// cores, go1.26.8).
func (t *task) readCached(path string, check *textCheck) (data []byte, err error, ok bool) {
	data, ok = t.pool.fs.ReadCached(path, min(cachedLimit, t.maxFileSize()))
	if !ok {
		return nil, nil, false
	}
	t.pool.bytesRead.Add(uint64(len(data)))
	check.add(data)
	return data, check.finish(path), true
}

// appendFile is read, in a slot that the caller holds.
func (t *task) appendFile(files vfs.FS, dst []byte, path string, limit int64, check *textCheck) ([]byte, vfs.Info, error) {
	f, st, err := vfs.OpenRegular(files, path)
	if err != nil {
		return dst, vfs.Info{}, err
	}
	defer f.Close()
	check.reset() // of an earlier try
	switch {
	case st.Size > t.maxFileSize():
		return dst, st, ErrTooLarge
	case st.Size > limit:
		return dst, st, errTooLargeToHold{}
	}
	size := st.Size
	tooLarge := withMemory(size, func() {}) // before anything is read
	if tooLarge != nil {
		if check == nil || !check.detects {
			return dst, st, tooLarge
		}
		size, limit = 0, readPiece // the beginning may tell that the file is no text
	}
	data, err := t.appendAll(dst, f, size, limit, check)
	t.pool.bytesRead.Add(uint64(len(data) - len(dst)))
	if err == (errTooLargeToHold{}) && tooLarge != nil {
		err = tooLarge
	}
	if err != nil {
		return dst, st, err
	}
	return data, st, check.finish(path)
}

// maxFileSize is the size of the largest file that the pool lets into memory.
func (t *task) maxFileSize() int64 {
	if limit := t.pool.opts.MaxFileSize; limit > 0 && !t.streams {
		return limit
	}
	return anySize
}

// trustedSize is the size up to which a file gets its memory at once, as stat
// tells its size: 128 MiB, and 8 MiB in the address space of a 32-bit system.
const trustedSize = 8 << 20 << (4 * (strconv.IntSize / 64))

// unaskedSize is the amount of memory that is taken without asking whether there is
// so much. To ask takes 0.1 ms, a hundredth of the time to read more than that.
const unaskedSize = 8 << 20

// withMemory calls take, which takes size bytes of memory. If there are not so many,
// beside those that other calls are about to take, it returns ErrTooLarge instead:
// a file that is larger than the memory, such as a sparse one, would end the
// process, see golang/go#21455, and several large ones together would do so too.
func withMemory(size int64, take func()) error {
	if size > unaskedSize {
		if err := memlimit.Reserve(size); err != nil {
			return fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		defer memlimit.Release(size)
	}
	take()
	return nil
}

// readPiece is how much is read at a time, so that a text is checked while it
// is in the processor's cache and the context is looked at now and then.
const readPiece = 512 << 10

// unsizedRoom is the room for a file whose size is unknown: the files of /proc
// say 0, and give a page at a time.
const unsizedRoom = 4 << 10

// appendAll appends an open file's contents to dst. size is only a hint, since
// the file may grow or shrink meanwhile.
func (t *task) appendAll(dst []byte, f vfs.File, size, limit int64, check *textCheck) ([]byte, error) {
	start := len(dst)
	room := int64(unsizedRoom)
	if size > 0 {
		room = min(size, trustedSize) + 1 // so that the last read is a short one
	}
	dst, err := growWithin(dst, room)
	if err != nil {
		return dst, err
	}
	for {
		if len(dst) == cap(dst) {
			more := max(int64(cap(dst)), size+1-int64(len(dst)-start))
			if dst, err = growWithin(dst, more); err != nil {
				return dst, err
			}
		}
		free := dst[len(dst):cap(dst)]
		free = free[:min(len(free), readPiece)]
		n, err := f.Read(free)
		dst = dst[:len(dst)+n]
		got := int64(len(dst) - start)
		switch textEnded := !check.add(dst[start:]); {
		case err == io.EOF, textEnded: // the rest of a file that is no text is not read
			return dst, nil
		case err != nil:
			return dst, err
		case n < len(free) && got == size:
			return dst, nil // a short read at the expected end saves the last one
		case got > t.maxFileSize():
			return dst, ErrTooLarge
		case got > limit:
			return dst, errTooLargeToHold{}
		case t.Err() != nil:
			return dst, t.Err()
		}
	}
}

// grow makes room for n more bytes and does not zero them. A slice that holds
// something already is doubled at least, since more may follow.
func grow(b []byte, n int) []byte {
	if size := grownSize(b, int64(n)); size > 0 {
		b = append(textscan.Uninitialized(int(size))[:0], b...)
	}
	return b
}

// growWithin is grow, unless there is not so much memory.
func growWithin(b []byte, n int64) ([]byte, error) {
	size := grownSize(b, n)
	if size == 0 {
		return b, nil
	}
	var room []byte
	if err := withMemory(size, func() { room = textscan.Uninitialized(int(size)) }); err != nil {
		return b, err
	}
	return append(room[:0], b...), nil
}

// grownSize is the size of the slice to which grow copies b, 0 if b has room.
func grownSize(b []byte, n int64) int64 {
	switch size := int64(len(b)) + n; {
	case size <= int64(cap(b)):
		return 0
	case len(b) == 0:
		return size
	default:
		return max(size, 2*int64(cap(b)))
	}
}

// trim returns data, or a copy if it leaves most of its memory unused.
func trim(data []byte) []byte {
	if len(data) < cap(data)/2 {
		return append(textscan.Uninitialized(len(data))[:0], data...)
	}
	return data
}

// A textCheck follows a text while it is read: it counts its characters and
// finds the first byte that is not UTF-8. If it detects the encoding, a text that is
// not UTF-8, or has a NUL, goes to a Detector instead. A nil check does nothing.
type textCheck struct {
	detects, patient bool // see [charset.NewDetector]

	chars    int
	checked  int // bytes, which are whole characters
	length   int
	invalid  bool // at checked
	detector *charset.Detector
}

// reset begins the check anew.
func (c *textCheck) reset() {
	if c != nil {
		*c = textCheck{detects: c.detects, patient: c.patient}
	}
}

// add checks the bytes read since the last call. text is the whole text so far.
// It returns false if no further bytes can make it a text.
func (c *textCheck) add(text []byte) bool {
	if c == nil {
		return true
	}
	added := text[c.length:]
	c.length = len(text)
	if c.detector != nil {
		return c.detector.Add(added)
	}
	chars, complete, bad := textscan.ScanPrefix(text[c.checked:])
	if c.detects && (bad >= 0 || bytes.IndexByte(added, 0) >= 0) {
		c.detector = charset.NewDetector(c.patient)
		return c.detector.Add(text)
	}
	if bad >= 0 {
		c.invalid = true
		complete = bad
	}
	c.chars += chars
	c.checked += complete
	return !c.invalid
}

// finish returns an *EncodingError if the text, which is complete now, is not
// UTF-8 but should be.
func (c *textCheck) finish(path string) error {
	if c == nil || c.detects || !c.invalid && c.checked == c.length {
		return nil
	}
	return notUTF8(path, int64(c.checked))
}

// isPlain reports whether contents are UTF-8 without a mark and without NUL.
func (c *textCheck) isPlain(data []byte) bool {
	return c.detector == nil && c.checked == c.length && !bytes.HasPrefix(data, []byte(utf8Mark))
}

func notUTF8(path string, offset int64) error {
	return &EncodingError{Path: path, Encoding: "utf-8", Offset: offset}
}
