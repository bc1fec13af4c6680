package fileops

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"
)

// This file checks UTF-8 and counts code points, 64 bytes at a time and
// without a branch that depends on the script: text of mixed languages is
// where byte-by-byte checking mispredicts, and it is what people store.

const (
	blockSize = 64
	highBits  = 0x8080808080808080
)

// A block is what the loops below take at a time.
type block [blockSize]byte

// word returns bytes 8i to 8i+7, the first one lowest.
func (b *block) word(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }

// continuations has a bit for each byte of the form 10xxxxxx, in no order
// that matters for counting them.
func (b *block) continuations() (set uint64) {
	cont := func(i int) uint64 {
		x := b.word(i)
		return x &^ (x << 1) & highBits >> i
	}
	return cont(0) | cont(1) | cont(2) | cont(3) | cont(4) | cont(5) | cont(6) | cont(7)
}

// A ruler notes at which byte every few code points begin. The numbers of
// those code points grow by the two steps in turn.
type ruler struct {
	next  int // number of the code point to note next
	steps [2]int
	marks []int // byte offsets noted so far
}

// noMarks returns a ruler that notes nothing.
func noMarks() ruler { return ruler{next: math.MaxInt} }

// note writes down that the code point to note next begins at byte at.
func (r *ruler) note(at int) {
	step := r.steps[len(r.marks)&1]
	r.marks = append(r.marks, at)
	r.next += step
}

// noteIn notes what there is to note in b, which begins at byte at of the
// text and holds the code points [first, end).
func (r *ruler) noteIn(b *block, at, first, end int) {
	if end-first == blockSize { // ASCII
		for r.next < end {
			r.note(at + r.next - first)
		}
		return
	}
	for i := 0; r.next < end; i++ {
		x := b.word(i)
		starts := ^(x &^ (x << 1)) & highBits
		n := bits.OnesCount64(starts)
		for gone := 0; r.next < min(first+n, end); {
			for ; gone < r.next-first; gone++ {
				starts &= starts - 1
			}
			r.note(at + 8*i + bits.TrailingZeros64(starts)/8)
		}
		first += n
	}
}

// scanUTF8 counts b's code points and returns the offset of its first invalid
// byte, or -1 and then the count holds.
func scanUTF8(b []byte) (runes, bad int) {
	r := noMarks()
	return scan(b, &r)
}

// scanPrefix is scanUTF8 for a part of a longer text that may stop inside a
// code point: it looks at the first complete bytes only, at most three short
// of all, and the rest belongs in front of the next part.
func scanPrefix(b []byte) (runes, complete, bad int) {
	complete = len(b)
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax+1; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				complete = i
			}
			break
		}
	}
	runes, bad = scanUTF8(b[:complete])
	return runes, complete, bad
}

// isValid reports whether s is valid UTF-8.
func isValid(s string) bool {
	_, bad := scanUTF8([]byte(s)) // not copied: scan neither writes nor keeps it
	return bad < 0
}

// countRunes returns the number of code points in s, which is valid UTF-8.
func countRunes(s string) int {
	r := noMarks()
	return countMarked(s, &r)
}

// countMarked is countRunes, and notes in r what it asks for.
func countMarked(s string, r *ruler) int { return count([]byte(s), r) }

// runeCount is countRunes for any s. It counts as range does, so a byte that
// is not valid counts as one.
func runeCount(s string) int {
	r := noMarks()
	return scanMarked(s, &r)
}

// scanMarked is runeCount, and notes in r what it asks for.
func scanMarked(s string, r *ruler) int {
	from := *r
	n, bad := scan([]byte(s), r)
	if bad < 0 {
		return n
	}
	*r, n = from, 0
	for i := range s {
		for n == r.next {
			r.note(i)
		}
		n++
	}
	return n
}

// count returns the number of code points in b, which is valid UTF-8, and
// notes in r where those begin that r asks for.
func count(b []byte, r *ruler) (runes int) {
	at := 0
	for ; len(b)-at >= blockSize; at += blockSize {
		p := (*block)(b[at:])
		any := p.word(0) | p.word(1) | p.word(2) | p.word(3) |
			p.word(4) | p.word(5) | p.word(6) | p.word(7)
		starts := blockSize
		if any&highBits != 0 {
			starts -= bits.OnesCount64(p.continuations())
		}
		if runes+starts > r.next {
			r.noteIn(p, at, runes, runes+starts)
		}
		runes += starts
	}
	var last block
	n := copy(last[:], b[at:])
	n -= bits.OnesCount64(last.continuations())
	r.noteIn(&last, at, runes, runes+n)
	return runes + n
}

// scan checks and counts b, and notes in r where those code points begin that
// r asks for. At an invalid byte it stops and returns the byte's offset; what
// it has counted and noted then means nothing.
func scan(b []byte, r *ruler) (runes, bad int) {
	var c checker
	whole := len(b) / blockSize * blockSize
	runes, wrong := c.blocks(b[:whole], 0, 0, r)
	if wrong >= 0 {
		return 0, firstInvalid(b, wrong)
	}
	var last block // the rest of b, filled up with zeros, which are ASCII
	padding := blockSize - copy(last[:], b[whole:])
	none := noMarks()
	end, wrong := c.blocks(last[:], whole, runes, &none)
	if wrong >= 0 {
		return 0, firstInvalid(b, whole)
	}
	r.noteIn(&last, whole, runes, end-padding)
	return end - padding, -1
}

// A checker checks UTF-8 block by block. It holds what a block leaves to the
// next: planes, of which only the last byte's bit matters.
type checker struct {
	second, third, fourth, low, high uint64
}

// blocks checks and counts b, which is whole blocks that begin at byte at and
// code point runes of the text, and returns how many code points there are up
// to its end, and where the block begins that is wrong, or -1.
//
// It looks at a block as eight planes: plane i holds bit i of all 64 bytes, so
// one operation on planes does the same to 64 bytes.
func (c *checker) blocks(b []byte, at, runes int, r *ruler) (int, int) {
	before2, before3, before4, beforeLow, beforeHigh := c.second, c.third, c.fourth, c.low, c.high
	end := at + len(b)
	for len(b) >= blockSize {
		p := (*block)(b)
		b = b[blockSize:]
		any := p.word(0) | p.word(1) | p.word(2) | p.word(3) |
			p.word(4) | p.word(5) | p.word(6) | p.word(7)
		starts := blockSize
		if any&highBits|before2>>63 != 0 {
			p0, p1, p2, p3, p4, p5, p6, p7 := p.planes()

			// The bytes that begin a sequence of at least 2, 3, and 4 bytes.
			// Continuation bytes belong after them, at distance 1, 2, and 3,
			// and nowhere else.
			lead2 := p7 & p6
			lead3 := lead2 & p5
			lead4 := lead3 & p4
			after4 := following(lead4, before4)
			third := after4 | lead3
			second := following(third, before3) | lead2
			cont := p7 &^ p6
			wrong := cont ^ following(second, before2)

			// C0, C1 and F5 to FF begin nothing.
			wrong |= lead2 &^ (p5 | p4 | p3 | p2 | p1)
			wrong |= lead4 & (p3 | p2&(p1|p0))

			// What follows E0 and F0 must be high, or fewer bytes would do;
			// what follows ED and F4 must be low, or it is a surrogate or too
			// large. High is from A0 in a sequence of 3, from 90 in one of 4.
			low := lead3 & p2 &^ p1 & (p3&p0&^p4 | p4&^p0)
			high := lead3 &^ (p3 | p2 | p1 | p0)
			isHigh := p5 | p4&after4
			wrong |= following(high, beforeHigh) &^ isHigh
			wrong |= following(low, beforeLow) & isHigh

			if wrong != 0 {
				return runes, end - len(b) - blockSize
			}
			before2, before3, before4, beforeLow, beforeHigh = second, third, lead4, low, high
			starts -= bits.OnesCount64(cont)
		}
		if runes+starts > r.next {
			r.noteIn(p, end-len(b)-blockSize, runes, runes+starts)
		}
		runes += starts
	}
	*c = checker{before2, before3, before4, beforeLow, beforeHigh}
	return runes, -1
}

// firstInvalid returns the offset of the first invalid byte of b, or -1.
// Before byte at, b is valid but for a code point that may begin there and go
// on after it.
func firstInvalid(b []byte, at int) int {
	i := at
	for back := 1; back < utf8.UTFMax && back <= at; back++ {
		if utf8.RuneStart(b[at-back]) {
			i = at - back
			break
		}
	}
	for i < len(b) {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// following returns the plane of the bytes that come right after those in
// plane x; before is plane x of the block before.
func following(x, before uint64) uint64 { return x<<8 | x>>55&0xfe | before>>63 }

// planes turns eight words of eight bytes into eight planes: for each byte of
// a word it transposes a matrix of 8 by 8 bits, in three rounds of swaps. Byte
// 8j+k of the block becomes bit j of byte k of each plane.
func (b *block) planes() (p0, p1, p2, p3, p4, p5, p6, p7 uint64) {
	const fours, twos, ones = 0x0f0f0f0f0f0f0f0f, 0x3333333333333333, 0x5555555555555555
	p0, p4 = swapBits(b.word(0), b.word(4), 4, fours)
	p1, p5 = swapBits(b.word(1), b.word(5), 4, fours)
	p2, p6 = swapBits(b.word(2), b.word(6), 4, fours)
	p3, p7 = swapBits(b.word(3), b.word(7), 4, fours)

	p0, p2 = swapBits(p0, p2, 2, twos)
	p1, p3 = swapBits(p1, p3, 2, twos)
	p4, p6 = swapBits(p4, p6, 2, twos)
	p5, p7 = swapBits(p5, p7, 2, twos)

	p0, p1 = swapBits(p0, p1, 1, ones)
	p2, p3 = swapBits(p2, p3, 1, ones)
	p4, p5 = swapBits(p4, p5, 1, ones)
	p6, p7 = swapBits(p6, p7, 1, ones)
	return p0, p1, p2, p3, p4, p5, p6, p7
}

// swapBits exchanges the bits of x under mask<<n with those of y under mask.
func swapBits(x, y uint64, n int, mask uint64) (uint64, uint64) {
	t := (x>>n ^ y) & mask
	return x ^ t<<n, y ^ t
}
