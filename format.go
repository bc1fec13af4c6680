package fileops

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
)

// An outputFormat is a format that OutputFile can have.
type outputFormat struct {
	extension  string // of the files, in lower case
	newEncoder func(*ChunkOptions) (*chunkEncoder, error)
}

// outputFormats are all formats. A new format is one more value here, and its
// extension in the error of formatOf.
var outputFormats = []outputFormat{
	{".json", newArrayEncoder},
	{".jsonl", newLinesEncoder},
	{".csv", newTableEncoder},
}

// formatOf returns the format that the extension of path names.
func formatOf(path string) (outputFormat, error) {
	extension := strings.ToLower(filepath.Ext(path))
	for _, f := range outputFormats {
		if f.extension == extension {
			return f, nil
		}
	}
	return outputFormat{}, &OptionError{"OutputFile", path, "must end in .json, .jsonl or .csv"}
}

// A chunkEncoder encodes the chunks of one operation. The file is header, then
// all chunks with separator between each two, then footer. An encoder does not
// change, so several goroutines may use it at once.
type chunkEncoder struct {
	header, separator, footer string

	appendChunk func(dst []byte, c *TextChunk) []byte
	metadata    []byte // the encoded metadata, which each chunk contains
}

// newChunkEncoder returns an encoder in the format of o.OutputFile.
func newChunkEncoder(o *ChunkOptions) (*chunkEncoder, error) {
	format, err := formatOf(o.OutputFile)
	if err != nil {
		return nil, err
	}
	return format.newEncoder(o)
}

// yieldsValidText reports whether the texts and tokens of all chunks are known
// to be valid UTF-8. The package checks files while it reads them, but a Reader
// or a Tokenizer may return anything.
func (o *ChunkOptions) yieldsValidText() bool { return o.Reader == nil && o.Tokenizer == nil }

// tellsEncoding reports whether each chunk tells the encoding of its file.
func (o *ChunkOptions) tellsEncoding() bool { return o.Reader == nil && isAuto(o.Encoding) }

// appendChunks appends the chunks with separators between them.
func (e *chunkEncoder) appendChunks(dst []byte, chunks []TextChunk) []byte {
	dst = grow(dst, e.roomFor(chunks)) // once, instead of many times on the way
	for i := range chunks {
		if i > 0 {
			dst = append(dst, e.separator...)
		}
		dst = e.appendChunk(dst, &chunks[i])
	}
	return dst
}

// roomFor returns about how many bytes appendChunks needs. Most chunks need
// less.
func (e *chunkEncoder) roomFor(chunks []TextChunk) (n int) {
	const keysAndNumbers = 256
	n = textscan.JSONStringSlack
	for i := range chunks {
		c := &chunks[i]
		n += keysAndNumbers + len(e.separator) + len(e.metadata)
		n += textscan.JSONStringSize(len(c.Text))
		n += textscan.JSONStringSize(len(c.FilePath)) + textscan.JSONStringSize(len(c.FileName))
		for _, list := range [][]string{c.Section, c.Tokens} {
			for _, s := range list {
				n += textscan.JSONStringSize(len(s)) + len(`"",`)
			}
		}
	}
	return n
}

// newArrayEncoder returns an encoder for a JSON array of objects, indented.
func newArrayEncoder(o *ChunkOptions) (*chunkEncoder, error) {
	metadata, err := inArray.metadata(o.Metadata, o.usedKeys())
	valid := o.yieldsValidText()
	return &chunkEncoder{
		header: "[\n", separator: ",\n", footer: "\n]\n",
		metadata: metadata,
		appendChunk: func(dst []byte, c *TextChunk) []byte {
			return inArray.append(dst, c, metadata, valid)
		},
	}, err
}

// newLinesEncoder returns an encoder for JSON lines: a compact object a line.
func newLinesEncoder(o *ChunkOptions) (*chunkEncoder, error) {
	metadata, err := compact.metadata(o.Metadata, o.usedKeys())
	valid := o.yieldsValidText()
	return &chunkEncoder{
		metadata: metadata,
		appendChunk: func(dst []byte, c *TextChunk) []byte {
			return append(compact.append(dst, c, metadata, valid), '\n')
		},
	}, err
}

// newTableEncoder returns an encoder for a CSV table as encoding/csv writes it:
// a line of column names, then a line a chunk. All bytes of a text are written
// as they are. RFC 4180 preserves a CR LF in a quoted field, but the Reader of
// encoding/csv turns it into LF.
func newTableEncoder(o *ChunkOptions) (*chunkEncoder, error) {
	fields, err := metadataFields(o.Metadata, o.usedKeys())
	if err != nil {
		return nil, err
	}
	columns := []string{keyText, keyID, keyTotal, keySize, keyPath, keyName, keyFileSize}
	r := rowEncoder{used: o.usedKeys(), tokens: o.Unit == Tokens && o.KeepTokens, valid: o.yieldsValidText()}
	if r.used.encoding {
		columns = append(columns, keyEncoding)
	}
	for _, f := range fields {
		columns = append(columns, f.key)
		r.metadata = appendCell(append(r.metadata, ','), metadataCell(f.value))
	}
	columns = append(columns, keyStart, keyEnd)
	if r.used.lines {
		columns = append(columns, keyStartLine, keyEndLine)
	}
	if r.used.section {
		columns = append(columns, keySection)
	}
	if r.tokens {
		columns = append(columns, keyTokens)
	}
	var header []byte
	for i, column := range columns {
		if i > 0 {
			header = append(header, ',')
		}
		header = appendCell(header, column)
	}
	return &chunkEncoder{header: string(append(header, '\n')), metadata: r.metadata, appendChunk: r.append}, nil
}

// metadataCell returns the contents of a cell for a JSON value: the text of a
// string, "" for null, and the JSON of any other value.
func metadataCell(value []byte) string {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == nil {
		return ""
	}
	return *s
}

// A rowEncoder encodes a chunk as a line of a table.
type rowEncoder struct {
	metadata []byte   // the encoded cells of the metadata, a comma before each
	used     usedKeys // those with a column
	tokens   bool     // whether there is a column for the tokens
	valid    bool     // whether the tokens are known to be valid UTF-8
}

// append appends the chunk as a line.
func (r rowEncoder) append(dst []byte, c *TextChunk) []byte {
	number := func(n int64) {
		dst = strconv.AppendInt(append(dst, ','), n, 10)
	}
	dst = appendCell(dst, c.Text)
	number(int64(c.ID))
	number(int64(c.Total))
	number(int64(c.Size))
	dst = appendCell(append(dst, ','), c.FilePath)
	dst = appendCell(append(dst, ','), c.FileName)
	number(c.FileSize)
	if r.used.encoding {
		dst = appendCell(append(dst, ','), c.Encoding)
	}
	dst = append(dst, r.metadata...)
	number(int64(c.Start))
	number(int64(c.End))
	if r.used.lines {
		number(int64(c.StartLine))
		number(int64(c.EndLine))
	}
	if r.used.section {
		dst = appendCell(append(dst, ','), string(appendJSONStrings(nil, c.Section, false)))
	}
	if r.tokens {
		dst = appendCell(append(dst, ','), string(appendJSONStrings(nil, c.Tokens, r.valid)))
	}
	return append(dst, '\n')
}

// appendCell appends a cell of a table, in quotes if it needs them.
func appendCell(dst []byte, s string) []byte {
	if !needsQuotes(s) {
		return append(dst, s...)
	}
	dst = slices.Grow(dst, len(s)+2)
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, s[:i]...), '"', '"')
		s = s[i+1:]
	}
	return append(append(dst, s...), '"')
}

// needsQuotes reports whether encoding/csv writes the cell in quotes.
func needsQuotes(s string) bool {
	if s == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	return s == `\.` || unicode.IsSpace(first) || strings.ContainsAny(s, ",\"\r\n")
}
