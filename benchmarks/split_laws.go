package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A piece is a chunk as a splitter returns it.
type piece struct {
	text       string
	start, end int      // byte offsets; both are -1 if the splitter gives none
	section    []string // the headings, if the splitter gives them
}

// laws counts the chunks that break a law of cutting, and the bytes that no chunk
// has.
type laws struct {
	chunks         int
	tooLong        int // more code points than chunkSize
	lost, blanks   int // bytes in no chunk, and the white space among them
	changed        int // chunks with a text that is not in the input
	withoutOffsets int
	wrongOffsets   int // chunks with a text that is not at their offsets
	insideWord     int // chunks that begin inside a word
	withoutHeading int // chunks that do not tell the headings that they are below
}

// count adds the chunks of one document.
func (l *laws) count(d document, pieces []piece) {
	p := placer{text: d.text, covered: make([]bool, len(d.text))}
	for _, c := range pieces {
		l.chunks++
		if utf8.RuneCountInString(c.text) > chunkSize {
			l.tooLong++
		}
		switch {
		case c.start < 0:
			l.withoutOffsets++
		case !c.isIn(d.text):
			l.wrongOffsets++
		}
		before := p.end
		at, verbatim := p.place(c)
		switch {
		case !verbatim:
			l.changed++
		case insideWord(d.text, at):
			l.insideWord++
		}
		if verbatim && before > at && before < at+len(c.text) {
			at = before // the overlap does not need its heading
		}
		if at >= 0 && !c.tellsPath(d.headingPath(skipBlank(d.text, at))) {
			l.withoutHeading++
		}
	}
	l.countLost(p)
}

// countLost counts the bytes that are in no chunk.
func (l *laws) countLost(p placer) {
	for i, r := range p.text {
		if p.covered[i] {
			continue
		}
		l.lost += utf8.RuneLen(r)
		if unicode.IsSpace(r) {
			l.blanks += utf8.RuneLen(r)
		}
	}
}

// isIn reports whether a chunk has right offsets.
func (c piece) isIn(text string) bool {
	return 0 <= c.start && c.start <= c.end && c.end <= len(text) && text[c.start:c.end] == c.text
}

// skipBlank returns the offset of the first rune from at on that is no white space.
func skipBlank(text string, at int) int {
	return len(text) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
}

// insideWord reports whether an offset is between two runes of a word.
func insideWord(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return 0 < at && at < len(text) && isWordRune(before) && isWordRune(after)
}

// isWordRune reports whether a rune is part of a word in a script that has blanks
// between words.
func isWordRune(r rune) bool {
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
		return false
	}
	return r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

// reach is how far after the chunk before it a line of a changed chunk can be. A
// line such as "}" is everywhere.
const reach = 8 * chunkSize

// A placer finds out which part of a text each chunk is. It assumes that chunks
// are in order, and that each has something that the one before it has not.
type placer struct {
	text       string
	covered    []bool // the bytes that a chunk has
	start, end int    // of the last chunk
}

// place returns the offset at which a chunk is, or -1 if it is nowhere. Of a chunk
// that is not in the text as a whole, it returns that of the longest line that is.
func (p *placer) place(c piece) (at int, verbatim bool) {
	if c.isIn(p.text) {
		p.take(c.start, len(c.text))
		return c.start, true
	}
	if at := p.find(c.text, len(p.text)); at >= 0 {
		return at, true
	}
	at, longest := -1, 0
	for line := range strings.Lines(c.text) {
		line = strings.TrimSpace(line)
		found := -1
		if line != "" {
			found = p.find(line, reach)
		}
		// A splitter may repeat headings, so these tell no place.
		if found >= 0 && len(line) > longest && line[0] != '#' {
			at, longest = found, len(line)
		}
	}
	return at, false
}

// find returns the offset of s in the text, and takes the place. It prefers the
// first place that ends after the chunk before it, up to a distance.
func (p *placer) find(s string, distance int) int {
	from := max(p.start, p.end+1-len(s), 0)
	to := min(len(p.text), p.end+min(distance, len(p.text))+len(s))
	if from <= to {
		if i := strings.Index(p.text[from:to], s); i >= 0 {
			p.take(from+i, len(s))
			return from + i
		}
	}
	i := strings.Index(p.text, s)
	if i >= 0 {
		p.cover(i, len(s))
	}
	return i
}

// take makes a place the last one.
func (p *placer) take(at, n int) {
	p.cover(at, n)
	p.start, p.end = at, max(p.end, at+n)
}

// cover marks n bytes.
func (p *placer) cover(at, n int) {
	for i := range n {
		p.covered[at+i] = true
	}
}
