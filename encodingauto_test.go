package fileops

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// A reading is an operation that decodes the file in/a.txt of a lab.
type reading struct {
	name string
	// text returns the text, and its encoding if the operation tells it.
	text func(ctx context.Context, l *lab, o readingOptions) (text, encoding string, err error)
}

// readingOptions are the options of a reading.
type readingOptions struct {
	encoding string
	guess    func([]byte) string
}

func (o readingOptions) chunk() *ChunkOptions {
	return &ChunkOptions{Size: 64, Encoding: o.encoding, Guess: o.guess}
}

func (o readingOptions) concat() *ConcatOptions {
	return &ConcatOptions{Encoding: o.encoding, Guess: o.guess}
}

var readings = []reading{
	{"FileToChunks", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		return joined(l.pool.FileToChunks(ctx, l.at("in/a.txt"), o.chunk()))
	}},
	{"Chunk", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		return joined(l.pool.Chunk(ctx, l.at("in/a.txt"), o.chunk()))
	}},
	{"Chunks", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		return joined(collect(l.pool.Chunks(ctx, l.at("in/a.txt"), o.chunk())))
	}},
	{"ChunkTo", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		var w bytes.Buffer
		_, err := l.pool.ChunkTo(ctx, &w, l.at("in/a.txt"), o.chunk())
		if err != nil {
			return "", "", err
		}
		var chunks []TextChunk
		for d := json.NewDecoder(&w); d.More(); {
			var c TextChunk
			if err := d.Decode(&c); err != nil {
				return "", "", err
			}
			chunks = append(chunks, c)
		}
		return joined(chunks, nil)
	}},
	{"Concat", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		r, err := l.pool.Concat(ctx, []string{l.at("in/a.txt")}, o.concat())
		return content(r, err, markdownHeaders, l)
	}},
	{"ConcatFiles", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		r, err := l.pool.ConcatFiles(ctx, []string{l.at("in/a.txt")}, o.concat())
		return content(r, err, dashedHeaders, l)
	}},
	{"ConcatTo", func(ctx context.Context, l *lab, o readingOptions) (string, string, error) {
		var w strings.Builder
		r, err := l.pool.ConcatTo(ctx, &w, []string{l.at("in/a.txt")}, o.concat())
		if err == nil {
			r.Text = w.String()
		}
		return content(r, err, markdownHeaders, l)
	}},
}

// joined returns the text of chunks and their encoding.
func joined(chunks []TextChunk, err error) (text, encoding string, _ error) {
	if err != nil || len(chunks) == 0 {
		return "", "", err
	}
	var b strings.Builder
	for _, c := range chunks {
		if c.Start != b.Len() || c.Encoding != chunks[0].Encoding {
			return "", "", errors.New("the chunks do not fit together")
		}
		b.WriteString(c.Text)
	}
	return b.String(), chunks[0].Encoding, nil
}

// content returns the text of the only file of a concatenation without its header.
func content(r *ConcatResult, err error, f concatFormat, l *lab) (text, encoding string, _ error) {
	switch {
	case err != nil:
		return "", "", err
	case len(r.Skipped) > 0:
		return "", "", r.Skipped[0].Err
	case len([]rune(r.Text)) != r.Chars:
		return "", "", errors.New("Chars is wrong")
	}
	return strings.TrimPrefix(r.Text, string(f.appendHeader(nil, l.at("in/a.txt")))), "", nil
}

// eachReading runs a test with each reading, of whole files and of pieces, and each
// seam.
func eachReading(t *testing.T, data string, test func(t *testing.T, l *lab, r reading)) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(data), 0o666))
		for _, size := range []int64{streamSize, 1} {
			l.pool.streamSize = size
			for _, r := range readings {
				test(t, l, r)
			}
		}
		l.close()
	}
}

// TestAutoEncoding decodes one text in many encodings with each operation.
func TestAutoEncoding(t *testing.T) {
	t.Parallel()
	const text = "Zoë paid 5 €.\r\n😀 名前\ufffd\r\n"
	for _, c := range []struct{ encoding, mark, told string }{
		{"utf-8", "", "utf-8"},
		{"utf-8", "\xef\xbb\xbf", "utf-8-sig"},
		{"utf-16-le", "", "utf-16-le"},
		{"utf-16-be", "", "utf-16-be"},
		{"utf-16-le", "\xff\xfe", "utf-16"},
		{"utf-16-be", "\xfe\xff", "utf-16"},
		{"utf-32-le", "\xff\xfe\x00\x00", "utf-32"},
		{"utf-32-be", "\x00\x00\xfe\xff", "utf-32"},
	} {
		data := c.mark + string(encoded(t, c.encoding, text))
		eachReading(t, data, func(t *testing.T, l *lab, r reading) {
			got, told, err := r.text(t.Context(), l, readingOptions{encoding: " AUTO "})
			require.NoError(t, err, "%s of %s", r.name, c.told)
			require.Equal(t, text, got, "%s of %s", r.name, c.told)
			if !strings.HasPrefix(r.name, "Concat") {
				require.Equal(t, c.told, told, r.name)
			}
			got, told, err = r.text(t.Context(), l, readingOptions{encoding: c.told})
			require.NoError(t, err, "%s of %s", r.name, c.told)
			require.Equal(t, text, got, "the name told reads the file")
			require.Empty(t, told)
		})
	}
}

// TestAutoEncodingInLongPieces decodes files of several pieces, of which one ends in
// a character.
func TestAutoEncodingInLongPieces(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Zoë paid 5 €. 😀 名前\n", pieceSize/20)
	for _, name := range []string{"utf-8", "utf-16-le", "utf-16-be"} {
		l := newLab(t, seams[0], PoolOptions{})
		require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), encoded(t, name, text), 0o666))
		l.pool.streamSize = 1
		for _, r := range readings {
			got, told, err := r.text(t.Context(), l, readingOptions{encoding: "auto"})
			require.NoError(t, err, r.name)
			require.True(t, text == got, "%s of %s", r.name, name)
			if !strings.HasPrefix(r.name, "Concat") {
				require.Equal(t, name, told)
			}
		}
		l.close()
	}
}

// TestBinaries refuses files that are no text, at their first bad byte.
func TestBinaries(t *testing.T) {
	t.Parallel()
	guess := func([]byte) string { return "" }
	for data, offset := range map[string]int64{
		strings.Repeat("\x00", 100):           0,
		"text, then a \x00":                   13,
		"\xff\xd8\xff\xe0\x00\x10JFIF\x00":    0,
		"caf\xe9":                             3,
		"half a character \xe6\x97":           17,
		"\xff\xfea\x00\x00\xd8b\x00":          4,
		"\xef\xbb\xbftext \xff":               8,
		strings.Repeat("long ", 999) + "\xff": 4995,
	} {
		eachReading(t, data, func(t *testing.T, l *lab, r reading) {
			for _, o := range []readingOptions{{"auto", nil}, {"auto", guess}} {
				_, _, err := r.text(t.Context(), l, o)
				require.ErrorIs(t, err, ErrBinary, "%s of %.20q", r.name, data)
				var bad *EncodingError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, EncodingError{l.at("in/a.txt"), "auto", offset}, *bad, "%s of %.20q", r.name, data)
			}
		})
	}
	require.NotErrorIs(t, &EncodingError{Encoding: "utf-8"}, ErrBinary)
	require.Equal(t, "decode a: not text, or in an unknown encoding at byte 3", (&EncodingError{"a", "auto", 3}).Error())
}

// TestGuess lets Guess choose the encoding of files that are in none for certain.
func TestGuess(t *testing.T) {
	t.Parallel()
	latin := func(s string) string { return must(charmap.Windows1252.NewEncoder().String(s)) }
	sjis := func(s string) string { return must(japanese.ShiftJIS.NewEncoder().String(s)) }
	long := strings.Repeat("Zoë paid.\n", sampleSize/5)
	boom := errors.New("boom")
	for _, c := range []struct {
		data, answer string
		text, told   string
		check        func(t *testing.T, l *lab, err error)
	}{
		{data: latin("Zoë\n"), answer: "CP1252", text: "Zoë\n", told: "windows-1252"},
		{data: latin(long), answer: "Latin-1", text: long, told: "latin-1"},
		{data: sjis("名前です。\n"), answer: "Shift_JIS", text: "名前です。\n", told: "shift_jis"},
		{data: sjis("名前") + "\xff", answer: "SHIFT_JIS", check: func(t *testing.T, l *lab, err error) {
			require.Equal(t, &EncodingError{l.at("in/a.txt"), "SHIFT_JIS", 4}, err)
		}},
		{data: latin("Zoë\n"), answer: "utf-8", check: func(t *testing.T, l *lab, err error) {
			require.Equal(t, &EncodingError{l.at("in/a.txt"), "utf-8", 2}, err)
		}},
		{data: latin("Zoë\n"), answer: "klingon", check: func(t *testing.T, l *lab, err error) {
			checkClear(t, err, nil)
			var wrong *OptionError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, "Guess", wrong.Option)
			require.Equal(t, "klingon", wrong.Value)
		}},
		{data: latin("Zoë\n"), answer: "panic", check: func(t *testing.T, l *lab, err error) {
			checkClear(t, err, boom)
			var panicked *PanicError
			require.ErrorAs(t, err, &panicked)
		}},
		{data: latin("Zoë\n"), answer: "goexit", check: func(t *testing.T, l *lab, err error) { checkClear(t, err, ErrGoexit) }},
	} {
		eachReading(t, c.data, func(t *testing.T, l *lab, r reading) {
			text, told, err := r.text(t.Context(), l, readingOptions{"auto", func(sample []byte) string {
				switch {
				case c.answer == "panic":
					panic(boom)
				case c.answer == "goexit":
					runtime.Goexit()
				case string(sample) != c.data[:min(len(c.data), sampleSize)]:
					return "the sample is wrong"
				}
				return c.answer
			}})
			if c.check != nil {
				c.check(t, l, err)
				return
			}
			require.NoError(t, err, "%s, %s", r.name, c.answer)
			require.True(t, c.text == text, "%s, %s", r.name, c.answer)
			if !strings.HasPrefix(r.name, "Concat") {
				require.Equal(t, c.told, told)
			}
		})
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

// TestGuessIsNotCalled gives files of which the encoding is certain.
func TestGuessIsNotCalled(t *testing.T) {
	t.Parallel()
	guess := func([]byte) string { panic("called") }
	for _, data := range []string{"", "text", "\xef\xbb\xbftext", "\xff\xfea\x00", "\xff\xfea", "a\x00b", "\xff\xd8\x00", string(encoded(t, "utf-16-le", "hello world\n"))} {
		eachReading(t, data, func(t *testing.T, l *lab, r reading) {
			_, _, err := r.text(t.Context(), l, readingOptions{"auto", guess})
			var panicked *PanicError
			require.False(t, errors.As(err, &panicked), "%s of %q", r.name, data)
		})
	}
}

// TestGuessNeedsAuto refuses a Guess that is never called.
func TestGuessNeedsAuto(t *testing.T) {
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	for _, encoding := range []string{"", "utf-8", "latin-1"} {
		for _, r := range readings {
			_, _, err := r.text(t.Context(), l, readingOptions{encoding, func([]byte) string { return "" }})
			var wrong *OptionError
			require.ErrorAs(t, err, &wrong, r.name)
			require.Equal(t, "Encoding", wrong.Option)
		}
	}
}

// TestHungGuess cancels operations whose Guess hangs.
func TestHungGuess(t *testing.T) {
	t.Parallel()
	eachReading(t, "caf\xe9", func(t *testing.T, l *lab, r reading) {
		hung, release := make(chan struct{}), make(chan struct{})
		inTime(t, func(context.Context) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-hung
				cancel()
			}()
			_, _, err := r.text(ctx, l, readingOptions{"auto", func([]byte) string {
				close(hung)
				<-release
				return ""
			}})
			require.ErrorIs(t, err, context.Canceled, r.name)
		})
		close(release)
	})
}

// TestConcatEncodings counts characters and bytes of several files, and leaves short
// texts out by their characters.
func TestConcatEncodings(t *testing.T) {
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	for name, data := range map[string]string{
		"in/a.txt": "\xef\xbb\xbféé", "in/z.txt": string(encoded(t, "utf-16", "\ufeffmarked")), "in/sub/c.txt": "\x00", "in/b.md": "plain text",
	} {
		require.NoError(t, os.WriteFile(l.onDisk(name), []byte(data), 0o666))
	}
	for _, size := range []int64{streamSize, 1} {
		l.pool.streamSize = size
		var last Progress
		o := &ConcatOptions{Encoding: "auto", Threshold: 3, Progress: func(p Progress) { last = p }}
		paths := []string{l.at("in/a.txt"), l.at("in/b.md"), l.at("in/sub/c.txt"), l.at("in/z.txt")}
		var w strings.Builder
		r, err := l.pool.ConcatTo(t.Context(), &w, paths, o)
		require.NoError(t, err)
		held, err := l.pool.Concat(t.Context(), paths, o)
		require.NoError(t, err)
		require.Equal(t, held.Text, w.String())
		require.True(t, strings.HasSuffix(held.Text, "\nmarked"))
		require.Equal(t, len([]rune(held.Text)), held.Chars)
		require.Equal(t, held.Chars, r.Chars)
		require.EqualValues(t, 4, last.Files)
		require.EqualValues(t, len("plain text")+2+2*len("marked"), last.Bytes, "as stored, of the files in the text")
		require.Len(t, held.Skipped, 2)
		require.ErrorIs(t, held.Skipped[0].Err, ErrBelowThreshold, "2 characters and a mark")
		require.ErrorIs(t, held.Skipped[1].Err, ErrBinary)
	}
}

// TestEncodingInOutputs reads the encoding back from all formats.
func TestEncodingInOutputs(t *testing.T) {
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte("\xef\xbb\xbftext"), 0o666))
	o := ChunkOptions{Encoding: "auto", Metadata: map[string]any{"a": "1"}, OutputDir: l.at("out/dir"), Save: &SaveOptions{}}
	want := TextChunk{
		Text: "text", ID: 1, Total: 1, Size: 4, End: 4, FilePath: l.at("in/a.txt"), FileName: "a.txt", FileSize: 7,
		Encoding: "utf-8-sig", Metadata: o.Metadata,
	}
	for _, name := range []string{"out/a.json", "out/a.jsonl", "out/a.csv"} {
		o.OutputFile = l.at(name)
		chunks, err := l.pool.FileToChunks(t.Context(), l.at("in/a.txt"), &o)
		require.NoError(t, err)
		require.Equal(t, []TextChunk{want}, chunks)
		o.OutputDir = ""
	}
	saved := l.saved()
	var list []TextChunk
	require.NoError(t, json.Unmarshal([]byte(saved["out/a.json"]), &list))
	require.Equal(t, []TextChunk{want}, list)
	for _, name := range []string{"out/a.jsonl", "out/dir/chunk_1.json"} {
		var got TextChunk
		require.NoError(t, json.Unmarshal([]byte(saved[name]), &got), name)
		require.Equal(t, want, got)
	}
	require.Contains(t, saved["out/a.jsonl"], `"file_size":7,"encoding":"utf-8-sig","a":"1","start_byte":0`)
	rows, err := csv.NewReader(strings.NewReader(saved["out/a.csv"])).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"file_size", "encoding", "a"}, rows[0][6:9])
	require.Equal(t, []string{"7", "utf-8-sig", "1"}, rows[1][6:9])
}

// TestEncodingAsMetadata uses the key encoding for Metadata, which only "auto"
// forbids.
func TestEncodingAsMetadata(t *testing.T) {
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	reader := func(ctx context.Context, path string) (string, error) { return "text", nil }
	for _, c := range []struct {
		o       ChunkOptions
		refused bool
	}{
		{ChunkOptions{}, false},
		{ChunkOptions{Encoding: "latin1"}, false},
		{ChunkOptions{Encoding: "auto", Reader: reader}, false},
		{ChunkOptions{Encoding: "Auto"}, true},
	} {
		for _, name := range []string{"", "out/a.csv", "out/a.jsonl"} {
			c.o.Metadata, c.o.OutputFile = map[string]any{"encoding": "mine"}, ""
			if name != "" {
				c.o.OutputFile = l.at(name)
			}
			chunks, err := l.pool.FileToChunks(t.Context(), l.at("in/a.txt"), &c.o)
			if c.refused {
				var wrong *OptionError
				require.ErrorAs(t, err, &wrong)
				require.Equal(t, "Metadata", wrong.Option)
				continue
			}
			require.NoError(t, err)
			require.Empty(t, chunks[0].Encoding)
			b, err := json.Marshal(chunks[0])
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(b), `"encoding":"mine"`))
		}
	}
	_, err := json.Marshal(TextChunk{Encoding: "utf-8", Metadata: map[string]any{"encoding": 1}})
	require.Error(t, err)
	var got TextChunk
	require.NoError(t, json.Unmarshal([]byte(`{"encoding": 1}`), &got))
	require.Equal(t, map[string]any{"encoding": json.Number("1")}, got.Metadata)
	require.NoError(t, json.Unmarshal([]byte(`{"encoding": "x"}`), &got))
	require.Equal(t, TextChunk{Start: -1, End: -1, Encoding: "x"}, got)
}

// TestBinaryIsNotReadOn reads the first piece of a large binary only. That it is no
// text counts more than that there is no memory for it.
func TestBinaryIsNotReadOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	f, err := os.Create(l.onDisk("in/a.txt"))
	require.NoError(t, err)
	_, err = io.WriteString(f, "\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<40))
	require.NoError(t, f.Close())
	for _, r := range readings {
		for _, guess := range []func([]byte) string{nil, func([]byte) string { return "" }} {
			before := l.pool.Stats().BytesRead
			_, _, err := r.text(t.Context(), l, readingOptions{"auto", guess})
			require.ErrorIs(t, err, ErrBinary, r.name)
			require.LessOrEqual(t, l.pool.Stats().BytesRead-before, uint64(6*pieceSize), r.name)
		}
	}
}
