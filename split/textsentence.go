package split

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// sentenceEnd returns the end of the sentence that starts at text[from:to], which
// is a line or the rest of one. That is the start of the next sentence, or to.
func sentenceEnd(text string, from, to int) int {
	for i := from; ; {
		i = sentenceMarks.next(text, i, to)
		if i == to {
			return to
		}
		r, size := utf8.DecodeRuneInString(text[i:to])
		if end := endAfter(text, from, i, to, r); end > 0 {
			return end
		}
		i += size
	}
}

// endAfter returns the end of the sentence that the mark r at the offset i ends,
// or 0 if it ends none.
func endAfter(text string, from, i, to int, r rune) int {
	switch {
	case r == '。' || r == '！' || r == '？':
		return endAfterCJK(text, from, i, to)
	case r >= utf8.RuneSelf:
		return endByUnicode(text, from, i, to, r)
	}
	// The rest is UAX 29 for ASCII: SATerm Close* Sp*, then the next rune decides.
	at := i + 1
	for at < to && isASCIIClose(text[at]) {
		at++
	}
	for at < to && (text[at] == ' ' || text[at] == '\t' || text[at] == '\v') {
		at++
	}
	if at == to {
		return to
	}
	// SB6, SB8
	if r == '.' && (at == i+1 && (isLower(text[at]) || isDigit(text[at])) || isAbbreviation(text[from:to], i-from)) {
		return 0
	}
	if text[at] >= utf8.RuneSelf || i > from && text[i-1] >= utf8.RuneSelf {
		return endByUnicode(text, from, i, to, r)
	}
	switch text[at] {
	case '.', '!', '?', ',', '-', ':', ';': // SB8a
		return 0
	}
	if r != '.' {
		return at
	}
	if at == i+1 && isUpper(text[at]) && i > from && isLetter(text[i-1]) { // SB7
		return 0
	}
	for j := at; j < to; j++ { // SB8: a lower case letter goes on with the sentence
		switch c := text[j]; {
		case c >= utf8.RuneSelf:
			return endByUnicode(text, from, i, to, r)
		case isLower(c):
			return 0
		case isUpper(c), c == '.', c == '!', c == '?':
			return at
		}
	}
	return at
}

// isASCIIClose tells if a byte is Close in UAX 29: a bracket or a quotation mark.
func isASCIIClose(c byte) bool {
	switch c {
	case '"', '\'', '(', ')', '[', ']', '{', '}':
		return true
	}
	return false
}

// endAfterCJK returns the end of the sentence that the Chinese or Japanese mark at
// the offset i ends. Closing marks after it belong to the sentence. Unlike in UAX
// 29, opening marks begin the next one, because there is no space in between.
func endAfterCJK(text string, from, i, to int) int {
	at := skipSpace(text, skipClosing(text, i+3, to), to)
	if at == to {
		return to
	}
	if c := text[at]; isLetter(c) || isDigit(c) || isHan(text[at:to]) {
		return at
	}
	switch r, _ := utf8.DecodeRuneInString(text[at:to]); {
	case isOpening(r):
		return at
	case isSentenceMark(r), isClauseMark(r): // SB8a
		return 0
	}
	return endByUnicode(text, from, i, to, '。')
}

// The rules of UAX 29 need the letter before a mark and the text up to the next
// letter. These are the numbers of bytes in which they are looked for. Texts that
// need more have long runs of symbols and no letters.
const (
	lookBehind = 16
	lookAhead  = 128
)

// endByUnicode returns the end of the sentence that the mark r at the offset i
// ends by UAX 29, or 0 if it ends none.
func endByUnicode(text string, from, i, to int, r rune) int {
	from = max(from, i-lookBehind)
	for from < i && !utf8.RuneStart(text[from]) {
		from++
	}
	from += strings.LastIndexByte(text[from:i], ' ') + 1
	end, found := letterAfter(text, i+utf8.RuneLen(r), min(to, i+lookAhead))
	if !found && end < to && isFullStop(r) {
		return 0 // a lower case letter may come later (SB8)
	}
	s := sentences.FromString(text[from:end])
	for s.Next() {
		if at := from + s.End(); at > i && (at < end || at == to) {
			return at
		}
	}
	return 0
}

// letterAfter returns the offset after the first letter in text[i:to]. Without one
// it returns the offset after the last rune.
func letterAfter(text string, i, to int) (end int, found bool) {
	for i < to && !found {
		r, size := utf8.DecodeRuneInString(text[i:])
		found = unicode.IsLetter(r)
		i += size
	}
	return i, found
}

// endsSentence tells if a line, which is not blank, ends with the end of a sentence.
func endsSentence(line string) bool {
	last := lineEnds[line[len(line)-1]]
	before := lineEnds[line[max(0, len(line)-2)]]
	// One branch, which few lines of code take, is faster than a loop for each line
	// that ends with a bracket.
	if last&endMark|(last/endClose)&(before/endAny) == 0 {
		return false
	}
	for i := len(line); i > 0; {
		r, size := utf8.DecodeLastRuneInString(line[:i])
		switch {
		case r == '.':
			return !isAbbreviation(line, i-1)
		case r == '!', r == '?', r >= utf8.RuneSelf && isSentenceMark(r):
			return true
		case !isClosing(r) && r != ' ' && r != '\t':
			return false
		}
		i -= size
	}
	return false
}

const (
	endMark  = 1 // may end a sentence
	endClose = 2 // may come after such a mark
	endAny   = 4 // one of the two
)

// lineEnds has the roles of the bytes at the end of a line. All runes from U+0080
// on may be marks.
var lineEnds = func() (table [256]uint8) {
	for _, c := range ".!?" {
		table[c] = endMark | endAny
	}
	for _, c := range " \t\"')]}" {
		table[c] = endClose | endAny
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		table[c] = endMark | endAny
	}
	return table
}()
