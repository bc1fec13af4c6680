package textscan

import "encoding/binary"

const (
	blockSize = 64
	each      = 0x0101010101010101 // the lowest bit of each byte of a word
	highBits  = 0x8080808080808080 // the highest bit of each byte of a word
)

// A block is the unit of text that the loops of this package process at once.
type block [blockSize]byte

// word returns bytes 8i to 8i+7. The first of them is the lowest byte of the
// word.
func (b *block) word(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }

// continuations returns a set with one bit for each byte of the form 10xxxxxx.
// The order of the bits is unspecified: the set is only good for counting.
func (b *block) continuations() (set uint64) {
	continuation := func(i int) uint64 {
		x := b.word(i)
		return x &^ (x << 1) & highBits >> i
	}
	return continuation(0) | continuation(1) | continuation(2) | continuation(3) |
		continuation(4) | continuation(5) | continuation(6) | continuation(7)
}

// blockAt returns the block of b that begins at byte i. If b ends inside the
// block, blockAt returns a copy that is padded with zeros, and the number of
// zeros.
func blockAt(b []byte, i int) (p *block, padding int) {
	if len(b)-i >= blockSize {
		return (*block)(b[i:]), 0
	}
	p = new(block)
	return p, blockSize - copy(p[:], b[i:])
}

// blocksIn returns how many blocks cover n bytes. The last one may be partial.
func blocksIn(n int) int { return (n + blockSize - 1) / blockSize }
