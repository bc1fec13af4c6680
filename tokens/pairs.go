package tokens

import "math/bits"

// none is no token and no node.
const none = ^uint32(0)

// A number in a pairTable has so many bits. Two as the key and one as the value
// fill one word with room for a mark, so that a look-up touches one cache line.
const (
	pairBits = 20
	pairMax  = 1<<pairBits - 1
	pairUsed = 1 << (2 * pairBits) // marks the key of a slot that is in use
)

// A pairTable maps a pair of numbers to a number. It is a hash table with open
// addressing and at most half full. Most pairs that are looked for are not there:
// a filter small enough for the processor's cache answers nearly all of these.
type pairTable struct {
	slots  []uint64 // pairUsed, both numbers of the key, the value; 0 is free
	filter []uint64 // a bit for each hash of a key
	shift  int      // turns a hash into the number of a slot
}

// filterBits is how many bits of the filter there are for a slot, as a power of 2.
const filterBits = 2

// newPairTable returns a table with room for so many pairs.
func newPairTable(pairs int) pairTable {
	width := bits.Len(uint(2*pairs - 1))
	return pairTable{
		slots:  make([]uint64, 1<<width),
		filter: make([]uint64, 1<<(width+filterBits)/64),
		shift:  64 - width,
	}
}

// get returns the value of a pair, or none.
func (t *pairTable) get(a, b uint32) uint32 {
	key := pairUsed | uint64(a)<<pairBits | uint64(b)
	hash := key * hashFactor
	bit := hash >> (t.shift - filterBits)
	if t.filter[bit/64]>>(bit%64)&1 == 0 {
		return none
	}
	last := uint64(len(t.slots) - 1)
	for i := hash >> t.shift; ; i++ {
		slot := t.slots[i&last]
		if slot>>pairBits == key {
			return uint32(slot & pairMax)
		}
		if slot == 0 {
			return none
		}
	}
}

// put adds a pair that the table does not have. All numbers are at most pairMax.
func (t *pairTable) put(a, b, value uint32) {
	key := pairUsed | uint64(a)<<pairBits | uint64(b)
	hash := key * hashFactor
	bit := hash >> (t.shift - filterBits)
	t.filter[bit/64] |= 1 << (bit % 64)
	last := uint64(len(t.slots) - 1)
	i := hash >> t.shift
	for t.slots[i&last] != 0 {
		i++
	}
	t.slots[i&last] = key<<pairBits | uint64(value)
}

// hashFactor is 2^64 divided by the golden ratio. The upper bits of a product with
// it are a good hash: Knuth, The Art of Computer Programming, section 6.4.
const hashFactor = 0x9E3779B97F4A7C15
