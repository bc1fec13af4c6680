package split

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// A markSet is a set of punctuation marks that may end a part of a text.
type markSet struct {
	ascii [3]byte
	other func(r rune) bool // tells if a rune from U+0080 on is in the set
}

// sentenceMarks are the marks that may end a sentence: SATerm in UAX 29.
var sentenceMarks = markSet{[3]byte{'.', '!', '?'}, isSentenceMark}

// clauseMarks are the marks that may end a clause.
var clauseMarks = markSet{[3]byte{',', ';', ':'}, isClauseMark}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// next returns the offset of the first mark in text[i:to], or to.
func (m *markSet) next(text string, i, to int) int {
	a, b, c := uint64(m.ascii[0])*eachByte, uint64(m.ascii[1])*eachByte, uint64(m.ascii[2])*eachByte
	for i < to {
		if lead := text[i]; lead >= utf8.RuneSelf {
			if n := withoutMarks[lead-utf8.RuneSelf]; n > 0 {
				i += int(n)
				continue
			}
			r, size := utf8.DecodeRuneInString(text[i:to])
			if m.other(r) {
				return i
			}
			i += size
			continue
		}
		if to-i < 8 {
			if m.has(text[i]) {
				return i
			}
			i++
			continue
		}
		w := load(text[i : i+8])
		// The lowest bit that is set is exact: it belongs to the first byte that
		// is a mark or is not ASCII.
		found := (zeroBytes(w^a) | zeroBytes(w^b) | zeroBytes(w^c) | w) & highBits
		if found == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(found) / 8
		if text[i] < utf8.RuneSelf {
			return i
		}
	}
	return to
}

func (m *markSet) has(c byte) bool {
	return c == m.ascii[0] || c == m.ascii[1] || c == m.ascii[2]
}

// load returns the 8 bytes of s, the first one lowest. The compiler makes one
// instruction of it.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// zeroBytes returns a word in which the high bit of the first byte of w that is 0
// is set, and none before it.
func zeroBytes(w uint64) uint64 { return (w - eachByte) &^ w & highBits }

// withoutMarks has, for each first byte of a rune from U+0080 on, the length of
// the runes if none of them is a mark, and else 0. Letters of the large scripts
// are skipped without a look at them.
var withoutMarks = func() (table [128]uint8) {
	for lead := range table {
		switch c := lead + utf8.RuneSelf; {
		case c < 0xC2: // a continuation byte, or never valid
			table[lead] = 1
		case 0xC3 <= c && c <= 0xCC, 0xCE <= c && c <= 0xD5: // Latin, Greek, Cyrillic
			table[lead] = 2
		case 0xE4 <= c && c <= 0xE9, c == 0xEB, c == 0xEC: // Han, Hangul
			table[lead] = 3
		}
	}
	return table
}()

// isSentenceMark tells if a rune from U+0080 on may end a sentence.
func isSentenceMark(r rune) bool {
	// The common blocks have few: a search of the table for each quotation mark and
	// comma would take a tenth of the time of BenchmarkText/chinese.
	switch {
	case 0x3000 <= r && r < 0xA000: // Chinese and Japanese
		return r == '。'
	case 0xFF00 <= r && r <= 0xFFFF: // their forms of ASCII
		return r == '！' || r == '．' || r == '？' || r == '｡'
	case 0x2010 <= r && r <= 0x2023: // dashes and quotation marks
		return false
	}
	return unicode.Is(unicode.Sentence_Terminal, r) || isFullStop(r)
}

// isFullStop tells if a rune is ATerm in UAX 29: it may end a sentence, but also
// an abbreviation or a part of a number.
func isFullStop(r rune) bool {
	return r == '.' || r == '\u2024' || r == '\uFE52' || r == '\uFF0E'
}

// isClauseMark tells if a rune from U+0080 on ends a clause.
func isClauseMark(r rune) bool {
	switch r {
	case '、', '，', '；', '：', '—', '\u060C', '\u061B', '\u0F0D', '\u104A', '\u1363', '\u1364', '\u1365':
		return true
	}
	return false
}

// isClosing tells if a rune closes a quotation or a pair of brackets.
func isClosing(r rune) bool {
	switch r {
	case '"', '\'', ')', ']', '}', '」', '』', '）', '】', '》', '〉', '”', '’', '〕', '］', '｝', '»':
		return true
	}
	return false
}

// isOpening tells if a rune of Chinese or Japanese opens a quotation or a pair of
// brackets.
func isOpening(r rune) bool {
	switch r {
	case '「', '『', '（', '【', '《', '〈', '“', '‘', '〔', '［', '｛':
		return true
	}
	return false
}

// skipClosing returns the offset after the closing marks at text[i:to].
func skipClosing(text string, i, to int) int {
	for i < to {
		r, size := utf8.DecodeRuneInString(text[i:to])
		if !isClosing(r) {
			break
		}
		i += size
	}
	return i
}

// skipSpace returns the offset after the white space at text[i:to].
func skipSpace(text string, i, to int) int {
	for i < to {
		if c := text[i]; c == ' ' || c == '\t' {
			i++
		} else if len(ideographicSpace) <= to-i && text[i:i+len(ideographicSpace)] == ideographicSpace {
			i += len(ideographicSpace)
		} else {
			break
		}
	}
	return i
}

const ideographicSpace = "\u3000"

func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return isLower(c | 0x20) }
