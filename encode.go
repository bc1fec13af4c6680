package fileops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
)

// The JSON keys of a chunk, in their order but for the metadata's, which come
// after file_size.
const (
	keyText     = "chunk_content"
	keyID       = "chunk_id"
	keyTotal    = "total_chunks"
	keySize     = "chunk_size"
	keyPath     = "file_path"
	keyName     = "file_name"
	keyFileSize = "file_size"
	keyStart    = "start_byte"
	keyEnd      = "end_byte"
	keyTokens   = "tokens"
)

// isChunkKey reports whether a chunk's JSON has a key of its own by that name.
func isChunkKey(key string) bool {
	switch key {
	case keyText, keyID, keyTotal, keySize, keyPath, keyName, keyFileSize, keyStart, keyEnd, keyTokens:
		return true
	}
	return false
}

// A field is a key of the metadata and its value as compact JSON.
type field struct {
	key   string
	value []byte
}

// fieldsOf returns the metadata's fields, sorted by key, or an error if a
// chunk's JSON cannot hold them.
func fieldsOf(metadata map[string]any) ([]field, error) {
	if len(metadata) == 0 {
		return nil, nil
	}
	return protect(func() ([]field, error) { // a value may have its own MarshalJSON
		fields := make([]field, 0, len(metadata))
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			value, err := fieldValue(key, metadata[key])
			if err != nil {
				return nil, err
			}
			fields = append(fields, field{key, value})
		}
		return fields, nil
	})
}

// fieldValue returns a field's value.
func fieldValue(key string, value any) ([]byte, error) {
	if isChunkKey(key) {
		return nil, &OptionError{"Metadata", key, "is a key of the chunk itself"}
	}
	if !isValid(key) {
		return nil, &OptionError{"Metadata", key, "is not valid UTF-8"}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, &OptionError{"Metadata", key, "cannot be marshaled: " + err.Error()}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A layout is the white space of an object, and what else is between its
// parts.
type layout struct {
	open, comma, colon, close string
	indent                    string // of the object's keys, "" for compact
}

var (
	compact  = layout{"{", ",", ":", "}", ""}
	indented = layout{"{\n  ", ",\n  ", ": ", "\n}", "  "}
	inArray  = layout{"  {\n    ", ",\n    ", ": ", "\n  }", "    "}
)

// metadata returns the part of an object that holds the metadata, with a comma
// before each key.
func (l layout) metadata(metadata map[string]any) ([]byte, error) {
	fields, err := fieldsOf(metadata)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range fields {
		b.WriteString(l.comma)
		b.Write(appendString(b.AvailableBuffer(), f.key))
		b.WriteString(l.colon)
		if l.indent == "" {
			b.Write(f.value)
		} else if err := json.Indent(&b, f.value, l.indent, "  "); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// key appends a key, one of ours, and what is around it.
func (l layout) key(dst []byte, key string) []byte {
	dst = append(dst, l.comma...)
	return l.firstKey(dst, key)
}

// firstKey is key for the first one of an object.
func (l layout) firstKey(dst []byte, key string) []byte {
	dst = append(dst, '"')
	dst = append(dst, key...)
	dst = append(dst, '"')
	return append(dst, l.colon...)
}

// number appends a key and its value.
func (l layout) number(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(l.key(dst, key), value, 10)
}

// append appends the chunk as an object, with metadata as the method of that
// name returned it. A text and tokens that are known to be valid UTF-8 it need
// not check.
func (l layout) append(dst []byte, c *TextChunk, metadata []byte, valid bool) []byte {
	dst = append(dst, l.open...)
	dst = l.firstKey(dst, keyText)
	dst = appendText(dst, c.Text, valid)
	dst = l.number(dst, keyID, int64(c.ID))
	dst = l.number(dst, keyTotal, int64(c.Total))
	dst = l.number(dst, keySize, int64(c.Size))
	if c.FilePath != "" {
		dst = appendString(l.key(dst, keyPath), c.FilePath)
		dst = appendString(l.key(dst, keyName), c.FileName)
		dst = l.number(dst, keyFileSize, c.FileSize)
	}
	dst = append(dst, metadata...)
	dst = l.number(dst, keyStart, int64(c.Start))
	dst = l.number(dst, keyEnd, int64(c.End))
	if c.Tokens != nil {
		dst = appendTexts(l.key(dst, keyTokens), c.Tokens, valid)
	}
	return append(dst, l.close...)
}

// appendTexts appends a JSON array of texts.
func appendTexts(dst []byte, list []string, valid bool) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, s, valid)
	}
	return append(dst, ']')
}

// appendString appends a JSON string. It escapes what must be escaped and
// nothing else, so other scripts and HTML stay readable. Bytes that are not
// valid UTF-8 become U+FFFD, each one.
func appendString(dst []byte, s string) []byte { return appendText(dst, s, false) }

// appendText is appendString, and need not check what is known to be valid.
func appendText(dst []byte, s string, valid bool) []byte {
	if !valid && !isValid(s) {
		s = string([]rune(s))
	}
	dst = slices.Grow(dst, escapedRoom(len(s))+len(room{}))
	dst = append(dst, '"')
	b := textscan.Bytes(s)
	for len(b) > fewBytes {
		n := min(len(b), blockSize)
		dst = appendBlock(dst, windowAt(b), n)
		b = b[n:]
	}
	return append(appendBytes(dst, b), '"')
}

// fewBytes are not worth a window.
const fewBytes = 16

// appendBytes appends what a JSON string has for b, a byte at a time.
func appendBytes(dst, b []byte) []byte {
	done := 0
	for i, c := range b {
		if e := &jsonEscapes[c]; e.size != 0 {
			dst = append(dst, b[done:i]...)
			dst = append(dst, e.text[:e.size]...)
			done = i + 1
		}
	}
	return append(dst, b[done:]...)
}

// A jsonEscape is what a JSON string has for a byte that it cannot hold: the
// first size bytes of text. Other bytes have the zero value.
type jsonEscape struct {
	text [8]byte // so many that a single store writes them
	size int
}

// jsonEscapes has the escape of each byte.
var jsonEscapes = func() (list [256]jsonEscape) {
	for c := range byte(' ') {
		list[c] = newJSONEscape(fmt.Sprintf(`\u%04x`, c))
	}
	for c, text := range map[byte]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`} {
		list[c] = newJSONEscape(text)
	}
	return list
}()

func newJSONEscape(text string) (e jsonEscape) {
	e.size = copy(e.text[:], text)
	return e
}

// A window is a block and as much of what follows it, so that from each byte of
// the block on there is a block to copy.
type window [2 * blockSize]byte

// windowAt returns the window that b begins with, a copy if b is shorter.
func windowAt(b []byte) *window {
	if len(b) >= len(window{}) {
		return (*window)(b)
	}
	w := new(window)
	copy(w[:], b)
	return w
}

// A room is where the escapes of a block are written: it is at most six times
// as long, which roomMask is above, and the last copy may reach a block further.
type room [roomMask + 1 + blockSize]byte

const (
	roomMask  = 1<<9 - 1
	blockMask = blockSize - 1
)

// appendBlock appends what a JSON string has for the first n bytes of w, at
// most a block.
func appendBlock(dst []byte, w *window, n int) []byte {
	set := (*block)(w[:]).specials() & (1<<n - 1)
	dst = slices.Grow(dst, len(room{}))
	to := (*room)(dst[len(dst):cap(dst)])
	if set != 0 {
		n = to.escape(w, n, set)
	} else {
		moveBlock((*block)(to[:]), (*block)(w[:]))
	}
	return dst[:len(dst)+n]
}

// escape writes the first n bytes of w, of which set has a bit for each one to
// escape, and returns how many they are then.
//
// Text such as source code has one every few bytes, so it is the branches and
// calls for each that cost. There are none: what is between two is copied with
// all that follows, to be written over. The masks change no index. They show
// the compiler that it need not check any.
func (r *room) escape(w *window, n int, set uint64) (size int) {
	done := 0
	for ; set != 0; set &= set - 1 {
		i := bits.TrailingZeros64(set)
		moveBlock((*block)(r[size&roomMask:]), (*block)(w[done&blockMask:]))
		size += i - done
		e := &jsonEscapes[w[i&blockMask]]
		*(*[8]byte)(r[size&roomMask:]) = e.text
		size += e.size
		done = i + 1
	}
	moveBlock((*block)(r[size&roomMask:]), (*block)(w[done&blockMask:]))
	return size + n - done
}

// moveBlock copies a block as the compiler does it without a call.
func moveBlock(dst, src *block) {
	copy(dst[:16], src[:16])
	copy(dst[16:32], src[16:32])
	copy(dst[32:48], src[32:48])
	copy(dst[48:], src[48:])
}

// specials has a bit for each byte that a JSON string cannot hold, the first
// one lowest.
func (b *block) specials() uint64 {
	p0, p1, p2, p3 := plain(b.word(0)), plain(b.word(1)), plain(b.word(2)), plain(b.word(3))
	p4, p5, p6, p7 := plain(b.word(4)), plain(b.word(5)), plain(b.word(6)), plain(b.word(7))
	if p0&p1&p2&p3&p4&p5&p6&p7&highBits == highBits {
		return 0
	}
	return lacking(p0) | lacking(p1)<<8 | lacking(p2)<<16 | lacking(p3)<<24 |
		lacking(p4)<<32 | lacking(p5)<<40 | lacking(p6)<<48 | lacking(p7)<<56
}

// plain has the high bit of each byte in x that a JSON string can hold, and
// other bits that mean nothing. With the high bit set no byte borrows from the
// next one. It is lost where a byte is below what is subtracted: to exchange
// '"' and ' ' first makes all that is below '!' special, but for '\\'.
func plain(x uint64) uint64 {
	const each = 0x0101010101010101
	high := x | highBits
	return (high^('"'^' ')*each-'!'*each)&(high^'\\'*each-each) | x
}

// lacking has a bit, of the lowest eight, for each byte of x without its high
// bit. The product has them side by side at its top, and no two of its terms
// in one place.
func lacking(x uint64) uint64 { return (^x & highBits) * 0x0002040810204081 >> 56 }

// MarshalJSON implements [json.Marshaler]. It fails only for Metadata that a
// chunk's JSON cannot hold.
func (c TextChunk) MarshalJSON() ([]byte, error) { return compact.marshal(nil, &c) }

// appendIndented appends the chunk as an object with an indentation of two
// spaces.
func appendIndented(dst []byte, c *TextChunk) ([]byte, error) { return indented.marshal(dst, c) }

// marshal appends the chunk with its own metadata.
func (l layout) marshal(dst []byte, c *TextChunk) ([]byte, error) {
	metadata, err := l.metadata(c.Metadata)
	if err != nil {
		return nil, err
	}
	return l.append(dst, c, metadata, false), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. Keys that are not a chunk's own
// become Metadata. Without start_byte or end_byte, Start or End is -1.
func (c *TextChunk) UnmarshalJSON(data []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	if object == nil { // null, which by convention changes nothing
		return nil
	}
	chunk := TextChunk{Start: -1, End: -1}
	for key, value := range object {
		if err := chunk.unmarshalKey(key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	*c = chunk
	return nil
}

// unmarshalKey sets what the key stands for.
func (c *TextChunk) unmarshalKey(key string, value json.RawMessage) error {
	var to any
	switch key {
	case keyText:
		to = &c.Text
	case keyID:
		to = &c.ID
	case keyTotal:
		to = &c.Total
	case keySize:
		to = &c.Size
	case keyPath:
		to = &c.FilePath
	case keyName:
		to = &c.FileName
	case keyFileSize:
		to = &c.FileSize
	case keyStart:
		to = &c.Start
	case keyEnd:
		to = &c.End
	case keyTokens:
		to = &c.Tokens
	default:
		var v any
		if err := json.Unmarshal(value, &v); err != nil {
			return err
		}
		if c.Metadata == nil {
			c.Metadata = make(map[string]any)
		}
		c.Metadata[key] = v
		return nil
	}
	return json.Unmarshal(value, to)
}

// A chunkForm writes the chunks of one operation in a form that OutputFile can
// have: header, then all chunks with separator between any two, then footer.
// It is not changed after it is made, so many goroutines may use it at once,
// each appending to its own bytes.
type chunkForm struct {
	header, separator, footer string

	append1  func(f *chunkForm, dst []byte, c *TextChunk) []byte
	metadata []byte // of every chunk, encoded
	tokens   bool   // whether a table has a column for them
	valid    bool   // whether the texts are known to be valid UTF-8
}

// newChunkForm returns the form of o.OutputFile for the chunks of files. Their
// texts are checked as they are read, but a Reader or Tokenizer may return
// anything.
func newChunkForm(o *ChunkOptions) (*chunkForm, error) {
	newForm, err := chunkFormOf(o.OutputFile)
	if err != nil {
		return nil, err
	}
	f, err := newForm(o)
	if err != nil {
		return nil, err
	}
	f.valid = o.Reader == nil && o.Tokenizer == nil
	return f, nil
}

// chunkFormOf returns what makes the form that the path's extension names.
func chunkFormOf(path string) (func(*ChunkOptions) (*chunkForm, error), error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return newArrayForm, nil
	case ".jsonl":
		return newLinesForm, nil
	case ".csv":
		return newTableForm, nil
	}
	return nil, &OptionError{"OutputFile", path, "must end in .json, .jsonl or .csv"}
}

// appendChunk appends one chunk, without a separator.
func (f *chunkForm) appendChunk(dst []byte, c *TextChunk) []byte { return f.append1(f, dst, c) }

// appendChunks appends the chunks with separators between them.
func (f *chunkForm) appendChunks(dst []byte, chunks []TextChunk) []byte {
	dst = grow(dst, f.roomFor(chunks)) // and not again and again
	for i := range chunks {
		if i > 0 {
			dst = append(dst, f.separator...)
		}
		dst = f.append1(f, dst, &chunks[i])
	}
	return dst
}

// roomFor returns about how many bytes it takes to append the chunks: more than
// most need.
func (f *chunkForm) roomFor(chunks []TextChunk) (n int) {
	const keysAndNumbers = 256
	n = len(room{})
	for i := range chunks {
		c := &chunks[i]
		n += keysAndNumbers + len(f.separator) + len(f.metadata)
		n += escapedRoom(len(c.Text)) + escapedRoom(len(c.FilePath)) + escapedRoom(len(c.FileName))
		for _, token := range c.Tokens {
			n += escapedRoom(len(token)) + len(`"",`)
		}
	}
	return n
}

// escapedRoom returns about how many bytes a string of n bytes takes: every
// 8th of them may have a backslash, which is so in nearly all source code.
func escapedRoom(n int) int { return n + n/8 }

// newArrayForm is a JSON array of objects, indented.
func newArrayForm(o *ChunkOptions) (*chunkForm, error) {
	metadata, err := inArray.metadata(o.Metadata)
	return &chunkForm{
		header: "[\n", separator: ",\n", footer: "\n]\n",
		metadata: metadata,
		append1: func(f *chunkForm, dst []byte, c *TextChunk) []byte {
			return inArray.append(dst, c, f.metadata, f.valid)
		},
	}, err
}

// newLinesForm is a compact JSON object a line.
func newLinesForm(o *ChunkOptions) (*chunkForm, error) {
	metadata, err := compact.metadata(o.Metadata)
	return &chunkForm{
		metadata: metadata,
		append1: func(f *chunkForm, dst []byte, c *TextChunk) []byte {
			return append(compact.append(dst, c, f.metadata, f.valid), '\n')
		},
	}, err
}

// newTableForm is a CSV table as encoding/csv writes it: a line of column names,
// then a line a chunk. Bytes are written as they are. RFC 4180 keeps a CR LF in
// a quoted field, but the Reader of encoding/csv makes it LF.
func newTableForm(o *ChunkOptions) (*chunkForm, error) {
	f := &chunkForm{tokens: o.Unit == Tokens && o.KeepTokens, append1: (*chunkForm).appendRow}
	columns := []string{keyText, keyID, keyTotal, keySize, keyPath, keyName, keyFileSize}
	fields, err := fieldsOf(o.Metadata)
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		columns = append(columns, field.key)
		f.metadata = appendCell(append(f.metadata, ','), cellOf(field.value))
	}
	columns = append(columns, keyStart, keyEnd)
	if f.tokens {
		columns = append(columns, keyTokens)
	}
	var header []byte
	for i, column := range columns {
		if i > 0 {
			header = append(header, ',')
		}
		header = appendCell(header, column)
	}
	f.header = string(append(header, '\n'))
	return f, nil
}

// cellOf returns what a table holds for a JSON value: the text of a string,
// nothing for null, and of others the JSON.
func cellOf(value []byte) string {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == nil {
		return ""
	}
	return *s
}

// appendRow appends the chunk as a line of a table.
func (f *chunkForm) appendRow(dst []byte, c *TextChunk) []byte {
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
	dst = append(dst, f.metadata...)
	number(int64(c.Start))
	number(int64(c.End))
	if f.tokens {
		dst = appendCell(append(dst, ','), string(appendTexts(nil, c.Tokens, f.valid)))
	}
	return append(dst, '\n')
}

// appendCell appends a cell of a table, in quotes where encoding/csv writes
// quotes.
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

// needsQuotes reports whether encoding/csv quotes the cell.
func needsQuotes(s string) bool {
	if s == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	return s == `\.` || unicode.IsSpace(first) || strings.ContainsAny(s, ",\"\r\n")
}
