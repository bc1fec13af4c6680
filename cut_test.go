package fileops

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// vectors reads the recorded results of the original Python program from
// testdata.
func vectors[T any](t testing.TB, name string) (cases []T) {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(&cases))
	require.NotEmpty(t, cases)
	return cases
}

// TestChunkTextByCharsEqualsTheOriginal compares chunks by code points with the
// recorded ones.
func TestChunkTextByCharsEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	type vector struct {
		Text      string
		Size      int
		Overlap   float64
		Threshold int
		Want      []string
	}
	for i, v := range vectors[vector](t, "chunk_by_chars") {
		o := &ChunkOptions{Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold}
		require.Equal(t, v.Want, textsOf(mustChunk(t, v.Text, o)), "vector %d", i)
	}
}

// TestChunkTextByTokensEqualsTheOriginal compares chunks by tokens with the
// recorded ones.
func TestChunkTextByTokensEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	type vector struct {
		Tokens     []string
		Size       int
		Overlap    float64
		Threshold  int
		Want       []string
		WantTokens [][]string `json:"want_tokens"`
	}
	for i, v := range vectors[vector](t, "chunk_by_tokens") {
		for _, tokenizer := range []func(string) []string{nil, strings.Fields} {
			for _, space := range []string{" ", "\n\t\u3000"} {
				got := mustChunk(t, strings.Join(v.Tokens, space), &ChunkOptions{
					Unit: Tokens, Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold,
					Tokenizer: tokenizer, KeepTokens: true,
				})
				require.Equal(t, v.Want, textsOf(got), "vector %d", i)
				require.Len(t, got, len(v.WantTokens))
				for j, c := range got {
					require.Equal(t, v.WantTokens[j], c.Tokens, "vector %d, chunk %d", i, j)
				}
			}
		}
	}
}

// simpleUnits returns the range of units of each chunk, for a text of n units.
// It follows the original line by line.
func simpleUnits(n int, o *ChunkOptions) (spans [][2]int) {
	size, overlap := o.size(), int(float64(o.size())*o.Overlap/2)
	count := int(math.Ceil(float64(n) / float64(size)))
	switch {
	case count == 0:
		return nil
	case count == 1:
		return [][2]int{{0, n}}
	case count == 2:
		if n-size > o.Threshold {
			return [][2]int{{0, min(size+overlap, n)}, {size - overlap, n}}
		}
		return [][2]int{{0, n}}
	}
	for i := range count - 1 {
		spans = append(spans, [2]int{max(0, i*size-overlap), min((i+1)*size+overlap, n)})
	}
	last := (count-1)*size - overlap
	if n-last > o.Threshold {
		return append(spans, [2]int{last, n})
	}
	spans[count-2][1] = n
	return spans
}

// offsetIn returns the offset of part in text. The two share memory.
func offsetIn(text, part string) int {
	return int(uintptr(unsafe.Pointer(unsafe.StringData(part))) - uintptr(unsafe.Pointer(unsafe.StringData(text))))
}

// simpleChunks does the same as ChunkText in a simpler way: it makes a slice of
// all code points or tokens.
func simpleChunks(text string, o *ChunkOptions) (chunks []TextChunk) {
	var units []span // ranges of bytes
	if o.Unit == Chars {
		for i := range text {
			units = append(units, span{i, 0})
		}
		for i := range units {
			units[i].end = len(text)
			if i+1 < len(units) {
				units[i].end = units[i+1].start
			}
		}
	} else {
		for word := range strings.FieldsSeq(text) {
			start := offsetIn(text, word)
			units = append(units, span{start, start + len(word)})
		}
	}
	spans := simpleUnits(len(units), o)
	for i, s := range spans {
		c := TextChunk{
			ID: i + 1, Total: len(spans), Metadata: o.Metadata,
			Start: units[s[0]].start, End: units[s[1]-1].end,
		}
		c.Text = text[c.Start:c.End]
		if o.Unit == Tokens {
			words := strings.Fields(c.Text)
			c.Text = strings.Join(words, " ")
			if o.KeepTokens {
				c.Tokens = words
			}
		}
		c.Size = utf8.RuneCountInString(c.Text)
		if c.Tokens != nil {
			c.Size = len(c.Tokens)
		}
		if !o.DropShort || utf8.RuneCountInString(c.Text) > o.Threshold {
			chunks = append(chunks, c)
		}
	}
	return chunks
}

// requireChunks compares the results of all ways to cut a text with
// simpleChunks.
func requireChunks(t *testing.T, text string, o ChunkOptions) {
	t.Helper()
	for _, unit := range []Unit{Chars, Tokens} {
		o.Unit = unit
		want := simpleChunks(text, &o)
		got := mustChunk(t, text, &o)
		if len(want) == 0 {
			require.Empty(t, got)
			continue
		}
		require.Equal(t, want, got, "%q %+v", text, o)
		if utf8.ValidString(text) {
			got, err := o.cut("", text, true)
			require.NoError(t, err)
			require.Equal(t, want, got, "%q %+v", text, o)
		}
	}
	if !utf8.ValidString(text) { // locate may find an invalid word within white space
		return
	}
	o.Unit, o.Tokenizer = Tokens, strings.Fields
	if want := simpleChunks(text, &o); len(want) > 0 {
		require.Equal(t, want, mustChunk(t, text, &o), "%q %+v", text, o)
	}
}

// TestChunkTextEqualsSimpleChunks compares the two for random texts and
// options.
func TestChunkTextEqualsSimpleChunks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	names := []string{"ascii", "cyrillic", "cjk", "emoji", "mixed"}
	n := 10_000
	if testing.Short() {
		n = 1_000
	}
	for range n {
		text := texttest.Script(names[r.IntN(len(names))], 5+r.IntN(600))
		if r.IntN(4) == 0 { // invalid UTF-8
			at := r.IntN(len(text))
			text = text[:at] + text[min(at+1, len(text)):]
		}
		requireChunks(t, text, ChunkOptions{
			Size: 1 + r.IntN(200), Overlap: []float64{0, 0.1, 0.5, 1, r.Float64()}[r.IntN(5)],
			Threshold: r.IntN(60), DropShort: r.IntN(3) == 0, KeepTokens: r.IntN(2) == 0,
		})
	}
}

// TestChunkTextAtTheLimits cuts very short texts into one, two and three
// chunks, with last chunks around the threshold.
func TestChunkTextAtTheLimits(t *testing.T) {
	t.Parallel()
	for n := range 14 {
		text := strings.Repeat("é ", n)
		for size := 1; size < 8; size++ {
			for _, overlap := range []float64{0, 0.3, 0.5, 0.999, 1} {
				for threshold := range 6 {
					requireChunks(t, text, ChunkOptions{Size: size, Overlap: overlap, Threshold: threshold, KeepTokens: true})
				}
			}
		}
	}
}

// FuzzChunkText cuts arbitrary texts by arbitrary options.
func FuzzChunkText(f *testing.F) {
	for name := range texttest.Scripts {
		f.Add(texttest.Script(name, 300), 70, 0.2, 10, false)
	}
	f.Add("", 1, 0.0, 0, false)
	f.Add("a\xffb\xf0\x9f\x91 \u00a0\xe1\xe2\x80\x80", 2, 1.0, 1, true)
	f.Fuzz(func(t *testing.T, text string, size int, overlap float64, threshold int, drop bool) {
		o := ChunkOptions{Size: size, Overlap: overlap, Threshold: threshold, DropShort: drop}
		chunks, err := ChunkText(text, &o)
		if size < 0 || threshold < 0 || !(overlap >= 0 && overlap <= 1) {
			var option *OptionError
			require.ErrorAs(t, err, &option)
			return
		}
		require.NoError(t, err)
		requireInvariants(t, text, &o, chunks)
		if size > 0 && size < 1<<20 { // up to here, floating point numbers of simpleUnits are exact
			requireChunks(t, text, o)
		}
	})
}

// requireInvariants checks the laws of chunks by code points: their texts,
// sizes and numbers are right, and together they cover the whole text.
func requireInvariants(t *testing.T, text string, o *ChunkOptions, chunks []TextChunk) {
	t.Helper()
	covered := 0
	for i, c := range chunks {
		require.Equal(t, text[c.Start:c.End], c.Text)
		require.Equal(t, utf8.RuneCountInString(c.Text), c.Size)
		require.Equal(t, chunks[0].Total, c.Total)
		if o.DropShort {
			require.Greater(t, c.Size, o.Threshold)
			continue
		}
		require.Equal(t, i+1, c.ID)
		require.LessOrEqual(t, c.Start, covered, "a gap in the text")
		require.Greater(t, c.End, c.Start)
		covered = c.End
	}
	if !o.DropShort {
		require.Equal(t, len(text), covered)
		if text != "" {
			require.Equal(t, len(chunks), chunks[0].Total)
		}
	}
}

// TestChunkTextOfEmptyTexts cuts texts without units. White space has code
// points but no tokens.
func TestChunkTextOfEmptyTexts(t *testing.T) {
	t.Parallel()
	for _, o := range []*ChunkOptions{nil, {}, {DropShort: true}, {Unit: Tokens}, {Unit: Tokens, Tokenizer: strings.Fields}} {
		require.Nil(t, mustChunk(t, "", o))
	}
	for _, space := range []string{" ", "\n\n", "\u3000\u00a0\u2003"} {
		require.Nil(t, mustChunk(t, space, &ChunkOptions{Unit: Tokens}))
		require.Equal(t, []string{space}, textsOf(mustChunk(t, space, nil)), "white space is text")
	}
}

// TestChunkTextKeepsCodePointsWhole cuts characters of several code points
// between these, and never within one.
func TestChunkTextKeepsCodePointsWhole(t *testing.T) {
	t.Parallel()
	// A letter with an accent, a family, and a flag have several code points each.
	text := "e\u0301👩‍👩‍👧🇯🇵漢"
	chunks := mustChunk(t, text, &ChunkOptions{Size: 3})
	require.Equal(t, []string{"e\u0301👩", "\u200d👩\u200d", "👧🇯🇵", "漢"}, textsOf(chunks))
	for _, c := range chunks {
		require.True(t, utf8.ValidString(c.Text))
	}
}

// TestChunkTextKeepsInvalidBytes counts each invalid byte as a code point and
// does not change it.
func TestChunkTextKeepsInvalidBytes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a\xffé\xe6\x97", 40)
	chunks := mustChunk(t, text, &ChunkOptions{Size: 5})
	require.Len(t, chunks, 40)
	for _, c := range chunks {
		require.Equal(t, "a\xffé\xe6\x97", c.Text)
		require.Equal(t, 5, c.Size)
	}
}

// TestChunkTextOfHugeSizes cuts by sizes and thresholds that would overflow a
// sum.
func TestChunkTextOfHugeSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{7, 8, math.MaxInt32, math.MaxInt - 1, math.MaxInt} {
		for _, unit := range []Unit{Chars, Tokens} {
			got := mustChunk(t, "a é c 日", &ChunkOptions{Unit: unit, Size: size, Overlap: 1, Threshold: math.MaxInt})
			require.Len(t, got, 1)
			require.Equal(t, TextChunk{Text: "a é c 日", ID: 1, Total: 1, Size: 7, End: 10}, got[0])
		}
	}
	got := mustChunk(t, "abcdefgh", &ChunkOptions{Size: 2, Threshold: math.MaxInt})
	require.Equal(t, []string{"ab", "cd", "efgh"}, textsOf(got), "only the last chunk can join another")
}

// TestChunkTextOfTenMillionCodePoints checks the bounds of each chunk of a long
// text.
func TestChunkTextOfTenMillionCodePoints(t *testing.T) {
	t.Parallel()
	unit := "aé日👍"
	text := strings.Repeat(unit, 2_500_000)
	chunks := mustChunk(t, text, &ChunkOptions{Size: 1000, Overlap: 0.2})
	require.Len(t, chunks, 10_000)
	for i, c := range chunks {
		first, last := max(0, i*1000-100), min((i+1)*1000+100, 10_000_000)
		if c.Start != first/4*10 || c.End != last/4*10 || c.Size != last-first {
			require.Failf(t, "wrong bounds", "chunk %d: %d to %d", i, c.Start, c.End)
		}
	}
	require.Equal(t, strings.Repeat(unit, 300), chunks[1].Text)
}

// TestChunkTextSharesMemory requires that no chunk copies its text where the
// text itself has it.
func TestChunkTextSharesMemory(t *testing.T) {
	t.Parallel()
	text := texttest.Script("mixed", 50_000)
	for _, c := range mustChunk(t, text, nil) {
		require.Same(t, unsafe.StringData(text[c.Start:]), unsafe.StringData(c.Text))
	}
	words := strings.Repeat("all of one space ", 1000)
	for _, c := range mustChunk(t, words, &ChunkOptions{Unit: Tokens, Size: 100}) {
		require.Same(t, unsafe.StringData(words[c.Start:]), unsafe.StringData(c.Text))
	}
}

// TestChunkTextAllocatesTheSameForAnyLength counts allocations, so it does not
// run in parallel.
func TestChunkTextAllocatesTheSameForAnyLength(t *testing.T) {
	o := DefaultChunkOptions()
	runtime.GC() // the first one of a process starts goroutines, which would count
	allocs := func(text string) float64 {
		return testing.AllocsPerRun(5, func() { _, _ = ChunkText(text, &o) })
	}
	for _, name := range []string{"ascii", "mixed"} {
		for _, n := range []int{10_000, 1_000_000} {
			require.LessOrEqual(t, allocs(texttest.Script(name, n)), 2.0, "%s, %d bytes", name, n)
		}
		long := []int{3 << 20, 5_000_000, 40_000_000} // on all processors
		if testing.Short() {
			long = long[:1]
		}
		for _, n := range long {
			require.LessOrEqual(t, allocs(texttest.Script(name, n)), 20.0, "%s, %d bytes", name, n)
		}
	}
}

// TestManyChunksAreFilledAsFew compares the chunks that several goroutines fill
// with those that one goroutine fills.
func TestManyChunksAreFilledAsFew(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("aé", 2*manyChunks)
	o := ChunkOptions{Size: 2, Overlap: 1}
	got := mustChunk(t, text, &o)
	require.Len(t, got, 2*manyChunks)
	edges := o.edges(len(text))
	p := o.plan(edges.Measure(text, true))
	want := make([]TextChunk, p.total)
	o.fill(want, 0, text, edges.Marks(), p)
	require.True(t, slices.EqualFunc(want, got, func(a, b TextChunk) bool {
		return a.Text == b.Text && a.ID == b.ID && a.Total == b.Total && a.Size == b.Size &&
			a.Start == b.Start && a.End == b.End
	}))
}

// TestDropShortKeepsTheNumbers drops chunks. The others keep their ID and
// Total.
func TestDropShortKeepsTheNumbers(t *testing.T) {
	t.Parallel()
	o := ChunkOptions{Unit: Tokens, Size: 1, Threshold: 3, DropShort: true}
	chunks := mustChunk(t, "one three two seven eleven", &o)
	require.Equal(t, []string{"three", "seven eleven"}, textsOf(chunks))
	require.Equal(t, []int{2, 4}, []int{chunks[0].ID, chunks[1].ID})
	require.Equal(t, []int{4, 4}, []int{chunks[0].Total, chunks[1].Total})
	o.Threshold = 100
	require.Empty(t, mustChunk(t, "one two three four five", &o))
}

// TestTokensAreLocated compares the byte ranges of tokens that a Tokenizer
// returns. The range is unknown from the first token on that is not in the
// text.
func TestTokensAreLocated(t *testing.T) {
	t.Parallel()
	text := "  The cat\tsat. 日本 "
	tokenize := func(tokens ...string) []span {
		var spans []span
		for _, c := range mustChunk(t, text, &ChunkOptions{
			Unit: Tokens, Size: 1, KeepTokens: true,
			Tokenizer: func(string) []string { return tokens },
		}) {
			require.Len(t, c.Tokens, 1)
			require.Equal(t, 1, c.Size)
			if c.Start >= 0 {
				require.Equal(t, c.Text, text[c.Start:c.End])
			}
			spans = append(spans, span{c.Start, c.End})
		}
		return spans
	}
	unknown := span{-1, -1}
	require.Equal(t, []span{{2, 5}, {6, 9}, {10, 13}, {13, 14}, {15, 21}}, tokenize("The", "cat", "sat", ".", "日本"), "words")
	require.Equal(t, []span{{0, 5}, {5, 9}, {9, 14}, {14, 18}, {18, 22}}, tokenize("  The", " cat", "\tsat.", " 日", "本 "), "tokens with the space before them")
	require.Equal(t, []span{{2, 5}, unknown, unknown}, tokenize("The", "CAT", "sat"), "a changed token")
	require.Equal(t, []span{{2, 5}, unknown, unknown}, tokenize("The", "sat", "cat"), "another order")
	require.Equal(t, []span{{2, 5}, {5, 5}, {6, 9}}, tokenize("The", "", "cat"), "an empty token")
	require.Equal(t, []span{{2, 5}, unknown}, tokenize("The", "cat\tsat. 日本  and more than there is"), "too long")
}

// TestUnknownTokensMakeTheirChunksUnknown cuts by a Tokenizer that changes some
// tokens. A chunk with such a token has no byte range, and neither have the
// later chunks.
func TestUnknownTokensMakeTheirChunksUnknown(t *testing.T) {
	t.Parallel()
	chunks := mustChunk(t, "a b c d e f", &ChunkOptions{
		Unit: Tokens, Size: 2, Overlap: 1,
		Tokenizer: func(s string) []string { return strings.Fields(strings.ToUpper(s[:6]) + s[6:] + " g h")[2:] },
	})
	require.Equal(t, []string{"C d e", "d e f g", "f g h"}, textsOf(chunks))
	for _, c := range chunks {
		require.Equal(t, []int{-1, -1}, []int{c.Start, c.End})
	}
	chunks = mustChunk(t, "a b c d e f", &ChunkOptions{
		Unit: Tokens, Size: 2,
		Tokenizer: func(string) []string { return []string{"a", "b", "c", "X", "e", "f"} },
	})
	require.Equal(t, []int{0, -1, -1}, []int{chunks[0].Start, chunks[1].Start, chunks[2].Start})
	require.Equal(t, []int{3, -1, -1}, []int{chunks[0].End, chunks[1].End, chunks[2].End})
}

// TestKeptTokensDoNotOverlap changes the tokens of one chunk. Those of the next
// chunk stay the same.
func TestKeptTokensDoNotOverlap(t *testing.T) {
	t.Parallel()
	for _, tokenizer := range []func(string) []string{nil, strings.Fields} {
		chunks := mustChunk(t, "a b c d", &ChunkOptions{Unit: Tokens, Size: 2, Overlap: 1, KeepTokens: true, Tokenizer: tokenizer})
		require.Len(t, chunks, 2)
		chunks[0].Tokens[1] = "changed"
		_ = append(chunks[0].Tokens, "more")
		require.Equal(t, []string{"b", "c", "d"}, chunks[1].Tokens)
	}
}

// BenchmarkFill compares filling many chunks on all processors with filling
// them on one.
func BenchmarkFill(b *testing.B) {
	text := texttest.Script("ascii", 4<<20)
	for _, n := range []int{manyChunks, 4 * manyChunks} {
		o := ChunkOptions{Size: len(text) / n, Overlap: 0.1}
		edges := o.edges(len(text))
		p := o.plan(edges.Measure(text, true))
		chunks := make([]TextChunk, p.total)
		o.fill(chunks, 0, text, edges.Marks(), p) // so that neither has page faults
		bench(b, fmt.Sprintf("%d/one processor", n), 0, func() error {
			o.fill(chunks, 0, text, edges.Marks(), p)
			return nil
		})
		bench(b, fmt.Sprintf("%d/all processors", n), 0, func() error {
			o.fillParallel(chunks, text, edges.Marks(), p)
			return nil
		})
	}
}

// TestPieceCuttersEmitFewChunks cuts into the smallest chunks, which take far more
// memory than their text.
func TestPieceCuttersEmitFewChunks(t *testing.T) {
	t.Parallel()
	const units = 10 * emittedChunks
	for unit, text := range map[Unit]string{Chars: strings.Repeat("é", units), Tokens: strings.Repeat("a ", units)} {
		c := (&ChunkOptions{Unit: unit, Size: 1}).newPieceCutter(units)
		total := 0
		emit := func(chunks []TextChunk) error {
			require.LessOrEqual(t, len(chunks), emittedChunks, unit)
			total += len(chunks)
			return nil
		}
		require.NoError(t, c.add([]byte(text), len([]rune(text)), emit))
		require.NoError(t, c.end(emit))
		require.Equal(t, units, total, unit)
	}
}
