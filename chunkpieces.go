package fileops

import (
	"github.com/lion-agi/fileops/internal/vfs"
)

// This file cuts a file that is too large to be held. It reads the file twice: to
// learn its length, which each chunk's Total depends on, and to cut it.

// A fileMeasure is what the first reading of a file tells.
type fileMeasure struct {
	info  vfs.Info
	size  int64
	chars int
	units int // of ChunkOptions.Unit
}

// cutPieces cuts a file piece by piece and hands on its chunks.
func (c *chunking) cutPieces(path string) error {
	var m fileMeasure
	encoding, err := c.encoding.inPieces(c.task, path, func(e textEncoding) (err error) {
		m, err = c.measure(path, e)
		return err
	})
	if err == nil && m.units > 0 {
		err = c.cutMeasured(path, encoding, m)
	}
	if end, ok := err.(endError); ok {
		return end.error
	}
	if err == errDoubtful {
		return c.cutWhole(path)
	}
	last := cutFile{size: m.size, chars: m.chars, err: err}
	return c.take([]source{{path: path}}, cutPart{files: []cutFile{last}})
}

// cutWhole cuts a text that only decode can judge, with all of it in memory.
func (c *chunking) cutWhole(path string) error {
	f, err := aside(c.task, func() (cutFile, error) { return c.cut(c.task.files(), path, anySize), nil })
	if err != nil {
		return pathError("read", path, err)
	}
	return c.take([]source{{path: path}}, cutPart{files: []cutFile{f}, data: c.appendChunks(nil, f.chunks)})
}

// measure reads a file to the end.
func (c *chunking) measure(path string, encoding textEncoding) (m fileMeasure, err error) {
	var words wordCount
	for p, err := range c.task.pieces(path, encoding.pieces()) {
		if err != nil {
			return fileMeasure{}, err
		}
		m.info = p.info
		m.size += int64(p.size)
		m.chars += p.chars
		if c.opts.Unit != Chars {
			words.add(p.data)
		}
	}
	if c.output.is(m.info) {
		return fileMeasure{}, c.ownOutput(path)
	}
	m.units = m.chars
	if c.opts.Unit != Chars {
		m.units = words.words
	}
	return m, nil
}

// An endError ends the operation. Other errors of cutMeasured are the file's own.
type endError struct{ error }

// cutMeasured reads a file again and cuts it.
func (c *chunking) cutMeasured(path string, encoding textEncoding, m fileMeasure) error {
	cutter := c.opts.newPieceCutter(m.units)
	emit := func(chunks []TextChunk) error {
		if len(chunks) == 0 {
			return nil
		}
		c.addFile(chunks, path, m.size, encoding.told)
		part := cutPart{files: []cutFile{{chunks: chunks, more: true}}, data: c.appendChunks(nil, chunks)}
		if err := c.take([]source{{path: path}}, part); err != nil {
			return endError{err}
		}
		return nil
	}
	var size int64
	for p, err := range c.task.pieces(path, encoding.pieces()) {
		if err == errDoubtful { // it was not before
			err = pathError("chunk", path, ErrChanged)
		}
		if err != nil {
			return err
		}
		size += int64(p.size)
		if size > m.size || vfs.Replaced(m.info, p.info) {
			return pathError("chunk", path, ErrChanged)
		}
		if err := cutter.add(p.data, p.chars, emit); err != nil {
			return c.ofFile(path, err)
		}
	}
	if size != m.size || cutter.units() != m.units {
		return pathError("chunk", path, ErrChanged)
	}
	return c.ofFile(path, cutter.end(emit))
}

// ofFile gives an error of a cutter the path, unless it ends the operation.
func (c *chunking) ofFile(path string, err error) error {
	if _, ok := err.(endError); ok {
		return err
	}
	return pathError("chunk", path, err)
}
