package textscan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// NextWord returns the byte range of the first word of s at or after byte from,
// or an empty range if there is none. Words are those of [strings.Fields].
func NextWord(s string, from int) (start, end int) {
	start = from
	for start < len(s) {
		n := spaceAt(s, start)
		if n == 0 {
			break
		}
		start += n
	}
	end = start
	for end < len(s) && spaceAt(s, end) == 0 {
		end++
	}
	return start, end
}

// JoinWords returns s with each run of white space replaced by one space. s must
// begin and end with a word. If nothing changes, JoinWords returns s itself,
// without a copy.
func JoinWords(s string) string {
	var joined strings.Builder
	copied := 0 // the bytes of s that are in joined
	_, end := NextWord(s, 0)
	for end < len(s) {
		nextStart, nextEnd := NextWord(s, end)
		if s[end:nextStart] != " " {
			if copied == 0 {
				joined.Grow(len(s))
			}
			joined.WriteString(s[copied:end])
			joined.WriteByte(' ')
			copied = nextStart
		}
		end = nextEnd
	}
	if copied == 0 {
		return s
	}
	joined.WriteString(s[copied:])
	return joined.String()
}

// spaceAt returns the length of the white space code point that begins at byte
// i of s, or 0. i may be inside a code point, and s may be invalid: no byte that
// begins white space also occurs inside another code point.
func spaceAt(s string, i int) int {
	if !beginsSpace[s[i]] {
		return 0
	}
	return leadingSpace(s[i:])
}

// beginsSpace is true for the bytes that white space begins with: ASCII white
// space, and the first bytes of the other white space in UTF-8.
var beginsSpace = [256]bool{
	' ': true, '\t': true, '\n': true, '\v': true, '\f': true, '\r': true,
	0xc2: true, 0xe1: true, 0xe2: true, 0xe3: true,
}

// leadingSpace returns the length of the white space code point that s begins
// with, or 0. The first byte of s must be one of beginsSpace.
func leadingSpace(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	if r, n := utf8.DecodeRuneInString(s); unicode.IsSpace(r) {
		return n
	}
	return 0
}
