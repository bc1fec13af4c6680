package split

import "strings"

// These are the numbers of bytes in which a lines looks for rare line breaks at a
// time. Where there are some, it looks less far ahead. It never looks so far that
// the bytes are no longer in the cache when the lines are read.
const (
	minAhead = 256
	maxAhead = 16 << 10
)

// These are the first bytes of the rare line breaks. UAX 14 has those of a text in
// its classes BK, CR and NL: CR, form feed, U+0085, U+2028 and U+2029.
const (
	textBreaks     = "\r\f\xC2\xE2"
	markdownBreaks = "\r"
)

// lines finds the lines of a text.
type lines struct {
	text   string
	breaks string // the first bytes of the line breaks beside LF and CR LF
	rare   int    // none of these line breaks is before this offset
	ahead  int    // the number of bytes of the last look for them
	end    int    // the end of the line
	next   int    // the start of the next line
}

// scan finds the end of the line that starts at the offset from. That must be the
// start of the text or of the next line. A last line without a line break ends
// with the text.
func (l *lines) scan(from int) {
	for at := from; ; {
		rare := max(at, l.rare)
		if i := strings.IndexByte(l.text[at:rare], '\n'); i >= 0 {
			l.end, l.next = at+i, at+i+1
			if l.end > from && l.text[l.end-1] == '\r' {
				l.end--
			}
			return
		}
		if n := l.breakAt(rare); n > 0 || rare == len(l.text) {
			l.end, l.next = rare, rare+n
			return
		}
		at = rare
		l.findRare(at)
	}
}

// breakAt returns the length of the rare line break at the offset i, or 0.
func (l *lines) breakAt(i int) int {
	if i == len(l.text) || strings.IndexByte(l.breaks, l.text[i]) < 0 {
		return 0
	}
	switch rest := l.text[i:]; {
	case rest[0] == '\f', rest[0] == '\r' && !strings.HasPrefix(rest, "\r\n"):
		return 1
	case strings.HasPrefix(rest, "\u0085"):
		return len("\u0085")
	case strings.HasPrefix(rest, "\u2028"), strings.HasPrefix(rest, "\u2029"):
		return len("\u2028")
	}
	return 0
}

// findRare sets rare to the first rare line break from the offset i on, or to the
// end of the bytes that it looks at.
func (l *lines) findRare(i int) {
	l.ahead = min(max(minAhead, 2*l.ahead), maxAhead)
	end := min(i+l.ahead, len(l.text))
	l.rare = end
	for k := range len(l.breaks) {
		l.rare = l.firstBreak(l.breaks[k], i, l.rare)
	}
	if l.rare < end {
		l.ahead = 0
	}
}

// firstBreak returns the offset of the first rare line break in text[i:end] that
// begins with the byte c, or end.
func (l *lines) firstBreak(c byte, i, end int) int {
	for ; i < end; i++ {
		n := strings.IndexByte(l.text[i:end], c)
		if n < 0 {
			return end
		}
		if i += n; l.breakAt(i) > 0 {
			return i
		}
	}
	return end
}
