package tokens

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// A class is the kind of a character for the patterns that split a text. Each class
// is a bit, so that a class in a pattern may be a union of them.
type class uint8

const (
	upper    class = 1 << iota // \p{Lu} and \p{Lt}
	lower                      // \p{Ll}
	caseless                   // \p{Lm} and \p{Lo}
	mark                       // \p{M}
	number                     // \p{N}
	space                      // \s
	newline                    // [\r\n], which are spaces too

	letter = upper | lower | caseless // \p{L}
)

// in reports whether a character of class c is in a union of classes.
func (c class) in(union class) bool { return c&union != 0 }

const (
	blockBits = 7
	blockSize = 1 << blockBits
)

// A classTable has the class of every character, in blocks. Equal blocks are
// stored once.
type classTable struct {
	ascii  [utf8.RuneSelf]class
	starts [(unicode.MaxRune + 1) / blockSize]uint16 // where in blocks each block starts
	blocks []class
}

// at returns the class of the character at a position in text, and its bytes. An
// invalid byte is a symbol.
func (t *classTable) at(text string, position int) (class, int) {
	if c := text[position]; c < utf8.RuneSelf {
		return t.ascii[c], 1
	}
	return t.beyondASCII(text[position:])
}

func (t *classTable) beyondASCII(text string) (class, int) {
	r, size := utf8.DecodeRuneInString(text)
	return t.blocks[int(t.starts[r>>blockBits])+int(r&(blockSize-1))], size
}

// run returns the end of the run of characters from a position on that are in a
// union of classes.
func (t *classTable) run(text string, position int, union class) int {
	for position < len(text) {
		if c := text[position]; c < utf8.RuneSelf {
			if !t.ascii[c].in(union) {
				break
			}
			position++
			continue
		}
		c, size := t.beyondASCII(text[position:])
		if !c.in(union) {
			break
		}
		position += size
	}
	return position
}

// classes returns the table of all characters.
var classes = sync.OnceValue(func() *classTable {
	flat := make([]class, unicode.MaxRune+1)
	for class, tables := range map[class][]*unicode.RangeTable{
		upper:    {unicode.Lu, unicode.Lt, newUpper},
		lower:    {unicode.Ll, newLower},
		caseless: {unicode.Lm, unicode.Lo, newCaseless},
		mark:     {unicode.M, newMarks},
		number:   {unicode.N, newNumbers},
		space:    {unicode.White_Space},
	} {
		for _, table := range tables {
			for _, r := range table.R16 {
				fill(flat, rune(r.Lo), rune(r.Hi), rune(r.Stride), class)
			}
			for _, r := range table.R32 {
				fill(flat, rune(r.Lo), rune(r.Hi), rune(r.Stride), class)
			}
		}
	}
	flat['\r'] |= newline
	flat['\n'] |= newline
	return compress(flat)
})

func fill(flat []class, first, last, stride rune, class class) {
	for r := first; r <= last; r += stride {
		flat[r] |= class
	}
}

func compress(flat []class) *classTable {
	t := &classTable{}
	copy(t.ascii[:], flat)
	known := map[[blockSize]class]uint16{}
	for i := range t.starts {
		block := [blockSize]class(flat[i*blockSize:])
		start, ok := known[block]
		if !ok {
			start = uint16(len(t.blocks))
			known[block] = start
			t.blocks = append(t.blocks, block[:]...)
		}
		t.starts[i] = start
	}
	return t
}
