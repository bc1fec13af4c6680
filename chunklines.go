package fileops

import "strings"

// numberLines sets the lines of chunks of text, which are in the order of their
// starts.
func numberLines(text string, chunks []TextChunk) {
	at, line := 0, 1
	for i := range chunks {
		c := &chunks[i]
		if c.Start < 0 {
			return // and so it is for the rest
		}
		line += newlines(text[at:c.Start])
		at = c.Start
		c.StartLine = line
		c.EndLine = line + newlines(text[at:lastByte(c.Start, c.End)])
	}
}

// newlines counts the ends of lines in a text. CR LF is one.
func newlines(text string) int { return strings.Count(text, "\n") }

// lastByte returns the offset of the last byte of a range. The line of that byte is
// the last one, also if the byte ends it.
func lastByte(start, end int) int { return max(start, end-1) }
