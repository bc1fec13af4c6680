package tokens

import "math/bits"

// An exactTable finds the token that is the whole of a text. It is a hash table
// with open addressing, at most half full. Most pieces are found by one look at
// one slot: a short text is its own key.
type exactTable struct {
	slots []exactSlot
	shift int
}

type exactSlot struct {
	key    uint64 // the bytes of a text of at most 8, or a hash of them
	length uint32 // 0 in a free slot
	token  uint32
}

func newExactTable(v *vocabulary) exactTable {
	width := bits.Len(uint(2*v.size() - 1))
	t := exactTable{slots: make([]exactSlot, 1<<width), shift: 64 - width}
	for token := range uint32(v.size()) {
		text := v.token(token)
		if text == "" {
			continue
		}
		key := exactKey(text)
		i := t.slot(key)
		for t.slots[i].length != 0 {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = exactSlot{key, uint32(len(text)), token}
	}
	return t
}

// exact returns the token that is text, or none. text is not empty.
func (v *vocabulary) exact(text string) uint32 {
	if len(text) > v.longest {
		return none
	}
	key := exactKey(text)
	for i := v.whole.slot(key); ; i = (i + 1) & (len(v.whole.slots) - 1) {
		slot := &v.whole.slots[i]
		if slot.key == key && int(slot.length) == len(text) && (len(text) <= 8 || v.token(slot.token) == text) {
			return slot.token
		}
		if slot.length == 0 {
			return none
		}
	}
}

func (t *exactTable) slot(key uint64) int { return int(key * hashFactor >> t.shift) }

// exactKey returns the bytes of a text of at most 8, or a hash of a longer one.
// For each length, different bytes have different keys.
func exactKey(text string) (key uint64) {
	n := len(text)
	switch {
	case n < 4:
		return uint64(text[0]) | uint64(text[n/2])<<8 | uint64(text[n-1])<<16
	case n <= 8:
		return uint64(load32(text)) | uint64(load32(text[n-4:]))<<32
	}
	for i := 0; i < n-8; i += 8 {
		key = (key ^ load64(text[i:])) * hashFactor
		key ^= key >> 32
	}
	return (key ^ load64(text[n-8:])) * hashFactor
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func load64(s string) uint64 { return uint64(load32(s)) | uint64(load32(s[4:]))<<32 }
