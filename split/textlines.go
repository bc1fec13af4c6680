package split

import "strings"

// These are the numbers of bytes in which a lines looks for rare line breaks at a
// time. Where there are some, it looks less far ahead. It never looks so far that
// the bytes are no longer in the cache when the lines are read.
const (
	minAhead = 256
	maxAhead = 16 << 10
)

// textBreaks are the line breaks of a text beside LF, CR LF and CR. UAX 14 has
// them in its classes BK and NL.
var textBreaks = []string{"\f", "\u2028", "\u2029", "\u0085"}

// lines finds the lines of a text.
type lines struct {
	text   string
	breaks []string // the line breaks beside LF, CR LF and CR
	rare   int      // no CR alone and none of breaks is before this offset
	ahead  int      // the number of bytes of the last look for them
	end    int      // the end of the line
	next   int      // the start of the next line
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

// breakAt returns the length of the line break at the offset i if it is a CR alone
// or one of breaks, and else 0.
func (l *lines) breakAt(i int) int {
	if l.isLoneCR(i) {
		return 1
	}
	for _, b := range l.breaks {
		if strings.HasPrefix(l.text[i:], b) {
			return len(b)
		}
	}
	return 0
}

func (l *lines) isLoneCR(i int) bool {
	return i < len(l.text) && l.text[i] == '\r' && (i+1 == len(l.text) || l.text[i+1] != '\n')
}

// findRare sets rare to the first rare line break from the offset i on, or to the
// end of the bytes that it looks at.
func (l *lines) findRare(i int) {
	l.ahead = min(max(minAhead, 2*l.ahead), maxAhead)
	end := min(i+l.ahead, len(l.text))
	l.rare = l.loneCR(i, end)
	for _, b := range l.breaks {
		// A break may begin before the end and end after it.
		last := min(l.rare+len(b)-1, len(l.text))
		if n := strings.Index(l.text[i:last], b); n >= 0 {
			l.rare = i + n
		}
	}
	if l.rare < end {
		l.ahead = 0
	}
}

// loneCR returns the offset of the first CR alone in text[i:end], or end.
func (l *lines) loneCR(i, end int) int {
	for ; i < end; i++ {
		n := strings.IndexByte(l.text[i:end], '\r')
		if n < 0 {
			return end
		}
		if i += n; l.isLoneCR(i) {
			return i
		}
	}
	return end
}
