package fileops

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// digits is metadata whose numbers no float64 keeps.
const digits = `{"n":1546130668394913822,"nested":{"list":[-0,12345678901234567890.10,{"deep":1E+2}],"y":0.1000},"x":1e400,"y":0.1000}`

func TestMetadataKeepsItsDigits(t *testing.T) {
	chunk := `{"chunk_content":"c","chunk_id":1,"total_chunks":1,"chunk_size":1,` +
		strings.Trim(digits, "{}") + `,"start_byte":-1,"end_byte":-1}`
	var c TextChunk
	require.NoError(t, json.Unmarshal([]byte(chunk), &c))
	require.Equal(t, json.Number("1546130668394913822"), c.Metadata["n"])
	for range 2 {
		b, err := json.Marshal(c)
		require.NoError(t, err)
		require.Equal(t, chunk, string(b))
		b, err = appendIndented(nil, &c)
		require.NoError(t, err)
		c = TextChunk{}
		require.NoError(t, json.Unmarshal(b, &c))
	}

	e, err := newChunkEncoder(&ChunkOptions{OutputFile: ".csv", Metadata: c.Metadata})
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(e.header + string(e.appendChunk(nil, &c)))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"n", "nested", "x", "y"}, rows[0][7:11])
	require.Equal(t, []string{
		"1546130668394913822", `{"list":[-0,12345678901234567890.10,{"deep":1E+2}],"y":0.1000}`, "1e400", "0.1000",
	}, rows[1][7:11])
}

// splitLines is Python's str.splitlines.
func splitLines(s string) (lines []string) {
	for s != "" {
		i := strings.IndexAny(s, texttest.LineBreaks)
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		_, size := utf8.DecodeRuneInString(s[i:])
		if strings.HasPrefix(s[i:], "\r\n") {
			size = 2
		}
		s = s[i+size:]
	}
	return lines
}

func TestJSONLinesAreLinesForEveryReader(t *testing.T) {
	for _, c := range append(strings.Split(texttest.LineBreaks, ""), "\r\n", texttest.LineBreaks) {
		text := c + "a" + c + strings.Repeat("b", 61) + c + c + "é" + strings.Repeat("’", 40) + c
		dir := t.TempDir()
		in := filepath.Join(dir, "in.txt")
		require.NoError(t, os.WriteFile(in, []byte(strings.Repeat(text, 5)), 0o666))
		o := &ChunkOptions{
			Unit: Tokens, KeepTokens: true, Size: 5, Tokenizer: func(s string) []string { return strings.SplitAfter(s, "a") },
			OutputFile: filepath.Join(dir, "out.jsonl"),
			Metadata: map[string]any{
				"key" + c: "value" + c, "nested": map[string]any{"k" + c: []any{c, c + "x"}}, "raw": json.RawMessage("\"a\u0085\u2028\u2029b\""),
			},
		}
		for _, o.Unit = range []Unit{Chars, Tokens} {
			chunks, err := FileToChunks(t.Context(), in, o)
			require.NoError(t, err)
			out, err := os.ReadFile(o.OutputFile)
			require.NoError(t, err)
			lines := splitLines(string(out))
			require.Len(t, lines, len(chunks), "%q", c)
			for i, line := range lines {
				var got TextChunk
				require.NoError(t, json.Unmarshal([]byte(line), &got))
				want := chunks[i]
				want.Metadata = map[string]any{
					"key" + c: "value" + c, "nested": map[string]any{"k" + c: []any{c, c + "x"}}, "raw": "a\u0085\u2028\u2029b",
				}
				require.Equal(t, want, got)

				for _, encode := range []func() ([]byte, error){
					want.MarshalJSON, chunks[i].MarshalJSON,
					func() ([]byte, error) { return json.Marshal(chunks[i]) },
				} {
					b, err := encode()
					require.NoError(t, err)
					require.Len(t, splitLines(string(b)), 1)
				}
				b, err := appendIndented(nil, &chunks[i])
				require.NoError(t, err)
				require.Equal(t, strings.Split(string(b), "\n"), splitLines(string(b)), "only LF separates the lines of indented JSON")
			}
		}
	}
}

// TestLines compares the lines of chunks that are cut in every way with the newlines
// before them.
func TestLines(t *testing.T) {
	t.Parallel()
	text := "one\ntwo\r\n\n\nthree \rfour\u2028\n" + strings.Repeat("many words\n a line\n", 50) + "end"
	for _, o := range []ChunkOptions{
		{Size: 7}, {Size: 7, Overlap: 1}, {Size: 1}, {}, {Unit: Tokens, Size: 3, Overlap: 0.7}, {Unit: Tokens, Size: 1, KeepTokens: true},
		{Unit: Tokens, Size: 2, Tokenizer: strings.Fields}, {Size: 20, Threshold: 19, DropShort: true},
		{Size: 30, Overlap: 0.3, Splitter: boundarySplitters["lines"]}, {Size: 5, Counter: boundaryCounters["words"]},
	} {
		plain := mustChunk(t, text, &o)
		o.Lines = true
		chunks := mustChunk(t, text, &o)
		require.Len(t, chunks, len(plain))
		for i, c := range chunks {
			require.Equal(t, []int{lineOf(text, c.Start), lineOf(text, c.End-1)}, []int{c.StartLine, c.EndLine}, "%+v", o)
			c.StartLine, c.EndLine = 0, 0
			require.Equal(t, plain[i], c)
		}
	}
	for _, c := range mustChunk(t, text, &ChunkOptions{
		Unit: Tokens, Lines: true, Size: 1, Tokenizer: func(string) []string { return []string{"one", "TWO", "three"} },
	}) {
		require.Equal(t, c.Start >= 0, c.StartLine > 0, "a place that is unknown has no line")
	}
}
