package fileops

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// hard are strings that JSON and CSV have rules about.
var hard = []string{
	"", " ", "a", `"`, `\`, `\.`, `""`, `a"b"c`, "a,b", " a", "\ta", "a ", "\n", "\r", "\r\n", "a\r\nb\rc\n", "\r\r\n\n",
	"\x00\x01\x1f\x20\x7f", "\b\f", "<script>&amp;</script>", "é日👍", "\u0080\u2028\u2029\ufeff\ufffd\uffff",
	"\u3000a", "=1+1", "0123456789abcdef\"0123456\\789abcdef", strings.Repeat("plain ", 20) + "\n" + strings.Repeat("é", 20),
}

// sample is a chunk with everything.
func sample(text string) TextChunk {
	return TextChunk{
		Text: text, Tokens: []string{text, "b"}, ID: 2, Total: 3, Size: utf8.RuneCountInString(text), Start: 5, End: 5 + len(text),
		FilePath: "dir/" + text, FileName: "n" + text, FileSize: math.MaxInt64,
		Metadata: map[string]any{"z": text, "a": nil, "m": map[string]any{"x": []any{1.5, true}, "e": []any{}}, "Zoë \"q\"": "<&>"},
	}
}

func TestChunkJSONIsFlatAndOrdered(t *testing.T) {
	b, err := sample("a\n").MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `{"chunk_content":"a\n","chunk_id":2,"total_chunks":3,"chunk_size":2,`+
		`"file_path":"dir/a\n","file_name":"na\n","file_size":9223372036854775807,`+
		`"Zoë \"q\"":"<&>","a":null,"m":{"e":[],"x":[1.5,true]},"z":"a\n",`+
		`"start_byte":5,"end_byte":7,"tokens":["a\n","b"]}`, string(b))

	b, err = TextChunk{Text: "x", ID: 1, Total: 1, Size: 1, Start: -1, End: -1, FileName: "without a path"}.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, `{"chunk_content":"x","chunk_id":1,"total_chunks":1,"chunk_size":1,"start_byte":-1,"end_byte":-1}`, string(b))
}

func TestChunkJSONRoundTrip(t *testing.T) {
	for _, text := range hard {
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

func TestChunkJSONWithoutTokensOrMetadata(t *testing.T) {
	for _, want := range []TextChunk{{}, {Tokens: []string{}}, {Start: -1, End: -1}, {Text: "x", FilePath: "p"}} {
		b, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, want.Tokens != nil, bytes.Contains(b, []byte("tokens")))
		var got TextChunk
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, want, got)
	}
}

func TestUnmarshalChunk(t *testing.T) {
	c := sample("old")
	require.NoError(t, json.Unmarshal([]byte(`null`), &c))
	require.Equal(t, sample("old"), c, "null changes nothing")

	// As the original writes it, which has no offsets.
	require.NoError(t, json.Unmarshal([]byte(`{"chunk_content": "x", "chunk_id": 1, "source": "s"}`), &c))
	require.Equal(t, TextChunk{Text: "x", ID: 1, Start: -1, End: -1, Metadata: map[string]any{"source": "s"}}, c)

	before := c
	for _, broken := range []string{`{"chunk_content": 1}`, `{"chunk_id": "1"}`, `[]`, `"x"`, `{"tokens": [1]}`, `{"file_size": 1.5}`} {
		require.Error(t, json.Unmarshal([]byte(broken), &c), broken)
		require.Equal(t, before, c, "an error changes nothing")
	}
	require.ErrorContains(t, json.Unmarshal([]byte(`{"chunk_id": "1"}`), &c), "chunk_id")
}

func TestChunkJSONOfImpossibleMetadata(t *testing.T) {
	for _, metadata := range []map[string]any{{"chunk_id": 1}, {"f": func() {}}, {"\xff": 1}} {
		c := TextChunk{Metadata: metadata}
		var wrong *OptionError
		_, err := json.Marshal(c)
		require.ErrorAs(t, err, &wrong)
		_, err = appendIndented(nil, &c)
		require.ErrorAs(t, err, &wrong)
		for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
			_, err = newChunkForm(&ChunkOptions{OutputFile: file, Metadata: metadata})
			require.ErrorAs(t, err, &wrong)
		}
	}
	_, err := json.Marshal(TextChunk{Metadata: map[string]any{"bad": panics{}}})
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
}

// The original saves a chunk with json.dumps(indent=2, ensure_ascii=False).
// Without our own keys ours is the same, byte for byte.
func TestIndentedJSONIsAsTheOriginals(t *testing.T) {
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
				ours := ",\n  \"start_byte\": -1,\n  \"end_byte\": -1"
				require.Equal(t, want, strings.Replace(string(got), ours, "", 1), name)
				n++
			}
		}
	}
	require.NotZero(t, n)
}

func TestJSONStringsAreEscapedNoMoreThanNeeded(t *testing.T) {
	for c := range rune(0x3000) {
		if !utf8.ValidRune(c) {
			continue
		}
		got := string(appendString(nil, string(c)))
		switch {
		case c == '"' || c == '\\':
			require.Equal(t, `"\`+string(c)+`"`, got)
		case c < ' ':
			require.Contains(t, got, `\`)
		default:
			require.Equal(t, `"`+string(c)+`"`, got)
		}
		var back string
		require.NoError(t, json.Unmarshal([]byte(got), &back))
		require.Equal(t, string(c), back)
	}
}

func TestJSONStringsEscapeAtEveryPlace(t *testing.T) {
	for _, c := range []string{`"`, `\`, "\n", "\x00", "\x1f", "\x7f", " ", "!", "[", "]", "é", "\xff"} {
		for n := range 40 {
			for _, rest := range []string{"", "x", c, strings.Repeat("y", 9) + c + c} {
				s := strings.Repeat("é", n%3) + strings.Repeat("x", n) + c + rest
				var got string
				require.NoError(t, json.Unmarshal(appendString([]byte("#"), s)[1:], &got))
				require.Equal(t, string([]rune(s)), got)
			}
		}
	}
}

// slowString is appendString, one code point at a time.
func slowString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c < ' ' {
				fmt.Fprintf(&b, `\u%04x`, c)
			} else {
				b.WriteRune(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// requireStrings compares appendString with slowString, where it must make room
// and where there is room that holds something.
func requireStrings(t *testing.T, s string) {
	t.Helper()
	want := "#" + slowString(s)
	for _, dst := range [][]byte{{'#'}, append(bytes.Repeat([]byte("~"), 7*len(s)+1000)[:0], '#')} {
		got := string(appendString(dst, s))
		if got == want && utf8.ValidString(s) {
			got = string(appendText(dst, s, true))
		}
		if got != want { // require formats its arguments first, which is slow
			require.Equal(t, want, got, "%q", s)
		}
	}
}

// lengths are around those at which appendString does something else.
var lengths = func() (list []int) {
	for n := range 2*blockSize + 40 {
		if n <= 40 || n%blockSize <= 20 || n%blockSize >= blockSize-3 {
			list = append(list, n)
		}
	}
	return list
}()

func TestJSONStringsAreEscapedAtEveryByte(t *testing.T) {
	for _, n := range lengths {
		for i := range n {
			s := bytes.Repeat([]byte("x"), n)
			for _, c := range []byte("\"\\\n\x00\x1f !#[]\x7f\x80\xff") {
				s[i] = c
				requireStrings(t, string(s))
				s[n-1-i] = '\t'
				requireStrings(t, string(s))
				s[n-1-i] = 'x'
			}
		}
	}
}

func TestJSONStringsOfOneByte(t *testing.T) {
	for c := range 256 {
		for _, n := range append(lengths, 1000) {
			requireStrings(t, strings.Repeat(string([]byte{byte(c)}), n))
		}
	}
}

func TestJSONStringsThatAreNotValid(t *testing.T) {
	for _, part := range []string{"\xff", "\x80", "\xc3", "\xe6\x97", "\xf0\x9f\x91", "\xed\xa0\x80", "\xc3\"", "\xf0\x9f\n\x91"} {
		for _, n := range lengths {
			for _, before := range []string{"x", "é", "\n", "日"} {
				s := strings.Repeat(before, n)
				requireStrings(t, s+part)
				requireStrings(t, s+part+"\t"+s)
			}
		}
	}
}

func TestJSONStringsOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := append([]string{"\t\t", "plain text ", strings.Repeat("y", blockSize), "é日👍", "\x01", "\xe6"}, hard...)
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(20) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		requireStrings(t, b.String())
	}
}

// encodeAll puts the pieces of a form together, the chunks one by one or all
// at once, which must not differ.
func encodeAll(t *testing.T, f *chunkForm, chunks []TextChunk) []byte {
	t.Helper()
	atOnce := string(f.appendChunks([]byte(f.header), chunks)) + f.footer
	single := []byte(f.header)
	for i := range chunks {
		if i > 0 {
			single = append(single, f.separator...)
		}
		single = f.appendChunk(single, &chunks[i])
	}
	single = append(single, f.footer...)
	require.Equal(t, atOnce, string(single))
	return single
}

func TestArrayForm(t *testing.T) {
	o := &ChunkOptions{OutputFile: "a.json", Metadata: map[string]any{"m": map[string]any{"k": []any{"v"}}}}
	f, err := newChunkForm(o)
	require.NoError(t, err)

	var none []TextChunk
	require.NoError(t, json.Unmarshal(encodeAll(t, f, nil), &none))
	require.Empty(t, none)

	chunks := []TextChunk{{Text: "a", ID: 1, Total: 2, Size: 1, End: 1, Metadata: o.Metadata}, {Text: "\n", ID: 2, Total: 2, Size: 1, Start: 1, End: 2, Metadata: o.Metadata}}
	got := encodeAll(t, f, chunks)
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(chunks))
	require.Equal(t, want.String(), string(got))
}

func TestLinesForm(t *testing.T) {
	var chunks []TextChunk
	metadata := sample("").Metadata
	for _, text := range hard {
		c := sample(text)
		c.Metadata = metadata
		chunks = append(chunks, c)
	}
	f, err := newChunkForm(&ChunkOptions{OutputFile: "a.jsonl", Metadata: metadata})
	require.NoError(t, err)
	lines := bytes.SplitAfter(encodeAll(t, f, chunks), []byte("\n"))
	require.Len(t, lines, len(chunks)+1)
	require.Empty(t, lines[len(chunks)])
	for i, c := range chunks {
		var got TextChunk
		require.NoError(t, json.Unmarshal(lines[i], &got))
		require.Equal(t, c, got)
	}
}

func TestTextsOfReadersAndTokenizersAreCheckedWhenEncoded(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.txt")
	require.NoError(t, os.WriteFile(in, []byte("text"), 0o666))
	bad := "bad \xff" + strings.Repeat("x", blockSize) + "\xe6\x97"
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
			require.Contains(t, string(got), slowString(bad))
		}
	}
}

func TestTableForm(t *testing.T) {
	o := &ChunkOptions{OutputFile: "a.csv", Unit: Tokens, KeepTokens: true, Metadata: sample("m,\n").Metadata}
	f, err := newChunkForm(o)
	require.NoError(t, err)
	var chunks []TextChunk
	rows := [][]string{{
		"chunk_content", "chunk_id", "total_chunks", "chunk_size", "file_path", "file_name", "file_size",
		`Zoë "q"`, "a", "m", "z", "start_byte", "end_byte", "tokens",
	}}
	for _, text := range hard {
		c := sample(text)
		c.Size, c.End = 7, 9
		chunks = append(chunks, c)
		rows = append(rows, []string{
			text, "2", "3", "7", "dir/" + text, "n" + text, "9223372036854775807",
			"<&>", "", `{"e":[],"x":[1.5,true]}`, "m,\n", "5", "9", string(appendTexts(nil, c.Tokens, true)),
		})
	}
	var want bytes.Buffer
	require.NoError(t, csv.NewWriter(&want).WriteAll(rows))
	got := encodeAll(t, f, chunks)
	require.Equal(t, want.String(), string(got), "as encoding/csv writes it")

	back, err := csv.NewReader(bytes.NewReader(got)).ReadAll()
	require.NoError(t, err)
	for i, row := range rows {
		for j := range row {
			require.Equal(t, asRead(row[j]), back[i][j])
		}
	}
}

// asRead is what the Reader of encoding/csv makes of a cell: it takes CR LF for
// LF, inside quotes too.
func asRead(cell string) string { return strings.ReplaceAll(cell, "\r\n", "\n") }

func TestTableFormWithoutTokens(t *testing.T) {
	for _, o := range []ChunkOptions{{}, {Unit: Tokens}, {KeepTokens: true}} {
		o.OutputFile = "a.csv"
		f, err := newChunkForm(&o)
		require.NoError(t, err)
		require.Equal(t, "chunk_content,chunk_id,total_chunks,chunk_size,file_path,file_name,file_size,start_byte,end_byte\nx,0,0,0,,,0,0,0\n",
			string(encodeAll(t, f, []TextChunk{{Text: "x"}})))
	}
}

func TestFormsAreEncodedFromManyGoroutines(t *testing.T) {
	chunks := mustChunk(t, script("mixed", 10_000), nil)
	for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
		f, err := newChunkForm(&ChunkOptions{OutputFile: file, Metadata: map[string]any{"k": "v"}})
		require.NoError(t, err)
		want := f.appendChunks(nil, chunks)
		got := make(chan []byte)
		for range 4 {
			go func() { got <- f.appendChunks(nil, chunks) }()
		}
		for range 4 {
			require.Equal(t, want, <-got)
		}
	}
}

func TestEncodingChunksAllocatesNothing(t *testing.T) {
	o := &ChunkOptions{Metadata: map[string]any{"k": "v"}}
	chunks := mustChunk(t, script("mixed", 10_000), o)
	dst := make([]byte, 0, 1<<20)
	for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
		o.OutputFile = file
		f, err := newChunkForm(o)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(10, func() { f.appendChunks(dst, chunks) }), file)
	}
}

func FuzzEncode(f *testing.F) {
	for _, text := range hard {
		f.Add(text, "key", int64(1))
	}
	f.Add("\xff\xe6\x97", "\xff", int64(-1))
	f.Fuzz(func(t *testing.T, text, key string, n int64) {
		c := TextChunk{
			Text: text, Tokens: []string{text, key}, ID: int(n), Total: 1, Size: 2, Start: -1, End: int(n),
			FilePath: "p" + text, FileName: key, FileSize: n, Metadata: map[string]any{key: text},
		}
		b, err := json.Marshal(c)
		if isChunkKey(key) || !utf8.ValidString(key) {
			var wrong *OptionError
			require.ErrorAs(t, err, &wrong)
			return
		}
		require.NoError(t, err)
		var got TextChunk
		require.NoError(t, json.Unmarshal(b, &got))
		valid := string([]rune(text)) // what a JSON string can hold of it
		want := c
		want.Text, want.Tokens, want.FilePath = valid, []string{valid, key}, "p"+valid
		want.Metadata = map[string]any{key: valid}
		require.Equal(t, want, got)

		form, err := newChunkForm(&ChunkOptions{OutputFile: ".csv", Metadata: c.Metadata})
		require.NoError(t, err)
		r := csv.NewReader(strings.NewReader(form.header + string(form.appendChunk(nil, &c))))
		header, err := r.Read()
		require.NoError(t, err)
		row, err := r.Read()
		require.NoError(t, err)
		require.Equal(t, asRead(key), header[7])
		require.Equal(t, []string{asRead(text), asRead("p" + text), asRead(key), asRead(valid)}, []string{row[0], row[4], row[5], row[7]})
		_, err = r.Read()
		require.True(t, errors.Is(err, io.EOF))
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"ascii", "mixed"} {
		text := script(name, 512<<10)
		chunks := mustChunk(b, text, nil)
		for _, file := range []string{"x.json", "x.jsonl", "x.csv"} {
			f, err := newChunkForm(&ChunkOptions{OutputFile: file, Metadata: map[string]any{"source": "benchmark"}})
			if err != nil {
				b.Fatal(err)
			}
			dst := f.appendChunks(nil, chunks)
			b.Run(name+"/"+file, func(b *testing.B) {
				b.SetBytes(int64(len(dst)))
				b.ReportAllocs()
				for b.Loop() {
					dst = f.appendChunks(dst[:0], chunks)
				}
			})
		}
		b.Run(name+"/encoding json", func(b *testing.B) {
			type plain TextChunk // without MarshalJSON
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
