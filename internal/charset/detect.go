package charset

import (
	"bytes"
	"cmp"
	"strings"
)

// A Detector tells the encoding of a text from all of its bytes, which it is given
// piece by piece. It does not guess. It holds a few bytes of the text.
//
//  1. A text that begins with a byte order mark is in the encoding of the mark. It
//     must be valid in it and have no U+0000. FF FE 00 00 is the mark of UTF-32.
//  2. A text that is valid UTF-8 and has no NUL is UTF-8.
//  3. A text is UTF-16 without a mark if it is plausible in exactly one of the two
//     byte orders, see [utf16Evidence].
//  4. All else is in an encoding that cannot be told, or no text.
type Detector struct {
	patient bool
	head    []byte // the first bytes, until they tell the mark
	begun   bool
	marked  string    // the name of the encoding of the mark, "" without one
	text    candidate // what the mark says, or else UTF-8
	little  candidate // UTF-16 without a mark; nil after a mark
	big     candidate
	hasNUL  bool
}

// A candidate is an encoding that a text may be in.
type candidate interface {
	// add takes the next bytes. After the first ones that are invalid it does nothing.
	add(p []byte)
	// end says that the text has ended.
	end()
	// bad is the offset of the first bytes that are invalid, or -1.
	bad() int64
}

// detectedMarks are the marks with the names of their encodings. A mark that begins
// with another one comes first. Each name is one by which Find and Python read the
// text without the mark.
var detectedMarks = []struct {
	mark string
	name string
	make func(offset int64) candidate
}{
	{"\xef\xbb\xbf", "utf-8-sig", func(at int64) candidate { return &utf8Text{offset: at, invalid: -1} }},
	{"\xff\xfe\x00\x00", "utf-32", func(at int64) candidate { return newUnits(4, false, at) }},
	{"\x00\x00\xfe\xff", "utf-32", func(at int64) candidate { return newUnits(4, true, at) }},
	{"\xff\xfe", "utf-16", func(at int64) candidate { return newUnits(2, false, at) }},
	{"\xfe\xff", "utf-16", func(at int64) candidate { return newUnits(2, true, at) }},
}

// longestMark is the length of the longest mark.
const longestMark = 4

// NewDetector returns a Detector. A patient one goes on after invalid UTF-8 to learn
// whether the text has a NUL, see [Detector.MayBeLegacy].
func NewDetector(patient bool) *Detector { return &Detector{patient: patient} }

// Add takes the next bytes of the text. It returns false if further ones cannot
// change the answer any more: the text is in no encoding that can be told.
func (d *Detector) Add(p []byte) bool {
	if d.begun {
		return d.add(p)
	}
	d.head = append(d.head, p[:min(len(p), longestMark)]...)
	if len(d.head) < longestMark {
		return true
	}
	return d.begin(p[min(len(p), longestMark):])
}

// begin looks for a mark. rest are the bytes after those in head.
func (d *Detector) begin(rest []byte) bool {
	d.begun = true
	for _, m := range detectedMarks {
		if strings.HasPrefix(string(d.head), m.mark) {
			d.marked, d.text = m.name, m.make(int64(len(m.mark)))
			return d.add(d.head[len(m.mark):]) && d.add(rest)
		}
	}
	d.text = &utf8Text{invalid: -1}
	d.little, d.big = newUTF16Evidence(false), newUTF16Evidence(true)
	return d.add(d.head) && d.add(rest)
}

func (d *Detector) add(p []byte) bool {
	d.text.add(p)
	if d.marked != "" {
		return d.text.bad() < 0
	}
	d.little.add(p)
	d.big.add(p)
	if d.text.bad() < 0 {
		return true
	}
	d.hasNUL = d.hasNUL || bytes.IndexByte(p, 0) >= 0
	return d.little.bad() < 0 || d.big.bad() < 0 || d.MayBeLegacy()
}

// End says that the text has ended. It returns the name of the text's encoding or,
// if that is "", the offset of the first byte that is not valid UTF-8, or in the
// encoding of the mark, or a NUL.
func (d *Detector) End() (name string, bad int64) {
	if !d.begun {
		d.begin(nil)
	}
	d.text.end()
	if bad := d.text.bad(); d.marked != "" && bad >= 0 {
		return "", bad
	} else if bad < 0 {
		return cmp.Or(d.marked, "utf-8"), -1
	}
	d.little.end()
	d.big.end()
	switch little, big := d.little.bad() < 0, d.big.bad() < 0; {
	case little && !big:
		return "utf-16-le", -1
	case big && !little:
		return "utf-16-be", -1
	}
	return "", d.text.bad()
}

// MayBeLegacy reports whether the text so far may be in an older encoding, in which
// no character has a NUL. Only a patient Detector looks at all of the text for that.
func (d *Detector) MayBeLegacy() bool { return d.patient && d.marked == "" && !d.hasNUL }
