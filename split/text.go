package split

import (
	"iter"

	"github.com/lion-agi/fileops"
)

// Text returns a splitter for prose and for text of any kind. It finds blank
// lines, lines, sentences, clauses and words.
//
// A line ends with LF, CR LF, CR, U+0085, U+2028, U+2029 or a form feed. A
// sentence ends by the rules of Unicode (UAX 29), but not after the usual
// abbreviations, such as "Dr." and "e.g.", nor after an initial. A clause ends
// with a comma, semicolon, colon or dash. A word begins by the rules of Unicode.
// Chinese and Japanese have their own sentence and clause marks. The boundaries
// have no Section.
func Text() fileops.Splitter {
	return func(_, text string) iter.Seq[fileops.Boundary] {
		return func(yield func(fileops.Boundary) bool) {
			p := newProse(text, yield)
			p.split(0, len(text))
		}
	}
}

// A prose finds the boundaries in parts of a text that are lines of prose.
type prose struct {
	text  string
	yield func(fileops.Boundary) bool
	lines lines
	last  int // the last boundary
	fine  int // the length in bytes of the pieces that are not cut further

	// lineShift and innerShift are added to the levels of the lines and of the
	// boundaries inside a line.
	lineShift, innerShift int

	// strongest is the smallest level of a boundary.
	strongest int

	// spans are the parts that should stay whole, in ascending order.
	spans []span
}

// A span is a part of a text, from a byte offset to another.
type span struct{ from, to int }

func newProse(text string, yield func(fileops.Boundary) bool) *prose {
	p := &prose{text: text, yield: yield, fine: fine, lines: lines{text: text, breaks: textBreaks}}
	if len(text) <= shortText {
		p.fine = 1
	}
	return p
}

// split yields the boundaries between the offsets from and to, which are both
// starts of lines. The start of a blank line is none. Of the other lines it yields
// the fewest that leave no gap of more than fine bytes, and those that have a
// stronger level than a line. In Go that is a third of the lines, and the cutter
// takes most of its time for each boundary. All methods of prose that yield
// return false at the end of the iteration.
func (p *prose) split(from, to int) bool {
	l := &p.lines
	level := levelAnyLine // of the next line
	blanks := 0           // the number of blank lines directly before it
	for at := from; at < to; at = l.next {
		l.scan(at)
		if isBlankLine(p.text[at:l.end]) {
			blanks++
			level = min(level, p.blankLevel(l.next, blanks))
			continue
		}
		// A line that ends near the last boundary needs none at its start.
		needed := level != levelAnyLine || l.next-p.last > p.fine
		if at > from && needed && !p.mark(at, level+p.lineShift) {
			return false
		}
		if l.end-at > p.fine && !p.line(at, l.end) {
			return false
		}
		level, blanks = p.levelAfter(p.text[at:l.end], l.next), 0
	}
	return true
}

// blankLevel returns the level of a line at the offset next, which comes after a
// number of blank lines.
func (p *prose) blankLevel(next, blanks int) int {
	switch {
	case p.text[next-1] == '\f':
		return levelPage
	case blanks > 1:
		return levelGap
	}
	return levelBlock
}

// levelAfter returns the level of a line at the offset next, which comes after a
// line that is not blank.
func (p *prose) levelAfter(line string, next int) int {
	switch {
	case p.text[next-1] == '\f':
		return levelPage
	case endsSentence(line):
		return levelLineEnd
	}
	return levelAnyLine
}

// mark yields a boundary.
func (p *prose) mark(at, level int) bool {
	for len(p.spans) > 0 && p.spans[0].to <= at {
		p.spans = p.spans[1:]
	}
	if len(p.spans) > 0 && p.spans[0].from < at {
		level += keptWhole
	}
	p.last = at
	return p.yield(fileops.Boundary{At: at, Level: max(level, p.strongest)})
}

// line yields the boundaries inside a line.
func (p *prose) line(from, to int) bool {
	for to-from > p.fine {
		end := sentenceEnd(p.text, from, to)
		if !p.sentence(from, end) {
			return false
		}
		if end == to {
			return true
		}
		if !p.mark(end, levelSentence+p.innerShift) {
			return false
		}
		from = end
	}
	return true
}

// sentence yields the fewest clauses inside a sentence that leave no gap of more
// than fine bytes, and the words inside longer clauses.
func (p *prose) sentence(from, to int) bool {
	if to-from <= p.fine {
		return true
	}
	for end := clauseEnd(p.text, from, to); to-from > p.fine; {
		next := end
		for next < to { // more clauses that are near enough
			if next = clauseEnd(p.text, end, to); next-from > p.fine {
				break
			}
			end = next
		}
		if !p.clause(from, end) {
			return false
		}
		if end == to {
			return true
		}
		if !p.mark(end, levelClause+p.innerShift) {
			return false
		}
		from, end = end, next
	}
	return true
}

// clause yields the fewest words inside a clause that leave no gap of more than
// fine bytes.
func (p *prose) clause(from, to int) bool {
	for to-from > p.fine {
		at, level := lastWord(p.text, from, from+p.fine)
		if at < 0 {
			return p.longWords(from, to)
		}
		if !p.mark(at, level+p.innerShift) {
			return false
		}
		from = at
	}
	return true
}

// isBlankLine tells if a line has nothing but white space. Few other lines end with
// white space, so most need one look.
func isBlankLine(line string) bool {
	for i := len(line) - 1; i >= 0; i-- {
		if c := line[i]; c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}
