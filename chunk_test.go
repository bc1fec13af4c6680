package fileops

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mustChunk returns the chunks of a text, for options that are valid.
func mustChunk(t testing.TB, text string, o *ChunkOptions) []TextChunk {
	t.Helper()
	chunks, err := ChunkText(text, o)
	require.NoError(t, err)
	return chunks
}

// textsOf returns the texts of the chunks.
func textsOf(chunks []TextChunk) (texts []string) {
	for _, c := range chunks {
		texts = append(texts, c.Text)
	}
	return texts
}

// TestChunkTextDefaults compares nil and the zero value with the options that
// they stand for.
func TestChunkTextDefaults(t *testing.T) {
	t.Parallel()
	text := texttest.Script("mixed", 100_000)
	d := DefaultChunkOptions()
	require.Equal(t, mustChunk(t, text, &d), mustChunk(t, text, nil))
	require.Equal(t, mustChunk(t, text, &ChunkOptions{Size: 1500}), mustChunk(t, text, &ChunkOptions{}))
	first := mustChunk(t, text, nil)[0]
	require.Equal(t, 1500+75, first.Size)
}

// TestUnitString prints the units and an unknown one.
func TestUnitString(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Chars Tokens Unit(7)", fmt.Sprint(Chars, Tokens, Unit(7)))
}

// TestTokenizerThatPanics gets a *PanicError, also for a Tokenizer that calls
// runtime.Goexit.
func TestTokenizerThatPanics(t *testing.T) {
	t.Parallel()
	for _, tokenizer := range []func(string) []string{
		func(string) []string { panic("no vocabulary") },
		func(string) []string { runtime.Goexit(); return nil },
	} {
		chunks, err := ChunkText("some text", &ChunkOptions{Unit: Tokens, Tokenizer: tokenizer})
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked)
		require.Nil(t, chunks)
	}
}

// TestChunkTextSharesMetadata finds the Metadata of the options in each chunk.
func TestChunkTextSharesMetadata(t *testing.T) {
	t.Parallel()
	metadata := map[string]any{"source": "test"}
	for _, unit := range []Unit{Chars, Tokens} {
		for _, tokenizer := range []func(string) []string{nil, strings.Fields} {
			for _, c := range mustChunk(t, "one two three", &ChunkOptions{Unit: unit, Size: 1, Metadata: metadata, Tokenizer: tokenizer}) {
				require.Equal(t, metadata, c.Metadata)
				require.Empty(t, c.FilePath)
			}
		}
	}
}

// TestChunkTextRefusesInvalidOptions gets an *OptionError that names the
// option.
func TestChunkTextRefusesInvalidOptions(t *testing.T) {
	t.Parallel()
	splitter, count := boundarySplitters["lines"], countFunc(countBytes)
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	for option, cases := range map[string][]ChunkOptions{
		"Unit":       {{Unit: 2}, {Unit: -1}, {Unit: Tokens, Counter: count}, {Unit: Tokens, Splitter: splitter}},
		"Tokenizer":  {{Tokenizer: strings.Fields, Counter: count}, {Tokenizer: strings.Fields, Splitter: splitter}},
		"KeepTokens": {{KeepTokens: true, Counter: count}, {KeepTokens: true, Splitter: splitter}},
		"Size":       {{Size: -1}, {Size: math.MinInt}},
		"Overlap":    {{Overlap: -0.1}, {Overlap: 1.1}, {Overlap: math.NaN()}, {Overlap: math.Inf(1)}},
		"Threshold":  {{Threshold: -1}},
		"MinSize":    {{MinSize: -1}, {Size: 10, MinSize: 11}, {MinSize: 1501}},
		"OutputFile": {{OutputFile: "chunks"}, {OutputFile: "chunks.txt"}, {OutputFile: ".json/chunks"}},
		"Metadata": {
			{Metadata: map[string]any{"chunk_id": 1}}, {Metadata: map[string]any{"tokens": 1}},
			{Metadata: map[string]any{"f": func() {}}}, {Metadata: map[string]any{"nan": math.NaN()}},
			{Metadata: map[string]any{"\xff": 1}}, {Metadata: map[string]any{"cyclic": cyclic}},
			{Metadata: map[string]any{"section": 1}, Splitter: splitter}, {Metadata: map[string]any{"end_line": 1}, Lines: true},
		},
	} {
		for _, o := range cases {
			chunks, err := ChunkText("some text", &o)
			var wrong *OptionError
			require.ErrorAs(t, err, &wrong, "%s: %+v", option, o)
			assert.Equal(t, option, wrong.Option)
			assert.NotEmpty(t, wrong.Reason)
			assert.Nil(t, chunks)
		}
	}
	for _, file := range []string{"a.json", "b/c.JSONL", "d.tar.Csv"} {
		_, err := ChunkText("some text", &ChunkOptions{OutputFile: file, Metadata: map[string]any{"ID": nil, "": []int{1}}})
		require.NoError(t, err)
	}
}

// panics is a value whose MarshalJSON panics.
type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("no JSON") }

// TestMetadataThatPanics gets a *PanicError for a MarshalJSON that panics.
func TestMetadataThatPanics(t *testing.T) {
	t.Parallel()
	_, err := ChunkText("some text", &ChunkOptions{Metadata: map[string]any{"bad": panics{}}})
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	require.Equal(t, "no JSON", panicked.Value)
}

// TestChunkTextFromManyGoroutines cuts a text that is short enough for one
// goroutine, one that is long enough for several, and one with many chunks.
func TestChunkTextFromManyGoroutines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		length, size, callers int
	}{{100_000, 1500, 8}, {5 << 20, 1500, 50}, {100_000, 1, 50}} {
		if testing.Short() {
			c.callers = 4
		}
		text := texttest.Script("mixed", c.length)
		o := ChunkOptions{Size: c.size, Overlap: 0.1, Threshold: 200}
		want := simpleChunks(text, &o)
		results := make(chan []TextChunk)
		for range c.callers {
			go func() {
				got, _ := ChunkText(text, &o)
				results <- got
			}()
		}
		for range c.callers {
			require.True(t, slices.EqualFunc(want, <-results, func(a, b TextChunk) bool {
				return a.Text == b.Text && a.ID == b.ID && a.Start == b.Start
			}))
		}
	}
}

// BenchmarkChunkText compares the ways to cut a text: by code points with and
// without a check of the UTF-8, by words, and by the same words from a
// Tokenizer.
func BenchmarkChunkText(b *testing.B) {
	bench := func(name, text string, cut func(string, *ChunkOptions) ([]TextChunk, error), o ChunkOptions) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cut(text, &o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	cutValid := func(text string, o *ChunkOptions) ([]TextChunk, error) { return o.cut("", text, true) }
	chars := DefaultChunkOptions()
	words := chars
	words.Unit = Tokens
	fields := words
	fields.Tokenizer = strings.Fields
	for _, name := range []string{"ascii", "cyrillic", "cjk", "mixed"} {
		text := texttest.Script(name, 512<<10)
		bench(name+"/chars", text, ChunkText, chars)
		bench(name+"/chars, known to be valid", text, cutValid, chars)
		bench(name+"/words", text, ChunkText, words)
		bench(name+"/words by strings.Fields", text, ChunkText, fields)
	}
	bench("invalid/chars", "\xff"+texttest.Script("mixed", 512<<10), ChunkText, chars)
}
