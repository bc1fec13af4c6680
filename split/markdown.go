package split

import (
	"iter"
	"slices"
	"strings"

	"github.com/lion-agi/fileops"
)

// Markdown returns a splitter for Markdown: CommonMark with tables and front
// matter. It finds headings, the other blocks, the items of lists, the rows of
// tables, and in paragraphs the boundaries of [Text].
//
// Section is the plain text of the headings that a boundary is below. A heading
// in a quote or in a list has no section. A boundary between a heading and the
// text after it is weaker than all others. Boundaries inside code, HTML, front
// matter, a row and a link are weaker than the words of a paragraph.
func Markdown() fileops.Splitter {
	return func(_, text string) iter.Seq[fileops.Boundary] {
		return func(yield func(fileops.Boundary) bool) {
			m := markdown{prose: newProse(text, yield)}
			s := blockScanner{text: text, lines: lines{text: text, breaks: markdownBreaks}, emit: m.block}
			s.run()
		}
	}
}

// A markdown yields the boundaries of the blocks of a Markdown text.
type markdown struct {
	prose   *prose
	links   linkFinder
	heading [6]string // the headings in force, by their depth
	paths   []string  // memory for sections
	after   blockKind // the kind of the block before
}

// block yields the start of a block and the boundaries inside it.
func (m *markdown) block(b mdBlock) bool {
	boundary := fileops.Boundary{At: b.start, Level: b.level}
	if b.depth > 0 {
		boundary.Level = levelHeading + b.depth - 1
		boundary.Section = m.section(b)
	}
	switch m.after {
	case headingBlock:
		boundary.Level = levelHeadingText
	case frontBlock:
		boundary.Level = min(boundary.Level, levelPage)
	}
	if (b.start > 0 || boundary.Section != nil) && !m.prose.yield(boundary) {
		return false
	}
	m.after, m.prose.last = b.kind, b.start
	return m.inside(b)
}

// section returns the path of headings that the heading b begins.
func (m *markdown) section(b mdBlock) []string {
	m.heading[b.depth-1] = plainTitle(b.title)
	clear(m.heading[b.depth:])
	// One allocation for many sections saves a tenth of BenchmarkMarkdown/markdown.
	if cap(m.paths)-len(m.paths) < b.depth {
		m.paths = make([]string, 0, min(max(2*cap(m.paths), len(m.heading)), 128))
	}
	start := len(m.paths)
	for _, h := range m.heading[:b.depth] {
		if h != "" {
			m.paths = append(m.paths, h)
		}
	}
	return slices.Clip(m.paths[start:])
}

// inside yields the boundaries inside a block.
func (m *markdown) inside(b mdBlock) bool {
	p := m.prose
	if b.end-b.start <= p.fine {
		return true
	}
	p.lineShift, p.innerShift, p.strongest, p.spans = 0, 0, 0, nil
	switch b.kind {
	case paragraphBlock:
		p.spans = m.links.find(p.text, b.start, b.end)
	case headingBlock:
		p.strongest = levelHeadingText
	case tableBlock:
		return m.table(b)
	default:
		p.lineShift, p.innerShift = keptWhole, keptWhole
	}
	return p.split(b.start, b.end)
}

// table yields the boundaries inside a table. The first rows stay with the heads
// of the columns.
func (m *markdown) table(b mdBlock) bool {
	p := m.prose
	p.innerShift = keptWhole
	p.lineShift = keptWhole
	if !p.split(b.start, b.whole) {
		return false
	}
	p.lineShift = 0
	if strings.TrimLeft(p.text[b.whole:b.end], " \t\r\n") == "" {
		return true
	}
	return p.mark(b.whole, levelAnyLine) && p.split(b.whole, b.end)
}
