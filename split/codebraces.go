package split

import "strings"

// maxHeader bounds the code that is searched for the name of a declaration.
const maxHeader = 4096

// maxModifiers is the number of words that may stand before the one that says
// which declaration begins.
const maxModifiers = 6

// push opens a scope. The statement is the one to return to at its end.
func (s *scanner) push(kind scopeKind, statement int) {
	s.scopes = append(s.scopes, scope{kind: kind, names: len(s.names), parens: s.parens, statement: statement})
	s.parens = 0
}

// pop closes the innermost scope and returns it.
func (s *scanner) pop() scope {
	top := s.scopes[len(s.scopes)-1]
	s.scopes = s.scopes[:len(s.scopes)-1]
	s.names = s.names[:top.names]
	s.parens = top.parens
	return top
}

// scopeKind returns the kind of the innermost scope.
func (s *scanner) scopeKind() scopeKind {
	if len(s.scopes) == 0 {
		return fileScope
	}
	return s.scopes[len(s.scopes)-1].kind
}

// addNames adds the names of a declaration to the section.
func (s *scanner) addNames(h header) {
	for _, name := range [2]string{h.outer, h.name} {
		if name != "" && len(s.names) < s.lang.named {
			s.names = append(s.names, name)
		}
	}
}

// startBraced finds the boundary at the start of a line whose first code is at
// first, in a language with braces.
func (s *scanner) startBraced(first int) {
	s.annotation = s.annotating && len(s.scopes) == s.annotated && (s.parens == 0 || s.text[first] == ')')
	switch c := s.text[first]; {
	case c == '}' || c == ')' || c == ']':
		s.settle()
		s.emit(s.begin, levelLine)
	case s.parens == 0 && (s.code == 0 || !s.continues(first)):
		s.startStatement(first)
	case s.code > 0 && s.text[s.code-1] == ',' && (s.parens > 0 || len(s.scopes) > 0):
		s.settle()
		s.emit(s.begin, statement(len(s.scopes)+s.parens, rankElement))
	default:
		s.settle()
		s.emit(s.begin, levelLine)
	}
}

// startStatement emits the boundary of the statement at first.
func (s *scanner) startStatement(first int) {
	s.release(s.begin)
	kind, end := s.declaration(first)
	scope, depth := s.scopeKind(), len(s.scopes)
	if kind == otherWord && s.lang.assigned && scope == fileScope && strings.Contains(s.text[first:s.end], "= function") {
		kind = variableWord
	}
	s.declaring = (kind == functionWord || kind == containerWord || kind == implWord) && (scope != blockScope || !s.lang.shallow)
	level := statement(depth, s.rank())
	switch {
	case scope == containerScope:
		level = nested(depth)
	case kind == caseWord:
		level = statement(depth, rankCase)
	case scope == fileScope && s.lang.outdent && first > s.begin:
		level = statement(1, s.rank())
	case kind == packageWord && scope == fileScope:
		s.setPackage(end)
	case scope == fileScope && (s.lang.declares || s.declaring || kind == variableWord || kind == modifierWord || kind == selfWord),
		scope == blockScope && s.declaring:
		level = nested(depth)
	case s.code > 0 && s.text[s.code-1] == ',':
		level = statement(depth, rankElement)
	}
	if s.held < 0 {
		s.annotating = s.text[first] == '@'
		s.annotated, s.annotation = depth, s.annotating
	}
	index := s.place(first, level)
	s.statement = first
	switch {
	case s.held >= 0: // this is inside the annotation of a declaration
	case level <= maxNested && (kind != variableWord || s.lang.assigned):
		s.held, s.heldDepth = index, depth
	default:
		s.setSection(index, s.names)
	}
	if s.lang.group != nil && (kind == variableWord || kind == containerWord) {
		if n := s.lang.group(s.text[first:s.end]); n >= 0 {
			s.group = first + n
		}
	}
}

// declaration returns the meaning of the first word at i that is not a modifier,
// or modifierWord if that has none, and the end of that word.
func (s *scanner) declaration(i int) (wordKind, int) {
	if s.text[i] == '@' || strings.HasPrefix(s.text[i:], "#[") {
		return modifierWord, i
	}
	kind, end := s.lang.kind(s.text, i)
	for range maxModifiers {
		if kind != modifierWord {
			break
		}
		if end < s.end && s.text[end] == ':' {
			return caseWord, end // default:
		}
		next, nextEnd := s.lang.kind(s.text, skipBlanks(s.text, end, s.end))
		if next == otherWord || next == controlWord {
			break
		}
		kind, end = next, nextEnd
	}
	return kind, end
}

// setPackage makes the name after i the outermost of the sections of the file.
func (s *scanner) setPackage(i int) {
	i = skipBlanks(s.text, i, s.end)
	end := i
	for end < s.end && (isWord[s.text[end]] || s.text[end] == '.' || s.text[end] == '\\' || s.text[end] == ':') {
		end++
	}
	if end > i && strings.IndexByte(s.text[end:s.end], '{') < 0 {
		s.names = append(s.names[:0], s.text[i:end])
	}
}

// release ends the statement before i. A declaration that has had no block gets
// its section.
func (s *scanner) release(i int) {
	if s.held >= 0 && s.heldDepth == len(s.scopes) {
		s.resolve(i, false)
	}
	s.declaring, s.group = false, none
}

// resolve reads the header of the current statement, which ends at i, and gives
// the held boundary its section.
func (s *scanner) resolve(i int, braced bool) header {
	var h header
	named := braced || s.declaring || s.statement < i && s.text[s.statement] == '@'
	if named && s.statement < i {
		h = s.lang.header(s, s.text[s.statement:min(i, s.statement+maxHeader)], braced)
	}
	if s.held >= 0 && s.heldDepth == len(s.scopes) {
		outside := len(s.names)
		s.addNames(h)
		s.setSection(s.held, s.names)
		s.names = s.names[:outside]
		s.held = none
	}
	return h
}

// openGroup opens the scope of declarations in parentheses.
func (s *scanner) openGroup() {
	s.push(groupScope, s.statement)
	s.group = none
}

// closeGroup closes it. A parenthesis without a scope is ignored.
func (s *scanner) closeGroup() {
	if s.scopeKind() == groupScope {
		s.statement = s.pop().statement
	}
}

// openBrace opens the scope of the brace at i.
func (s *scanner) openBrace(i int) int {
	h := header{kind: blockScope}
	held := s.held >= 0 && s.heldDepth == len(s.scopes)
	empty := i+1 < s.end && s.text[i+1] == '}'
	switch kind := s.scopeKind(); {
	case s.parens > 0 && held && s.text[s.statement] != '@':
		s.resolve(i, true)
	case s.parens == 0 && (held || !empty && (kind == fileScope || kind == containerScope || s.declaring)):
		h = s.resolve(i, true)
	}
	if empty {
		return i + 2
	}
	s.push(h.kind, s.statement)
	s.addNames(h)
	s.statement, s.declaring = i+1, false
	return i + 1
}

// closeBrace closes the scope of the brace at i. A brace without a scope is
// ignored.
func (s *scanner) closeBrace(i int) int {
	for s.scopeKind() == groupScope {
		s.pop()
	}
	if len(s.scopes) == 0 {
		return i + 1
	}
	s.release(i)
	top := s.pop()
	s.statement = top.statement
	if s.parens == 0 && s.scopeKind() != templateScope && top.kind != templateScope {
		s.statement = i + 1
	}
	if top.kind == templateScope {
		return s.literal(i, s.templateEnd(i+1))
	}
	if s.classes == &s.lang.long {
		s.emitInside(i+1, levelSemicolon+min(len(s.scopes)+s.parens, maxNested))
	}
	return i + 1
}

// continues reports whether the line whose code begins at first continues the
// statement before. If first is none, only the code before decides.
func (s *scanner) continues(first int) bool {
	return s.lang.continued(s, s.text[s.code-1], first)
}

// bySemicolon is for languages whose statements end with a semicolon or a block.
func bySemicolon(s *scanner, last byte, first int) bool {
	switch last {
	case ';', '{':
		return false
	case '}':
		return s.follows(first)
	case ':':
		return !s.label()
	case ',':
		return true
	}
	return !s.paragraph || len(s.scopes) > 0
}

// byLine is for languages whose statements end with the line, unless an operator
// stands there or begins the next line.
func byLine(s *scanner, last byte, first int) bool {
	switch last {
	case ';', '{':
		return false
	case '=', '*', '%', '&', '|', '^', '<', '(', '.', '[', '\\', '~', ',':
		return true
	case '+', '-':
		return s.code < 2 || s.text[s.code-2] != last
	case '>':
		return s.code >= 2 && s.text[s.code-2] == '='
	case ':':
		return !s.label()
	}
	if s.annotating && len(s.scopes) == s.annotated {
		return true
	}
	if first < 0 {
		return false
	}
	switch s.text[first] {
	case '.', '?', ':', '&', '|', '+', '=':
		return true
	case '{':
		return last != '}'
	}
	return s.follows(first)
}

// follows reports whether the word at first continues the statement before.
func (s *scanner) follows(first int) bool {
	if first < 0 {
		return false
	}
	kind, _ := s.lang.kind(s.text, first)
	return kind == followWord
}

// label reports whether the colon that ends the code ends a label or a case,
// too.
func (s *scanner) label() bool {
	if s.statement >= s.code {
		return true
	}
	if kind, _ := s.lang.kind(s.text, s.statement); kind != otherWord {
		return kind == caseWord || kind == modifierWord
	}
	end := wordEnd(s.text[:s.code], s.statement)
	return end > s.statement && end == s.code-1
}
