package split

import "strings"

// A blockKind is the kind of a block of Markdown that has text and no blocks.
type blockKind int

const (
	noBlock blockKind = iota
	paragraphBlock
	headingBlock
	breakBlock // a thematic break
	fencedBlock
	indentedBlock
	htmlBlock
	tableBlock
	frontBlock // front matter
	emptyBlock // a quote or an item without text
)

// An mdBlock is a block of Markdown, with the blank lines after it. The first
// block in an item or a quote begins where the item or quote does.
type mdBlock struct {
	kind       blockKind
	start, end int
	level      int    // of the boundary before the block
	depth      int    // of a heading outside quotes and lists, else 0
	title      string // of a heading, with its markup
	whole      int    // of a table: the end of the part that stays whole
}

// maxNesting is the number of quotes and items that are looked into. Deeper ones
// are text, which bounds the time that a line takes. markdown-it has such a bound.
const maxNesting = 32

// A container is an open quote or an open item of a list.
type container struct {
	quote bool
	width int  // of an item: the columns before its text
	empty bool // of an item: no text has come yet
	list  byte // the marker of the list that is the last block inside, or 0
}

// A blockScanner finds the blocks of Markdown, a line at a time, in the way that
// the appendix of the CommonMark specification describes.
type blockScanner struct {
	text string
	emit func(mdBlock) bool
	done bool // emit has returned false

	open  []container
	list  byte      // the marker of the list that is the last block outside containers
	leaf  blockKind // the kind of the block that the next line may continue
	block mdBlock   // the block that is emitted next

	fence       fence    // of the leaf
	html        htmlKind // of the leaf
	header      string   // the last line of the paragraph: perhaps the head of a table
	headerStart int      // the offset of that line
	defs        bool     // the paragraph has nothing but link reference definitions

	// These describe the line at hand.
	lines    lines
	start    int  // its offset
	end      int  // the offset of its line break
	pos, col int  // the offset and the column that are read next
	matched  int  // the number of containers that the line is in
	began    bool // a block has begun in the line
}

// run calls emit with each block, until it returns false.
func (s *blockScanner) run() {
	for at := s.frontMatter(); at < len(s.text) && !s.done; at = s.lines.next {
		s.lines.scan(at)
		s.start, s.end, s.pos, s.col, s.began = at, s.lines.end, at, 0, false
		s.line()
	}
	s.flush(len(s.text))
}

// flush emits the block at hand, which ends at the offset end.
func (s *blockScanner) flush(end int) {
	if s.block.kind != noBlock && !s.done {
		s.block.end = end
		s.done = !s.emit(s.block)
	}
	s.block = mdBlock{}
}

// begin begins a block in the line at hand. All blocks that begin in a line are
// one boundary, which has the level of the outermost.
func (s *blockScanner) begin(kind blockKind, marker byte) {
	if !s.began {
		s.began = true
		s.open = s.open[:s.matched]
		s.flush(s.start)
		s.block = mdBlock{start: s.start, level: blockLevel(s.matched, marker != 0 && marker == *s.lastList())}
	}
	*s.lastList() = marker
	s.block.kind, s.leaf = kind, kind
}

// lastList returns the marker of the list that is the last block in the innermost
// container.
func (s *blockScanner) lastList() *byte {
	if len(s.open) == 0 {
		return &s.list
	}
	return &s.open[len(s.open)-1].list
}

// blockLevel returns the level of a block in nested containers. A further item of
// a list is weaker than its first.
func blockLevel(nesting int, further bool) int {
	level := levelBlock + 2*nesting
	if further {
		level++
	}
	return min(level, levelInner)
}

// line reads a line.
func (s *blockScanner) line() {
	s.match()
	indent, p := s.indent()
	if s.inside() && s.continueLeaf(indent, p) {
		return
	}
	if s.leaf != paragraphBlock && (s.leaf != tableBlock || !s.inside()) {
		s.leaf = noBlock
	}
	if p == s.end {
		s.open, s.leaf = s.open[:s.matched], noBlock
		return
	}
	for p < s.end {
		if indent < 4 && isLetter(s.text[p]) || indent >= 4 && s.leaf == paragraphBlock {
			break
		}
		if indent >= 4 {
			s.begin(indentedBlock, 0)
			return
		}
		if s.beginLeaf(p) {
			return
		}
		if !s.beginContainer(indent, p) {
			break
		}
		indent, p = s.indent()
	}
	if p < s.end { // and not after the marker of a quote or an item
		s.textLine(s.text[p:s.end])
	}
}

// inside tells if the line is in all open containers.
func (s *blockScanner) inside() bool { return s.matched == len(s.open) }

// textLine reads a line of a paragraph or a row of a table.
func (s *blockScanner) textLine(text string) {
	switch {
	case s.leaf == tableBlock:
		if s.header != "" { // the first row
			s.header, s.block.whole = "", s.lines.next
		}
		return
	case s.leaf != paragraphBlock:
		s.beginParagraph(text)
	case !s.inside(): // a lazy continuation
	case isTableHead(s.header, text):
		s.beginTable()
		return
	case s.defs && !continuesDefinition(text):
		s.beginParagraph(text)
	}
	s.header, s.headerStart = text, s.start
}

func (s *blockScanner) beginParagraph(text string) {
	s.begin(paragraphBlock, 0)
	s.defs = isDefinition(text)
}

// beginTable makes a table of the last line of the paragraph and the line at hand.
func (s *blockScanner) beginTable() {
	if level := s.block.level; s.headerStart > s.block.start {
		s.flush(s.headerStart)
		s.block = mdBlock{start: s.headerStart, level: level}
	}
	s.block.kind, s.leaf, s.block.whole = tableBlock, tableBlock, s.lines.next
}

// match finds the containers that the line is in, and reads their markers.
func (s *blockScanner) match() {
	for s.matched = 0; s.matched < len(s.open); s.matched++ {
		c := &s.open[s.matched]
		indent, p := s.indent()
		switch {
		case c.quote:
			if indent >= 4 || p == s.end || s.text[p] != '>' {
				return
			}
			s.readQuote(indent, p)
		case p == s.end:
			if c.empty { // an item begins with at most one blank line
				return
			}
		case indent < c.width:
			return
		default:
			s.advance(c.width)
			c.empty = false
		}
	}
}

// indent returns the width of the white space that comes next, and the offset
// after it.
func (s *blockScanner) indent() (width, p int) {
	col := s.col
	for p = s.pos; p < s.end; p++ {
		switch s.text[p] {
		case ' ':
			col++
		case '\t':
			col += 4 - col%4
		default:
			return col - s.col, p
		}
	}
	return col - s.col, p
}

// advance reads white space of n columns. It may end within a tab.
func (s *blockScanner) advance(n int) {
	for end := s.col + n; s.col < end; {
		if s.text[s.pos] == '\t' {
			if tab := s.col + 4 - s.col%4; tab > end {
				s.col = end
				return
			} else {
				s.col = tab - 1
			}
		}
		s.pos++
		s.col++
	}
}

// skip goes to the offset p, which comes after indent columns of white space and
// n more bytes.
func (s *blockScanner) skip(p, indent, n int) { s.pos, s.col = p+n, s.col+indent+n }

// readQuote reads the marker of a quote and the column of white space after it.
func (s *blockScanner) readQuote(indent, p int) {
	s.skip(p, indent, 1)
	if indent, _ := s.indent(); indent > 0 {
		s.advance(1)
	}
}

// continueLeaf tells if the line belongs to the code or the HTML of the lines
// before, without a look at its markers.
func (s *blockScanner) continueLeaf(indent, p int) bool {
	switch s.leaf {
	case fencedBlock:
		if indent < 4 && s.fence.closedBy(s.text[p:s.end]) {
			s.leaf = noBlock
		}
		return true
	case htmlBlock:
		if s.html.endsIn(s.text[p:s.end]) {
			s.leaf = noBlock
		}
		return true
	case indentedBlock:
		return indent >= 4 || p == s.end
	}
	return false
}

// beginLeaf begins a block at the offset p that has no blocks inside and is no
// paragraph, and tells if there is one.
func (s *blockScanner) beginLeaf(p int) bool {
	text := s.text[p:s.end]
	paragraph := s.leaf == paragraphBlock
	switch text[0] {
	case '#':
		if depth := headingDepth(text); depth > 0 {
			s.begin(headingBlock, 0)
			s.setHeading(depth, withoutHashes(text))
			return true
		}
	case '`', '~':
		if f := fenceOf(text); f.length > 0 {
			s.begin(fencedBlock, 0)
			s.fence = f
			return true
		}
	case '<':
		if kind := htmlKindOf(text, paragraph); kind != noHTML {
			s.begin(htmlBlock, 0)
			if s.html = kind; kind.endsIn(text) {
				s.leaf = noBlock
			}
			return true
		}
	case '=', '-':
		if paragraph && s.inside() && !s.defs && isUnderline(text) {
			s.block.kind = headingBlock
			s.setHeading(1+strings.IndexByte("=-", text[0]), s.text[s.block.start:s.start])
			return true
		}
	}
	if isThematicBreak(text) {
		s.begin(breakBlock, 0)
		if s.leaf = noBlock; s.matched == 0 {
			s.block.level = levelPage
		}
		return true
	}
	return false
}

// setHeading makes a heading of the block at hand.
func (s *blockScanner) setHeading(depth int, title string) {
	s.leaf = noBlock
	if s.block.title = title; len(s.open) == 0 {
		s.block.depth = depth
	}
}

// beginContainer begins a quote or an item at the offset p, and tells if there is
// one.
func (s *blockScanner) beginContainer(indent, p int) bool {
	if len(s.open) == maxNesting && s.inside() {
		return false
	}
	if s.text[p] == '>' {
		s.begin(emptyBlock, 0)
		s.readQuote(indent, p)
		s.open = append(s.open, container{quote: true})
		s.matched = len(s.open)
		return true
	}
	marker, length := itemMarker(s.text[p:s.end], s.leaf == paragraphBlock && s.inside())
	if length == 0 {
		return false
	}
	s.begin(emptyBlock, marker)
	s.skip(p, indent, length)
	spaces, p := s.indent()
	empty := p == s.end
	if empty || spaces > 4 { // 5 spaces: the item begins with indented code
		spaces = 1
	}
	if !empty {
		s.advance(spaces)
	}
	s.open = append(s.open, container{width: indent + length + spaces, empty: empty})
	s.matched = len(s.open)
	return true
}
