package split

import "strings"

// tabWidth is the distance of the tab stops in indentation.
const tabWidth = 8

// startIndented finds the boundary at the start of a line whose first code is at
// first, in a language in which indentation makes scopes.
func (s *scanner) startIndented(first int) {
	kind, end := s.declaration(first)
	declares := kind == functionWord || kind == containerWord
	closes := strings.IndexByte(")]}", s.text[first]) >= 0
	switch c := s.text[first]; {
	case s.parens > 0 && declares:
		s.parens = 0 // a bracket that is not closed ends here at the latest
	case s.parens > 0 && s.code > 0 && !closes && strings.IndexByte(",([{", s.text[s.code-1]) >= 0:
		s.emit(s.begin, statement(len(s.scopes)+s.parens, rankElement))
		return
	case s.parens > 0:
		s.emit(s.begin, levelLine)
		return
	case s.code > 0 && s.continues(first), kind == followWord, closes:
		s.settle()
		s.emit(s.begin, levelLine)
		return
	case c == '@' && s.lang.decorators:
		s.openLead()
		return
	}
	s.startEntry(first, end, kind)
}

// startEntry emits the boundary of the statement at first, whose first word ends
// at end.
func (s *scanner) startEntry(first, end int, kind wordKind) {
	indent := s.indentation(first)
	depth := s.depth(indent)
	if s.leadDepth > depth {
		s.settle()
	}
	for len(s.scopes) > depth {
		s.pop()
	}
	s.leadDepth = depth
	declares := kind == functionWord || kind == containerWord
	h := header{kind: fileScope}
	if declares || s.lang.entries {
		h = s.lang.header(s, s.text[first:min(s.end, first+maxHeader)], true)
	}
	level := statement(depth, s.rank())
	switch {
	case kind == caseWord:
		level = statement(depth, rankCase)
	case declares, h.kind == containerScope, h.kind == fileScope && depth == 0 && s.lang.declares:
		level = nested(depth)
	}
	index := s.place(first, level)
	s.push(h.kind, first)
	s.scopes[depth].indent = indent
	s.addNames(h)
	s.setSection(index, s.names)
	s.statement = first
	if s.prose = none; h.prose {
		s.prose = indent
	}
}

// depth returns the number of scopes that a statement with an indentation is in.
func (s *scanner) depth(indent int) int {
	depth := len(s.scopes)
	for depth > 0 && s.scopes[depth-1].indent >= indent {
		depth--
	}
	return depth
}

// indentation returns the column of the byte at first. The dash of a list in
// YAML stands deeper than the key in the same column.
func (s *scanner) indentation(first int) int {
	column := 0
	start := first
	for start > 0 && s.text[start-1] != '\n' {
		start--
	}
	for ; start < first; start++ {
		if s.text[start] == '\t' {
			column += tabWidth - column%tabWidth
		} else {
			column++
		}
	}
	if s.lang.headed && s.text[first] == '[' {
		return none
	}
	if s.lang.entries && strings.HasPrefix(s.text[first:], "- ") {
		return 2*column + 1
	}
	return 2 * column
}

// byBackslash is for languages in which a backslash joins two lines.
func byBackslash(_ *scanner, last byte, _ int) bool { return last == '\\' }

// byOperator is for Ruby, where a line also continues after an operator and
// before a dot.
func byOperator(s *scanner, last byte, first int) bool {
	switch last {
	case '\\', ',', '=', '&', '+', '.':
		return true
	}
	return first >= 0 && (s.text[first] == '.' || s.text[first] == '&')
}

// shellHeader returns the name of a function.
func shellHeader(s *scanner, text string, _ bool) header {
	if kind, end := s.lang.kind(text, 0); kind == functionWord {
		return header{kind: containerScope, name: shellName(strings.TrimLeft(text[end:], " \t"))}
	}
	name := shellName(text)
	if name != "" && strings.HasPrefix(strings.ReplaceAll(text[len(name):], " ", ""), "()") {
		return header{kind: containerScope, name: name}
	}
	return header{}
}

// shellName returns the name that begins the text.
func shellName(text string) string {
	end := 0
	for end < len(text) && (isWord[text[end]] || strings.IndexByte("-.:", text[end]) >= 0) {
		end++
	}
	return text[:end]
}

// tableHeader returns the name of a table of TOML. Tables do not nest.
func tableHeader(_ *scanner, text string, _ bool) header {
	if !strings.HasPrefix(text, "[") {
		return header{}
	}
	name, _, _ := strings.Cut(strings.TrimLeft(text, "["), "]")
	return header{kind: containerScope, name: strings.TrimSpace(name)}
}

// entryHeader returns the key of an entry of YAML. It is a name if the value is
// on the lines below.
func entryHeader(_ *scanner, text string, _ bool) header {
	text = strings.TrimRight(text, " \t\r")
	if strings.HasPrefix(text, "---") {
		return header{kind: containerScope}
	}
	text = strings.TrimPrefix(text, "- ")
	key, value, found := strings.Cut(text, ":")
	h := header{kind: containerScope}
	value = strings.TrimLeft(value, " ")
	h.prose = strings.HasPrefix(value, "|") || strings.HasPrefix(value, ">")
	if found && value == "" {
		h.name = strings.Trim(key, " \"'")
	}
	return h
}
