package textscan

import "sync/atomic"

const (
	pieceSize = 128 << 10

	// longText is the length in bytes from which on a survey is worth its
	// goroutines.
	longText = 3 << 20
)

// A survey measures a long text on several processors, each of which takes one
// piece of the text at a time. The first pass over the pieces checks them and
// counts the code points of each block. After it the number of the first code
// point of each piece is known. The second pass records the marks, and reads
// only the blocks that contain some.
//
// BenchmarkMeasure shows the gain over one processor: on 2 processors a survey is
// 1.1 to 1.5 times as fast for 3 MiB and 1.3 to 2 times for 64 MiB. For 1 MiB of
// ASCII there is none (Intel Xeon, Go 1.26.8).
type survey struct {
	text    []byte
	size    int         // the length of a piece in bytes, in whole blocks
	valid   bool        // the text is known to be valid, so there is no need to check
	invalid atomic.Bool // the text has been found to be invalid
	counts  []uint8     // how many code points begin in each block
	firsts  []int       // the number of the first code point of each piece; the first pass stores its counts here
	ruler   Ruler       // has no marks yet, and room for all
}

// survey is measure on several processors, in pieces of size bytes.
func (r *Ruler) survey(b []byte, size int, valid bool) (runes int, ok bool) {
	pieces := (len(b)-1)/size + 1
	s := survey{
		text: b, size: size, valid: valid, ruler: *r,
		counts: make([]uint8, blocksIn(len(b))), firsts: make([]int, pieces),
	}
	Parallel(pieces, s.count)
	if s.invalid.Load() {
		return 0, false
	}
	for i, n := range s.firsts {
		s.firsts[i] = runes
		runes += n
	}
	if cap(r.marks) > 0 {
		Parallel(pieces, s.mark)
		r.marks = r.marks[:r.marksBelow(runes)]
	}
	return runes, true
}

// piece returns the byte range of piece i and the counts of its blocks.
func (s *survey) piece(i int) (start, end int, counts []uint8) {
	start, end = i*s.size, min((i+1)*s.size, len(s.text))
	return start, end, s.counts[start/blockSize : blocksIn(end)]
}

// count checks and counts piece i.
func (s *survey) count(i int) {
	if s.invalid.Load() {
		return
	}
	start, end, counts := s.piece(i)
	c := checker{valid: s.valid}
	c.resume(s.text[:start])
	wrong := 0
	if end < len(s.text) {
		s.firsts[i], wrong = c.blocks(s.text[start:end], counts)
	} else {
		s.firsts[i], wrong = c.finish(s.text[start:end], counts)
	}
	if wrong >= 0 {
		s.invalid.Store(true)
	}
}

// mark records the marks of piece i.
func (s *survey) mark(i int) {
	start, end, counts := s.piece(i)
	r := s.ruler.from(s.firsts[i])
	r.markPart(s.text[start:end], start, s.firsts[i], counts)
}
