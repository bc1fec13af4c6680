package textscan

import (
	"math/bits"
	"unicode/utf8"
)

// Skip returns the length in bytes of the first n code points of b, which must be
// valid UTF-8 and have as many.
func Skip(b []byte, n int) int {
	at := 0
	for len(b)-at >= blockSize {
		p := (*block)(b[at:])
		union := p.word(0) | p.word(1) | p.word(2) | p.word(3) |
			p.word(4) | p.word(5) | p.word(6) | p.word(7)
		begun := blockSize
		if union&highBits != 0 {
			begun -= bits.OnesCount64(p.continuations())
		}
		if begun > n { // so that the next code point begins in this block
			if begun == blockSize {
				return at + n
			}
			break
		}
		n -= begun
		at += blockSize
	}
	for at < len(b) && (n > 0 || !utf8.RuneStart(b[at])) {
		if utf8.RuneStart(b[at]) {
			n--
		}
		at++
	}
	return at
}
