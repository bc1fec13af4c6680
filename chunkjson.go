package fileops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lion-agi/fileops/internal/textscan"
)

// The JSON keys of a chunk, in their order. The keys of the metadata come after
// encoding.
const (
	keyText      = "chunk_content"
	keyID        = "chunk_id"
	keyTotal     = "total_chunks"
	keySize      = "chunk_size"
	keyPath      = "file_path"
	keyName      = "file_name"
	keyFileSize  = "file_size"
	keyEncoding  = "encoding"
	keyStart     = "start_byte"
	keyEnd       = "end_byte"
	keyStartLine = "start_line"
	keyEndLine   = "end_line"
	keySection   = "section"
	keyTokens    = "tokens"
)

// usedKeys says which keys a chunk has that not every chunk has. A chunk without
// them may have metadata with their names.
type usedKeys struct{ encoding, lines, section bool }

// usedKeys returns the keys that chunks cut by o may have.
func (o *ChunkOptions) usedKeys() usedKeys {
	return usedKeys{o.tellsEncoding(), o.Lines, o.Splitter != nil}
}

// usedKeys returns the keys that the chunk has.
func (c *TextChunk) usedKeys() usedKeys {
	return usedKeys{c.Encoding != "", c.StartLine != 0 || c.EndLine != 0, len(c.Section) > 0}
}

// has reports whether key is a JSON key of the chunk itself.
func (u usedKeys) has(key string) bool {
	switch key {
	case keyText, keyID, keyTotal, keySize, keyPath, keyName, keyFileSize, keyStart, keyEnd, keyTokens:
		return true
	case keyEncoding:
		return u.encoding
	case keyStartLine, keyEndLine:
		return u.lines
	case keySection:
		return u.section
	}
	return false
}

// MarshalJSON implements [json.Marshaler]. It fails only if the Metadata cannot
// be part of a chunk's JSON.
func (c TextChunk) MarshalJSON() ([]byte, error) { return compact.appendWithMetadata(nil, &c) }

// appendIndented appends the chunk as an object with an indentation of two
// spaces.
func appendIndented(dst []byte, c *TextChunk) ([]byte, error) {
	return indented.appendWithMetadata(dst, c)
}

// UnmarshalJSON implements [json.Unmarshaler]. Keys that are not keys of the
// chunk itself become Metadata, in which each number is a [json.Number]: it keeps
// all its digits, and MarshalJSON writes the same ones. A string with the key
// encoding becomes Encoding, also if it was in the Metadata. Start or End is -1 if
// start_byte or end_byte is missing.
func (c *TextChunk) UnmarshalJSON(data []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	if object == nil { // null, which by the convention of json.Unmarshaler changes nothing
		return nil
	}
	chunk := TextChunk{Start: -1, End: -1}
	own := keysAfterEnd(data, object)
	for key, value := range object {
		if err := chunk.unmarshalKey(key, value, own); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	*c = chunk
	return nil
}

// unmarshalKey sets the field or the metadata that key stands for. The lines and the
// section are fields only if own has them.
func (c *TextChunk) unmarshalKey(key string, value json.RawMessage, own map[string]bool) error {
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
	case keyEncoding:
		if value[0] == '"' {
			to = &c.Encoding
		}
	case keyStartLine, keyEndLine, keySection:
		if own[key] && c.unmarshalOptional(key, value) {
			return nil
		}
	}
	if to == nil {
		var v any
		d := json.NewDecoder(bytes.NewReader(value))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
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

// unmarshalOptional sets the field of a key that not every chunk has. It returns false
// if the value cannot be the field's, and so is metadata.
func (c *TextChunk) unmarshalOptional(key string, value json.RawMessage) bool {
	if key == keySection {
		var section []string
		if json.Unmarshal(value, &section) != nil || len(section) == 0 {
			return false
		}
		c.Section = section
		return true
	}
	var line int
	if json.Unmarshal(value, &line) != nil || line < 1 {
		return false
	}
	if key == keyStartLine {
		c.StartLine = line
	} else {
		c.EndLine = line
	}
	return true
}

// keysAfterEnd returns those of the object's keys that a chunk may have after
// end_byte, and has there. Before it they are metadata.
func keysAfterEnd(data []byte, object map[string]json.RawMessage) map[string]bool {
	var after map[string]bool
	for _, key := range []string{keyStartLine, keyEndLine, keySection} {
		if _, ok := object[key]; ok {
			after = map[string]bool{}
		}
	}
	if after == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.Token() // no error is possible: data has been unmarshaled
	for ended := false; d.More(); {
		key, _ := d.Token()
		var value json.RawMessage
		d.Decode(&value)
		ended = ended || key == keyEnd
		after[key.(string)] = ended
	}
	return after
}

// A metadataField is a key of the metadata with its value as compact JSON.
type metadataField struct {
	key   string
	value []byte
}

// metadataFields returns the fields of the metadata, sorted by key. The error is
// an *OptionError if the metadata cannot be part of the JSON of a chunk that uses
// such keys.
func metadataFields(metadata map[string]any, used usedKeys) ([]metadataField, error) {
	if len(metadata) == 0 {
		return nil, nil
	}
	return protect(func() ([]metadataField, error) { // a value may have its own MarshalJSON
		fields := make([]metadataField, 0, len(metadata))
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			value, err := marshalMetadata(key, metadata[key], used)
			if err != nil {
				return nil, err
			}
			fields = append(fields, metadataField{key, value})
		}
		return fields, nil
	})
}

// marshalMetadata returns the value of a key of the metadata as compact JSON.
func marshalMetadata(key string, value any, used usedKeys) ([]byte, error) {
	if used.has(key) {
		return nil, &OptionError{"Metadata", key, "is a key of the chunk itself"}
	}
	if !textscan.Valid(key) {
		return nil, &OptionError{"Metadata", key, "is not valid UTF-8"}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, &OptionError{"Metadata", key, "cannot be marshaled: " + err.Error()}
	}
	text := strings.ToValidUTF8(strings.TrimSuffix(b.String(), "\n"), "\ufffd") // a Marshaler's strings may be anything
	text = lineBreakEscapes.Replace(text)
	if !json.Valid([]byte("[[" + text + "]]")) {
		return nil, &OptionError{"Metadata", key, "is nested too deeply: no decoder of encoding/json could read it"}
	}
	return []byte(text), nil
}

// lineBreakEscapes escapes the characters that [textscan.AppendJSONString] escapes
// and package json may leave. JSON has them only in strings.
var lineBreakEscapes = strings.NewReplacer("\u0085", `\u0085`, "\u2028", `\u2028`, "\u2029", `\u2029`)

// A layout is the punctuation of a JSON object with the white space around it.
type layout struct {
	open, comma, colon, close string
	indent                    string // of the object's keys, "" for compact JSON
}

var (
	compact  = layout{"{", ",", ":", "}", ""}
	indented = layout{"{\n  ", ",\n  ", ": ", "\n}", "  "}
	inArray  = layout{"  {\n    ", ",\n    ", ": ", "\n  }", "    "}
)

// appendWithMetadata appends the chunk as an object with the chunk's own
// metadata.
func (l layout) appendWithMetadata(dst []byte, c *TextChunk) ([]byte, error) {
	metadata, err := l.metadata(c.Metadata, c.usedKeys())
	if err != nil {
		return nil, err
	}
	return l.append(dst, c, metadata, false), nil
}

// metadata returns the part of an object that holds the metadata, with a comma
// before each key.
func (l layout) metadata(metadata map[string]any, used usedKeys) ([]byte, error) {
	fields, err := metadataFields(metadata, used)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, f := range fields {
		b.WriteString(l.comma)
		b.Write(textscan.AppendJSONString(b.AvailableBuffer(), f.key, true))
		b.WriteString(l.colon)
		if l.indent == "" {
			b.Write(f.value)
		} else if err := json.Indent(&b, f.value, l.indent, "  "); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// append appends the chunk as an object. metadata is a result of l.metadata.
// valid says that the text and the tokens are known to be valid UTF-8.
func (l layout) append(dst []byte, c *TextChunk, metadata []byte, valid bool) []byte {
	dst = append(dst, l.open...)
	dst = l.appendFirstKey(dst, keyText)
	dst = textscan.AppendJSONString(dst, c.Text, valid)
	dst = l.appendNumber(dst, keyID, int64(c.ID))
	dst = l.appendNumber(dst, keyTotal, int64(c.Total))
	dst = l.appendNumber(dst, keySize, int64(c.Size))
	if c.FilePath != "" {
		dst = textscan.AppendJSONString(l.appendKey(dst, keyPath), c.FilePath, false)
		dst = textscan.AppendJSONString(l.appendKey(dst, keyName), c.FileName, false)
		dst = l.appendNumber(dst, keyFileSize, c.FileSize)
	}
	if c.Encoding != "" {
		dst = textscan.AppendJSONString(l.appendKey(dst, keyEncoding), c.Encoding, false)
	}
	dst = append(dst, metadata...)
	dst = l.appendNumber(dst, keyStart, int64(c.Start))
	dst = l.appendNumber(dst, keyEnd, int64(c.End))
	if c.StartLine != 0 {
		dst = l.appendNumber(dst, keyStartLine, int64(c.StartLine))
	}
	if c.EndLine != 0 {
		dst = l.appendNumber(dst, keyEndLine, int64(c.EndLine))
	}
	if len(c.Section) > 0 {
		dst = appendJSONStrings(l.appendKey(dst, keySection), c.Section, false) // it comes from a Splitter
	}
	if c.Tokens != nil {
		dst = appendJSONStrings(l.appendKey(dst, keyTokens), c.Tokens, valid)
	}
	return append(dst, l.close...)
}

// appendKey appends a key of the chunk itself, with the punctuation around it.
func (l layout) appendKey(dst []byte, key string) []byte {
	dst = append(dst, l.comma...)
	return l.appendFirstKey(dst, key)
}

// appendFirstKey is appendKey for the first key of an object.
func (l layout) appendFirstKey(dst []byte, key string) []byte {
	dst = append(dst, '"')
	dst = append(dst, key...)
	dst = append(dst, '"')
	return append(dst, l.colon...)
}

// appendNumber appends a key of the chunk itself and a number.
func (l layout) appendNumber(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(l.appendKey(dst, key), value, 10)
}

// appendJSONStrings appends a compact JSON array of strings. valid says that all
// of them are known to be valid UTF-8.
func appendJSONStrings(dst []byte, list []string, valid bool) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = textscan.AppendJSONString(dst, s, valid)
	}
	return append(dst, ']')
}
