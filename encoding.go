package fileops

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A textEncoding decodes the bytes of files. The zero value is UTF-8.
type textEncoding struct {
	name    string            // as the caller wrote it
	charset encoding.Encoding // nil for UTF-8

	// detectsByteOrder says that the text is UTF-16 and that a byte order mark
	// at its start, which is not part of it, says which one. Without a mark it is
	// little-endian, as in the WHATWG Encoding Standard.
	detectsByteOrder bool
}

var (
	littleEndian = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	bigEndian    = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// findEncoding returns the encoding that has the name. It looks among the labels
// of the WHATWG Encoding Standard (encoding.spec.whatwg.org) first, as browsers
// do, and then in the register of the IANA.
func findEncoding(name string) (textEncoding, error) {
	label := strings.ToLower(strings.TrimSpace(name))
	switch label {
	case "", "utf-8", "utf8", "unicode-1-1-utf-8":
		return textEncoding{}, nil
	case "utf-16", "utf16":
		return textEncoding{name: name, charset: littleEndian, detectsByteOrder: true}, nil
	}
	charset, err := htmlindex.Get(label)
	if err != nil {
		charset, err = ianaindex.IANA.Encoding(label)
	}
	if err != nil || charset == nil || charset == encoding.Replacement {
		return textEncoding{}, &OptionError{"Encoding", name, "must be the WHATWG's or IANA's name of an encoding that is supported"}
	}
	if charset == unicode.UTF8 { // under another label
		return textEncoding{}, nil
	}
	return textEncoding{name: name, charset: charset}, nil
}

// check returns a check for the contents of a file while it is read. It returns
// nil, which checks nothing, for encodings that only decode can check.
func (e textEncoding) check() *utf8Check {
	if e.charset == nil {
		return new(utf8Check)
	}
	return nil
}

// decode returns the text of a file's contents. The contents have passed check.
// The text may share the memory of data, so nothing may write to data
// afterwards.
func (e textEncoding) decode(path string, data []byte) (string, error) {
	if e.charset == nil {
		return textscan.String(trim(data)), nil
	}
	charset, mark := e.byteOrder(data)
	data = data[mark:]
	var text []byte
	var failed error
	err := withMemory(3*int64(len(data)), func() { // a byte may become three
		text, failed = charset.NewDecoder().Bytes(data)
	})
	if err = cmp.Or(err, failed); err != nil {
		return "", pathError("decode", path, err)
	}
	if bytes.ContainsRune(text, utf8.RuneError) {
		if bad := firstUndecodable(charset, data); bad >= 0 {
			return "", &EncodingError{Path: path, Encoding: e.name, Offset: int64(mark + bad)}
		}
	}
	return textscan.String(text), nil
}

// byteOrder returns the encoding of data and the length of its byte order mark,
// which is 0 if there is no mark or if e does not detect the byte order.
func (e textEncoding) byteOrder(data []byte) (charset encoding.Encoding, mark int) {
	switch {
	case e.detectsByteOrder && bytes.HasPrefix(data, []byte("\xff\xfe")):
		return littleEndian, 2
	case e.detectsByteOrder && bytes.HasPrefix(data, []byte("\xfe\xff")):
		return bigEndian, 2
	default:
		return e.charset, 0
	}
}

// firstUndecodable returns the offset of the first bytes that represent no
// character in the encoding, or -1. A decoder replaces such bytes by U+FFFD. A
// U+FFFD in the text is genuine only if the bytes are the encoding of U+FFFD.
func firstUndecodable(charset encoding.Encoding, data []byte) int {
	replacement, err := charset.NewEncoder().Bytes([]byte("\uFFFD"))
	encodable := err == nil
	decoder := charset.NewDecoder()
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

// decodeOne decodes one character and returns the number of bytes that it takes.
// Bytes before it that represent no character, such as an escape sequence, count
// as well. A decoder stops if its buffer has no room for the next character, so
// decodeOne tries larger buffers until exactly one character fits.
func decodeOne(decoder transform.Transformer, data []byte) (char []byte, length int) {
	var buffer [2 * utf8.UTFMax]byte
	for n := range len(buffer) {
		nDst, nSrc, err := decoder.Transform(buffer[:n+1], data, true)
		if nSrc > 0 || err != transform.ErrShortDst {
			return buffer[:nDst], nSrc
		}
	}
	return nil, 0
}
