package fileops

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/charset"
	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// A textEncoding decodes the bytes of files. The zero value is UTF-8.
type textEncoding struct {
	charset.Charset
	name string // as the caller wrote it

	// auto says that the encoding is to be found out, of each file by itself. guess
	// may be nil.
	auto  bool
	guess func(sample []byte) string

	told   string // the encoding's name, if it has been found out
	proven bool   // the file is valid in the encoding
}

// autoEncoding is the name that stands for finding out the encoding.
const autoEncoding = "auto"

func isAuto(name string) bool { return strings.EqualFold(strings.TrimSpace(name), autoEncoding) }

// newTextEncoding returns the encoding that the options Encoding and Guess ask for.
func newTextEncoding(name string, guess func(sample []byte) string) (textEncoding, error) {
	if isAuto(name) {
		return textEncoding{auto: true, guess: guess}, nil
	}
	if guess != nil {
		return textEncoding{}, &OptionError{"Encoding", name, `must be "auto", for otherwise Guess is never called`}
	}
	return findEncoding("Encoding", name)
}

// findEncoding returns the encoding with a name, which is the value of an option.
func findEncoding(option, name string) (textEncoding, error) {
	found, ok := charset.Find(name)
	if !ok {
		return textEncoding{}, &OptionError{option, name, "must be the WHATWG's, IANA's or Python's name of an encoding that is supported"}
	}
	return textEncoding{Charset: found, name: name}, nil
}

// isUTF8 reports whether the bytes of a file are its text.
func (e textEncoding) isUTF8() bool { return !e.auto && e.Encoding == nil && e.Marks == nil }

// check returns a check for the contents of a file while it is read. It returns
// nil, which checks nothing, for encodings that only decode can check.
func (e textEncoding) check() *textCheck {
	if e.Encoding != nil {
		return nil
	}
	return &textCheck{detects: e.auto, patient: e.guess != nil}
}

// decode returns the text of a file's contents. The contents have passed check.
// The text may share the memory of data, so nothing may write to data
// afterwards.
func (e textEncoding) decode(path string, data []byte) (string, error) {
	decoding, mark := e.afterMark(data)
	data = data[mark:]
	if decoding == nil {
		return textscan.String(trim(data)), nil
	}
	var text []byte
	var failed error
	err := withMemory(3*int64(len(data)), func() { // a byte may become three
		text, failed = decoding.NewDecoder().Bytes(data)
	})
	if err = cmp.Or(err, failed); err != nil {
		return "", pathError("decode", path, err)
	}
	if !e.proven && bytes.ContainsRune(text, utf8.RuneError) {
		if bad := firstUndecodable(decoding, data); bad >= 0 {
			return "", &EncodingError{Path: path, Encoding: e.name, Offset: int64(mark + bad)}
		}
	}
	return textscan.String(text), nil
}

// afterMark returns the encoding of data after its byte order mark, and the length
// of the mark, which is 0 if there is none.
func (e textEncoding) afterMark(data []byte) (decoding encoding.Encoding, mark int) {
	for _, m := range e.Marks {
		if bytes.HasPrefix(data, []byte(m.Bytes)) {
			return m.Encoding, len(m.Bytes)
		}
	}
	return e.Encoding, 0
}

// longestMark is the length of the longest mark that a text in the encoding may
// begin with.
func (e textEncoding) longestMark() (n int) {
	for _, m := range e.Marks {
		n = max(n, len(m.Bytes))
	}
	return n
}

// sampleSize is how much of a file Guess sees.
const sampleSize = 64 << 10

// ofContents returns the encoding of a file's contents, which have passed check.
func (e textEncoding) ofContents(t *task, path string, data []byte, check *textCheck) (textEncoding, error) {
	if !e.auto {
		return e, nil
	}
	if check.isPlain(data) {
		return e.found("utf-8")
	}
	d := check.detector
	if d == nil {
		d = charset.NewDetector(e.guess != nil)
		d.Add(data)
	}
	return e.ofDetected(t, path, d, data[:min(len(data), sampleSize)])
}

// found returns the encoding with a name that a Detector has told.
func (e textEncoding) found(name string) (textEncoding, error) {
	found, err := findEncoding("Encoding", name)
	found.told, found.proven = name, true
	return found, err
}

// ofDetected returns the encoding that a Detector, or else Guess, tells of a file.
// sample is the beginning of the file.
func (e textEncoding) ofDetected(t *task, path string, d *charset.Detector, sample []byte) (textEncoding, error) {
	name, bad := d.End()
	if name != "" {
		return e.found(name)
	}
	if e.guess != nil && d.MayBeLegacy() {
		var err error
		name, err = aside(t, func() (string, error) {
			return protect(func() (string, error) { return e.guess(sample), nil })
		})
		if err != nil {
			return textEncoding{}, pathError("decode", path, err)
		}
	}
	if name == "" {
		return textEncoding{}, &EncodingError{Path: path, Encoding: autoEncoding, Offset: bad}
	}
	guessed, err := findEncoding("Guess", name)
	switch {
	case err != nil:
		return textEncoding{}, pathError("decode", path, fmt.Errorf("%w", err))
	case guessed.Encoding == nil:
		return textEncoding{}, notUTF8(path, bad)
	}
	guessed.told = charset.CanonicalName(name)
	return guessed, nil
}

// utf8Mark is the byte order mark of UTF-8.
const utf8Mark = "\xef\xbb\xbf"

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
