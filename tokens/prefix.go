package tokens

import (
	"math"
	"unicode/utf8"
)

// longPiece is the size from which Prefix does not search a piece for a cut beyond
// the last token that fits. Only odd texts have such pieces, and the search takes
// as many steps as the piece has bytes for each character of a token.
const longPiece = 4 << 10

// Prefix returns the length in bytes of the longest prefix of text that has at
// most limit tokens when it is counted alone, and that ends at the end of a
// character. It is the whole text only if this has at most limit tokens.
//
// A prefix that ends within a piece has other tokens than text has there. So
// Prefix tries all cuts before the end of the first limit+1 tokens of text. There
// are two exceptions. A longer prefix may have fewer tokens, in rare cases: Prefix
// does not look for it. In a piece of more than 4 KiB, Prefix cuts after a token.
//
// The time that Prefix takes depends on limit, not on the length of text.
func (e *Encoding) Prefix(text string, limit int) int {
	if limit <= 0 {
		return 0
	}
	if limit < len(text)/e.longest-2 {
		text = text[:(limit+2)*e.longest] // It has more than limit+1 tokens.
	}
	s := e.borrow()
	defer e.scratch.Put(s)
	// The pieces before settled do not depend on the text behind them.
	count, settled, settledCount := 0, 0, 0
	for start := 0; start < len(text); {
		end := e.split(e.classes, text, start)
		tokens := e.encode(text[start:end], e.enough(limit-count), s)
		if count+len(tokens) > limit {
			last := start + e.bytes(tokens[:limit-count])
			if end-start <= longPiece {
				last += e.length(tokens[limit-count]) - 1
			}
			return e.cut(text, settled, start, last, limit-settledCount)
		}
		count += len(tokens)
		if !e.isSpace(text[start:end]) {
			settled, settledCount = end, count
		}
		start = end
	}
	return len(text)
}

// enough returns how many tokens show that a piece has more than limit. The merges
// may give up the last of them for fewer that are longer, but not half of them.
func (v *vocabulary) enough(limit int) int { return min(limit, math.MaxInt/4)*2 + v.longest }

// cut returns the end of the last character up to last at which the text from
// settled on has at most limit tokens. start is one, but perhaps not the last.
func (e *Encoding) cut(text string, settled, start, last, limit int) int {
	for end := characterEnd(text, last); end > start; end = characterEnd(text, end-1) {
		if e.Count(text[settled:end]) <= limit {
			return end
		}
	}
	return start
}

// isSpace reports whether a piece is nothing but white space. Such a piece ends
// earlier if a word follows, because a space before a word belongs to the word.
func (e *Encoding) isSpace(piece string) bool {
	first, size := e.classes.at(piece, 0)
	if !first.in(space) || size == len(piece) {
		return first.in(space)
	}
	second, _ := e.classes.at(piece, size)
	return second.in(space)
}

// characterEnd returns the last position up to a given one that is not within a
// character. Each invalid byte is a character.
func characterEnd(text string, position int) int {
	for start := position - 1; start >= max(0, position-utf8.UTFMax+1); start-- {
		if _, size := utf8.DecodeRuneInString(text[start:]); start+size > position {
			return start
		}
	}
	return position
}
