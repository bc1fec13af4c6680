package split

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// clauseEnd returns the end of the clause that starts at text[from:to], which is a
// sentence or the rest of one. That is the start of the next clause, or to.
func clauseEnd(text string, from, to int) int {
	for i := from; ; {
		i = clauseMarks.next(text, i, to)
		if i == to {
			return to
		}
		mark, size := utf8.DecodeRuneInString(text[i:to])
		i += size
		at := skipSpace(text, skipClosing(text, i, to), to)
		if at == to {
			return to
		}
		spaced := text[at-1] == ' ' || text[at-1] == '\t'
		if mark < utf8.RuneSelf && !spaced {
			// Code without spaces, but not 1,000 nor a:b.
			if at > i || mark == ':' || text[at] >= utf8.RuneSelf || isDigit(text[at]) {
				continue
			}
		}
		if startsWord(text[at:to]) {
			return at
		}
	}
}

// startsWord tells if a word starts with s after a space or a clause mark. It does
// not if the first rune extends the one before it.
func startsWord(s string) bool {
	if c := s[0]; c < utf8.RuneSelf {
		return c > ' '
	}
	if isHan(s) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r != utf8.RuneError && !unicode.In(r, unicode.M, unicode.Cf, unicode.Z, unicode.Sk, unicode.Other_Grapheme_Extend)
}

// isHan tells if s starts with a Chinese character or with Hiragana. By UAX 29
// there is a word boundary before each.
func isHan(s string) bool {
	if c := s[0]; c != 0xE3 {
		return 0xE4 <= c && c <= 0xE9 && len(s) >= 3
	}
	r, _ := utf8.DecodeRuneInString(s)
	return 'ぁ' <= r && r <= 'ゖ' || 0x3400 <= r
}

// lastWord returns the last start of a word after the offset from, and not after
// the offset to, and its level. A word after a space wins. Without a word that is
// easy to find, the offset is -1.
func lastWord(text string, from, to int) (at, level int) {
	for i := to; i > from; i-- {
		if text[i-1] == ' ' && startsWord(text[i:]) {
			return i, levelWord
		}
	}
	for i := to; i > from; i-- {
		if startsPart(text, i) {
			return i, levelPart
		}
	}
	return -1, 0
}

// startsPart tells if a word starts at the offset i, by those rules of UAX 29 that
// need one rune before and after it: after most ASCII punctuation, and before a
// Chinese character.
func startsPart(text string, i int) bool {
	before, after := text[i-1], text[i]
	if after >= utf8.RuneSelf {
		return isHan(text[i:])
	}
	if after <= ' ' {
		return false
	}
	switch before {
	case '.', '\'', '"', ':', '_': // may join letters or digits
		return false
	case ',', ';': // may join digits
		return !isDigit(after)
	}
	return ' ' < before && before < 0x7F && !isLetter(before) && !isDigit(before)
}

// longWords yields the fewest words, by all rules of UAX 29, that leave no gap of
// more than fine bytes.
func (p *prose) longWords(from, to int) bool {
	last, before := from, from // the last boundary, and the last word not yielded
	w := words.FromString(p.text[from:to])
	for w.Next() {
		at := from + w.End()
		if at < to && !startsPiece(p.text[from:to], at-from) {
			continue
		}
		if at-last > p.fine && before > last {
			if !p.mark(before, p.wordLevel(before)) {
				return false
			}
			last = before
		}
		if at-last > p.fine && at < to {
			if !p.mark(at, p.wordLevel(at)) {
				return false
			}
			last = at
		}
		before = at
	}
	return true
}

// startsPiece tells if the word at the offset i is a good start. A mark that
// belongs to the text before it is none. A rune that makes a grapheme cluster with
// the format character or with the half of a flag before it is none either: the
// words of UAX 29 may end inside such clusters.
func startsPiece(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	if r < utf8.RuneSelf && (sentenceMarks.has(byte(r)) || clauseMarks.has(byte(r))) ||
		r >= utf8.RuneSelf && (isSentenceMark(r) || isClauseMark(r)) || isClosing(r) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if unicode.Is(unicode.Cf, before) || unicode.Is(unicode.Regional_Indicator, before) && unicode.Is(unicode.Regional_Indicator, r) {
		return false
	}
	return startsWord(s[i:])
}

// wordLevel returns the level of the word that starts at the offset i.
func (p *prose) wordLevel(i int) int {
	if p.text[i-1] == ' ' {
		return levelWord + p.innerShift
	}
	return levelPart + p.innerShift
}
