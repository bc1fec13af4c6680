package fileops

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/lion-agi/fileops/internal/grapheme"
	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// BoundarySplitters are the splitters of all tests here. The tests of package
// fileops_test, which may import package split, add to them in an init function.
var BoundarySplitters = boundarySplitters

// boundarySplitters are splitters of every kind.
var boundarySplitters = map[string]Splitter{
	"nil":        nil,
	"none":       splitAt(func(string, int) int { return -1 }),
	"lines":      splitAt(lineLevel),
	"words":      splitAt(func(text string, at int) int { return []int{-1, 3}[btoi(text[at-1] == ' ')] }),
	"every byte": splitAt(func(string, int) int { return 0 }),
	"all levels": splitAt(func(text string, at int) int { return max(lineLevel(text, at), int(text[at]%7)) }),
	"ascending":  splitAt(func(_ string, at int) int { return at }),
	"descending": splitAt(func(_ string, at int) int { return -at }),
	"sparse":     splitAt(func(_ string, at int) int { return []int{-1, at % 3}[btoi(at*at%97 == 1)] }),
	"short":      shortSplitter,
	"lying":      lyingSplitter,
	"sections":   sectionSplitter,
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// splitAt is a splitter by the level of each place in a text. There is no boundary
// where the level is -1.
func splitAt(level func(text string, at int) int) Splitter {
	return func(_, text string) iter.Seq[Boundary] {
		return func(yield func(Boundary) bool) {
			for at := 1; at < len(text); at++ {
				if l := level(text, at); l != -1 && !yield(Boundary{At: at, Level: l}) {
					return
				}
			}
		}
	}
}

// shortSplitter finds lines, and all words of a text of at most 50 bytes.
func shortSplitter(_, text string) iter.Seq[Boundary] {
	return splitAt(func(text string, at int) int {
		if len(text) <= 50 && text[at-1] == ' ' {
			return 3
		}
		return lineLevel(text, at)
	})("", text)
}

// lineLevel is 0 for the end of a paragraph, and 1 for the end of another line.
func lineLevel(text string, at int) int {
	switch {
	case text[at-1] != '\n':
		return -1
	case text[at] == '\n':
		return 0
	}
	return 1
}

// lyingSplitter returns boundaries that are no boundaries among some that are.
func lyingSplitter(_, text string) iter.Seq[Boundary] {
	return func(yield func(Boundary) bool) {
		r := rand.New(rand.NewPCG(9, uint64(len(text))))
		at := 0
		for range 2*len(text) + 10 {
			at += r.IntN(4) - 1
			b := Boundary{At: at, Level: r.IntN(5) - 2}
			switch r.IntN(20) {
			case 0:
				b.At = math.MinInt
			case 1:
				b.At = math.MaxInt
			case 2:
				b.At = -at
			case 3:
				b.Level = math.MinInt
			case 4:
				b.Level = math.MaxInt
			}
			if !yield(b) {
				return
			}
		}
	}
}

// sectionSplitter begins a section at each line, which is also at offset 0.
func sectionSplitter(_, text string) iter.Seq[Boundary] {
	return func(yield func(Boundary) bool) {
		at := 0
		for line := range strings.Lines(text) {
			b := Boundary{At: at, Level: 1, Section: []string{"top", fmt.Sprint(at)}}
			switch len(line) % 3 {
			case 0:
				b.Section = nil
			case 1:
				b.Section = []string{}
			}
			if !yield(b) {
				return
			}
			at += len(line)
		}
	}
}

// A countFunc is a Counter.
type countFunc func(string) int

func (f countFunc) Count(text string) int { return f(text) }

// A prefixCounter is a PrefixCounter that tries every prefix.
type prefixCounter struct{ countFunc }

func (c prefixCounter) Prefix(text string, limit int) int {
	n := len(text)
	for n > 0 && c.Count(text[:n]) > limit {
		n--
	}
	return n
}

// A partsCounter is a prefixCounter with the method Parts.
type partsCounter struct{ prefixCounter }

func (c *partsCounter) Parts(counter any, text string) (count func(from, to int) int, prefix func(from, to, limit int) int) {
	if counter != any(c) {
		return nil, nil
	}
	count = func(from, to int) int { return c.Count(text[from:to]) }
	last := 0
	return count, func(from, to, limit int) int {
		if from < last {
			panic("the text is read backwards")
		}
		last = from
		return c.Prefix(text[from:to], limit)
	}
}

// An embeddingCounter has the Parts of another Counter.
type embeddingCounter struct{ *partsCounter }

func (c embeddingCounter) Count(text string) int { return 2 * c.partsCounter.Count(text) }

// A wrongCounter says nonsense about prefixes.
type wrongCounter struct{ countFunc }

func (c wrongCounter) Prefix(text string, limit int) int {
	return []int{-7, 0, 1, limit, 2*limit + 1, len(text), math.MaxInt}[(len(text)+limit)%7]
}

func countBytes(text string) int { return len(text) }

// countTokens is like a byte-pair encoding: the counts of two parts may be more than
// the count of the whole.
func countTokens(text string) int {
	n, run := 0, 0
	var last rune
	for _, r := range text {
		if kind := unicode.IsLetter(r); run == 0 || kind != unicode.IsLetter(last) || run == 4 {
			n++
			run = 0
		}
		run++
		last = r
	}
	return n
}

// countOddly counts less for some longer texts.
func countOddly(text string) int {
	n := len(text)
	if n%5 == 0 {
		return n / 2
	}
	return n + n%3
}

var boundaryCounters = map[string]Counter{
	"code points": nil,
	"bytes":       countFunc(countBytes),
	"words":       countFunc(func(text string) int { return len(strings.Fields(text)) }),
	"tokens":      countFunc(countTokens),
	"prefixes":    prefixCounter{countTokens},
	"parts":       &partsCounter{prefixCounter{countTokens}},
	"embedding":   embeddingCounter{&partsCounter{prefixCounter{countTokens}}},
	"odd":         countFunc(countOddly),
	"wrong":       wrongCounter{countTokens},
	"nothing":     countFunc(func(string) int { return 0 }),
	"too much":    countFunc(func(string) int { return math.MaxInt }),
	"negative":    countFunc(func(text string) int { return -len(text) }),
}

// nastyTexts are texts that are hard to cut.
var nastyTexts = []string{
	"a", "\n", "\r\n", "\r\n\r\n\r\n\r\n", "\xff", "\x80\x80\x80\x80\x80\x80", "e\u0301\u0301\u0301\u0301",
	strings.Repeat("x", 200), strings.Repeat(" ", 150), strings.Repeat("\x00", 150), strings.Repeat("\n", 100),
	strings.Repeat("👩\u200d", 40) + "👧", "🇯🇵🇩🇪🇫🇷🇯🇵🇩🇪🇫🇷🇯", strings.Repeat("क\u094d", 30),
	"# A\n\nText.\n\n```\nunclosed\n\nfence\n" + strings.Repeat("code line\n", 20),
	strings.Repeat("a line\r\n", 20), strings.Repeat("a\u2028b\u2029c\u0085", 20),
	"é\xe6\x97日\xf0\x9f\x91本\xed\xa0\x80", texttest.Scripts["mixed"] + texttest.Scripts["emoji"] + "\r\n" + texttest.Scripts["cjk"],
	strings.Repeat("> ", 60) + "quoted", strings.Repeat("word ", 60), strings.Repeat("## Heading\n", 30),
}

// requireBoundaryLaws cuts a text and checks the laws of ChunkOptions.Splitter.
func requireBoundaryLaws(t *testing.T, text string, o *ChunkOptions) []TextChunk {
	t.Helper()
	chunks := mustChunk(t, text, o)
	count := utf8.RuneCountInString
	if o.Counter != nil {
		count = o.Counter.Count
	}
	joined := 0
	for i, c := range chunks {
		require.Equal(t, text[c.Start:c.End], c.Text)
		require.Equal(t, []int{i + 1, len(chunks)}, []int{c.ID, c.Total})
		require.Greater(t, c.End, joined, "chunk %d adds nothing", i)
		require.LessOrEqual(t, c.Start, joined, "chunk %d leaves out something", i)
		require.Equal(t, count(c.Text), c.Size)
		if c.Size > o.size() {
			require.Equal(t, grapheme.First(c.Text), len(c.Text), "chunk %d of %d is too large: %q", i, c.Size, c.Text)
		}
		if shared := text[c.Start:joined]; shared != "" {
			require.LessOrEqual(t, float64(count(shared)), float64(o.size())*min(o.Overlap, 0.5))
		}
		if utf8.ValidString(text) {
			require.True(t, utf8.ValidString(c.Text), "%q", c.Text)
		}
		require.False(t, strings.HasSuffix(c.Text, "\r") && strings.HasPrefix(text[c.End:], "\n"), "a CR LF is parted")
		require.Equal(t, lineOf(text, c.Start), c.StartLine)
		require.Equal(t, lineOf(text, c.End-1), c.EndLine)
		joined = c.End
	}
	require.Equal(t, len(text), joined)
	return chunks
}

// lineOf returns the number of the line of a byte.
func lineOf(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

// TestBoundaryLaws checks the laws for all splitters, all counters and many options.
func TestBoundaryLaws(t *testing.T) {
	t.Parallel()
	for splitterName, splitter := range boundarySplitters {
		for counterName, counter := range boundaryCounters {
			t.Run(splitterName+"/"+counterName, func(t *testing.T) {
				r := rand.New(rand.NewPCG(11, 12))
				texts := nastyTexts
				for range 4 {
					texts = append(texts, randomText(r, 60))
				}
				for _, text := range texts {
					for range 4 / stride(4) {
						size := 1 + r.IntN(60)
						requireBoundaryLaws(t, text, &ChunkOptions{
							Splitter: splitter, Counter: orSplitting(splitter, counter), Size: size, MinSize: []int{0, 1, size, r.IntN(size + 1)}[r.IntN(4)],
							Overlap: []float64{0, 0.1, 0.5, 1, r.Float64()}[r.IntN(5)], Threshold: r.IntN(10), Lines: true,
						})
					}
				}
			})
		}
	}
}

// orSplitting makes sure that a text is cut at boundaries.
func orSplitting(s Splitter, c Counter) Counter {
	if s == nil && c == nil {
		return countFunc(utf8.RuneCountInString)
	}
	return c
}

// FuzzCutAtBoundaries checks the laws for arbitrary texts and options.
func FuzzCutAtBoundaries(f *testing.F) {
	for i, text := range nastyTexts {
		f.Add(text, uint8(i), uint8(3*i), uint8(1+5*i), uint8(i), uint8(40*i))
	}
	splitters, counters := namesOf(boundarySplitters), namesOf(boundaryCounters)
	f.Fuzz(func(t *testing.T, text string, splitter, counter, size, least, overlap uint8) {
		o := &ChunkOptions{
			Splitter: boundarySplitters[splitters[int(splitter)%len(splitters)]],
			Counter:  boundaryCounters[counters[int(counter)%len(counters)]],
			Size:     1 + int(size), MinSize: int(least) % (2 + int(size)), Overlap: float64(overlap) / 255, Lines: true,
		}
		o.Counter = orSplitting(o.Splitter, o.Counter)
		requireBoundaryLaws(t, text, o)
	})
}

func namesOf[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// boundariesIn returns the boundaries that a splitter finds in a part of a text
// alone, and at which the text may be cut.
func boundariesIn(text string, from, to int, splitter Splitter) (joints []Boundary) {
	if splitter == nil {
		return nil
	}
	last := -1
	for b := range splitter("", text[from:to]) {
		at := from + b.At
		if b.At > last && b.At < to-from && !grapheme.InsideRune(text, at) && !(at > 0 && text[at-1:at+1] == "\r\n") {
			joints = append(joints, Boundary{At: at, Level: b.Level})
			last = b.At
		}
	}
	return joints
}

// simpleCut cuts a text by the rule, with all boundaries at once and a count of
// every prefix. The counter must count more for a longer text.
func simpleCut(text string, o *ChunkOptions) (ends []span) {
	count := utf8.RuneCountInString
	if o.Counter != nil {
		count = o.Counter.Count
	}
	joints := append(boundariesIn(text, 0, len(text), o.Splitter), Boundary{At: len(text), Level: math.MinInt})
	most := min(int(float64(o.size())*o.Overlap), o.size()/2)
	least := o.MinSize
	if least == 0 {
		least = (o.size() - most) / 2
	}
	for start, from := 0, 0; start < len(text); {
		shared := 0
		if from < start {
			shared = count(text[from:start])
		}
		choose := func(joints []Boundary) (end int, enough bool) {
			level := 0
			end = start
			for _, b := range joints {
				if b.At <= start || count(text[from:b.At]) > o.size() {
					continue
				}
				isEnough := count(text[from:b.At])-shared >= least
				if end == start || !enough || b.Level <= level {
					end, level, enough = b.At, b.Level, isEnough
				}
			}
			return end, enough
		}
		end, _ := choose(joints)
		if end == start {
			for at := start; at < len(text); {
				at += grapheme.First(text[at:])
				if count(text[from:at]) <= o.size() {
					end = at
				}
			}
			if fine, enough := choose(boundariesIn(text, start, end, o.Splitter)); enough {
				end = fine
			}
		}
		if end == start && from < start {
			from = start
			continue
		}
		if end == start {
			end = start + grapheme.First(text[start:])
			for _, b := range joints {
				if b.At > start {
					end = min(end, b.At)
				}
			}
		}
		ends = append(ends, span{from, end})
		var clusters, places []int
		for at := from; at < end; at += grapheme.First(text[at:end]) {
			clusters = append(clusters, at)
		}
		for _, b := range joints {
			places = append(places, b.At)
		}
		widest := func(places []int) int {
			for _, at := range places {
				if at > from && at < end && count(text[at:end]) <= most {
					return at
				}
			}
			return end
		}
		switch at := widest(places); {
		case most == 0:
			start, from = end, end
		case o.Splitter == nil:
			start, from = end, widest(clusters)
		default:
			if low := widest(clusters); count(text[at:end]) < most/2 {
				fine := boundariesIn(text, low, end, o.Splitter)
				if i := slices.IndexFunc(fine, func(b Boundary) bool { return b.At > low }); i >= 0 && fine[i].At < at && count(text[fine[i].At:end]) <= most {
					at = fine[i].At
				}
			}
			start, from = end, at
		}
	}
	return ends
}

// TestCutAtBoundariesEqualsSimpleCut compares the cutter with the rule.
func TestCutAtBoundariesEqualsSimpleCut(t *testing.T) {
	t.Parallel()
	for splitterName, splitter := range boundarySplitters {
		for _, counterName := range []string{"code points", "bytes", "words", "tokens", "prefixes", "parts", "nothing", "too much"} {
			t.Run(splitterName+"/"+counterName, func(t *testing.T) {
				r := rand.New(rand.NewPCG(13, 14))
				for i := range 40 / stride(2) {
					text := randomText(r, r.IntN(70))
					if i < len(nastyTexts) {
						text = nastyTexts[i]
					}
					size := 1 + r.IntN(60)
					o := &ChunkOptions{
						Splitter: splitter, Counter: orSplitting(splitter, boundaryCounters[counterName]), Size: size,
						MinSize: []int{0, 1, size, r.IntN(size + 1)}[r.IntN(4)], Overlap: []float64{0, 0.1, 0.5, 1}[r.IntN(4)],
					}
					var got []span
					for _, c := range mustChunk(t, text, o) {
						got = append(got, span{c.Start, c.End})
					}
					require.Equal(t, simpleCut(text, o), got, "%q by %d, at least %d, overlap %v", text, o.Size, o.MinSize, o.Overlap)
				}
			})
		}
	}
}

// TestEndlessSplittersEnd gives Splitters whose sequences have no end. Nobody could
// cancel ChunkText.
func TestEndlessSplittersEnd(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some words ", 20)
	for name, at := range map[string]func(i int) int{
		"the same place":       func(int) int { return 5 },
		"ever further outside": func(i int) int { return i },
		"never a place":        func(int) int { return -1 },
	} {
		endless := func(_, _ string) iter.Seq[Boundary] {
			return func(yield func(Boundary) bool) {
				for i := 0; yield(Boundary{At: at(i)}); i++ {
				}
			}
		}
		chunks, err := ChunkText(text, &ChunkOptions{Size: 10, Splitter: endless})
		require.NoError(t, err, name)
		joined := ""
		for _, c := range chunks {
			joined += c.Text
		}
		require.Equal(t, text, joined, name)
	}
}

// TestSectionsAreInForceAtTheStart compares the Section of each chunk with the last
// one up to its start.
func TestSectionsAreInForceAtTheStart(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	for range 300 {
		text := randomText(r, 100)
		start := 0
		for _, c := range mustChunk(t, text, &ChunkOptions{Splitter: sectionSplitter, Size: 1 + r.IntN(40), Overlap: r.Float64()}) {
			var want []string
			for b := range sectionSplitter("", text) {
				if b.At <= start && b.Section != nil && (b.At == 0 || text[b.At-1:b.At+1] != "\r\n") {
					want = b.Section
				}
			}
			if len(want) == 0 {
				require.Nil(t, c.Section)
			} else {
				require.Equal(t, want, c.Section)
			}
			start = c.End
		}
	}
}

func TestSectionsAreShared(t *testing.T) {
	t.Parallel()
	section := []string{"a", "b"}
	chunks := mustChunk(t, strings.Repeat("x", 100), &ChunkOptions{Size: 10, Splitter: func(string, string) iter.Seq[Boundary] {
		return slices.Values([]Boundary{{At: 0, Section: section}})
	}})
	require.Len(t, chunks, 10)
	for _, c := range chunks {
		require.Same(t, unsafe.SliceData(section), unsafe.SliceData(c.Section))
	}
}

// A measuringCounter knows how many bytes it has been given.
type measuringCounter struct {
	countFunc
	bytes *int
}

func (c measuringCounter) Count(text string) int {
	*c.bytes += len(text)
	return c.countFunc(text)
}

// A measuringPrefixCounter counts the bytes that it is given to find prefixes in, too.
type measuringPrefixCounter struct{ measuringCounter }

func (c measuringPrefixCounter) Prefix(text string, limit int) int {
	*c.bytes += len(text)
	n := min(len(text), limit*8)
	for n > 0 && c.countFunc(text[:n]) > limit {
		n--
	}
	return n
}

// TestLittleIsCounted gives a Counter only a few times as many bytes as the text has.
func TestLittleIsCounted(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 18))
	texts := map[string]string{
		"english": words(r, 20_000), "cjk": texttest.Script("cjk", 150_000), "emoji": texttest.Script("emoji", 60_000),
		"one line": strings.Repeat("x", 200_000), "chain": strings.Repeat("👩\u200d", 20_000), "blanks": strings.Repeat(" ", 200_000),
		"uneven": strings.Repeat(strings.Repeat(" ", 3000)+strings.Repeat("a b c d e f g ", 300), 10),
	}
	counters := map[string]countFunc{
		"bytes": countBytes, "words": func(s string) int { return len(strings.Fields(s)) }, "tokens": countTokens,
	}
	requireFew := func(text string, o *ChunkOptions, given *int, limit float64, name string) {
		*given = 0
		mustChunk(t, text, o)
		require.LessOrEqual(t, float64(*given)/float64(len(text)), limit, "%s, overlap %v", name, o.Overlap)
	}
	for name, text := range texts {
		for splitterName, splitter := range boundarySplitters {
			for counterName, count := range counters {
				for _, overlap := range []float64{0, 0.1, 0.5}[:atMost(3, 2)] {
					given := 0
					plain := measuringCounter{count, &given}
					o := &ChunkOptions{Size: 400, Overlap: overlap, Splitter: splitter, Counter: plain}
					// The worst are boundaries that make all chunks as short as may be,
					// and a text whose next part is never like the last one.
					limit, least := 12.0, 6.0
					if splitterName == "ascending" || name == "uneven" {
						limit, least = 30, 8
					}
					if overlap == 0.5 { // each byte is in two chunks or more
						limit, least = 2.5*limit, 2.5*least
					}
					name := name + " " + splitterName + " " + counterName
					requireFew(text, o, &given, limit, name)
					if counterName == "bytes" {
						o.Counter = measuringPrefixCounter{plain}
						requireFew(text, o, &given, least, name)
					}
				}
			}
		}
	}
}

// atMost returns n, or short with -short.
func atMost(n, short int) int {
	if testing.Short() {
		return short
	}
	return n
}

// words returns a text of words in lines and paragraphs.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(strings.Repeat("x", 1+r.IntN(10)))
		b.WriteString([]string{" ", " ", " ", ". ", "\n", "\n\n"}[r.IntN(6)])
	}
	return b.String()
}

// TestHugeClustersTakeLinearTime cuts texts whose clusters are far larger than a chunk.
// A cutter that looked at a cluster once a chunk, or once a code point, would not end.
func TestHugeClustersTakeLinearTime(t *testing.T) {
	t.Parallel()
	n := 1_000_000 / stride(4)
	for _, text := range []string{
		strings.Repeat("👩\u200d", n/7), "e" + strings.Repeat("\u0301", n/2), strings.Repeat("🇯🇵", n/8), strings.Repeat("क\u094d", n/6),
	} {
		for _, o := range []*ChunkOptions{
			{Size: 100, Overlap: 0.1, Splitter: boundarySplitters["none"]}, {Size: 100, Overlap: 0.1, Counter: countFunc(countBytes)},
			{Size: 100, Splitter: boundarySplitters["lines"], Counter: measuringPrefixCounter{measuringCounter{countBytes, new(int)}}},
		} {
			chunks := mustChunk(t, text, o)
			require.Equal(t, len(text), chunks[len(chunks)-1].End)
		}
	}
}

// TestSplitterIsAskedAboutAChunkAlone cuts one long line with a Splitter that finds no
// words in it. Asked about a chunk alone, it finds them, unless they make the chunk
// too short.
func TestSplitterIsAskedAboutAChunkAlone(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a longer word ", 20)
	for _, c := range mustChunk(t, text, &ChunkOptions{Size: 50, Overlap: 0.1, Splitter: shortSplitter}) {
		require.True(t, strings.HasSuffix(c.Text, " "), "%q", c.Text)
	}
	var got []string
	for _, c := range mustChunk(t, "a bcdefghijkl mn opqrst uvw", &ChunkOptions{Size: 6, Splitter: func(_, text string) iter.Seq[Boundary] {
		if len(text) > 6 {
			text = ""
		}
		return shortSplitter("", text)
	}}) {
		got = append(got, c.Text)
	}
	require.Equal(t, []string{"a bcde", "fghijk", "l mn ", "opqrst", " uvw"}, got)
}

// TestManyBoundariesTakeLinearTime cuts at a boundary at every byte, into one chunk and
// into as many as there are boundaries.
func TestManyBoundariesTakeLinearTime(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 400_000/stride(4))
	for _, name := range []string{"every byte", "descending", "ascending"} {
		require.Len(t, mustChunk(t, text, &ChunkOptions{Size: len(text), Splitter: boundarySplitters[name]}), 1)
		require.Len(t, mustChunk(t, text, &ChunkOptions{Size: 1, Splitter: boundarySplitters[name]}), len(text))
		for _, size := range []int{1000, len(text) / 3} {
			chunks := mustChunk(t, text, &ChunkOptions{Size: size, Overlap: 1, Splitter: boundarySplitters[name]})
			require.LessOrEqual(t, len(chunks), 5*len(text)/size)
		}
	}
	// Whenever the Splitter is asked, it finds one boundary, which is never enough.
	first := splitAt(func(_ string, at int) int { return []int{-1, 0}[btoi(at == 1)] })
	require.Len(t, mustChunk(t, text, &ChunkOptions{Size: 1000, Splitter: first}), 1+len(text)/1000)
}

// TestAnEditChangesFewChunks inserts a line at the top of a text. Each chunk after the
// first place where both texts have a cut is the same.
func TestAnEditChangesFewChunks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(19, 20))
	most, sum, edits := 0, 0, 200/stride(4)
	for range edits {
		text := document(r, 100_000)
		line := strings.Repeat("y", 1+r.IntN(120)) + "\n"
		o := &ChunkOptions{Size: 1500, Overlap: []float64{0, 0.1}[r.IntN(2)], Splitter: headingSplitter}
		changed := changedChunks(t, mustChunk(t, text, o), mustChunk(t, line+text, o), len(line))
		most, sum = max(most, changed), sum+changed
	}
	t.Logf("of about 90 chunks, %d changed at most, and %.1f on average", most, float64(sum)/float64(edits))
	require.LessOrEqual(t, float64(sum)/float64(edits), 3.0)
	require.LessOrEqual(t, most, 20)
}

// document returns headings of three depths with paragraphs below them.
func document(r *rand.Rand, size int) string {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%s Heading\n\n", []string{"#", "##", "##", "###", "###", "###"}[r.IntN(6)])
		for range 1 + r.IntN(6) {
			for range 1 + r.IntN(8) {
				b.WriteString(strings.Repeat("x", 20+r.IntN(60)) + "\n")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// headingSplitter has boundaries at headings by their depth, at paragraphs and lines.
func headingSplitter(_, text string) iter.Seq[Boundary] {
	return func(yield func(Boundary) bool) {
		at, blank := 0, true
		for line := range strings.Lines(text) {
			b := Boundary{At: at, Level: 10}
			if depth := len(line) - len(strings.TrimLeft(line, "#")); depth > 0 {
				b.Level = depth
			} else if blank && line != "\n" {
				b.Level = 9
			}
			if !yield(b) {
				return
			}
			at += len(line)
			blank = line == "\n"
		}
	}
}

// changedChunks returns how many of the later chunks are not among the earlier ones,
// shifted. Once the two have a cut at the same place, all that follow must be the same.
func changedChunks(t *testing.T, before, after []TextChunk, shift int) (changed int) {
	t.Helper()
	old := map[span]bool{}
	for _, c := range before {
		old[span{c.Start + shift, c.End + shift}] = true
	}
	met := false // a chunk began and ended where one did before
	for _, c := range after {
		if same := old[span{c.Start, c.End}]; !same {
			require.False(t, met, "the cuts met, and part again at %d", c.Start)
			changed++
		} else {
			met = true
		}
	}
	return changed
}

// BenchmarkCutAtBoundaries cuts Go source at its lines, by code points.
func BenchmarkCutAtBoundaries(b *testing.B) {
	text := texttest.GoSource(b, "runtime")
	text = strings.Repeat(text, (4<<20)/len(text)+1)[:4<<20]
	lines := func(_, text string) iter.Seq[Boundary] {
		return func(yield func(Boundary) bool) {
			for at := 0; ; {
				n := strings.IndexByte(text[at:], '\n')
				if at += n + 1; n < 0 || !yield(Boundary{At: at, Level: 1}) {
					return
				}
			}
		}
	}
	for _, c := range []struct {
		name string
		o    ChunkOptions
	}{
		{"the splitter alone", ChunkOptions{}},
		{"lines", ChunkOptions{Size: 1500, Overlap: 0.1, Splitter: lines}},
		{"lines without overlap", ChunkOptions{Size: 1500, Splitter: lines}},
		{"lines with their numbers", ChunkOptions{Size: 1500, Overlap: 0.1, Splitter: lines, Lines: true}},
		{"clusters by bytes", ChunkOptions{Size: 1500, Overlap: 0.1, Counter: countFunc(countBytes)}},
		{"lines by words", ChunkOptions{Size: 300, Overlap: 0.1, Splitter: lines, Counter: countFunc(func(s string) int { return len(strings.Fields(s)) })}},
	} {
		bench(b, c.name, int64(len(text)), func() error {
			if c.o.Size == 0 {
				n := 0
				for range lines("", text) {
					n++
				}
				return nil
			}
			_, err := ChunkText(text, &c.o)
			return err
		})
	}
}
