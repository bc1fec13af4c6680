package split_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/lion-agi/fileops/split"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// splitters are the splitters that the tests of laws run with.
var splitters = map[string]fileops.Splitter{
	"text":     split.Text(),
	"markdown": split.Markdown(),
	"byname":   split.ByName(),
}

// requireLaws checks the boundaries that a splitter yields: they ascend, are
// between two characters, not within a CR LF, and have a level of the scale.
func requireLaws(tb testing.TB, name, text string) (count int) {
	tb.Helper()
	last := -1
	for b := range splitters[name]("", text) {
		require.Greater(tb, b.At, last, "%s %.200q", name, text)
		require.Less(tb, b.At, len(text), "%s %.200q", name, text)
		require.True(tb, betweenCharacters(text, b.At), "%s %.200q %d", name, text, b.At)
		require.False(tb, b.At > 0 && text[b.At-1:b.At+1] == "\r\n", "%s %.200q %d", name, text, b.At)
		require.True(tb, 0 <= b.Level && b.Level <= 30, "%s %.200q %d", name, text, b.Level)
		last = b.At
		count++
	}
	return count
}

// betweenCharacters tells if no character of the text is on both sides of the
// offset i.
func betweenCharacters(text string, i int) bool {
	for start := max(0, i-utf8.UTFMax+1); start < i; start++ {
		if r, size := utf8.DecodeRuneInString(text[start:]); r != utf8.RuneError && start+size > i {
			return false
		}
	}
	return true
}

// nastyTexts are texts that have broken splitters, of about n bytes.
func nastyTexts(n int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	return map[string]string{
		"empty":            "",
		"one byte":         "a",
		"one word":         fill("a"),
		"one line":         fill("some words and a comma, then a sentence. "),
		"headings":         fill("# a\n"),
		"underlines":       fill("a\n===\n"),
		"open fence":       "```\n" + fill("code\n"),
		"fences":           fill("```\n"),
		"ticks":            fill("` `` ``` ```` "),
		"nested quotes":    fill(">") + "\n" + fill("> a\n"),
		"deep quotes":      fill(strings.Repeat(">", 1000) + "\n"),
		"nested items":     fill("- ") + "a\n" + fill("\n"),
		"stairs":           stairs(n),
		"open brackets":    fill("["),
		"brackets":         fill("[]("),
		"links":            fill("[a](b) "),
		"table":            "|a|b|\n|-|-|\n" + fill("|1|2|\n"),
		"bars":             fill("|") + "\n" + fill("-|") + "\n",
		"open tags":        fill("<div "),
		"comments":         fill("<!-- "),
		"front matter":     "---\n" + fill("a: b\n"),
		"definitions":      fill("[a]: b\n"),
		"blanks":           fill(" "),
		"tabs":             fill("\t"),
		"blank lines":      fill("\n"),
		"nuls":             fill("\x00"),
		"invalid":          fill("\xff\xc3 \xe3\x80. \xe4"),
		"emoji":            fill("\U0001F468\u200D"),
		"flags":            fill("\U0001F1E9"),
		"marks":            "a" + fill("\u0308"),
		"dotted marks":     fill("a.\u0308"),
		"full stops":       fill("."),
		"full stop spaces": "a." + fill(" "),
		"full stop closes": "a." + fill(")"),
		"digits":           fill(". 1 "),
		"commas":           fill(","),
		"comma closes":     fill(",)"),
		"cjk stops":        fill("。"),
		"cjk closes":       "。" + fill("」"),
		"katakana":         fill("ア"),
		"thai":             fill("กำ"),
		"cr lf":            fill("a\r\n"),
		"cr":               fill("a\r"),
		"lf cr":            fill("\n\r"),
		"separators":       fill("a\u2028b\u2029c\u0085"),
		"form feeds":       fill("a\f"),
	}
}

// stairs returns a list of which each item is inside the one before, until the
// text has n bytes.
func stairs(n int) string {
	var b strings.Builder
	for depth := 0; b.Len() < n; depth++ {
		b.WriteString(strings.Repeat("  ", depth) + "- a\n")
	}
	return b.String()
}

// TestLaws checks the boundaries of nasty texts and of random pieces of them.
func TestLaws(t *testing.T) {
	t.Parallel()
	texts := nastyTexts(3000)
	for _, script := range []string{"ascii", "mixed"} {
		texts[script] = texttest.Script(script, 20_000)
	}
	texts["english"], texts["chinese"], texts["go"] = english, chinese, texttest.GoSource(t, "strconv")
	var all []string
	for _, text := range texts {
		all = append(all, text)
	}
	random := rand.New(rand.NewSource(1))
	for name := range splitters {
		for _, text := range all {
			requireLaws(t, name, text)
		}
		for range 300 {
			var b strings.Builder
			for range 1 + random.Intn(20) {
				text := all[random.Intn(len(all))]
				from := random.Intn(len(text) + 1)
				b.WriteString(text[from:min(len(text), from+random.Intn(300))])
			}
			requireLaws(t, name, b.String())
		}
	}
}

// TestBoundariesAreDense finds that a long text without long words has a boundary
// in each 256 bytes.
func TestBoundariesAreDense(t *testing.T) {
	t.Parallel()
	for name, splitter := range splitters {
		for _, text := range []string{english, chinese, strings.ReplaceAll(english, "\n", " "), strings.Repeat("f(a,b);", 1000), strings.Repeat("ab cd ", 1000)} {
			last := 0
			for b := range splitter("", text) {
				assert.LessOrEqual(t, b.At-last, 256, "%s %q", name, text[last:b.At])
				last = b.At
			}
			assert.LessOrEqual(t, len(text)-last, 256, "%s %q", name, text[last:])
		}
	}
}

// TestYieldMayStop ends the iteration after each number of boundaries.
func TestYieldMayStop(t *testing.T) {
	t.Parallel()
	text := "# A\n\nOne, two. Three " + strings.Repeat("four ", 200) + "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n" + strings.Repeat("five. ", 100) + "\f" + strings.Repeat("六", 100)
	for name, splitter := range splitters {
		total := requireLaws(t, name, text)
		require.Greater(t, total, 10)
		for n := 1; n <= total; n++ {
			count := 0
			for range splitter("", text) {
				if count++; count == n {
					break
				}
			}
			require.Equal(t, n, count)
		}
	}
}

// TestByName picks a splitter by the path.
func TestByName(t *testing.T) {
	t.Parallel()
	text := "# A\n\nfoo\n\n\n# B\n"
	for path, want := range map[string]fileops.Splitter{
		"a.md": split.Markdown(), "dir.md/A.MARKDOWN": split.Markdown(), "a.mdx": split.Markdown(),
		"": split.Text(), "a.txt": split.Text(), "md": split.Text(), "a.md/b": split.Text(),
	} {
		require.Equal(t, slices.Collect(want(path, text)), slices.Collect(split.ByName()(path, text)), path)
	}
}

// TestOverlapsAreLong requires that chunks share most of the overlap that they may,
// although the boundaries of a long text are further apart than that.
func TestOverlapsAreLong(t *testing.T) {
	o := fileops.ChunkOptions{Size: 1500, Overlap: 0.1}
	for name, text := range benchTexts(t) {
		for by, splitter := range map[string]fileops.Splitter{"text": split.Text(), "markdown": split.Markdown()} {
			o.Splitter = splitter
			chunks, err := fileops.ChunkText(text, &o)
			require.NoError(t, err)
			shared := 0
			for i := range chunks[1:] {
				shared += utf8.RuneCountInString(text[chunks[i+1].Start:chunks[i].End])
			}
			require.Greater(t, shared/len(chunks), 100, "%s by %s", name, by)
		}
	}
}
