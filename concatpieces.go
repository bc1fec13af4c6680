package fileops

import (
	"cmp"
	"fmt"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file joins a file that is too large to be held. It reads the file twice.

// stream joins a file that is too large for memory. It reads the file once to
// see that all of it is text, and then again to write it.
func (c *concatenation) stream(path string) section {
	var st vfs.Info
	var chars int64
	encoding, err := c.encoding.inPieces(c.task, path, func(e textEncoding) (err error) {
		st, chars, err = c.measure(path, e)
		return err
	})
	if err == errDoubtful {
		return c.whole(path)
	}
	if err == nil {
		err = c.leaveOut(path, st, chars)
	}
	if err != nil {
		return section{err: err}
	}
	s, err := c.writeHeader(path)
	if err != nil {
		return section{err: err}
	}
	for p, err := range c.task.pieces(path, encoding.pieces()) {
		if err == errDoubtful { // it was not before
			err = pathError("read", path, ErrChanged)
		}
		if err != nil && endsOperation(c.task, err) {
			return section{err: err}
		}
		if err != nil {
			return c.breakOff(s, path, err)
		}
		if err := c.write(p.data); err != nil {
			return section{err: err}
		}
		s.length += int64(len(p.data))
		s.chars += int64(p.chars)
		s.size += int64(p.size)
	}
	return s
}

// measure reads a file to the end. Unless the text is streamed, there must be memory
// for it.
func (c *concatenation) measure(path string, encoding textEncoding) (st vfs.Info, chars int64, err error) {
	size, check := int64(0), int64(unaskedSize)
	for p, err := range c.task.pieces(path, encoding.pieces()) {
		if err != nil {
			return st, 0, err
		}
		st = p.info
		chars += int64(p.chars)
		size += int64(len(p.data))
		if held := max(size, st.Size); !c.task.streams && held > check {
			if err := withMemory(held, func() {}); err != nil {
				return st, 0, pathError("read", path, err)
			}
			check = 2 * held
		}
	}
	return st, chars, nil
}

// whole joins a text that only decode can judge, with all of it in memory.
func (c *concatenation) whole(path string) section {
	b := batch[source, section]{files: c.task.files()}
	s, err := aside(c.task, func() (s section, err error) {
		if !c.load(&b, path, &s, anySize) {
			err = pathError("read", path, ErrTooLarge)
		}
		return s, err
	})
	if err == nil && s.err == nil {
		err = c.write(b.data)
	}
	s.err = cmp.Or(s.err, err)
	return s
}

// breakOff ends a section whose file failed after part of it was written.
func (c *concatenation) breakOff(s section, path string, err error) section {
	c.result.Skipped = append(c.result.Skipped, SkippedFile{path, err})
	note := fmt.Appendf(nil, "\n[fileops: %s]", oneLine(err.Error()))
	s.err = c.write(note)
	s.chars += int64(utf8.RuneCount(note))
	s.length += int64(len(note))
	return s
}
