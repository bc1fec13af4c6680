package split

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// show returns a text with "|level|" or "|level section|" in the place of each
// boundary with a level up to weakest.
func show(splitter fileops.Splitter, text string, weakest int) string {
	var b strings.Builder
	last := 0
	for boundary := range splitter("", text) {
		if boundary.Level > weakest {
			continue
		}
		b.WriteString(text[last:boundary.At])
		if boundary.Section == nil {
			fmt.Fprintf(&b, "|%d|", boundary.Level)
		} else {
			fmt.Fprintf(&b, "|%d %s|", boundary.Level, strings.Join(boundary.Section, "/"))
		}
		last = boundary.At
	}
	return b.String() + text[last:]
}

// TestMarkdownBlocks shows the boundaries before blocks and lines.
func TestMarkdownBlocks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"headings", "|0 A|# A\n\n|30|foo\n\n|1 A/B|## B\n|30|bar\n|0 C|# C\n|30|baz\n"},
		{"headings without text", "|0 A|# A\n\n|30 A/B|## B\n\n|30|foo\n"},
		{"a heading skips a depth", "|0 A|# A\n|30|foo\n|2 A/C|### C\n|30|foo\n|1 A/B|## B\n"},
		{"underlined headings", "foo\n\n|0 A b|A\n|30|b\n|30|===\n|30|bar\n\n|1 A b/C|C\n|30|-\n|30|baz\n"},
		{"an empty heading", "|0 A|# A\n|30|foo\n|0 |#\n|30|bar\n"},
		{"seven are no heading", "####### a\n"},
		{"paragraphs", "foo\n|13|bar\n\n|8|baz\n"},
		{"thematic break", "foo\n\n|6|***\n\n|8|bar\n"},
		{"fence", "foo\n|8|```go\n|25|# a\n\n|20|b\n|25|```\n|8|bar\n"},
		{"fence without an end", "~~~\n|25|```\n|25|# a\n"},
		{"longer fence", "````\n|25|```\n|25|````\n|8|a\n"},
		{"indented code", "foo\n\n|8|    a\n\n|20|    # b\n\n|8|bar\n"},
		{"list", "foo\n|8|- a\n|9|- b\n|13|  b\n|10|  - c\n|11|  - d\n|9|- e\n|8|* f\n|8|1. g\n|9|2. h\n"},
		{"loose list", "- a\n\n|10|  a\n\n|9|- b\n\n|8|c\n"},
		{"code in an item", "- a\n|10|  ```\n|25|  # b\n|25|  ```\n|9|- c\n"},
		{"a heading in an item", "- # a\n|30|  b\n|9|- c\n"},
		{"quote", "> a\n|13|b\n\n|8|> c\n|13|>\n|10|> d\n"},
		{"table", "foo\n\n|8|| a | b |\n|25||---|---|\n|25|| 1 | 2 |\n|13|| 3 | 4 |\n|13|| 5 | 6 |\n\n|8|bar\n"},
		{"table after a line", "foo\n|8|a | b\n|25|--|--\n|25|1 | 2\n"},
		{"no table", "foo\n|13|a | b\n|13|--|--|--\n"},
		{"HTML", "foo\n\n|8|<div>\n|25|# a\n|25|</div>\n\n|8|bar\n"},
		{"comment", "<!-- a\n\n|20|# b\n|25|-->\n|8|bar\n"},
		{"script", "<script>\n\n|20|# b</Script>\n|8|bar\n"},
		{"front matter", "---\n|25|# a: b\n|25|---\n|0 A|# A\n|30|bar\n"},
		{"TOML front matter", "+++\n|25|a = 1\n|25|+++\n|6|bar\n"},
		{"front matter without an end", "---\n|8|a: b\n"},
		{"definitions", "[a]: b\n|13|[c]: <d> \"e\"\n|8|foo\n"},
		{"other line breaks", "|0 A|# A\r\n\r\n|30|foo\r\r|1 A/B|B\r|30|-\r|30|bar\r"},
		{"deep nesting", strings.Repeat("> ", 40) + "a\n|13|" + strings.Repeat("> ", 40) + "b\n"},
	} {
		text := markers.ReplaceAllString(test.want, "")
		got := insideLines.ReplaceAllString(show(Markdown(), text, 30), "$1")
		assert.Equal(t, test.want, got, test.name)
	}
}

// insideLines are the marks of boundaries inside lines.
var insideLines = regexp.MustCompile(`([^\r\n])\|\d+\|`)

// markers are the marks that show puts into a text.
var markers = regexp.MustCompile(`\|\d+( [^|\n]*)?\|`)

// TestMarkdownKeepsLinksWhole finds the boundaries inside links and code weaker
// than those around them.
func TestMarkdownKeepsLinksWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"link", "a |16|[b |28|c](d) |16|e\n"},
		{"link over two lines", "a |16|[b\n|25|c](d) |16|e\n"},
		{"reference", "a |16|[b |28|c][d |28|e] |16|f\n"},
		{"image in a link", "a |16|[![|26|b |28|c](d)](e |28|f) |16|g\n"},
		{"brackets in the destination", "a |16|[b](c(d |28|e) |28|f) |16|g\n"},
		{"no link", "a |16|[b |16|c] |16|d\n"},
		{"escaped", "a |16|\\[b |16|c](d |16|e)\n"},
		{"code", "a |16|`b |28|c` |16|d\n"},
		{"longer code", "a |16|``b |28|` |28|c`` |16|d\n"},
		{"open code", "a |16|``b |16|` |16|c\n"},
		{"a bracket in code", "a |16|`[b` |16|c](d |16|e)\n"},
		{"a bracket before a link", "a |16|[ |16|[b |28|c](d) |16|e\n"},
		{"row", "|a |28|b|c|\n|25||-|-|\n"},
	} {
		text := markers.ReplaceAllString(test.want, "")
		require.Equal(t, test.want, showWords(text), test.name)
	}
}

// showWords is show without the words that no white space comes before.
func showWords(text string) string {
	all := show(Markdown(), text, 30)
	return regexp.MustCompile(`\|(17|29)\|`).ReplaceAllString(all, "")
}

// TestPlainHeadings strips the markup from headings.
func TestPlainHeadings(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{
		"# A b  c ##":             "A b c",
		"#\tA":                    "A",
		"# A#":                    "A#",
		"## `go doc` *and* **b**": "go doc and b",
		"# [A](b \"c\") d":        "A d",
		"# ![A](b)!":              "A!",
		"# a_b":                   "a_b",
		`# \*a\* \b`:              `*a* \b`,
		`# <a name="b"></a>C`:     "C",
		"# a < b > c":             "a < b > c",
		"#":                       "",
		"### ###":                 "",
		"A `b`\n  C\n===":         "A b C",
	} {
		for b := range Markdown()("", heading+"\n") {
			if b.At == 0 {
				require.Equal(t, want, strings.Join(b.Section, "/"), heading)
			}
		}
	}
}

// TestMarkdownSectionsAreCopies changes a section, which no other one shows.
func TestMarkdownSectionsAreCopies(t *testing.T) {
	t.Parallel()
	var sections [][]string
	for b := range Markdown()("", "# A\n## B\nfoo\n## C\nbar\n") {
		if b.Section != nil {
			sections = append(sections, b.Section)
		}
	}
	require.Equal(t, [][]string{{"A"}, {"A", "B"}, {"A", "C"}}, sections)
	sections[1][0] = "X"
	require.Equal(t, "A", sections[0][0])
	require.Equal(t, "A", sections[2][0])
}
