package split

import "strings"

// block is the number of bytes in which a lines looks for rare line breaks at a
// time, so that they are still in the cache when the lines are read.
const block = 16 << 10

// textBreaks are the line breaks of a text beside LF, CR LF and CR. UAX 14 has
// them in its classes BK and NL.
var textBreaks = []string{"\f", "\u2028", "\u2029", "\u0085"}

// lines finds the lines of a text.
type lines struct {
	text   string
	breaks []string // the line breaks beside LF, CR LF and CR
	rare   int      // no CR alone and none of breaks is before this offset
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
// end of the block.
func (l *lines) findRare(i int) {
	l.rare = min(i+block, len(l.text))
	for at := i; ; at++ {
		n := strings.IndexByte(l.text[at:l.rare], '\r')
		if n < 0 {
			break
		}
		if at += n; l.isLoneCR(at) {
			l.rare = at
			break
		}
	}
	for _, b := range l.breaks {
		// A break may begin in the block and end after it.
		last := min(l.rare+len(b)-1, len(l.text))
		if n := strings.Index(l.text[i:last], b); n >= 0 {
			l.rare = i + n
		}
	}
}
