package tokens

import "fmt"

// Byte-pair encoding merges the neighbours with the lowest rank, the leftmost
// first, until no neighbours merge. Doing just that takes quadratic time. This
// file finds the same tokens in linear time, from left to right, by the method of
// the "bpe" crate of github.com/github/rust-gems: a sequence of tokens is the
// result of the merges if and only if each two neighbours in it are the result for
// their own bytes. (A merge that would cross the seam between two tokens depends
// on nothing but these two.)

// adjacent reports whether merging the bytes of left and right gives left and
// right again.
//
// It undoes the merges on both sides of the seam, the latest first. If a merge
// across the seam comes before the one that was undone last, then the two tokens
// would not have come to be.
func (v *vocabulary) adjacent(left, right uint32) bool {
	before := none // a merge across the seam with a lower rank comes first
	for {
		if v.merges.get(left, right) < before {
			return false
		}
		switch {
		case max(left, right) < baseTokens:
			return true
		case left > right:
			before, left = left, v.halves[left][1]
		default:
			// Of two merges with one rank the left one comes first. So does one
			// across the seam before that on the right of it.
			before, right = right+1, v.halves[right][0]
		}
	}
}

// halve finds for each token the two that merge to it. The tokens with lower
// ranks have theirs by then.
func (v *vocabulary) halve() error {
	v.merges = newPairTable(v.size())
	v.halves = make([][2]uint32, v.size())
	for token := uint32(baseTokens); int(token) < v.size(); token++ {
		text := v.token(token)
		if text == "" {
			continue
		}
		left, right := v.lastMerge(token, text)
		if left == none {
			return fmt.Errorf("no merge makes token %d", token)
		}
		v.merges.put(left, right, token)
		v.halves[token] = [2]uint32{left, right}
	}
	return nil
}

// lastMerge returns the two tokens that merge to token, or none.
func (v *vocabulary) lastMerge(token uint32, text string) (left, right uint32) {
	for left = v.shorter[token]; left != none; left = v.shorter[left] {
		right = v.exact(text[v.length(left):])
		if left < token && right < token && v.adjacent(left, right) {
			return left, right
		}
	}
	return none, none
}

// scratch is the memory that merging a piece takes.
type scratch struct {
	tokens []uint32
	dead   []uint64 // a bit for each position from which no tokens lead to the end
	steps  int      // how many tokens were tried: a test shows that it is linear
}

func (s *scratch) reset(length int) {
	s.tokens, s.steps = s.tokens[:0], 0
	words := length/64 + 1
	if cap(s.dead) < words {
		s.dead = make([]uint64, words)
	}
	s.dead = s.dead[:words]
	clear(s.dead)
}

// pop takes the last token away and returns it and the one before, or none.
func (s *scratch) pop() (token, before uint32) {
	last := len(s.tokens) - 1
	token, before = s.tokens[last], none
	s.tokens = s.tokens[:last]
	if last > 0 {
		before = s.tokens[last-1]
	}
	return token, before
}

func (s *scratch) kill(position int)        { s.dead[position/64] |= 1 << (position % 64) }
func (s *scratch) isDead(position int) bool { return s.dead[position/64]>>(position%64)&1 != 0 }

// encode returns the tokens of a piece, or the first of them if there are more than
// most. They are valid until s is used again.
func (v *vocabulary) encode(piece string, most int, s *scratch) []uint32 {
	if token := v.exact(piece); token != none {
		s.tokens = append(s.tokens[:0], token)
		return s.tokens
	}
	return v.merge(piece, most, s)
}

// merge is encode for a piece that is no token.
//
// It takes the longest token that can follow the last one. If none can, it takes
// a shorter one in place of the last. A position has at most one valid sequence of
// tokens before it. So a position that is left in this way is dead for good, and
// no position is entered twice.
func (v *vocabulary) merge(piece string, most int, s *scratch) []uint32 {
	s.reset(len(piece))
	last, position := none, 0
	token, length := v.match(piece)
	for {
		s.steps++
		end := position + length
		if !s.isDead(end) && (last == none || v.adjacent(last, token)) {
			s.tokens = append(s.tokens, token)
			if end == len(piece) || len(s.tokens) == most {
				return s.tokens
			}
			last, position = token, end
			token, length = v.match(piece[position:])
			continue
		}
		for token = v.shorter[token]; token == none; token = v.shorter[token] {
			s.kill(position)
			token, last = s.pop()
			position -= v.length(token)
		}
		length = v.length(token)
	}
}
