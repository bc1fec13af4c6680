package tokens

import (
	"strings"
	"unicode/utf8"
)

// A splitter returns the end of the piece of text that starts at a position
// before the end of text. The pieces are the matches of a regular expression,
// which each splitter names. It needs no backtracking: it reads a character a few
// times at most.
type splitter func(t *classTable, text string, start int) (end int)

// cl100kPattern is the pattern of [Cl100k].
const cl100kPattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// splitCl100k splits by cl100kPattern.
func splitCl100k(t *classTable, text string, start int) int {
	if end := contractionFold(text, start); end > start {
		return end
	}
	c, size := t.at(text, start)
	switch {
	case c.in(letter):
		return t.run(text, start+size, letter)
	case c.in(number):
		return t.digits(text, start)
	case !c.in(newline):
		if end := t.run(text, start+size, letter); end > start+size {
			return end
		}
	}
	if end := t.symbols(text, start); end > start {
		for end < len(text) && (text[end] == '\r' || text[end] == '\n') {
			end++
		}
		return end
	}
	return t.lines(text, start)
}

// o200kPattern is the pattern of [O200k].
const o200kPattern = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// splitO200k splits by o200kPattern.
func splitO200k(t *classTable, text string, start int) int {
	c, size := t.at(text, start)
	if c.in(number) {
		return t.digits(text, start)
	}
	if end := t.casedWord(text, start, c, size); end > start {
		return contractionFold(text, end)
	}
	if end := t.symbols(text, start); end > start {
		for end < len(text) && (text[end] == '\r' || text[end] == '\n' || text[end] == '/') {
			end++
		}
		return end
	}
	return t.lines(text, start)
}

// casedWord returns the end of a match of the first two branches of o200kPattern,
// without the contraction, or start. c and size are those of the first character.
//
// A mark may stand before the word or belong to it. A regular expression tries
// each branch in the first way and then in the second.
func (t *classTable) casedWord(text string, start int, c class, size int) int {
	first := start
	if !c.in(letter) {
		if c.in(newline) {
			return start
		}
		first += size
	}
	small, capitals := t.cased(text, first)
	switch {
	case small > first:
		return small
	case c.in(mark):
		return first // No small letter follows, so the mark is the whole word.
	case capitals > first:
		return capitals
	}
	return start
}

// cased returns the ends of [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+
// and of [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+ at a position. An end is the position
// itself if there is no match. Where the first matches, the second does not count.
//
// The first class shares characters with the second. Without a small letter after
// them, the first gives back the capitals behind the last shared one.
func (t *classTable) cased(text string, position int) (small, capitals int) {
	small, capitals = position, position
	for capitals < len(text) {
		c, size := t.at(text, capitals)
		if c.in(lower) {
			return t.run(text, capitals+size, lower|caseless|mark), position
		}
		if !c.in(upper | caseless | mark) {
			break
		}
		capitals += size
		if !c.in(upper) {
			small = capitals
		}
	}
	return small, capitals
}

// gpt2Pattern is the pattern of [R50k] and [P50k].
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// splitGPT2 splits by gpt2Pattern.
func splitGPT2(t *classTable, text string, start int) int {
	if end := contraction(text, start); end > start {
		return end
	}
	first := start
	if text[first] == ' ' && first+1 < len(text) {
		first++
	}
	c, size := t.at(text, first)
	switch {
	case c.in(letter):
		return t.run(text, first+size, letter)
	case c.in(number):
		return t.run(text, first+size, number)
	case c.in(space):
		return t.spaces(text, start)
	}
	return t.symbols(text, first)
}

var (
	contractions = []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

	// The long s is a case of s.
	contractionsFold = append(contractions, "'\u017F")
)

// contraction returns the end of one of contractions at a position, or the
// position itself.
func contraction(text string, position int) int {
	for _, short := range contractions {
		if strings.HasPrefix(text[position:], short) {
			return position + len(short)
		}
	}
	return position
}

// contractionFold is contraction for any case.
func contractionFold(text string, position int) int {
	if position == len(text) || text[position] != '\'' {
		return position
	}
	for _, short := range contractionsFold {
		end := position + len(short)
		if end <= len(text) && strings.EqualFold(text[position:end], short) {
			return end
		}
	}
	return position
}

// digits returns the end of \p{N}{1,3} at a position of a number.
func (t *classTable) digits(text string, position int) int {
	for range 3 {
		if position == len(text) {
			break
		}
		c, size := t.at(text, position)
		if !c.in(number) {
			break
		}
		position += size
	}
	return position
}

// symbols returns the end of [^\s\p{L}\p{N}]+ at a position, after a blank if
// there is one, or the position itself.
func (t *classTable) symbols(text string, position int) int {
	first := position
	if text[first] == ' ' {
		first++
	}
	end := first
	for end < len(text) {
		c, size := t.at(text, end)
		if c.in(letter | number | space) {
			break
		}
		end += size
	}
	if end == first {
		return position
	}
	return end
}

// lines returns the end of \s*[\r\n]+|\s+(?!\S)|\s+ at a position of a space.
func (t *classTable) lines(text string, position int) int {
	end, lastLine := position, position
	for end < len(text) {
		c, size := t.at(text, end)
		if !c.in(space) {
			break
		}
		end += size
		if c.in(newline) {
			lastLine = end
		}
	}
	if lastLine > position {
		return lastLine
	}
	return t.beforeLast(text, position, end)
}

// spaces returns the end of \s+(?!\S)|\s+ at a position of a space.
func (t *classTable) spaces(text string, position int) int {
	return t.beforeLast(text, position, t.run(text, position, space))
}

// beforeLast returns the start of the last of the spaces from a position to end,
// which goes with the text behind it. The only one, or one at the end of the
// text, stays.
func (t *classTable) beforeLast(text string, position, end int) int {
	if end == len(text) {
		return end
	}
	_, size := utf8.DecodeLastRuneInString(text[:end])
	if end-size == position {
		return end
	}
	return end - size
}
