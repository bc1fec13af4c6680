package fileops

import (
	"strings"

	"github.com/lion-agi/fileops/internal/textscan"
)

// This file cuts a text that is not in memory whole. It is given the length of
// the text, which decides into how many chunks it is cut, and then the text in
// pieces. The chunks are those of cut.

// A pieceCutter cuts a text piece by piece. Its chunks lack the fields that
// depend on the file.
type pieceCutter interface {
	// add takes a piece, which ends between two characters, and gives the chunks
	// that it completes to emit.
	add(piece []byte, chars int, emit func([]TextChunk) error) error
	// end gives the last chunks to emit.
	end(emit func([]TextChunk) error) error
	// units is the length of the text so far.
	units() int
}

// newPieceCutter returns a cutter for a text of so many units, which must not be 0.
func (o *ChunkOptions) newPieceCutter(units int) pieceCutter {
	if o.Unit == Chars {
		return &charCutter{opts: o, plan: o.plan(units)}
	}
	return &wordCutter{opts: o, plan: o.plan(units), line: 1}
}

// appendHeld appends a piece to a text that grows with the size of a chunk, if there
// is memory for it.
func appendHeld(text, piece []byte) (longer []byte, err error) {
	if cap(text)-len(text) >= len(piece) {
		return append(text, piece...), nil
	}
	err = withMemory(2*int64(len(text)+len(piece)), func() { longer = append(text, piece...) })
	return longer, err
}

// About so much is given to emit at once. A chunk takes some hundred bytes beside
// its text, so chunks of one character count by their number.
const (
	emittedBytes  = 256 << 10
	emittedChunks = 1 << 10
)

// A charCutter cuts by code points.
type charCutter struct {
	opts *ChunkOptions
	plan plan
	next int // the number of the next chunk

	buf    []byte // holds window, with room before it
	window []byte // the text from the start of the next chunk on
	offset int    // of the window in the text
	chars  int    // in the window
	seen   int    // code points of the text so far
	lines  lineNumberer
}

func (c *charCutter) units() int { return c.seen }

func (c *charCutter) add(piece []byte, chars int, emit func([]TextChunk) error) error {
	var err error
	if c.buf, err = appendHeld(c.buf[:copy(c.buf, c.window)], piece); err != nil {
		return err
	}
	c.window = c.buf
	c.chars += chars
	c.seen += chars
	for c.complete(c.chars) {
		if err := emit(c.cut()); err != nil {
			return err
		}
	}
	return nil
}

func (c *charCutter) end(emit func([]TextChunk) error) error {
	if c.next == c.plan.total {
		return nil
	}
	return emit(c.cut())
}

// complete reports whether a window of so many code points has all of the next
// chunk.
func (c *charCutter) complete(chars int) bool {
	if c.next == c.plan.total {
		return false
	}
	start, end := c.plan.units(c.next)
	return chars >= end-start
}

// cut cuts the next chunk and some more that the window has. They share memory.
func (c *charCutter) cut() []TextChunk {
	var chunks []TextChunk
	from, chars := 0, c.chars // of the window that the next chunk begins at
	end := 0
	for len(chunks) == 0 || end < emittedBytes && len(chunks) < emittedChunks && c.complete(chars) {
		first, last := c.plan.units(c.next)
		end = from + textscan.Skip(c.window[from:], last-first)
		chunk := TextChunk{Start: c.offset + from, End: c.offset + end, Size: last - first}
		c.opts.label(&chunk, c.next, c.plan)
		chunks = append(chunks, chunk)
		c.next++
		if c.next == c.plan.total {
			break
		}
		second, _ := c.plan.units(c.next)
		from += textscan.Skip(c.window[from:], second-first)
		chars -= second - first
	}
	text := string(c.window[:end])
	for i := range chunks {
		chunks[i].Text = text[chunks[i].Start-c.offset : chunks[i].End-c.offset]
	}
	if c.opts.Lines {
		c.lines.number(text, c.offset, chunks)
		c.lines.advance(text, c.offset, c.offset+from)
	}
	c.window = c.window[from:]
	c.offset += from
	c.chars = chars
	return c.opts.dropShort(chunks)
}

// A wordCutter cuts by words.
type wordCutter struct {
	opts *ChunkOptions
	plan plan
	next int // the number of the next chunk

	text   []byte // the words from the start of the next chunk on, with a space between each two
	start  mark   // where the next chunk begins
	after  mark   // where the chunk after that begins
	words  int    // of the whole text so far
	line   int    // of the next word; without Lines it stays 1
	offset int    // of the next piece in the whole text
	begun  []byte // of a word that the last piece ended in

	chunks []TextChunk // to be emitted
	held   int         // bytes of their texts
}

// A mark is where a chunk begins.
type mark struct {
	text  int // in the text of the cutter
	start int // in the whole text
	line  int // of start
}

func (c *wordCutter) units() int {
	if len(c.begun) > 0 {
		return c.words + 1
	}
	return c.words
}

func (c *wordCutter) add(piece []byte, _ int, emit func([]TextChunk) error) error {
	if len(piece) == 0 {
		return nil
	}
	s := textscan.String(piece)
	at := 0
	if len(c.begun) > 0 {
		start, end := textscan.NextWord(s, 0)
		if start > 0 {
			end = 0
		}
		var err error
		if c.begun, err = appendHeld(c.begun, piece[:end]); err != nil {
			return err
		}
		if end == len(s) {
			c.offset += len(s)
			return nil
		}
		if err := c.word(c.begun, c.offset+end-len(c.begun)); err != nil {
			return err
		}
		c.begun = c.begun[:0]
		at = end
	}
	for {
		start, end := textscan.NextWord(s, at)
		if c.opts.Lines {
			c.line += newlines(s[at:start])
		}
		if end == len(s) {
			c.begun = append(c.begun, piece[start:end]...)
			break
		}
		if start == end {
			break
		}
		if err := c.word(piece[start:end], c.offset+start); err != nil {
			return err
		}
		at = end
		if c.held >= emittedBytes || len(c.chunks) >= emittedChunks {
			if err := c.emit(emit); err != nil {
				return err
			}
		}
	}
	c.offset += len(s)
	return c.emit(emit)
}

func (c *wordCutter) end(emit func([]TextChunk) error) error {
	if len(c.begun) > 0 {
		if err := c.word(c.begun, c.offset-len(c.begun)); err != nil {
			return err
		}
		c.begun = nil
	}
	return c.emit(emit)
}

func (c *wordCutter) emit(emit func([]TextChunk) error) error {
	chunks := c.opts.dropShort(c.chunks)
	c.chunks, c.held = nil, 0
	if len(chunks) == 0 {
		return nil
	}
	return emit(chunks)
}

// word takes the next word, which begins at start of the whole text.
func (c *wordCutter) word(word []byte, start int) (err error) {
	if c.next == c.plan.total {
		c.words++
		return nil
	}
	if len(c.text) > 0 {
		c.text = append(c.text, ' ')
	}
	first, last := c.plan.units(c.next)
	if second, _ := c.plan.units(c.next + 1); c.words == second {
		c.after = mark{len(c.text), start, c.line}
	}
	if c.words == first {
		c.start = mark{0, start, c.line}
	}
	if c.text, err = appendHeld(c.text, word); err != nil {
		return err
	}
	c.words++
	for c.words == last { // two chunks may end with the last word
		c.complete(first, last, start+len(word))
		if c.next == c.plan.total {
			break
		}
		first, last = c.plan.units(c.next)
	}
	return nil
}

// complete makes the next chunk of the words so far, of which the last ends at end
// of the whole text.
func (c *wordCutter) complete(first, last, end int) {
	chunk := TextChunk{Text: string(c.text), Start: c.start.start, End: end}
	if c.opts.Lines {
		chunk.StartLine, chunk.EndLine = c.start.line, c.line
	}
	c.opts.label(&chunk, c.next, c.plan)
	if c.opts.KeepTokens {
		chunk.Tokens = strings.Split(chunk.Text, " ")
		chunk.Size = last - first
	} else {
		chunk.Size = textscan.CountRunes(chunk.Text)
	}
	c.chunks = append(c.chunks, chunk)
	c.held += len(chunk.Text)
	c.next++
	rest := len(c.text)
	if second, _ := c.plan.units(c.next); second < c.words {
		rest = c.after.text
	}
	c.text = c.text[:copy(c.text, c.text[rest:])]
	c.start = c.after
}

// A wordCount counts the words of a text piece by piece.
type wordCount struct {
	words  int
	inWord bool // the last piece ended in a word
}

func (c *wordCount) add(piece []byte) {
	if len(piece) == 0 {
		return
	}
	ruler := textscan.NoMarks()
	words, start, end := ruler.MeasureWords(textscan.String(piece))
	c.words += words
	if words > 0 && start == 0 && c.inWord {
		c.words--
	}
	c.inWord = words > 0 && end == len(piece)
}
