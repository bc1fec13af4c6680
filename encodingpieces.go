package fileops

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/charset"
	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// A pieceText makes text of the bytes of a file, piece by piece.
type pieceText interface {
	// next returns the text of the first size bytes of raw, which end between two
	// characters. The rest belongs in front of the next piece, and there is none when
	// the file has ended. The text is valid until the call after the next one.
	next(raw []byte, ended bool) (text []byte, chars, size int, err error)
}

// pieces returns the text of one file.
func (e textEncoding) pieces() pieceText {
	switch {
	case e.auto:
		return new(plainPieces)
	case e.isUTF8():
		return utf8Pieces{}
	default:
		return &charsetPieces{encoding: e}
	}
}

// utf8Pieces checks the bytes, which are the text.
type utf8Pieces struct{}

// A badByte is the offset of an invalid byte in a piece.
type badByte int

func (badByte) Error() string { return "invalid byte" }

func (utf8Pieces) next(raw []byte, ended bool) (text []byte, chars, size int, err error) {
	chars, complete, bad := textscan.ScanPrefix(raw)
	if ended && bad < 0 && complete < len(raw) {
		bad = complete
	}
	if bad >= 0 {
		return nil, 0, 0, badByte(bad)
	}
	return raw[:complete], chars, complete, nil
}

// errDoubtful says that a decoder has made a U+FFFD. It may be genuine, or stand for
// bytes that are no character. [textEncoding.decode] finds out, with the whole text.
var errDoubtful = errors.New("a piece of the text has a U+FFFD")

// charsetPieces decodes the bytes after the byte order mark.
type charsetPieces struct {
	encoding textEncoding
	begun    bool                  // the mark has been looked for
	decoder  transform.Transformer // nil for UTF-8
	buffers  [2][]byte             // of this piece and the one before
}

func (c *charsetPieces) next(raw []byte, ended bool) (text []byte, chars, size int, err error) {
	mark := 0
	if !c.begun {
		if len(raw) < c.encoding.longestMark() && !ended {
			return nil, 0, 0, nil
		}
		c.begun = true
		var decoding encoding.Encoding
		if decoding, mark = c.encoding.afterMark(raw); decoding != nil {
			c.decoder = decoding.NewDecoder()
		}
	}
	if c.decoder == nil {
		text, chars, size, err = utf8Pieces{}.next(raw[mark:], ended)
		if bad, ok := err.(badByte); ok {
			err = bad + badByte(mark)
		}
		return text, chars, mark + size, err
	}
	text, size, err = c.decode(raw[mark:], ended)
	if err == transform.ErrShortSrc && !ended { // the rest of a character comes in the next piece
		err = nil
	}
	if err != nil || !c.encoding.proven && bytes.ContainsRune(text, utf8.RuneError) {
		return nil, 0, 0, errDoubtful
	}
	return text, textscan.CountRunes(textscan.String(text)), mark + size, nil
}

// decode decodes as much as it can. A byte becomes three bytes of UTF-8 at most in
// nearly all encodings.
func (c *charsetPieces) decode(raw []byte, ended bool) (text []byte, size int, err error) {
	buf := c.buffers[1]
	if cap(buf) < 3*len(raw) {
		buf = textscan.Uninitialized(3*len(raw) + utf8.UTFMax)
	}
	buf = buf[:cap(buf)]
	n, size, err := c.decoder.Transform(buf, raw, ended)
	for err == transform.ErrShortDst {
		buf = append(buf, make([]byte, len(buf))...)
		var more, used int
		more, used, err = c.decoder.Transform(buf[n:], raw[size:], ended)
		n, size = n+more, size+used
	}
	c.buffers = [2][]byte{buf, c.buffers[0]}
	return buf[:n], size, err
}

// inPieces calls read with the encoding of a file that is read piece by piece. If
// the encoding is to be found out, it calls read with e first, which takes UTF-8
// without a mark. If that returns errNotPlain, it finds out the encoding, for which
// it reads the file itself, and calls read again. It returns the encoding of the
// last call.
func (e textEncoding) inPieces(t *task, path string, read func(textEncoding) error) (textEncoding, error) {
	if !e.auto {
		return e, read(e)
	}
	err := read(e)
	if err != errNotPlain {
		e, _ = e.found("utf-8")
		return e, err
	}
	p := &detectingPieces{Detector: charset.NewDetector(e.guess != nil)}
	for _, err := range t.pieces(path, p) {
		if err != nil && err != errNotPlain {
			return e, err
		}
	}
	if e, err = e.ofDetected(t, path, p.Detector, p.sample); err != nil {
		return e, err
	}
	return e, read(e)
}

// detectingPieces gives the bytes of a file to a Detector. They are no text yet.
type detectingPieces struct {
	*charset.Detector
	sample []byte
}

func (d *detectingPieces) next(raw []byte, ended bool) (text []byte, chars, size int, err error) {
	room := sampleSize - len(d.sample)
	d.sample = append(d.sample, raw[:min(len(raw), room)]...)
	if !d.Add(raw) {
		return nil, 0, 0, errNotPlain
	}
	return nil, 0, len(raw), nil
}

// plainPieces takes UTF-8 without a mark and without NUL.
type plainPieces struct{ begun bool }

// errNotPlain says that a text is not what plainPieces takes.
var errNotPlain = plainError{}

type plainError struct{}

func (plainError) Error() string { return "no UTF-8, or with a mark or NUL" }

func (p *plainPieces) next(raw []byte, ended bool) (text []byte, chars, size int, err error) {
	text, chars, size, err = utf8Pieces{}.next(raw, ended)
	marked := !p.begun && bytes.HasPrefix(raw, []byte(utf8Mark))
	p.begun = p.begun || size > 0
	if err != nil || marked || bytes.IndexByte(text, 0) >= 0 {
		return nil, 0, 0, errNotPlain
	}
	return text, chars, size, nil
}
