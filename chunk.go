package fileops

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Unit is what the size of a chunk is counted in.
type Unit int

const (
	Chars  Unit = iota // Unicode code points
	Tokens             // what the Tokenizer returns, words by default
)

// String returns the unit's name.
func (u Unit) String() string {
	switch u {
	case Chars:
		return "Chars"
	case Tokens:
		return "Tokens"
	}
	return fmt.Sprintf("Unit(%d)", int(u))
}

// defaultChunkSize is what a Size of 0 means.
const defaultChunkSize = 1500

// ChunkOptions say how a text is cut and, for the functions that read and
// write files, what to read and where to save.
//
// Wherever options are taken, a nil *ChunkOptions means
// [DefaultChunkOptions]. A non-nil one means what it says, so its zero value
// cuts into chunks of 1500 code points, without overlap, and leaves a tail of
// any length on its own.
type ChunkOptions struct {
	// Unit is what Size and Overlap, and Threshold where it judges the tail,
	// are counted in.
	Unit Unit

	// Size is the length of a chunk before the overlap is added; 0 means 1500.
	Size int

	// Overlap is a fraction of Size, from 0 to 1. A chunk reaches half of it,
	// rounded down, past each of its two boundaries, so that neighbours have
	// all of it in common.
	Overlap float64

	// Threshold is how much a last chunk must exceed to stand on its own; a
	// shorter one joins the chunk before it.
	Threshold int

	// DropShort leaves out the chunks whose Text has at most Threshold code
	// points, whatever the Unit. The chunks that stay keep their ID and Total,
	// so a gap in the numbers shows what went.
	DropShort bool

	// Tokenizer splits a text into tokens, for the Unit Tokens. It must be
	// safe for concurrent use. nil means words: [strings.Fields]. A panic in it
	// is returned as a *PanicError.
	Tokenizer func(string) []string

	// KeepTokens puts each chunk's tokens into its Tokens, for the Unit Tokens,
	// and makes its Size their number.
	KeepTokens bool

	// Metadata is given to every chunk, the same map to all. A key must be
	// valid UTF-8 and none of a chunk's own JSON keys, and a value must be one
	// that encoding/json can marshal.
	Metadata map[string]any

	// FileTypes are the suffixes of the files to read in a directory, such as
	// ".txt", and "" for files without one; nil means all files.
	FileTypes []string

	// Shallow reads a directory's own files only, not those in the
	// directories below it.
	Shallow bool

	// Exclude leaves out a directory's files whose path contains one of these.
	// OnSkip is told of them, with ErrExcluded.
	Exclude []string

	// Encoding is the WHATWG or IANA name of the files' encoding; "" means
	// utf-8.
	Encoding string

	// Reader, if not nil, turns a file into text instead, from a PDF for
	// example; Encoding then means nothing. It must be safe for concurrent
	// use. It holds one of the pool's slots, so what it calls of this package
	// it should call with its ctx (see [Submit]). A panic in it is returned as
	// a *PanicError.
	Reader func(ctx context.Context, path string) (string, error)

	// OutputFile is a file to save all the chunks to. Its extension says how:
	// .json for an array of objects, .jsonl for an object a line, .csv for a
	// table with a header line. "" means no such file.
	//
	// A table holds every text byte for byte, and a reader that follows RFC
	// 4180 gives it back so; but the Reader of encoding/csv makes each CR LF in
	// it LF. Use .json or .jsonl where that matters.
	OutputFile string

	// OutputDir is a directory to save the chunks to, each as a JSON file of
	// its own that Save names. "" means no such files.
	OutputDir string

	// Save says how files in OutputDir are named and saved; nil means with a
	// timestamp and 4 random hash digits.
	Save *SaveOptions

	// OnSkip is called for each file that the chunks of a directory leave out
	// because it cannot be read or decoded, or because Exclude says so or it is
	// OutputFile itself (ErrExcluded). nil means that the first file of the
	// former kind fails the operation, and no word of the latter. It is called
	// by one goroutine at a time.
	OnSkip func(SkippedFile)

	// Progress is called as files are done: by one goroutine at a time, at
	// most some twenty times a second, and once at the end. nil means never.
	Progress func(Progress)
}

// DefaultChunkOptions returns what a nil *ChunkOptions means: chunks of 1500
// code points, a tenth of that as overlap, and a tail of at most 200 code
// points joined to the chunk before it.
func DefaultChunkOptions() ChunkOptions {
	return ChunkOptions{Size: defaultChunkSize, Overlap: 0.1, Threshold: 200}
}

// orDefault returns the options that o stands for.
func (o *ChunkOptions) orDefault() *ChunkOptions {
	if o == nil {
		d := DefaultChunkOptions()
		return &d
	}
	return o
}

// check returns an *OptionError if an option means nothing.
func (o *ChunkOptions) check() error {
	switch {
	case o.Unit != Chars && o.Unit != Tokens:
		return &OptionError{"Unit", o.Unit, "must be Chars or Tokens"}
	case o.Size < 0:
		return &OptionError{"Size", o.Size, "must not be negative"}
	case !(o.Overlap >= 0 && o.Overlap <= 1): // so that NaN fails too
		return &OptionError{"Overlap", o.Overlap, "must be a fraction from 0 to 1"}
	case o.Threshold < 0:
		return &OptionError{"Threshold", o.Threshold, "must not be negative"}
	}
	if o.OutputFile != "" {
		if _, err := chunkFormOf(o.OutputFile); err != nil {
			return err
		}
	}
	_, err := fieldsOf(o.Metadata)
	return err
}

// size returns the Size that the options stand for.
func (o *ChunkOptions) size() int {
	if o.Size == 0 {
		return defaultChunkSize
	}
	return o.Size
}

// A TextChunk is a part of a text, and where it comes from.
//
// It marshals to a flat JSON object with the keys chunk_content, chunk_id,
// total_chunks and chunk_size, then file_path, file_name and file_size if
// FilePath is set, then Metadata's keys, sorted, then start_byte, end_byte
// and, unless Tokens is nil, tokens.
type TextChunk struct {
	// Text is the chunk itself. For the Unit Chars it shares memory with the
	// text it was cut from; for Tokens it is the tokens, joined by spaces.
	Text string `json:"chunk_content"`

	// Tokens are the chunk's tokens, nil unless asked for with KeepTokens.
	Tokens []string `json:"tokens"`

	ID    int `json:"chunk_id"`     // the chunk's number in its text, from 1
	Total int `json:"total_chunks"` // how many chunks the text was cut into
	Size  int `json:"chunk_size"`   // code points in Text, or with KeepTokens the number of Tokens

	// Start and End are byte offsets in the text that was cut. For the Unit
	// Chars, text[Start:End] is Text; for Tokens it reaches from the first
	// token's start to the last one's end. Both are -1 where that is unknown:
	// for a token that the Tokenizer changed and for those after it.
	Start int `json:"start_byte"`
	End   int `json:"end_byte"`

	FilePath string `json:"file_path"` // the file, "" if the text did not come from one
	FileName string `json:"file_name"` // the last element of FilePath
	FileSize int64  `json:"file_size"` // in bytes, on disk

	// Metadata is the Metadata of the options: one map for all chunks.
	Metadata map[string]any `json:"-"`
}

// ChunkText cuts text into chunks of opts.Size code points or tokens, and
// returns them in order; nil opts mean [DefaultChunkOptions]. Chunk i, counted
// from 0, reaches from i*Size to (i+1)*Size, and by half the overlap past
// both, as far as there is text. What is left at the end stands on its own
// only if it is longer than opts.Threshold, counted with the overlap before it
// if it is the third chunk or a later one; else it joins the chunk before.
// An empty text, or one without tokens, has no chunks.
//
// A code point is what a range loop over text yields, so each byte that is
// not valid UTF-8 counts as one and is kept as it is.
//
// ChunkText reads no files and saves none: of opts it uses what says how to
// cut, and Metadata. The error is an *OptionError if one of opts, used here or
// not, means nothing, or a *PanicError if the Tokenizer panics. ChunkText
// computes, a long text by code points on all processors, and does not block
// unless the Tokenizer does; it may be called from many goroutines at once.
func ChunkText(text string, opts *ChunkOptions) ([]TextChunk, error) {
	opts = opts.orDefault()
	if err := opts.check(); err != nil {
		return nil, err
	}
	return cut(text, opts)
}

// cut is ChunkText for options that are checked.
func cut(text string, o *ChunkOptions) ([]TextChunk, error) {
	if text == "" {
		return nil, nil
	}
	var chunks []TextChunk
	switch {
	case o.Unit == Chars:
		chunks = cutChars(text, o, false)
	case o.Tokenizer == nil:
		chunks = cutWords(text, o)
	default:
		var err error
		if chunks, err = cutTokens(text, o); err != nil {
			return nil, err
		}
	}
	return o.drop(chunks), nil
}

// cutValid is cut for a text that is known to be valid UTF-8, which spares
// checking that.
func cutValid(text string, o *ChunkOptions) ([]TextChunk, error) {
	if text == "" || o.Unit != Chars {
		return cut(text, o)
	}
	return o.drop(cutChars(text, o, true)), nil
}

// drop does what DropShort says.
func (o *ChunkOptions) drop(chunks []TextChunk) []TextChunk {
	if !o.DropShort {
		return chunks
	}
	return slices.DeleteFunc(chunks, func(c TextChunk) bool {
		chars := c.Size
		if c.Tokens != nil { // which Size counts
			chars = runeCount(c.Text)
		}
		return chars <= o.Threshold
	})
}

// A cutting says how many chunks a text makes and which part of it each one
// has, in code points or tokens.
type cutting struct {
	length, size, over, total int
}

// cutting returns the cutting of a text of that length, which is not 0.
func (o *ChunkOptions) cutting(length int) cutting {
	c := cutting{length: length, size: o.size(), over: o.over()}
	c.total = (length-1)/c.size + 1
	if c.total > 1 {
		tail := length - (c.total-1)*c.size
		if c.total > 2 {
			tail += c.over
		}
		if tail <= o.Threshold {
			c.total--
		}
	}
	return c
}

// over returns by how much a chunk reaches past each boundary.
func (o *ChunkOptions) over() int { return int(float64(o.size()) * o.Overlap / 2) }

// span returns where chunk i, counted from 0, starts and ends.
func (c cutting) span(i int) (start, end int) {
	end = c.length
	if i > 0 {
		start = i*c.size - c.over
	}
	if i < c.total-1 {
		end = min((i+1)*c.size+c.over, end)
	}
	return start, end
}

// edges returns a ruler that notes where chunks may begin and end in a text of
// at most that length: for each boundary between two, the start of the later
// one and then the end of the earlier one. No number in it can overflow,
// because a size as large as the text needs no ruler.
func (o *ChunkOptions) edges(length int) ruler {
	size, over := o.size(), o.over()
	if size >= length {
		return noMarks()
	}
	return ruler{
		next:  size - over,
		steps: [2]int{2 * over, size - 2*over},
		marks: make([]int, 0, 2*((length-1)/size)+1),
	}
}

// A span is a range of bytes.
type span struct{ start, end int }

// between returns the bytes of chunk i, given the marks of its edges and the
// whole of what is cut.
func (c cutting) between(i int, marks []int, whole span) span {
	s := whole
	if i > 0 {
		s.start = marks[2*i-2]
	}
	if i < c.total-1 && 2*i+1 < len(marks) {
		s.end = marks[2*i+1]
	}
	return s
}

// cutChars cuts text by code points. If text is known to be valid it need not
// be checked.
func cutChars(text string, o *ChunkOptions, valid bool) []TextChunk {
	edges := o.edges(len(text))
	length := runeCountMarked(text, valid, &edges)
	c := o.cutting(length)
	chunks := make([]TextChunk, c.total)
	if len(chunks) < manyChunks {
		o.fill(chunks, 0, text, edges.marks, c)
	} else {
		o.fillAtOnce(chunks, text, edges.marks, c)
	}
	return chunks
}

// manyChunks is the number of chunks from which on it is worth goroutines to
// fill them.
const manyChunks = 1 << 14

// fillAtOnce fills all the chunks with all processors at once.
func (o *ChunkOptions) fillAtOnce(chunks []TextChunk, text string, marks []int, c cutting) {
	const most = 1024 // chunks that a processor takes at a time
	atOnce((len(chunks)-1)/most+1, func(i int) {
		from := i * most
		o.fill(chunks[from:min(from+most, len(chunks))], from, text, marks, c)
	})
}

// fill sets the chunks, which are those from number first on, counted from 0,
// of a text that is cut by code points.
func (o *ChunkOptions) fill(chunks []TextChunk, first int, text string, marks []int, c cutting) {
	for i := range chunks {
		s := c.between(first+i, marks, span{0, len(text)})
		start, end := c.span(first + i)
		chunk := &chunks[i]
		o.label(chunk, first+i, c)
		chunk.Text, chunk.Start, chunk.End = text[s.start:s.end], s.start, s.end
		chunk.Size = end - start
	}
}

// label sets what chunk i has from the options and the cutting alone.
func (o *ChunkOptions) label(chunk *TextChunk, i int, c cutting) {
	chunk.ID, chunk.Total, chunk.Metadata = i+1, c.total, o.Metadata
}

// cutWords cuts text by the tokens of strings.Fields, without a list of them.
func cutWords(text string, o *ChunkOptions) []TextChunk {
	length, whole, marks := scanWords(text, o)
	if length == 0 {
		return nil
	}
	c := o.cutting(length)
	chunks := make([]TextChunk, c.total)
	for i := range chunks {
		s := c.between(i, marks, whole)
		part := text[s.start:s.end]
		chunk := &chunks[i]
		o.label(chunk, i, c)
		chunk.Text, chunk.Start, chunk.End = joinWords(part), s.start, s.end
		if o.KeepTokens {
			chunk.Tokens = strings.Fields(part)
			chunk.Size = len(chunk.Tokens)
		} else {
			chunk.Size = runeCount(chunk.Text)
		}
	}
	return chunks
}

// scanWords counts text's words, and returns the range from the first to the
// last, and the marks of the edges of its chunks.
func scanWords(text string, o *ChunkOptions) (n int, whole span, marks []int) {
	edges := o.edges((len(text) + 1) / 2) // the most words there can be
	for at := 0; ; n++ {
		word := nextWord(text, at)
		if word.start == word.end {
			return n, whole, edges.marks
		}
		if n == 0 {
			whole.start = word.start
		}
		for n == edges.next {
			if len(edges.marks)%2 == 0 {
				edges.note(word.start) // where the later chunk begins
			} else {
				edges.note(whole.end) // where the earlier one ends: the word before
			}
		}
		whole.end = word.end
		at = word.end
	}
}

// nextWord returns where the first word at or after byte from is, or an empty
// span at the end.
func nextWord(text string, from int) span {
	start := from
	for start < len(text) {
		n := spaceAt(text, start)
		if n == 0 {
			break
		}
		start += n
	}
	end := start
	for end < len(text) && spaceAt(text, end) == 0 {
		end++
	}
	return span{start, end}
}

// spaceAt returns the length of the white space code point that begins at byte
// i, or 0. There is no need to ask where code points begin, in valid text or
// not: a byte that begins white space is never inside another code point.
func spaceAt(text string, i int) int {
	if !beginsSpace[text[i]] {
		return 0
	}
	return leadingSpace(text[i:])
}

// beginsSpace has the bytes that white space begins with, in ASCII and beyond.
var beginsSpace = [256]bool{
	' ': true, '\t': true, '\n': true, '\v': true, '\f': true, '\r': true,
	0xc2: true, 0xe1: true, 0xe2: true, 0xe3: true,
}

// leadingSpace returns the length of the white space code point that text
// begins with, or 0.
func leadingSpace(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	if r, n := utf8.DecodeRuneInString(text); unicode.IsSpace(r) {
		return n
	}
	return 0
}

// joinWords returns text, which begins and ends with a word, with a single
// space for each white space in it. If it has no other, it is returned as it
// is, without a copy.
func joinWords(text string) string {
	var joined strings.Builder
	done := 0 // how much of text is in joined
	word := nextWord(text, 0)
	for word.end < len(text) {
		next := nextWord(text, word.end)
		if text[word.end:next.start] != " " {
			if done == 0 {
				joined.Grow(len(text))
			}
			joined.WriteString(text[done:word.end])
			joined.WriteByte(' ')
			done = next.start
		}
		word = next
	}
	if done == 0 {
		return text
	}
	joined.WriteString(text[done:])
	return joined.String()
}

// cutTokens cuts text by the tokens of the options' Tokenizer.
func cutTokens(text string, o *ChunkOptions) ([]TextChunk, error) {
	tokens, err := protect(func() ([]string, error) { return o.Tokenizer(text), nil })
	if err != nil || len(tokens) == 0 {
		return nil, err
	}
	spans := locate(tokens, text)
	c := o.cutting(len(tokens))
	chunks := make([]TextChunk, c.total)
	for i := range chunks {
		start, end := c.span(i)
		chunk := &chunks[i]
		o.label(chunk, i, c)
		chunk.Text, chunk.Start, chunk.End = strings.Join(tokens[start:end], " "), -1, -1
		if end <= len(spans) {
			chunk.Start, chunk.End = spans[start].start, spans[end-1].end
		}
		if o.KeepTokens {
			chunk.Tokens = slices.Clone(tokens[start:end])
			chunk.Size = end - start
		} else {
			chunk.Size = runeCount(chunk.Text)
		}
	}
	return chunks, nil
}

// locate returns where in text the tokens are, up to the first that stands
// neither at the end of the one before it nor after the white space there.
func locate(tokens []string, text string) []span {
	spans := make([]span, 0, len(tokens))
	at := 0
	for _, token := range tokens {
		if !strings.HasPrefix(text[at:], token) {
			at = nextWord(text, at).start
			if !strings.HasPrefix(text[at:], token) {
				break
			}
		}
		spans = append(spans, span{at, at + len(token)})
		at += len(token)
	}
	return spans
}
