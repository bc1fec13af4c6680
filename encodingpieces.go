package fileops

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
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
	if e.charset == nil {
		return utf8Pieces{}
	}
	return &charsetPieces{encoding: e}
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

// charsetPieces decodes the bytes.
type charsetPieces struct {
	encoding textEncoding
	decoder  transform.Transformer // nil at the start of the file
	buffers  [2][]byte             // of this piece and the one before
}

func (c *charsetPieces) next(raw []byte, ended bool) (text []byte, chars, size int, err error) {
	mark := 0
	if c.decoder == nil {
		if c.encoding.detectsByteOrder && len(raw) < 2 && !ended {
			return nil, 0, 0, nil
		}
		charset, length := c.encoding.byteOrder(raw)
		c.decoder, mark = charset.NewDecoder(), length
	}
	text, size, err = c.decode(raw[mark:], ended)
	if err == transform.ErrShortSrc && !ended { // the rest of a character comes in the next piece
		err = nil
	}
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
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
