package textscan

import "unicode/utf8"

// Scan counts the code points of b and finds the first byte that is not valid
// UTF-8. bad is the offset of that byte, or -1. runes is 0 unless bad is -1.
func Scan(b []byte) (runes, bad int) {
	var c checker
	runes, wrong := c.finish(b, nil)
	if wrong >= 0 {
		return 0, firstInvalid(b, wrong)
	}
	return runes, -1
}

// ScanPrefix scans a part of a longer text, which may end inside a code point.
// It is [Scan] of the first complete bytes of b. At most three bytes remain, and
// they belong in front of the next part.
func ScanPrefix(b []byte) (runes, complete, bad int) {
	complete = len(b)
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax+1; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				complete = i
			}
			break
		}
	}
	runes, bad = Scan(b[:complete])
	return runes, complete, bad
}

// Valid reports whether s is valid UTF-8.
func Valid(s string) bool {
	_, bad := Scan(Bytes(s))
	return bad < 0
}

// CountRunes returns the number of code points in s. It counts as a range loop
// does, so each byte that is not valid UTF-8 counts as one.
func CountRunes(s string) int {
	n, bad := Scan(Bytes(s))
	if bad >= 0 {
		return utf8.RuneCountInString(s)
	}
	return n
}

// CountValid is [CountRunes] for valid UTF-8, and faster.
func CountValid(s string) int {
	c := checker{valid: true}
	runes, _ := c.finish(Bytes(s), nil)
	return runes
}

// firstInvalid returns the offset of the first invalid byte of b, or -1. The
// bytes before at are known to be valid, except that a code point may begin
// before at and end after it.
func firstInvalid(b []byte, at int) int {
	i := at
	for back := 1; back < utf8.UTFMax && back <= at; back++ {
		if utf8.RuneStart(b[at-back]) {
			i = at - back
			break
		}
	}
	for i < len(b) {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
