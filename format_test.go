package fileops

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// encodeAll returns the file of chunks. It encodes them one by one and all in
// one call, and requires the same result.
func encodeAll(t *testing.T, e *chunkEncoder, chunks []TextChunk) []byte {
	t.Helper()
	together := string(e.appendChunks([]byte(e.header), chunks)) + e.footer
	single := []byte(e.header)
	for i := range chunks {
		if i > 0 {
			single = append(single, e.separator...)
		}
		single = e.appendChunk(single, &chunks[i])
	}
	single = append(single, e.footer...)
	require.Equal(t, together, string(single))
	return single
}

// TestArrayFormat compares a .json file with the output of encoding/json.
func TestArrayFormat(t *testing.T) {
	t.Parallel()
	o := &ChunkOptions{OutputFile: "a.json", Metadata: map[string]any{"m": map[string]any{"k": []any{"v"}}}}
	e, err := newChunkEncoder(o)
	require.NoError(t, err)

	var none []TextChunk
	require.NoError(t, json.Unmarshal(encodeAll(t, e, nil), &none))
	require.Empty(t, none)

	chunks := []TextChunk{{Text: "a", ID: 1, Total: 2, Size: 1, End: 1, Metadata: o.Metadata}, {Text: "\n", ID: 2, Total: 2, Size: 1, Start: 1, End: 2, Metadata: o.Metadata}}
	got := encodeAll(t, e, chunks)
	var want bytes.Buffer
	j := json.NewEncoder(&want)
	j.SetIndent("", "  ")
	require.NoError(t, j.Encode(chunks))
	require.Equal(t, want.String(), string(got))
}

// TestLinesFormat decodes each line of a .jsonl file.
func TestLinesFormat(t *testing.T) {
	t.Parallel()
	var chunks []TextChunk
	metadata := sample("").Metadata
	for _, text := range texttest.Escapes {
		c := sample(text)
		c.Metadata = metadata
		chunks = append(chunks, c)
	}
	e, err := newChunkEncoder(&ChunkOptions{OutputFile: "a.jsonl", Metadata: metadata})
	require.NoError(t, err)
	lines := bytes.SplitAfter(encodeAll(t, e, chunks), []byte("\n"))
	require.Len(t, lines, len(chunks)+1)
	require.Empty(t, lines[len(chunks)])
	for i, c := range chunks {
		var got TextChunk
		require.NoError(t, json.Unmarshal(lines[i], &got))
		require.Equal(t, c, got)
	}
}

// TestTableHasColumnsForLinesAndSections compares the tables with and without them.
func TestTableHasColumnsForLinesAndSections(t *testing.T) {
	t.Parallel()
	c := TextChunk{Text: "x", ID: 1, Total: 1, Size: 1, End: 1, StartLine: 2, EndLine: 3, Section: []string{"a", `b"`}}
	table := func(o ChunkOptions) string {
		o.OutputFile = "a.csv"
		e, err := newChunkEncoder(&o)
		require.NoError(t, err)
		return string(encodeAll(t, e, []TextChunk{c, {Text: "y", ID: 2, Total: 2}}))
	}
	const columns = "chunk_content,chunk_id,total_chunks,chunk_size,file_path,file_name,file_size,start_byte,end_byte"
	require.Equal(t, columns+"\nx,1,1,1,,,0,0,1\ny,2,2,0,,,0,0,0\n", table(ChunkOptions{}))
	require.Equal(t, columns+",start_line,end_line\nx,1,1,1,,,0,0,1,2,3\ny,2,2,0,,,0,0,0,0,0\n", table(ChunkOptions{Lines: true}))
	require.Equal(t, columns+",start_line,end_line,section\n"+`x,1,1,1,,,0,0,1,2,3,"[""a"",""b\""""]"`+"\ny,2,2,0,,,0,0,0,0,0,[]\n",
		table(ChunkOptions{Lines: true, Splitter: sectionSplitter}))
}

// TestInvalidTextIsReplacedInJSON saves invalid UTF-8 that comes from a Reader
// and from a Tokenizer. The file has U+FFFD in its place.
func TestInvalidTextIsReplacedInJSON(t *testing.T) {
	t.Parallel()
	in := filepath.Join(t.TempDir(), "in.txt")
	require.NoError(t, os.WriteFile(in, []byte("text"), 0o666))
	bad := "bad \xff" + strings.Repeat("x", 64) + "\xe6\x97"
	for _, o := range []ChunkOptions{
		{Reader: func(context.Context, string) (string, error) { return bad, nil }},
		{Unit: Tokens, KeepTokens: true, Tokenizer: func(string) []string { return []string{bad} }},
	} {
		for _, file := range []string{"out.json", "out.jsonl"} {
			o.OutputFile = filepath.Join(t.TempDir(), file)
			_, err := FileToChunks(t.Context(), in, &o)
			require.NoError(t, err)
			got, err := os.ReadFile(o.OutputFile)
			require.NoError(t, err)
			require.True(t, utf8.Valid(got))
			require.Contains(t, string(got), `"bad `+"\ufffd"+strings.Repeat("x", 64)+"\ufffd\ufffd"+`"`)
		}
	}
}

// TestTableFormat compares a .csv file with the output of encoding/csv.
func TestTableFormat(t *testing.T) {
	t.Parallel()
	o := &ChunkOptions{OutputFile: "a.csv", Unit: Tokens, KeepTokens: true, Metadata: sample("m,\n").Metadata}
	e, err := newChunkEncoder(o)
	require.NoError(t, err)
	var chunks []TextChunk
	rows := [][]string{{
		"chunk_content", "chunk_id", "total_chunks", "chunk_size", "file_path", "file_name", "file_size",
		`Zoë "q"`, "a", "m", "z", "start_byte", "end_byte", "tokens",
	}}
	for _, text := range texttest.Escapes {
		c := sample(text)
		c.Size, c.End = 7, 9
		chunks = append(chunks, c)
		rows = append(rows, []string{
			text, "2", "3", "7", "dir/" + text, "n" + text, "9223372036854775807",
			"<&>", "", `{"e":[],"x":[1.5,true]}`, "m,\n", "5", "9", string(appendJSONStrings(nil, c.Tokens, true)),
		})
	}
	var want bytes.Buffer
	require.NoError(t, csv.NewWriter(&want).WriteAll(rows))
	got := encodeAll(t, e, chunks)
	require.Equal(t, want.String(), string(got), "differs from encoding/csv")

	back, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	require.NoError(t, err)
	for i, row := range rows {
		for j := range row {
			require.Equal(t, afterReading(row[j]), back[i][j])
		}
	}
}

// afterReading returns a cell as the Reader of encoding/csv returns it. The
// Reader turns CR LF into LF, inside quotes too.
func afterReading(cell string) string { return strings.ReplaceAll(cell, "\r\n", "\n") }

// TestTableFormatWithoutTokens has no column of tokens without Tokens and
// KeepTokens.
func TestTableFormatWithoutTokens(t *testing.T) {
	t.Parallel()
	for _, o := range []ChunkOptions{{}, {Unit: Tokens}, {KeepTokens: true}} {
		o.OutputFile = "a.csv"
		e, err := newChunkEncoder(&o)
		require.NoError(t, err)
		require.Equal(t, "chunk_content,chunk_id,total_chunks,chunk_size,file_path,file_name,file_size,start_byte,end_byte\nx,0,0,0,,,0,0,0\n",
			string(encodeAll(t, e, []TextChunk{{Text: "x"}})))
	}
}

// TestEncodersAreSafeForConcurrentUse encodes the same chunks from several
// goroutines.
func TestEncodersAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	chunks := mustChunk(t, texttest.Script("mixed", 10_000), nil)
	for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
		e, err := newChunkEncoder(&ChunkOptions{OutputFile: file, Metadata: map[string]any{"k": "v"}})
		require.NoError(t, err)
		want := e.appendChunks(nil, chunks)
		got := make(chan []byte)
		for range 4 {
			go func() { got <- e.appendChunks(nil, chunks) }()
		}
		for range 4 {
			require.Equal(t, want, <-got)
		}
	}
}

// TestEncodingChunksAllocatesNothing counts allocations, so it does not run in
// parallel.
func TestEncodingChunksAllocatesNothing(t *testing.T) {
	o := &ChunkOptions{Metadata: map[string]any{"k": "v"}}
	chunks := mustChunk(t, texttest.Script("mixed", 10_000), o)
	dst := make([]byte, 0, 1<<20)
	for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
		o.OutputFile = file
		e, err := newChunkEncoder(o)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(10, func() { e.appendChunks(dst, chunks) }), file)
	}
}

// FuzzEncode encodes arbitrary chunks as JSON and as a line of a table, and
// decodes them.
func FuzzEncode(f *testing.F) {
	for _, text := range texttest.Escapes {
		f.Add(text, "key", int64(1))
	}
	f.Add("\xff\xe6\x97", "\xff", int64(-1))
	f.Fuzz(func(t *testing.T, text, key string, n int64) {
		c := TextChunk{
			Text: text, Tokens: []string{text, key}, ID: int(n), Total: 1, Size: 2, Start: -1, End: int(n),
			FilePath: "p" + text, FileName: key, FileSize: n, Metadata: map[string]any{key: text},
		}
		b, err := json.Marshal(c)
		if (usedKeys{encoding: true}).has(key) || !utf8.ValidString(key) {
			var wrong *OptionError
			require.ErrorAs(t, err, &wrong)
			return
		}
		require.NoError(t, err)
		require.False(t, bytes.ContainsAny(b, texttest.LineBreaks))
		var got TextChunk
		require.NoError(t, json.Unmarshal(b, &got))
		valid := string([]rune(text)) // invalid bytes become U+FFFD
		want := c
		want.Text, want.Tokens, want.FilePath = valid, []string{valid, key}, "p"+valid
		want.Metadata = map[string]any{key: valid}
		require.Equal(t, want, got)

		encoder, err := newChunkEncoder(&ChunkOptions{OutputFile: ".csv", Metadata: c.Metadata})
		require.NoError(t, err)
		r := csv.NewReader(strings.NewReader(encoder.header + string(encoder.appendChunk(nil, &c))))
		header, err := r.Read()
		require.NoError(t, err)
		row, err := r.Read()
		require.NoError(t, err)
		require.Equal(t, afterReading(key), header[7])
		require.Equal(t, []string{afterReading(text), afterReading("p" + text), afterReading(key), afterReading(valid)}, []string{row[0], row[4], row[5], row[7]})
		_, err = r.Read()
		require.True(t, errors.Is(err, io.EOF))
	})
}

// BenchmarkEncode compares the formats with encoding/json.
func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"ascii", "mixed"} {
		text := texttest.Script(name, 512<<10)
		chunks := mustChunk(b, text, nil)
		for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
			e, err := newChunkEncoder(&ChunkOptions{OutputFile: file, Metadata: map[string]any{"source": "benchmark"}})
			if err != nil {
				b.Fatal(err)
			}
			dst := e.appendChunks(nil, chunks)
			b.Run(name+"/"+file, func(b *testing.B) {
				b.SetBytes(int64(len(dst)))
				b.ReportAllocs()
				for b.Loop() {
					dst = e.appendChunks(dst[:0], chunks)
				}
			})
		}
		b.Run(name+"/encoding json", func(b *testing.B) {
			type plain TextChunk // has no MarshalJSON
			list := make([]plain, len(chunks))
			for i, c := range chunks {
				list[i] = plain(c)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := json.NewEncoder(io.Discard).Encode(list); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestEncodingChunksGrowsNothing requires that the room that roomFor computes
// suffices.
func TestEncodingChunksGrowsNothing(t *testing.T) {
	t.Parallel()
	for _, o := range []ChunkOptions{
		{Size: 1}, {Size: 1500, Overlap: 0.1}, {Unit: Tokens, Size: 100, KeepTokens: true},
	} {
		o.Metadata = map[string]any{"key": strings.Repeat("v", 1000)}
		for _, text := range []string{texttest.Script("mixed", 20_000), strings.Repeat("\tif ok := next(); !ok {\n", 800)} {
			chunks := mustChunk(t, text, &o)
			for _, o.OutputFile = range []string{"x.json", "x.jsonl", "x.csv"} {
				e, err := newChunkEncoder(&o)
				require.NoError(t, err)
				got := e.appendChunks(nil, chunks)
				require.Equal(t, e.roomFor(chunks), cap(got), "%+v", o)
			}
		}
	}
}
