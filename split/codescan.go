package split

import "strings"

type scopeKind uint8

const (
	fileScope      scopeKind = iota
	blockScope               // of statements
	containerScope           // of declarations
	groupScope               // of declarations in parentheses
	templateScope            // an expression in a string
)

// A scope is a pair of braces, or for a language that indents, a statement with
// its lines below.
type scope struct {
	kind      scopeKind
	names     int // the number of names outside
	parens    int // the open parentheses outside
	statement int // the start of the statement around it
	indent    int
}

// A scanner finds the boundaries of code. It goes from line to line: the start
// of each is a boundary, whose level depends on the scopes around it and on the
// word it begins with.
type scanner struct {
	writer
	lang *language

	begin, end int      // the current line
	classes    *classes // those for its length
	from       int      // code begins here: the start of the line, or the end of a comment
	code       int      // the end of the last byte of code that is not blank
	paragraph  bool     // a blank line is above

	scopes    []scope
	names     []string // of the scopes
	parens    int      // the open parentheses and brackets in the innermost scope
	statement int      // the start of the current statement
	declaring bool     // a word says that the statement is a declaration
	prose     int      // the indentation whose deeper lines are one text, or none
	group     int      // the parenthesis that opens a scope

	heldDepth  int
	annotating bool // the statement consists of annotations so far
	annotated  int  // the depth of the statement with the annotations
	annotation bool // the line may end them
	leadDepth  int
	leadRank   int
	branches   []branch // of #if
	terminator []string // those of the here documents that begin in the line
}

// A branch is the state at an #if, to which each #else returns.
type branch struct{ depth, parens int }

func (s *scanner) run() {
	i := 0
	if s.lang.prologue != nil {
		s.openLine(0)
		i = s.lang.prologue(s.text)
		s.skip(0, i)
		s.from = i
		s.scan(i)
		s.closeLine()
		i = s.end + 1
	}
	for i < len(s.text) && !s.stopped {
		s.openLine(i)
		s.scan(s.startLine())
		s.closeLine()
		i = s.end + 1
	}
	s.settle()
	s.release(len(s.text))
	s.flush()
}

func (s *scanner) openLine(i int) {
	s.begin, s.from = i, i
	s.setEnd(i)
}

// setEnd makes the line at i the current one.
func (s *scanner) setEnd(i int) {
	s.end = lineEnd(s.text, i)
	s.classes = &s.lang.code
	if s.end-i > s.whole {
		s.classes = &s.lang.long
	}
}

// startLine finds the boundary at the start of the line. It returns the place
// from where on the line is to be scanned.
func (s *scanner) startLine() int {
	first := skipBlanks(s.text, s.begin, s.end)
	if first == s.end {
		s.settle()
		s.paragraph = true
		return first
	}
	if s.prose >= 0 {
		if s.indentation(first) > s.prose {
			s.emit(s.begin, levelLine)
			return s.end
		}
		s.prose = none
	}
	for s.classes[s.text[first]] == remark {
		end := s.remarkEnd(first)
		if end < 0 {
			break
		}
		s.openLead()
		s.skip(first, end)
		s.from = end
		if first = skipBlanks(s.text, end, s.end); first == s.end {
			s.paragraph = false
			return first
		}
	}
	switch {
	case s.lang.directives && s.text[first] == '#':
		first = s.directive(first)
	case s.lang.indents:
		s.startIndented(first)
	default:
		s.startBraced(first)
	}
	s.paragraph = false
	return first
}

// closeLine notes the last code of the line and skips its here documents.
func (s *scanner) closeLine() {
	s.mark(s.end)
	if s.annotation {
		s.annotating = s.lang.header(s, s.text[min(s.begin, s.code):s.code], false).bare
		s.annotation = false
	}
	for len(s.terminator) > 0 && !s.stopped {
		word := s.terminator[0]
		s.terminator = s.terminator[1:]
		if end := s.hereEnd(word); end > s.end {
			s.skip(s.end, end)
			s.from = s.end
		}
	}
}

// mark notes that code ends at end, less the blanks before it.
func (s *scanner) mark(end int) {
	for end > s.from && isBlank(s.text[end-1]) {
		end--
	}
	if end > s.from {
		s.code = end
	}
}

// openLead notes that a comment begins the line. If a statement follows
// directly, the comment belongs to it.
func (s *scanner) openLead() {
	switch {
	case s.parens > 0 || s.code > 0 && s.continues(none):
		s.emit(s.begin, levelLine)
	case s.lead >= 0 && s.leadDepth == s.depthHere():
		s.emit(s.begin, levelLine)
	default:
		s.settle()
		s.release(s.begin)
		s.leadDepth, s.leadRank = s.depthHere(), s.rank()
		s.lead = s.emit(s.begin, levelLine)
	}
}

// depthHere returns the number of scopes that the line is in.
func (s *scanner) depthHere() int {
	if s.lang.indents {
		return s.depth(s.indentation(skipBlanks(s.text, s.begin, s.end)))
	}
	return len(s.scopes)
}

// settle gives the comment above its level, as no statement follows directly.
func (s *scanner) settle() {
	if s.lead >= 0 {
		s.out[s.lead].Level = statement(s.leadDepth, s.leadRank)
		s.lead = none
	}
}

// rank returns the rank of a statement at the start of the line.
func (s *scanner) rank() int {
	switch {
	case s.paragraph:
		return rankParagraph
	case s.code > 0 && s.text[s.code-1] == '{':
		return rankElement
	}
	return rankStatement
}

// place emits the boundary of a statement at first: before the comment above,
// if there is one. It returns the index of the boundary.
func (s *scanner) place(first, level int) int {
	if len(s.out) >= maxHeld {
		s.flush()
	}
	if s.lead >= 0 && s.leadDepth == len(s.scopes) {
		index := s.lead
		s.out[index].Level = level
		s.emit(s.begin, levelLine) // the lead keeps index from being flushed
		s.lead = none
		return index
	}
	s.settle()
	if s.begin > s.last {
		first = s.begin
	}
	return s.emit(first, level)
}

// scan reads the tokens from i to the end of the line, or of a later line if a
// token ends there.
func (s *scanner) scan(i int) {
	for i < s.end {
		text, classes := s.text[:s.end], s.classes
		c := classes[text[i]]
		for c == plain {
			if i++; i == len(text) {
				return
			}
			c = classes[text[i]]
		}
		if c == opener && i != s.group {
			s.parens++
			i++
			continue
		}
		if c == closer && s.parens > 0 {
			s.parens--
			i++
			continue
		}
		i = s.token(i, c)
	}
}

// token reads the token of a class at i and returns its end.
func (s *scanner) token(i int, c class) int {
	if s.stopped {
		return s.end
	}
	switch c {
	case opener:
		s.openGroup()
	case closer:
		s.closeGroup()
	case brace:
		return s.openBrace(i)
	case unbrace:
		return s.closeBrace(i)
	case quote:
		return s.literal(i, s.stringEnd(i))
	case remark:
		if end := s.remarkEnd(i); end >= 0 {
			s.mark(i)
			s.skip(i, end)
			s.from = end
			return end
		}
		if strings.IndexByte(s.lang.specials, s.text[i]) >= 0 {
			return s.literal(i, s.lang.special(s, i))
		}
	case special:
		return s.literal(i, s.lang.special(s, i))
	default:
		return s.weak(i, c)
	}
	return i + 1
}

// literal skips a token that is code and may span lines.
func (s *scanner) literal(i, end int) int {
	if end > s.end {
		s.skip(i, end)
		s.from = end - 1
	} else if s.classes == &s.lang.long {
		s.inside(i, end, levelInside)
	}
	return end
}

// weak emits a boundary inside a long line, after the byte at i.
func (s *scanner) weak(i int, c class) int {
	depth := min(len(s.scopes)+s.parens, maxNested)
	i++
	switch {
	case c == semicolon && s.parens == 0:
		s.emitInside(i, levelSemicolon+depth)
	case c != blank:
		s.emitInside(i, levelComma+depth)
	case i < s.end && !isBlank(s.text[i]):
		s.emitInside(i, levelBlank)
	}
	return i
}

// skip goes over text[from:to], which may span lines. The line of to becomes
// the current one.
func (s *scanner) skip(from, to int) {
	if to <= s.end {
		s.inside(from, to, levelInside)
		return
	}
	for from < to && !s.stopped {
		end := min(lineEnd(s.text[:to], from), to)
		s.inside(from, end, levelInside)
		if end < to {
			s.emit(end+1, levelLine)
		}
		from = end + 1
	}
	s.setEnd(to)
}
