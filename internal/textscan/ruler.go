package textscan

import (
	"math"
	"math/bits"
	"sort"
)

// A Ruler records the byte offsets of chosen code points or words of one text.
// Code points and words are numbered from 0.
type Ruler struct {
	next  int    // the number of the next one to mark
	steps [2]int // the distances from one number to the next, in turn
	marks []int  // the byte offsets so far
}

// NewRuler returns a ruler that marks the code points or words of the numbers
// first, first+step1, first+step1+step2, first+2*step1+step2 and so on, in a
// text of at most length of them. The sum of the steps must be positive, and
// the numbers up to length must not overflow.
func NewRuler(first, step1, step2, length int) Ruler {
	r := Ruler{next: first, steps: [2]int{step1, step2}}
	r.marks = make([]int, 0, r.numbersBelow(first, length)+r.numbersBelow(first+step1, length))
	return r
}

// NoMarks returns a ruler that marks nothing.
func NoMarks() Ruler { return Ruler{next: math.MaxInt} }

// numbersBelow returns how many of the numbers from, from+step1+step2 and so
// on are below n.
func (r *Ruler) numbersBelow(from, n int) int {
	if from >= n {
		return 0
	}
	return (n-1-from)/(r.steps[0]+r.steps[1]) + 1
}

// Marks returns the recorded byte offsets, in ascending order.
func (r *Ruler) Marks() []int { return r.marks }

// Measure returns the number of code points in s and records where the chosen
// ones begin. It counts as [CountRunes] does. valid says that s is known to be
// valid UTF-8, so that Measure need not check it. Measure uses several
// processors for a long text (see [Parallel]).
func (r *Ruler) Measure(s string, valid bool) (runes int) {
	b := Bytes(s)
	start := *r
	ok := false
	if len(b) < longText {
		runes, ok = r.measure(b, valid)
	} else {
		runes, ok = r.survey(b, pieceSize, valid)
	}
	if ok {
		return runes
	}
	*r = start
	return r.measureInvalid(s)
}

// MeasureWords returns the number of words in s, as [NextWord] finds them, and
// the byte range from the first to the last one. Of the chosen words it records
// in turn where the word begins and where the word before it ends.
func (r *Ruler) MeasureWords(s string) (words, start, end int) {
	for at := 0; ; words++ {
		from, to := NextWord(s, at)
		if from == to {
			return words, start, end
		}
		if words == 0 {
			start = from
		}
		for words == r.next {
			if len(r.marks)%2 == 0 {
				r.mark(from)
			} else {
				r.mark(end)
			}
		}
		end, at = to, to
	}
}

// mark records the offset of the next one to mark.
func (r *Ruler) mark(offset int) {
	step := r.steps[len(r.marks)&1]
	r.marks = append(r.marks, offset)
	r.next += step
}

// measure is Measure on one processor. If ok is false, b is not valid UTF-8 and
// the marks are meaningless.
func (r *Ruler) measure(b []byte, valid bool) (runes int, ok bool) {
	c := checker{valid: valid}
	var counts [256]uint8
	const most = len(counts) * blockSize
	for at := 0; ; at += most {
		part, n, wrong := b[at:], 0, 0
		last := len(part) <= most
		if last {
			n, wrong = c.finish(part, counts[:])
		} else {
			part = part[:most]
			n, wrong = c.blocks(part, counts[:])
		}
		if wrong >= 0 {
			return 0, false
		}
		r.markPart(part, at, runes, counts[:blocksIn(len(part))])
		runes += n
		if last {
			return runes, true
		}
	}
}

// measureInvalid is Measure for text that is not valid UTF-8. It takes one code
// point at a time.
func (r *Ruler) measureInvalid(s string) (runes int) {
	for i := range s {
		for runes == r.next {
			r.mark(i)
		}
		runes++
	}
	return runes
}

// markPart records the marks in b, a part of the text. b begins at byte at of
// the text, the first code point that begins in b has the number first, and
// counts holds how many code points begin in each block of b.
func (r *Ruler) markPart(b []byte, at, first int, counts []uint8) {
	for i, n := range counts {
		end := first + int(n)
		if end > r.next {
			p, _ := blockAt(b, i*blockSize)
			r.markBlock(p, at+i*blockSize, first, end)
		}
		first = end
	}
}

// markBlock records the marks in b, which begins at byte at of the text. The
// code points from number first to end-1 begin in b.
func (r *Ruler) markBlock(b *block, at, first, end int) {
	if end-first == blockSize { // ASCII
		for r.next < end {
			r.mark(at + r.next - first)
		}
		return
	}
	for i := 0; r.next < end; i++ {
		x := b.word(i)
		starts := ^(x &^ (x << 1)) & highBits
		n := bits.OnesCount64(starts)
		for passed := 0; r.next < min(first+n, end); {
			for ; passed < r.next-first; passed++ {
				starts &= starts - 1
			}
			r.mark(at + 8*i + bits.TrailingZeros64(starts)/8)
		}
		first += n
	}
}

// number returns the number that mark k will be of. r must have no marks yet.
func (r *Ruler) number(k int) int {
	return r.next + k/2*(r.steps[0]+r.steps[1]) + k%2*r.steps[0]
}

// marksBelow returns how many marks will be of numbers below n. r must have no
// marks yet.
func (r *Ruler) marksBelow(n int) int {
	return sort.Search(cap(r.marks), func(k int) bool { return r.number(k) >= n })
}

// from returns a ruler for the marks of r from number n on. It records them at
// their places in the memory of r. r must have no marks yet.
func (r *Ruler) from(n int) Ruler {
	k := r.marksBelow(n)
	if k == cap(r.marks) {
		return NoMarks()
	}
	return Ruler{r.number(k), [2]int{r.steps[k&1], r.steps[1-k&1]}, r.marks[k:k]}
}
