package fileops

import (
	"encoding/binary"
	"math"
	"math/bits"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
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

// blockAt returns the block of b from byte i on; at the end of b, where it is
// not whole, a copy that is filled up with zeros, and how many.
func blockAt(b []byte, i int) (p *block, padding int) {
	if len(b)-i >= blockSize {
		return (*block)(b[i:]), 0
	}
	p = new(block)
	return p, blockSize - copy(p[:], b[i:])
}

// blocksIn returns how many blocks n bytes are, the last one whole or not.
func blocksIn(n int) int { return (n + blockSize - 1) / blockSize }

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

// number returns the number of the code point that the k-th mark is of; r has
// none yet.
func (r *ruler) number(k int) int {
	return r.next + k/2*(r.steps[0]+r.steps[1]) + k%2*r.steps[0]
}

// before returns how many marks are of code points below n; r has none yet.
func (r *ruler) before(n int) int {
	return sort.Search(cap(r.marks), func(k int) bool { return r.number(k) >= n })
}

// from returns a ruler for the marks of the code points from n on, which it
// puts where r would.
func (r *ruler) from(n int) ruler {
	k := r.before(n)
	if k == cap(r.marks) {
		return noMarks()
	}
	return ruler{r.number(k), [2]int{r.steps[k&1], r.steps[1-k&1]}, r.marks[k:k]}
}

// place notes what there is to note in b, which begins at byte at and code
// point first of the text; tally has the count of each block of b.
func (r *ruler) place(b []byte, at, first int, tally []uint8) {
	for i, n := range tally {
		end := first + int(n)
		if end > r.next {
			p, _ := blockAt(b, i*blockSize)
			r.noteIn(p, at+i*blockSize, first, end)
		}
		first = end
	}
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
	var c checker
	runes, wrong := c.rest(b, nil)
	if wrong >= 0 {
		return 0, firstInvalid(b, wrong)
	}
	return runes, -1
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
	_, bad := scanUTF8(textscan.Bytes(s))
	return bad < 0
}

// countRunes returns the number of code points in s, which is valid UTF-8.
func countRunes(s string) int {
	c := checker{valid: true}
	runes, _ := c.rest(textscan.Bytes(s), nil)
	return runes
}

// runeCount is countRunes for any s. It counts as range does, so a byte that
// is not valid counts as one.
func runeCount(s string) int {
	n, bad := scanUTF8(textscan.Bytes(s))
	if bad >= 0 {
		return utf8.RuneCountInString(s)
	}
	return n
}

// runeCountMarked is runeCount, and notes in r what it asks for. A text that
// is known to be valid it need not check.
func runeCountMarked(s string, valid bool, r *ruler) int {
	b := textscan.Bytes(s)
	c := checker{valid: valid}
	asked := *r
	runes, ok := 0, false
	if len(b) < longText {
		runes, ok = c.mark(b, r)
	} else {
		runes, ok = surveyPieces(b, surveyPiece, valid, r)
	}
	if ok {
		return runes
	}
	*r = asked
	return slowMark(s, r)
}

// slowMark is runeCountMarked, one code point at a time.
func slowMark(s string, r *ruler) (runes int) {
	for i := range s {
		for runes == r.next {
			r.note(i)
		}
		runes++
	}
	return runes
}

// A checker checks and counts UTF-8 block by block. It holds what a block
// leaves to the next: planes, of which only the last byte's bit matters.
//
// Its methods return how many code points begin in b, and where the block
// begins in b that is wrong, or -1. They write to tally, as far as it reaches,
// how many of them begin in each block.
type checker struct {
	second, third, fourth, low, high uint64

	valid bool // the text is known to be, so that there is only to count
}

// rest checks and counts the rest of a text.
func (c *checker) rest(b []byte, tally []uint8) (runes, wrong int) {
	whole := len(b) / blockSize * blockSize
	if runes, wrong = c.blocks(b[:whole], tally); wrong >= 0 {
		return runes, wrong
	}
	last, padding := blockAt(b, whole) // zeros are ASCII, so no code point goes on
	n, wrong := c.blocks(last[:], nil)
	if wrong >= 0 {
		return runes, whole
	}
	n -= padding
	if whole/blockSize < len(tally) {
		tally[whole/blockSize] = uint8(n)
	}
	return runes + n, -1
}

// blocks checks and counts b, which is whole blocks.
func (c *checker) blocks(b []byte, tally []uint8) (runes, wrong int) {
	if c.valid {
		return countBlocks(b, tally), -1
	}
	return c.checkBlocks(b, tally)
}

// countBlocks counts b, which is whole blocks of valid UTF-8.
func countBlocks(b []byte, tally []uint8) (runes int) {
	for i := 0; len(b) >= blockSize; i++ {
		p := (*block)(b)
		b = b[blockSize:]
		any := p.word(0) | p.word(1) | p.word(2) | p.word(3) |
			p.word(4) | p.word(5) | p.word(6) | p.word(7)
		starts := blockSize
		if any&highBits != 0 {
			starts -= bits.OnesCount64(p.continuations())
		}
		if i < len(tally) {
			tally[i] = uint8(starts)
		}
		runes += starts
	}
	return runes
}

// checkBlocks looks at a block as eight planes: plane i holds bit i of all 64
// bytes, so one operation on planes does the same to 64 bytes.
func (c *checker) checkBlocks(b []byte, tally []uint8) (runes, wrong int) {
	before2, before3, before4, beforeLow, beforeHigh := c.second, c.third, c.fourth, c.low, c.high
	for i := 0; len(b) >= blockSize; i++ {
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
				return runes, i * blockSize
			}
			before2, before3, before4, beforeLow, beforeHigh = second, third, lead4, low, high
			starts -= bits.OnesCount64(cont)
		}
		if i < len(tally) {
			tally[i] = uint8(starts)
		}
		runes += starts
	}
	c.second, c.third, c.fourth, c.low, c.high = before2, before3, before4, beforeLow, beforeHigh
	return runes, -1
}

// mark checks and counts a text and notes in r what it asks for. If it is not
// ok, the text is not valid, and what has been noted means nothing.
func (c *checker) mark(b []byte, r *ruler) (runes int, ok bool) {
	var tally [256]uint8
	const most = len(tally) * blockSize
	for at := 0; ; at += most {
		part, n, wrong := b[at:], 0, 0
		last := len(part) <= most
		if last {
			n, wrong = c.rest(part, tally[:])
		} else {
			part = part[:most]
			n, wrong = c.blocks(part, tally[:])
		}
		if wrong >= 0 {
			return 0, false
		}
		r.place(part, at, runes, tally[:blocksIn(len(part))])
		runes += n
		if last {
			return runes, true
		}
	}
}

// resume makes c what it is after b. If the end of b is wrong, it may not know.
func (c *checker) resume(b []byte) {
	for i := len(b) - 1; i >= 0 && i > len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) { // alone, at the end of a block
			var last block
			copy(last[blockSize-(len(b)-i):], b[i:])
			c.blocks(last[:], nil)
			return
		}
	}
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

// A survey counts the code points of a long text and notes its marks, with all
// processors at once, each taking a piece of the text at a time. It goes twice
// over the pieces: to check them and to count the code points of each block,
// and, when the number is known that a piece begins with, to note its marks,
// for which there is nothing to read but the blocks that have some.
type survey struct {
	text    []byte
	size    int         // of a piece, in bytes: whole blocks
	valid   bool        // known to be, so that there is no need to check
	invalid atomic.Bool // found to be
	tally   []uint8     // how many code points begin in each block
	starts  []int       // the number of the first one that begins in each piece
	ruler   ruler       // says what to note, and has room for all of it
}

const (
	surveyPiece = 128 << 10

	// longText is the length from which on a survey is worth its goroutines.
	longText = 3 << 20
)

// surveyPieces is checker.mark for a long text.
func surveyPieces(b []byte, size int, valid bool, r *ruler) (runes int, ok bool) {
	pieces := (len(b)-1)/size + 1
	s := survey{
		text: b, size: size, valid: valid, ruler: *r,
		tally: make([]uint8, blocksIn(len(b))), starts: make([]int, pieces),
	}
	atOnce(pieces, s.count)
	if s.invalid.Load() {
		return 0, false
	}
	for i, n := range s.starts {
		s.starts[i] = runes
		runes += n
	}
	if cap(r.marks) > 0 {
		atOnce(pieces, s.mark)
		r.marks = r.marks[:r.before(runes)]
	}
	return runes, true
}

// piece returns where piece i of the text is, and its tally.
func (s *survey) piece(i int) (at span, tally []uint8) {
	at = span{i * s.size, min((i+1)*s.size, len(s.text))}
	return at, s.tally[at.start/blockSize : blocksIn(at.end)]
}

// count checks and counts piece i.
func (s *survey) count(i int) {
	if s.invalid.Load() {
		return
	}
	at, tally := s.piece(i)
	part := s.text[at.start:at.end]
	c := checker{valid: s.valid}
	c.resume(s.text[:at.start])
	wrong := 0
	if at.end < len(s.text) {
		s.starts[i], wrong = c.blocks(part, tally)
	} else {
		s.starts[i], wrong = c.rest(part, tally)
	}
	if wrong >= 0 {
		s.invalid.Store(true)
	}
}

// mark notes the marks of piece i.
func (s *survey) mark(i int) {
	at, tally := s.piece(i)
	r := s.ruler.from(s.starts[i])
	r.place(s.text[at.start:at.end], at.start, s.starts[i], tally)
}

// atOnce calls f with 0 to n-1, on as many goroutines as there are processors.
// Each takes the next number when it is done with one.
func atOnce(n int, f func(int)) {
	var taken atomic.Int64
	var group sync.WaitGroup
	work := func() {
		defer group.Done()
		for i := int(taken.Add(1)); i <= n; i = int(taken.Add(1)) {
			f(i - 1)
		}
	}
	workers := min(n, runtime.GOMAXPROCS(0))
	group.Add(workers)
	for range workers {
		go work()
	}
	group.Wait()
}
