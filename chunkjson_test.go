package fileops

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// sample returns a chunk that has all fields, some of them made from text.
func sample(text string) TextChunk {
	return TextChunk{
		Text: text, Tokens: []string{text, "b"}, ID: 2, Total: 3, Size: utf8.RuneCountInString(text), Start: 5, End: 5 + len(text),
		StartLine: 3, EndLine: 4, Section: []string{"# " + text, ""},
		FilePath: "dir/" + text, FileName: "n" + text, FileSize: math.MaxInt64,
		Metadata: map[string]any{"z": text, "a": nil, "m": map[string]any{"x": []any{json.Number("1.5"), true}, "e": []any{}}, "Zoë \"q\"": "<&>"},
	}
}

// TestChunkJSONIsFlatAndOrdered compares the JSON of a chunk byte for byte.
func TestChunkJSONIsFlatAndOrdered(t *testing.T) {
	t.Parallel()
	b, err := sample("a\n").MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `{"chunk_content":"a\n","chunk_id":2,"total_chunks":3,"chunk_size":2,`+
		`"file_path":"dir/a\n","file_name":"na\n","file_size":9223372036854775807,`+
		`"Zoë \"q\"":"<&>","a":null,"m":{"e":[],"x":[1.5,true]},"z":"a\n",`+
		`"start_byte":5,"end_byte":7,"start_line":3,"end_line":4,"section":["# a\n",""],"tokens":["a\n","b"]}`, string(b))

	b, err = TextChunk{Text: "x", ID: 1, Total: 1, Size: 1, Start: -1, End: -1, FileName: "without a path"}.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `{"chunk_content":"x","chunk_id":1,"total_chunks":1,"chunk_size":1,"start_byte":-1,"end_byte":-1}`, string(b))
}

// TestChunkJSONRoundTrip marshals a chunk in each way and unmarshals it.
func TestChunkJSONRoundTrip(t *testing.T) {
	t.Parallel()
	for _, text := range texttest.Escapes {
		want := sample(text)
		for _, marshal := range []func(TextChunk) ([]byte, error){
			TextChunk.MarshalJSON,
			func(c TextChunk) ([]byte, error) { return json.Marshal(c) },
			func(c TextChunk) ([]byte, error) { return json.Marshal(&c) },
			func(c TextChunk) ([]byte, error) { return appendIndented(nil, &c) },
		} {
			b, err := marshal(want)
			require.NoError(t, err)
			var got TextChunk
			require.NoError(t, json.Unmarshal(b, &got), "%s", b)
			require.Equal(t, want, got)
		}
	}
}

// TestChunkJSONWithoutTokensOrMetadata marshals chunks that lack some fields,
// and unmarshals them.
func TestChunkJSONWithoutTokensOrMetadata(t *testing.T) {
	t.Parallel()
	for _, want := range []TextChunk{{}, {Tokens: []string{}}, {Start: -1, End: -1}, {Text: "x", FilePath: "p"}} {
		b, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, want.Tokens != nil, bytes.Contains(b, []byte("tokens")))
		var got TextChunk
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, want, got)
	}
}

// TestMetadataMayHaveTheNamesOfUnusedKeys marshals and unmarshals Metadata with the
// keys of lines and sections, which older chunks have.
func TestMetadataMayHaveTheNamesOfUnusedKeys(t *testing.T) {
	t.Parallel()
	lines := json.Number("7")
	for _, metadata := range []map[string]any{
		{"section": "Introduction"}, {"section": []any{"a", "b"}}, {"start_line": lines, "end_line": lines}, {"section": nil, "end_line": "x"},
	} {
		want := TextChunk{Text: "x", Start: 5, End: 6, Metadata: metadata}
		b, err := json.Marshal(want)
		require.NoError(t, err)
		var got TextChunk
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, want, got)
		for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
			_, err = newChunkEncoder(&ChunkOptions{OutputFile: file, Metadata: metadata})
			require.NoError(t, err)
		}
		for key := range metadata {
			used := TextChunk{StartLine: 1, EndLine: 1, Section: []string{"s"}, Metadata: metadata}
			_, err := json.Marshal(used)
			require.ErrorContains(t, err, "is a key of the chunk itself", key)
		}
	}
	var c TextChunk
	require.NoError(t, json.Unmarshal([]byte(`{"end_byte":1,"section":"a string","start_line":0,"end_line":[1]}`), &c))
	require.Equal(t, map[string]any{"section": "a string", "start_line": json.Number("0"), "end_line": []any{json.Number("1")}}, c.Metadata)
}

// TestUnmarshalChunk unmarshals null, JSON of the original, and invalid JSON.
func TestUnmarshalChunk(t *testing.T) {
	t.Parallel()
	c := sample("old")
	require.NoError(t, json.Unmarshal([]byte(`null`), &c))
	require.Equal(t, sample("old"), c, "null changes nothing")

	// The JSON of the original has no offsets.
	require.NoError(t, json.Unmarshal([]byte(`{"chunk_content": "x", "chunk_id": 1, "source": "s"}`), &c))
	require.Equal(t, TextChunk{Text: "x", ID: 1, Start: -1, End: -1, Metadata: map[string]any{"source": "s"}}, c)

	before := c
	for _, broken := range []string{`{"chunk_content": 1}`, `{"chunk_id": "1"}`, `[]`, `"x"`, `{"tokens": [1]}`, `{"file_size": 1.5}`} {
		require.Error(t, json.Unmarshal([]byte(broken), &c), broken)
		require.Equal(t, before, c, "an error changes nothing")
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"chunk_id": "1"}`), &c), "chunk_id")
}

// TestChunkJSONRefusesBadMetadata marshals Metadata that cannot be part of the
// JSON of a chunk.
func TestChunkJSONRefusesBadMetadata(t *testing.T) {
	t.Parallel()
	var deep any // encoding/json writes it, and reads at most 10,000 levels
	for range 10_000 {
		deep = []any{deep}
	}
	for _, metadata := range []map[string]any{{"chunk_id": 1}, {"f": func() {}}, {"\xff": 1}, {"deep": deep}} {
		c := TextChunk{Metadata: metadata}
		var wrong *OptionError
		_, err := json.Marshal(c)
		require.ErrorAs(t, err, &wrong)
		_, err = appendIndented(nil, &c)
		require.ErrorAs(t, err, &wrong)
		for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
			_, err = newChunkEncoder(&ChunkOptions{OutputFile: file, Metadata: metadata})
			require.ErrorAs(t, err, &wrong)
		}
	}
	_, err := json.Marshal(TextChunk{Metadata: map[string]any{"bad": panics{}}})
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
}

// TestMarshalersMayWriteInvalidUTF8 has a Marshaler whose JSON is not UTF-8, which
// package json lets through. The chunk's JSON is.
func TestMarshalersMayWriteInvalidUTF8(t *testing.T) {
	t.Parallel()
	metadata := map[string]any{"k": json.RawMessage("{\"a\xff\":\"\xed\xa0\x80b\"}")}
	data, err := json.Marshal(TextChunk{Metadata: metadata})
	require.NoError(t, err)
	require.True(t, utf8.Valid(data), "%q", data)
	for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
		e, err := newChunkEncoder(&ChunkOptions{OutputFile: file, Metadata: metadata})
		require.NoError(t, err)
		data := e.appendChunks(nil, []TextChunk{{Metadata: metadata}})
		require.True(t, utf8.Valid(data), "%q", data)
		require.Contains(t, string(data), "a\ufffd")
	}
}

// TestIndentedJSONEqualsTheOriginal compares appendIndented with the files of
// the original, which saves a chunk with json.dumps(indent=2,
// ensure_ascii=False). They are equal byte for byte, except for the keys that
// the original lacks.
func TestIndentedJSONEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	type tree struct {
		Calls []struct {
			Func  string
			Saved map[string]string
		}
	}
	n := 0
	for _, tree := range vectors[tree](t, "trees") {
		for _, call := range tree.Calls {
			if call.Func != "file_to_chunks" {
				continue
			}
			for name, want := range call.Saved {
				var c TextChunk
				require.NoError(t, json.Unmarshal([]byte(want), &c))
				got, err := appendIndented(nil, &c)
				require.NoError(t, err)
				added := ",\n  \"start_byte\": -1,\n  \"end_byte\": -1"
				require.Equal(t, want, strings.Replace(string(got), added, "", 1), name)
				n++
			}
		}
	}
	require.NotZero(t, n)
}
