package textscan

import (
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// AppendJSONString appends s as a JSON string (RFC 8259, section 7). It escapes
// the characters that must be escaped, and U+0085, U+2028 and U+2029, at which
// some programs end a line. It escapes no others, so other scripts and HTML stay
// readable. Each byte that is not valid UTF-8 becomes U+FFFD. valid says that s
// is known to be valid, so that AppendJSONString need not check it.
//
// AppendJSONString does not allocate if dst has room for JSONStringSize(len(s))
// plus JSONStringSlack bytes and few characters need an escape.
//
// BenchmarkJSONString shows the gain of blocks over a loop over single bytes: 2.7
// times as fast for source code, 3 times for prose, and 1.3 times if every
// character needs an escape. Strings of 10 characters gain nothing (Intel Xeon, Go
// 1.26.8).
func AppendJSONString(dst []byte, s string, valid bool) []byte {
	if !valid && !Valid(s) {
		s = string([]rune(s))
	}
	dst = slices.Grow(dst, JSONStringSize(len(s))+JSONStringSlack)
	dst = append(dst, '"')
	b := Bytes(s)
	for len(b) > shortString {
		n := min(len(b), blockSize)
		dst, n = appendBlock(dst, windowAt(b), n)
		b = b[n:]
	}
	return append(appendShort(dst, b), '"')
}

// JSONStringSize returns about how many bytes a string of n bytes takes in JSON.
// An eighth of the bytes may need a backslash, which suffices for nearly all
// source code.
func JSONStringSize(n int) int { return n + n/8 }

// JSONStringSlack is how many bytes of room [AppendJSONString] needs beyond the
// end of its result, which it may overwrite.
const JSONStringSlack = len(escapeBuffer{})

// shortString is the number of bytes up to which the loop over single bytes is
// faster than a window.
const shortString = 16

// appendShort appends b with escapes, for short strings. It is small enough for
// the compiler to inline it.
func appendShort(dst, b []byte) []byte {
	for i, c := range b {
		if jsonEscapes[c].size != 0 {
			return appendEscaped(dst, b, i)
		}
	}
	return append(dst, b...)
}

// appendEscaped appends b with escapes, one byte at a time. The first i bytes
// need none.
func appendEscaped(dst, b []byte, i int) []byte {
	copied := 0
	for ; i < len(b); i++ {
		c := b[i]
		e := &jsonEscapes[c]
		if e.size == 0 {
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(append(dst, b[copied:i]...), e.text[:e.size]...)
			copied = i + 1
		} else if escape, size := lineBreak(b[i:]); size > 0 {
			dst = append(append(dst, b[copied:i]...), escape...)
			copied = i + size
		}
	}
	return append(dst, b[copied:]...)
}

// The first bytes in UTF-8 of U+0085, and of U+2028 and U+2029. They also begin
// other characters.
const (
	lead85   = 0xc2
	lead2028 = 0xe2
)

// lineBreak returns the escape and the size of the line break outside ASCII that
// b begins with. The size is 0 if b begins with anything else.
//
// A JSON string may contain these characters. But Python's str.splitlines ends a
// line at them, so a program that uses it would cut a line of JSON in two. All
// other characters at which it ends a line are control characters of ASCII.
func lineBreak(b []byte) (escape string, size int) {
	switch {
	case len(b) >= 2 && string(b[:2]) == "\u0085":
		return `\u0085`, 2
	case len(b) >= 3 && string(b[:3]) == "\u2028":
		return `\u2028`, 3
	case len(b) >= 3 && string(b[:3]) == "\u2029":
		return `\u2029`, 3
	}
	return "", 0
}

// A jsonEscape is the escape of a byte that a JSON string cannot contain: the
// first size bytes of text. For lead85 and lead2028 only the size is set, because
// lineBreak decides on them. Other bytes have the zero value.
type jsonEscape struct {
	text [8]byte // 8 bytes, so that a single store writes them
	size int
}

// jsonEscapes maps each byte to its escape.
var jsonEscapes = func() (list [256]jsonEscape) {
	for c := range byte(' ') {
		list[c] = newJSONEscape(fmt.Sprintf(`\u%04x`, c))
	}
	for c, text := range map[byte]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`} {
		list[c] = newJSONEscape(text)
	}
	list[lead85].size, list[lead2028].size = 1, 1
	return list
}()

func newJSONEscape(text string) (e jsonEscape) {
	e.size = copy(e.text[:], text)
	return e
}

// A window is a block and the 64 bytes after it, so that 64 bytes can be copied
// from any byte of the block.
type window [2 * blockSize]byte

// windowAt returns the window that b begins with. If b is shorter, it returns a
// copy that is padded with zeros.
func windowAt(b []byte) *window {
	if len(b) >= len(window{}) {
		return (*window)(b)
	}
	w := new(window)
	copy(w[:], b)
	return w
}

// block returns the block that w begins with.
func (w *window) block() *block { return (*block)(w[:]) }

// An escapeBuffer has room for a block with its escapes. The longest escape has
// six bytes, so a block with its escapes ends below escapeMask, and the last
// copy may write one more block.
type escapeBuffer [escapeMask + 1 + blockSize]byte

const (
	escapeMask = 1<<9 - 1
	blockMask  = blockSize - 1
)

// appendBlock appends the first n bytes of w with escapes. It stops before a line
// break outside ASCII; if w begins with one, it appends that alone. It returns how
// many bytes of w it has appended. n is at most blockSize.
func appendBlock(dst []byte, w *window, n int) ([]byte, int) {
	special, high := w.block().specials()
	if high != 0 {
		n = w.nextLineBreak(n)
		if n == 0 {
			escape, size := lineBreak(w[:])
			return append(dst, escape...), size
		}
	}
	special &= 1<<n - 1
	dst = slices.Grow(dst, len(escapeBuffer{}))
	to := (*escapeBuffer)(dst[len(dst):cap(dst)])
	if special != 0 {
		return dst[:len(dst)+to.escape(w, n, special)], n
	}
	copyBlock((*block)(to[:]), w.block())
	return dst[:len(dst)+n], n
}

// nextLineBreak returns the index of the first line break outside ASCII among the
// first n bytes of w, or n. The line break may end beyond these bytes.
func (w *window) nextLineBreak(n int) int {
	for leads := w.block().lineBreakLeads() & (1<<n - 1); leads != 0; leads &= leads - 1 {
		i := bits.TrailingZeros64(leads) & blockMask
		if _, size := lineBreak(w[i:]); size > 0 {
			return i
		}
	}
	return n
}

// escape writes the first n bytes of w with escapes and returns how many bytes
// it has written. special has one bit for each byte that needs an escape.
//
// Text such as source code needs an escape every few bytes, so a branch or a
// call for each would dominate. escape has none: it copies a whole block after
// each escape, and the next escape overwrites the surplus. The masks change no
// index. They prove to the compiler that no index is out of range.
func (e *escapeBuffer) escape(w *window, n int, special uint64) (size int) {
	copied := 0
	for ; special != 0; special &= special - 1 {
		i := bits.TrailingZeros64(special)
		copyBlock((*block)(e[size&escapeMask:]), (*block)(w[copied&blockMask:]))
		size += i - copied
		escape := &jsonEscapes[w[i&blockMask]]
		*(*[8]byte)(e[size&escapeMask:]) = escape.text
		size += escape.size
		copied = i + 1
	}
	copyBlock((*block)(e[size&escapeMask:]), (*block)(w[copied&blockMask:]))
	return size + n - copied
}

// copyBlock copies a block. The compiler turns copies of 16 bytes into moves,
// and a larger one into a call.
func copyBlock(dst, src *block) {
	copy(dst[:16], src[:16])
	copy(dst[16:32], src[16:32])
	copy(dst[32:48], src[32:48])
	copy(dst[48:], src[48:])
}

// specials returns a set with one bit for each byte that a JSON string cannot
// contain. The lowest bit stands for the first byte. high is 0 if all bytes are
// ASCII.
func (b *block) specials() (set, high uint64) {
	x0, x1, x2, x3, x4, x5, x6, x7 := b.word(0), b.word(1), b.word(2), b.word(3), b.word(4), b.word(5), b.word(6), b.word(7)
	p0, p1, p2, p3 := plainBytes(x0), plainBytes(x1), plainBytes(x2), plainBytes(x3)
	p4, p5, p6, p7 := plainBytes(x4), plainBytes(x5), plainBytes(x6), plainBytes(x7)
	high = (x0 | x1 | x2 | x3 | x4 | x5 | x6 | x7) & highBits
	if p0&p1&p2&p3&p4&p5&p6&p7&highBits == highBits {
		return 0, high
	}
	set = clearBytes(p0) | clearBytes(p1)<<8 | clearBytes(p2)<<16 | clearBytes(p3)<<24 |
		clearBytes(p4)<<32 | clearBytes(p5)<<40 | clearBytes(p6)<<48 | clearBytes(p7)<<56
	return set, high
}

// lineBreakLeads returns a set with one bit for each byte that is lead85 or
// lead2028. The lowest bit stands for the first byte.
func (b *block) lineBreakLeads() uint64 {
	o0, o1, o2, o3 := otherBytes(b.word(0)), otherBytes(b.word(1)), otherBytes(b.word(2)), otherBytes(b.word(3))
	o4, o5, o6, o7 := otherBytes(b.word(4)), otherBytes(b.word(5)), otherBytes(b.word(6)), otherBytes(b.word(7))
	if o0&o1&o2&o3&o4&o5&o6&o7&highBits == highBits {
		return 0
	}
	return clearBytes(o0) | clearBytes(o1)<<8 | clearBytes(o2)<<16 | clearBytes(o3)<<24 |
		clearBytes(o4)<<32 | clearBytes(o5)<<40 | clearBytes(o6)<<48 | clearBytes(o7)<<56
}

// otherBytes returns a word with the high bit set in each byte of x that is
// neither lead85 nor lead2028. The other bits are unspecified.
func otherBytes(x uint64) uint64 {
	x = (x | (lead85^lead2028)*each) ^ lead2028*each // the two differ in one bit, and become 0
	return (x | highBits) - each | x
}

// plainBytes returns a word with the high bit set in each byte of x that a JSON
// string can contain. The other bits are unspecified.
//
// It subtracts from bytes that have their high bit set, so no byte borrows from
// the next one, and the high bit is lost where the byte is smaller than the
// subtrahend. Exchanging '"' and ' ' first makes every special byte except '\\'
// smaller than '!'.
func plainBytes(x uint64) uint64 {
	high := x | highBits
	return (high^('"'^' ')*each-'!'*each)&(high^'\\'*each-each) | x
}

// clearBytes returns a byte with one bit for each byte of x whose high bit is
// clear. The multiplication moves these bits side by side to the top of the
// product. No two terms of it meet in one bit, so there are no carries.
func clearBytes(x uint64) uint64 { return (^x & highBits) * 0x0002040810204081 >> 56 }
