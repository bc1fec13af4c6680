package charset

import (
	"bytes"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
)

// utf8Text is the candidate UTF-8 without NUL.
type utf8Text struct {
	offset  int64  // of the bytes after begun
	begun   []byte // of a character
	invalid int64
}

func (u *utf8Text) bad() int64 { return u.invalid }

func (u *utf8Text) add(p []byte) {
	for len(u.begun) > 0 && len(p) > 0 && u.invalid < 0 {
		u.begun, p = append(u.begun, p[0]), p[1:]
		u.offset++
		u.finishChar()
	}
	if u.invalid >= 0 || len(p) == 0 {
		return
	}
	_, complete, bad := textscan.ScanPrefix(p)
	if bad < 0 {
		bad = len(p)
	}
	if nul := bytes.IndexByte(p[:min(complete, bad)], 0); nul >= 0 {
		bad = nul
	}
	if bad < len(p) {
		u.invalid = u.offset + int64(bad)
		return
	}
	u.offset += int64(len(p))
	u.begun = append(u.begun[:0], p[complete:]...)
}

// finishChar looks whether the bytes in begun are a character.
func (u *utf8Text) finishChar() {
	if !utf8.FullRune(u.begun) {
		return
	}
	if r, size := utf8.DecodeRune(u.begun); r == utf8.RuneError && size == 1 {
		u.end()
	}
	u.begun = u.begun[:0]
}

func (u *utf8Text) end() {
	if u.invalid < 0 && len(u.begun) > 0 {
		u.invalid = u.offset - int64(len(u.begun))
	}
}

// units is the candidate UTF-16 or UTF-32, without U+0000.
type units struct {
	width   int // of a unit, in bytes
	big     bool
	offset  int64  // of the next unit
	begun   []byte // of it
	high    rune   // the first half of a surrogate pair, or 0
	invalid int64

	// see looks at each character. It returns false for one that is invalid. nil
	// takes all.
	see func(rune) bool
}

func newUnits(width int, big bool, offset int64) *units {
	return &units{width: width, big: big, offset: offset, invalid: -1}
}

func (u *units) bad() int64 { return u.invalid }

func (u *units) add(p []byte) {
	for len(p) > 0 && u.invalid < 0 {
		if len(u.begun) == 0 && len(p) >= u.width {
			u.unit(p)
			p = p[u.width:]
			continue
		}
		n := min(u.width-len(u.begun), len(p))
		u.begun, p = append(u.begun, p[:n]...), p[n:]
		if len(u.begun) == u.width {
			u.unit(u.begun)
			u.begun = u.begun[:0]
		}
	}
}

// unit takes the unit at the start of p.
func (u *units) unit(p []byte) {
	at := u.offset
	u.offset += int64(u.width)
	r := u.value(p)
	switch {
	case u.width == 4:
	case u.high != 0:
		at -= 2
		r, u.high = utf16.DecodeRune(u.high, r), 0
		if r == utf8.RuneError { // a pair is never that
			r = -1
		}
	case 0xd800 <= r && r < 0xdc00:
		u.high = r
		return
	}
	if r == 0 || !utf8.ValidRune(r) || u.see != nil && !u.see(r) {
		u.invalid = at
	}
}

// value returns the unit at the start of p. One that is too large for a rune is
// negative.
func (u *units) value(p []byte) (r rune) {
	for i := range u.width {
		b := p[i]
		if !u.big {
			b = p[u.width-1-i]
		}
		r = r<<8 | rune(b)
	}
	return r
}

func (u *units) end() {
	switch {
	case u.invalid >= 0:
	case u.high != 0:
		u.invalid = u.offset - 2
	case len(u.begun) > 0:
		u.invalid = u.offset
	}
}

// utf16Evidence is the candidate UTF-16 without a mark. Many a binary is valid
// UTF-16, so the text must be plausible, too:
//
//   - Each character is one that Unicode has assigned to a use in texts: none is a
//     control character but tab, LF, FF and CR, for private use, or a noncharacter.
//     On the planes 1 to 3, where emoji and rare ideographs are, it may be one that
//     only a later version of Unicode assigns.
//   - At least four characters are ASCII.
//   - There is an LF, and at most a third of the characters are ASCII signs. Or there
//     is no LF, a twelfth of the characters are blanks, and ASCII letters and blanks are
//     four fifths.
//   - At least a quarter of the characters are neither ASCII signs nor white space.
//
// Arrays of small 16-bit numbers are the binaries that come nearest to such texts.
// Those with the value of LF have those of other control characters, too. Those with
// the values of the blank and of letters seldom have so many of just these.
type utf16Evidence struct {
	units
	plane *planeSet

	// Counts of characters. tabs are those of the white space but blanks and LF.
	letters, digits, signs, blanks, tabs, lines, others int
}

func newUTF16Evidence(big bool) *utf16Evidence {
	e := &utf16Evidence{units: *newUnits(2, big, 0), plane: assigned()}
	e.see = e.char
	return e
}

// char counts a character. It returns false for one that texts do not use.
func (e *utf16Evidence) char(r rune) bool {
	switch {
	case r >= utf8.RuneSelf:
		e.others++
		return e.isTextual(r)
	case 'a' <= r|0x20 && r|0x20 <= 'z':
		e.letters++
	case r == ' ':
		e.blanks++
	case r == '\t', r == '\f', r == '\r':
		e.tabs++
	case r == '\n':
		e.lines++
	case '0' <= r && r <= '9':
		e.digits++
	default:
		e.signs++
		return ' ' < r && r < 0x7f
	}
	return true
}

func (e *utf16Evidence) end() {
	e.units.end()
	if e.invalid < 0 && !e.suffices() {
		e.invalid = 0
	}
}

func (e *utf16Evidence) suffices() bool {
	ascii := e.letters + e.digits + e.signs + e.blanks + e.tabs + e.lines
	chars := ascii + e.others
	plausible := 3*e.signs <= chars
	if e.lines == 0 {
		plausible = 12*e.blanks >= chars && 5*(e.letters+e.blanks) >= 4*chars
	}
	return plausible && ascii >= 4 && 4*(e.letters+e.digits+e.others) >= chars
}

// isTextual reports whether a character that is not ASCII is one that texts use.
func (e *utf16Evidence) isTextual(r rune) bool {
	switch {
	case r < planeSize:
		return e.plane[r/64]>>(r%64)&1 != 0
	case r < 4*planeSize:
		return r&0xfffe != 0xfffe // the last two of a plane are noncharacters
	default:
		return isAssigned(r)
	}
}

// planeSize is the number of the code points of a plane.
const planeSize = 0x10000

// A planeSet is a set of characters of plane 0, a bit each. With it a text is looked
// at five times as fast as with the tables of package unicode.
type planeSet [planeSize / 64]uint64

// assigned returns the set of the characters for which isAssigned is true.
var assigned = sync.OnceValue(func() *planeSet {
	set := new(planeSet)
	for r := rune(0); r < planeSize; r++ {
		if isAssigned(r) {
			set[r/64] |= 1 << (r % 64)
		}
	}
	return set
})

// isAssigned reports whether Unicode has assigned a character to a use in texts.
func isAssigned(r rune) bool {
	return unicode.IsGraphic(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
