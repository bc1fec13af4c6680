package split

import (
	"iter"
	"strings"

	"github.com/lion-agi/fileops"
)

// The levels of the boundaries in source code, the strongest first. The levels
// from 0 to maxNested are those of declarations by the number of scopes around
// them. From levelStatement on, each depth has four levels.
const (
	maxNested      = 7
	levelStatement = maxNested + 1
	maxDepth       = 15
	levelLine      = levelStatement + 4*(maxDepth+1) // the start of any other line
	levelSemicolon = levelLine + 1                   // in a long line, by depth
	levelComma     = levelSemicolon + maxNested + 1  // in a long line, by depth
	levelBlank     = levelComma + maxNested + 1      // in a long line
	levelInside    = levelBlank + 1                  // a blank in a string or comment of a long line
)

// The four levels of a depth.
const (
	rankCase      = iota // a case of a switch
	rankParagraph        // a statement after a blank line
	rankStatement        // another statement
	rankElement          // an element of a list, and the first line of a block
)

// longLine is the length in bytes above which a line has boundaries inside. A text
// of one line has them, too: most likely it is a chunk that is smaller than its line.
const longLine = 120

// insideGap is the distance in bytes of boundaries of one level inside a long line.
// They are weak, so a chunk is at most this much shorter without those between. With
// all of them BenchmarkCode/minified takes 40 % more time and BenchmarkCode/corpus 7 %.
const insideGap = 64

// Code returns a splitter for source code. The language is a common name in
// any case, such as "go", "c++", "TypeScript" or "yaml". With "", the splitter
// finds the language of each text by the extension or the name of its path, or
// by its first line if that begins with #!. A text in a language that Code does
// not know is cut at blank lines, then at lines.
//
// The strongest boundaries lie between the declarations of a file, and the next
// ones between the declarations inside of these, by depth. After these come the
// statements: the fewer blocks there are around a statement, the stronger is the
// boundary. A comment directly above a declaration stays with it. The Section of
// a boundary names the package, types and functions around it; for data it is
// the path of keys.
//
// Code finds declarations without parsing, so that a text with errors is cut as
// well as one without. It takes time linear in the length of the text.
func Code(language string) fileops.Splitter {
	return func(path, text string) iter.Seq[fileops.Boundary] {
		name := language
		if name == "" {
			name = languageOf(path, text)
		}
		return func(yield func(fileops.Boundary) bool) {
			lang := languages[canonical(name)]
			if lang == nil {
				newProse(text, yield).split(0, len(text))
				return
			}
			w := writer{text: text, yield: yield, last: none, lead: none, held: none, whole: longLine, gap: insideGap}
			if lineEnd(text, 0) == len(text) {
				w.whole, w.gap = 0, 0
			}
			if lang.run != nil {
				lang.run(&w)
				w.flush()
				return
			}
			s := scanner{writer: w, lang: lang, group: none, prose: none}
			s.run()
		}
	}
}

// canonical returns the name of a language in the table of languages.
func canonical(language string) string {
	name := strings.ToLower(language)
	if alias, ok := aliases[name]; ok {
		return alias
	}
	return name
}

// lineEnd returns the index of the first line feed from i on, or the length of
// the text.
func lineEnd(text string, i int) int {
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// skipBlanks returns the index of the first byte in text[i:end] that is not
// blank, or end.
func skipBlanks(text string, i, end int) int {
	for i < end && isBlank(text[i]) {
		i++
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' }
