package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pieces returns chunks without offsets.
func pieces(texts ...string) (list []piece) {
	for _, s := range texts {
		list = append(list, piece{text: s, start: -1, end: -1})
	}
	return list
}

// TestLawsAreCounted gives the chunks of splitters that each break one law.
func TestLawsAreCounted(t *testing.T) {
	long := strings.Repeat("ä", chunkSize)
	for name, test := range map[string]struct {
		text   string
		chunks []piece
		want   laws
	}{
		"none":         {"one two", []piece{{text: "one ", end: 4}, {text: "two", start: 4, end: 7}}, laws{chunks: 2}},
		"no offsets":   {"one two", pieces("one ", "two"), laws{chunks: 2, withoutOffsets: 2}},
		"at the limit": {long, pieces(long), laws{chunks: 1, withoutOffsets: 1}},
		"too long":     {long + "ä", pieces(long + "ä"), laws{chunks: 1, withoutOffsets: 1, tooLong: 1}},
		"trimmed":      {"one\n\ntwo\u2003", pieces("one", "two"), laws{chunks: 2, withoutOffsets: 2, lost: 5, blanks: 5}},
		"lost":         {"one two three", pieces("one ", " three"), laws{chunks: 2, withoutOffsets: 2, lost: 3}},
		"changed":      {"one\ntwo", pieces("one\n2"), laws{chunks: 1, withoutOffsets: 1, changed: 1, lost: 4, blanks: 1}},
		"title added":  {"# A\n\none\ntwo", pieces("# A\n\none", "# A\ntwo"), laws{chunks: 2, withoutOffsets: 2, changed: 1, lost: 1, blanks: 1}},
		"wrong offset": {"one two", []piece{{text: "one ", start: 1, end: 5}, {text: "two", start: 4, end: 7}}, laws{chunks: 2, wrongOffsets: 1}},
		"outside":      {"one", []piece{{text: "one", start: 1, end: 4}}, laws{chunks: 1, wrongOffsets: 1}},
		"in a word":    {"one two", pieces("one t", "wo"), laws{chunks: 2, withoutOffsets: 2, insideWord: 1}},
		"before sign":  {"f(x)", pieces("f", "(x)"), laws{chunks: 2, withoutOffsets: 2}},
		"Chinese":      {"港口船长", pieces("港口", "船长"), laws{chunks: 2, withoutOffsets: 2}},
		"twice":        {"a b a c a d", pieces("a b ", "b a ", "a c ", "a d"), laws{chunks: 4, withoutOffsets: 4}},
		"moved":        {"one two", pieces("two", "one "), laws{chunks: 2, withoutOffsets: 2}},
		"empty":        {"one", nil, laws{lost: 3}},
	} {
		var got laws
		got.count(document{text: test.text}, test.chunks)
		assert.Equal(t, test.want, got, name)
	}
}

// TestMissingHeadingsAreCounted gives chunks that tell their headings in their text,
// in their section, or not at all.
func TestMissingHeadingsAreCounted(t *testing.T) {
	const text = "# The *Book*\n\none\n\nPart\n----\n\ntwo\n\n# [End](x)\n\nthree"
	d := document{text: text, headings: findHeadings(text)}
	for name, test := range map[string]struct {
		chunk   string
		section []string
		missing int
	}{
		"in the text":         {"# The *Book*\n\none\n\nPart\n----\n\ntwo\n\n", nil, 0},
		"in the section":      {"two\n\n", []string{"The Book", "Part"}, 0},
		"parent only":         {"two\n\n", []string{"The Book"}, 1},
		"own heading only":    {"Part\n----\n\ntwo\n\n", nil, 1},
		"both":                {"Part\n----\n\ntwo\n\n", []string{"The Book"}, 0},
		"of the one before":   {"three", []string{"The Book", "Part"}, 1},
		"without markup":      {"three", []string{"End"}, 0},
		"blanks before":       {"\n\n# [End](x)\n\nthree", nil, 0},
		"changed, with title": {"# The Book\nPart\ntwo", nil, 0},
		"changed, no title":   {"- two\ntwo", nil, 1},
		"nowhere":             {"four", nil, 0},
	} {
		var got laws
		got.count(d, []piece{{text: test.chunk, start: -1, end: -1, section: test.section}})
		assert.Equal(t, test.missing, got.withoutHeading, name)
	}
}

// TestOverlapNeedsNoHeading gives a chunk that begins with the end of the section
// before.
func TestOverlapNeedsNoHeading(t *testing.T) {
	const text = "# A\n\none\n\n# B\n\ntwo"
	var got laws
	got.count(document{text: text, headings: findHeadings(text)}, pieces("# A\n\none\n\n", "one\n\n# B\n\ntwo"))
	assert.Zero(t, got.withoutHeading)
}

// TestOursBreaksNoLaw cuts small texts with the splitters of fileops. A word that is
// longer than a chunk is the only one that may be cut.
func TestOursBreaksNoLaw(t *testing.T) {
	sets, err := quickInputs(t).textSets()
	require.NoError(t, err)
	for _, set := range sets {
		for _, impl := range splitters() {
			if !strings.HasPrefix(impl.name, "**") || !impl.cuts(set.kind) {
				continue
			}
			l, err := set.laws(impl)
			require.NoError(t, err)
			l.insideWord = 0
			if impl.name == "**split.Text**" {
				l.withoutHeading = 0
			}
			assert.Equal(t, laws{chunks: l.chunks}, l, "%s, %s", set.name, impl.name)
			assert.Positive(t, l.chunks)
		}
	}
}

// TestCompareSplitters checks the table.
func TestCompareSplitters(t *testing.T) {
	var out strings.Builder
	o := options{rounds: 1}
	require.NoError(t, compareSplitters(&out, quickInputs(t), regexp.MustCompile("Markdown|Chinese"), o))
	for _, want := range []string{"| **split.Markdown** |", "| langchaingo Markdown |", "| a Chinese book | **split.Text** |", "none given", "A line at the top"} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), "English")
	require.Error(t, compareSplitters(io.Discard, quickInputs(t), regexp.MustCompile("Markdown"), options{rounds: 1, js: t.TempDir()}))
}

// TestAnswersOfJavaScript counts the laws over an answer of split.mjs.
func TestAnswersOfJavaScript(t *testing.T) {
	set := textSet{documents: []document{{text: "one two"}, {text: "three"}}}
	r := jsAnswer{Name: "JS", Wall: []float64{0.5}, CPU: []float64{2}, Chunks: [][]jsChunk{
		{{"one ", 0, 4}, {"two", 3, 6}}, {{"three", -1, -1}},
	}}.result(set)
	assert.Equal(t, laws{chunks: 3, wrongOffsets: 1, withoutOffsets: 1}, r.laws)
	assert.Equal(t, "500ms 2s", r.wall[0].String()+" "+r.cpu[0].String())
}

func TestChangedChunks(t *testing.T) {
	chunks := func(texts ...string) (list []fileops.TextChunk) {
		for _, s := range texts {
			list = append(list, fileops.TextChunk{Text: s})
		}
		return list
	}
	assert.Equal(t, 0, changedChunks(chunks("a", "b", "c"), chunks("a", "c")))
	assert.Equal(t, 2, changedChunks(chunks("a", "b"), chunks("x", "a", "a", "b")))
}

// TestBooks checks that a book is the same each time, and has chapters and paragraphs.
func TestBooks(t *testing.T) {
	for _, language := range []bookLanguage{english, chinese} {
		text := language.book(10_000)
		assert.Equal(t, text, language.book(10_000))
		assert.Greater(t, len(text), 10_000)
		assert.Greater(t, strings.Count(text, "\n\n"), 10)
		assert.NotContains(t, text, "①")
	}
}
