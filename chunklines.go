package fileops

import "strings"

// A lineNumberer sets the lines of the chunks of a text, in the order of their
// starts.
type lineNumberer struct {
	at    int // the offset up to which newlines are counted
	lines int // the number of newlines before at
}

// number sets the lines of chunks. text is the part of the text that begins at an
// offset, and has all of them.
func (l *lineNumberer) number(text string, offset int, chunks []TextChunk) {
	for i := range chunks {
		c := &chunks[i]
		if c.Start < 0 {
			return // and so it is for the rest
		}
		l.advance(text, offset, c.Start)
		c.StartLine = l.lines + 1
		c.EndLine = c.StartLine
		if c.End > c.Start { // a newline at the end belongs to the line that it ends
			c.EndLine += newlines(text[c.Start-offset : c.End-1-offset])
		}
	}
}

// advance counts the newlines up to an offset.
func (l *lineNumberer) advance(text string, offset, to int) {
	l.lines += newlines(text[l.at-offset : to-offset])
	l.at = to
}

// newlines counts the ends of lines in a text. CR LF is one.
func newlines(text string) int { return strings.Count(text, "\n") }
