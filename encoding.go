package fileops

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A textEncoding turns files' bytes into text. The zero value is UTF-8.
type textEncoding struct {
	name string // as the user spelled it
	enc  encoding.Encoding
	// marked says that a byte order mark at the start, which is not part of
	// the text, says which UTF-16 it is. Without one it is little-endian, as
	// the WHATWG has it.
	marked bool
}

var (
	littleEndian = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	bigEndian    = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// findEncoding looks a name up: as browsers do (the WHATWG's labels) and, if
// they have no such name, in IANA's register.
func findEncoding(name string) (textEncoding, error) {
	label := strings.ToLower(strings.TrimSpace(name))
	switch label {
	case "", "utf-8", "utf8", "unicode-1-1-utf-8":
		return textEncoding{}, nil
	case "utf-16", "utf16":
		return textEncoding{name: name, enc: littleEndian, marked: true}, nil
	}
	enc, err := htmlindex.Get(label)
	if err != nil {
		enc, err = ianaindex.IANA.Encoding(label)
	}
	if err != nil || enc == nil || enc == encoding.Replacement {
		return textEncoding{}, &OptionError{"Encoding", name, "must be the WHATWG's or IANA's name of an encoding that is supported"}
	}
	if enc == unicode.UTF8 { // another label of it
		return textEncoding{}, nil
	}
	return textEncoding{name: name, enc: enc}, nil
}

// check returns what checks a file while it is read, if that can be done.
func (e textEncoding) check() *utf8Check {
	if e.enc == nil {
		return new(utf8Check)
	}
	return nil
}

// decode returns the text of a file's contents, which have passed check and
// which it may keep as the text's memory.
func (e textEncoding) decode(path string, data []byte) (string, error) {
	if e.enc == nil {
		return textscan.String(trim(data)), nil
	}
	e, mark := e.byMark(data)
	data = data[mark:]
	text, err := e.enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", pathError("decode", path, err)
	}
	if bytes.ContainsRune(text, utf8.RuneError) {
		if bad := firstUndecodable(e.enc, data); bad >= 0 {
			return "", &EncodingError{Path: path, Encoding: e.name, Offset: int64(mark + bad)}
		}
	}
	return textscan.String(text), nil
}

// byMark returns the encoding that a byte order mark asks for, and the mark's
// length.
func (e textEncoding) byMark(data []byte) (textEncoding, int) {
	switch {
	case e.marked && bytes.HasPrefix(data, []byte("\xff\xfe")):
		return e, 2
	case e.marked && bytes.HasPrefix(data, []byte("\xfe\xff")):
		e.enc = bigEndian
		return e, 2
	default:
		return e, 0
	}
}

// firstUndecodable returns the offset of the first bytes that stand for nothing
// in the encoding, or -1. Decoders put U+FFFD in their place; where the bytes
// are not what U+FFFD itself is encoded as, they were such.
func firstUndecodable(enc encoding.Encoding, data []byte) int {
	replacement, err := enc.NewEncoder().Bytes([]byte("\uFFFD"))
	encodable := err == nil
	decoder := enc.NewDecoder()
	for at := 0; at < len(data); {
		char, length := decodeOne(decoder, data[at:])
		if length == 0 {
			return at
		}
		if bytes.ContainsRune(char, utf8.RuneError) {
			if !encodable || !bytes.Contains(data[at:at+length], replacement) {
				return at
			}
		}
		at += length
	}
	return -1
}

// decodeOne decodes one character, or the bytes before it that stand for none,
// and returns how many bytes that were. Decoders stop where there is no room
// for the next character, so the room grows until one fits.
func decodeOne(decoder transform.Transformer, data []byte) (char []byte, length int) {
	var room [2 * utf8.UTFMax]byte
	for n := range len(room) {
		nDst, nSrc, err := decoder.Transform(room[:n+1], data, true)
		if nSrc > 0 || err != transform.ErrShortDst {
			return room[:nDst], nSrc
		}
	}
	return nil, 0
}
