package fileops

import (
	"context"
	"fmt"
	"iter"
)

// A Unit is the unit in which the size of a chunk is counted.
type Unit int

const (
	Chars  Unit = iota // Unicode code points
	Tokens             // the Tokenizer's tokens; words by default
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

// A Boundary is a place between two characters where a text may be cut.
type Boundary struct {
	// At is a byte offset: a chunk may end here and the next one begin. A boundary
	// at 0 only says in which Section a text begins.
	At int
	// Level is the rank of the boundary: 0 is the strongest, such as the start of
	// a chapter, and larger is weaker.
	Level int
	// Section is the headings or symbols, the outermost first, in force from here
	// on. nil means the same as before, and an empty slice none.
	Section []string
}

// A Splitter finds the boundaries of a text, in ascending order. The path, which
// may be "", tells the kind of the text by its extension. A Splitter must be safe
// for concurrent use. Package split has some.
type Splitter func(path, text string) iter.Seq[Boundary]

// A Counter counts the units of a text in which the size of a chunk is measured,
// such as the tokens of a language model. It must be safe for concurrent use.
type Counter interface{ Count(text string) int }

// A PrefixCounter is a [Counter] that also finds where a limit is reached. That
// takes one look at a chunk instead of several.
//
// It may also have the method
//
//	Parts(counter any, text string) (count func(from, to int) int, prefix func(from, to, limit int) int)
//
// It is then called for each text, and its functions take the place of Count and
// Prefix: count(from, to) must be Count(text[from:to]), and prefix(from, to, limit)
// must be Prefix(text[from:to], limit). They can remember the units that they have
// counted, because the from of prefix does not descend. counter is the Counter of
// the ChunkOptions. If it is a type that embeds the one with the method, it may
// count in another way, and then both functions must be nil.
type PrefixCounter interface {
	Counter
	// Prefix returns the length in bytes of the longest prefix of text that counts
	// at most limit units.
	Prefix(text string, limit int) (n int)
}

// defaultChunkSize is the size that a Size of 0 stands for.
const defaultChunkSize = 1500

// ChunkOptions says how a text is cut into chunks. A nil *ChunkOptions and a
// pointer to the zero value differ: nil means [DefaultChunkOptions], with an
// overlap of a tenth and a threshold of 200. The zero value means chunks of
// 1500 code points without an overlap and without a threshold, so that a last
// chunk of any length stands alone.
//
// For the functions that read and write files, the options also say which files
// are read and where the chunks are saved.
type ChunkOptions struct {
	// Unit is the unit of Size and Overlap. It is also the unit of Threshold
	// where Threshold decides about the last chunk.
	Unit Unit

	// Size is the length of a chunk without its overlap. 0 means 1500.
	Size int

	// Overlap is the text that two neighbouring chunks share, as a fraction of
	// Size from 0 to 1. A chunk extends past each of its two boundaries by half
	// of the overlap, rounded down.
	Overlap float64

	// Threshold is the length that the last chunk must exceed. A shorter one
	// joins the chunk before it.
	Threshold int

	// DropShort leaves out each chunk whose Text has at most Threshold code
	// points, for either Unit. The other chunks keep their ID and Total, so a
	// gap in the IDs shows where a chunk is missing.
	DropShort bool

	// Tokenizer splits a text into tokens for the Unit Tokens. nil means words,
	// as [strings.Fields] returns them. Tokenizer must be safe for concurrent
	// use. A panic in it is returned as a *PanicError.
	Tokenizer func(string) []string

	// KeepTokens stores the tokens of each chunk in its Tokens, for the Unit
	// Tokens. The chunk's Size is then the number of its tokens.
	KeepTokens bool

	// Splitter, if not nil, finds where a text may be cut, and says in which
	// section each part is. Package split has some. A text is then cut like this,
	// and so it is with a Counter:
	//
	// A chunk goes on where the last one ended. Of the boundaries up to which it
	// counts at least MinSize and at most Size units, the strongest ends it, and
	// the last of these if there are several. If there is none, the last boundary
	// ends it that fits, and without one, the last grapheme cluster that fits:
	// neither a flag nor a letter with an accent is cut. A cluster that is larger
	// than Size is a chunk of its own. The end of the text is the strongest
	// boundary.
	//
	// Before a cluster ends a chunk, the Splitter is asked about the text of the
	// chunk alone, without its overlap, because it may find more boundaries in a
	// short text. Of those up to which the chunk counts at least MinSize, the
	// strongest ends it, and the last of these.
	//
	// The overlap is text before the place where the chunk goes on. It begins at a
	// boundary, or without a Splitter at a cluster, inside the chunk before. It
	// counts at most Overlap of Size, and at most half of it, and Size includes it.
	// Where the boundaries leave less than half of that, the Splitter is asked about
	// the largest overlap alone, and the first boundary that it finds begins it.
	//
	// So no chunk counts more than Size but for such a cluster, the chunks without
	// their overlaps are the whole text, Text is text[Start:End], and a CR LF is
	// not cut. A change of the text changes the chunks around it. Once the chunks
	// of both texts end at the same place after it, the later ones are the same.
	//
	// A boundary is ignored if it is outside the text, not after the one before it,
	// inside the UTF-8 sequence of a code point, or between CR and LF. A sequence of
	// which ever more are ignored, such as an endless one, is cut off. Unit must be
	// Chars. Threshold does not join the last chunk to another, and only says what
	// DropShort leaves out. The text of a file is in memory whole. A panic in the
	// Splitter or the Counter is returned as a *PanicError.
	Splitter Splitter

	// Counter counts the units of Size, MinSize and Overlap. nil means code
	// points.
	Counter Counter

	// MinSize is the least number of units that a chunk counts, beside its
	// overlap, where a boundary ends it that is not the last one that fits. 0
	// means half of Size, less half of the overlap. It has no effect without a
	// Splitter. To cut a text takes time that grows as Size/MinSize.
	MinSize int

	// Lines sets the StartLine and the EndLine of each chunk.
	Lines bool

	// Metadata is the Metadata of every chunk. All chunks share the one map. A
	// key must be valid UTF-8 and must not be a JSON key of the chunk itself, such
	// as chunk_id or, with the Encoding "auto", encoding.
	// encoding/json must be able to marshal each value.
	Metadata map[string]any

	// FileTypes are the suffixes of the files that are read in a directory, for
	// example ".txt"; "" matches files without a suffix. nil means all files. A
	// type that no file can have, such as "*.txt" or ".tar.gz", is an
	// *OptionError.
	FileTypes []string

	// Shallow leaves out the files in the subdirectories of a directory.
	Shallow bool

	// Exclude leaves out each file and directory below a directory whose path
	// contains one of these strings. The path is the one below the directory
	// that is read, with a slash before it and, for a directory, a slash after
	// it: so "/build/" matches each directory called build. Slashes match the
	// separators of every system. A directory that matches is not entered.
	// OnSkip is called once for it, or for the file, with ErrExcluded. The
	// strings are not patterns: an empty one, or one with "*", is an
	// *OptionError.
	Exclude []string

	// Select says, by patterns, which files of a directory are read. nil means all.
	// OnSkip is called with an *ExcludedError for each file and directory that is
	// left out.
	Select *Selection

	// Encoding is the name of the encoding of the files. "" means utf-8. A name is
	// that of the WHATWG's Encoding Standard, of the IANA, or of Python, in this
	// order: "latin1" is the windows-1252 of browsers, and "latin-1", which only
	// Python knows, is ISO 8859-1. "utf-8-sig", "utf-16" and "utf-32" take off a
	// byte order mark, which the other names keep as a character.
	//
	// "auto" finds out the encoding of each file from all of its bytes, by
	// certainty and not by guess:
	//   - A file with a byte order mark is UTF-8, UTF-16 or UTF-32, as the mark
	//     says. The mark is taken off. The rest must be valid and have no U+0000.
	//   - A file that is valid UTF-8 and has no NUL is UTF-8.
	//   - A file is UTF-16 without a mark if it is plausible in exactly one byte
	//     order: all characters are assigned, and none is a control character but
	//     tab, LF, FF and CR, or for private use. At least four are ASCII. There
	//     is an LF and at most a third are ASCII signs; or, in a single line, a
	//     twelfth are blanks, and ASCII letters and blanks are four fifths. A quarter
	//     are no signs and no white space. A short text, or one in a script
	//     with little ASCII, may be missed.
	//   - Any other file goes to Guess. Without an answer the error is ErrBinary.
	Encoding string

	// Guess is called with the Encoding "auto" for each file of which the encoding
	// is not certain and which has no mark and no NUL. It returns the name of an
	// encoding, or "" if it does not know any. sample is the beginning of the file,
	// 64 KiB at most, and may end within a character. Guess must not change it and
	// must be safe for concurrent use. A panic in it is returned as a *PanicError.
	Guess func(sample []byte) (encoding string)

	// Reader, if not nil, is called to turn a file into text, for example a
	// PDF. Encoding then has no effect. Reader must be safe for concurrent use.
	// It holds one of the pool's slots, so it should pass its ctx to the
	// functions of this package that it calls (see [Submit]). A panic in it is
	// returned as a *PanicError.
	Reader func(ctx context.Context, path string) (string, error)

	// OutputFile is the path of a file to which all chunks are saved. The
	// extension chooses the format: .json for an array of objects, .jsonl for
	// one object a line, .csv for a table with a header line. "" means no file.
	//
	// A table contains each text byte for byte, and a reader that follows RFC
	// 4180 returns it unchanged. The Reader of encoding/csv turns each CR LF of
	// a text into LF. Use .json or .jsonl if that matters.
	OutputFile string

	// OutputDir is the path of a directory to which each chunk is saved as a
	// JSON file of its own. Save says how the files are named. "" means no
	// files. If OutputDir is in the directory that is read, the files in it that
	// have such names are the outputs of earlier runs: they are left out, and
	// OnSkip is called with ErrExcluded. A TimestampFormat that [time.Parse]
	// cannot read back hides them.
	OutputDir string

	// Save says how the files in OutputDir are named and saved. nil means names
	// with a timestamp and 4 random hash digits.
	Save *SaveOptions

	// OnSkip is called for each file, directory and link below a directory that
	// is left out. The reason is that it cannot be listed, read or decoded, that
	// it is a link to a directory (ErrNotFollowed), a link that leads nowhere or
	// a FIFO, socket or device (ErrNotRegular), or ErrExcluded if Exclude
	// matches it or it is an output. If OnSkip is nil, the first failure to
	// list, read or decode fails the operation, and the rest is not reported.
	// OnSkip is called by one goroutine at a time.
	OnSkip func(SkippedFile)

	// Progress is called to report progress as files are done. It is called by
	// one goroutine at a time, at most about twenty times a second, and once at
	// the end. nil means no reports.
	Progress func(Progress)
}

// DefaultChunkOptions returns the options that a nil *ChunkOptions stands for:
// chunks of 1500 code points, an overlap of a tenth, and a threshold of 200.
func DefaultChunkOptions() ChunkOptions {
	return ChunkOptions{Size: defaultChunkSize, Overlap: 0.1, Threshold: 200}
}

// orDefault returns o, or the default options if o is nil.
func (o *ChunkOptions) orDefault() *ChunkOptions {
	if o == nil {
		d := DefaultChunkOptions()
		return &d
	}
	return o
}

// own returns a copy of o. A callback may change o while the operation goes on, to
// values that nobody has checked.
func (o *ChunkOptions) own() *ChunkOptions {
	own := *o
	return &own
}

// checkCut returns an *OptionError if one of the options that say how to cut is
// invalid.
func (o *ChunkOptions) checkCut() error {
	switch {
	case o.Unit != Chars && o.Unit != Tokens:
		return &OptionError{"Unit", o.Unit, "must be Chars or Tokens"}
	case o.Size < 0:
		return &OptionError{"Size", o.Size, "must not be negative"}
	case !(o.Overlap >= 0 && o.Overlap <= 1): // also refuses NaN
		return &OptionError{"Overlap", o.Overlap, "must be a fraction from 0 to 1"}
	case o.Threshold < 0:
		return &OptionError{"Threshold", o.Threshold, "must not be negative"}
	case o.MinSize < 0 || o.MinSize > o.size():
		return &OptionError{"MinSize", o.MinSize, "must be from 0 to Size"}
	case !o.atBoundaries():
		return nil
	case o.Unit != Chars:
		return &OptionError{"Unit", o.Unit, "must be Chars with a Splitter or a Counter"}
	case o.Tokenizer != nil:
		return &OptionError{"Tokenizer", "func", "has no use with a Splitter or a Counter"}
	case o.KeepTokens:
		return &OptionError{"KeepTokens", o.KeepTokens, "has no use with a Splitter or a Counter"}
	}
	return nil
}

// atBoundaries reports whether a text is cut at boundaries.
func (o *ChunkOptions) atBoundaries() bool { return o.Splitter != nil || o.Counter != nil }

// size returns the size that Size stands for.
func (o *ChunkOptions) size() int {
	if o.Size == 0 {
		return defaultChunkSize
	}
	return o.Size
}

// A TextChunk is a part of a text, with the place that it comes from.
//
// It marshals to a flat JSON object. The keys are chunk_content, chunk_id,
// total_chunks and chunk_size, then file_path, file_name and file_size if
// FilePath is set, then encoding if Encoding is set, then the keys of Metadata in
// sorted order, then start_byte, end_byte and, as far as they are set, start_line,
// end_line, section and tokens. Strings in it have no raw line breaks: U+0085, U+2028
// and U+2029 are escaped, too. When it is unmarshaled, each number in Metadata becomes
// a [encoding/json.Number], which keeps its digits.
type TextChunk struct {
	// Text is the text of the chunk. For the Unit Chars it shares memory with
	// the text that was cut. For the Unit Tokens it is the tokens, joined by
	// spaces.
	Text string `json:"chunk_content"`

	// Tokens are the chunk's tokens with KeepTokens, and nil without it.
	Tokens []string `json:"tokens"`

	ID    int `json:"chunk_id"`     // the chunk's number in its text, from 1
	Total int `json:"total_chunks"` // the number of chunks of the text
	Size  int `json:"chunk_size"`   // code points in Text, with KeepTokens the number of Tokens, with a Counter its units

	// Start and End are byte offsets in the text that was cut. For the Unit
	// Chars, text[Start:End] is Text. For the Unit Tokens the range extends from
	// the start of the first token to the end of the last one. Both are -1 if
	// the range is unknown, which is so from the first token on that the
	// Tokenizer has changed.
	Start int `json:"start_byte"`
	End   int `json:"end_byte"`

	// StartLine and EndLine are the numbers of the first and the last line that
	// text[Start:End] has a part of, with Lines. They count from 1. A line ends
	// with LF, and so with CR LF. They are 0 without Lines, and where Start is -1.
	StartLine int `json:"start_line"`
	EndLine   int `json:"end_line"`

	// Section is the headings or symbols, the outermost first, in force where the
	// chunk begins, without its overlap, as the Splitter says. Chunks share the
	// slice.
	Section []string `json:"section"`

	FilePath string `json:"file_path"` // the file, "" if the text did not come from one
	FileName string `json:"file_name"` // the last element of FilePath
	FileSize int64  `json:"file_size"` // in bytes, as stored

	// Encoding is the encoding of the file if the options say "auto", and else "".
	// It is the name by which this package and Python read the file, without its
	// byte order mark: "utf-8-sig", "utf-16" and "utf-32" for a file with a mark,
	// "utf-8", "utf-16-le" and "utf-16-be" for one without, or the answer of Guess
	// in lower case, by its WHATWG name if it has one.
	Encoding string `json:"encoding"`

	// Metadata is the Metadata of the options. All chunks share the one map.
	Metadata map[string]any `json:"-"`
}
