package split

import "strings"

// golang reads Go by its tokens. The parser of package go/parser would take many
// times as long; the tests compare the two.
var golang = &language{
	remarks:   []remarkForm{{open: "//"}, {open: "/*", close: "*/"}},
	quotes:    "\"'`",
	multiline: "`",
	verbatim:  "`",
	words: kinds(map[wordKind]string{
		functionWord:  "func",
		containerWord: "type",
		variableWord:  "var const import",
		packageWord:   "package",
		caseWord:      "case default",
	}),
	named:     8,
	shallow:   true,
	header:    goHeader,
	continued: goContinues,
	group:     goGroup,
}

// goHeader finds the receiver and the name of a function, or the name of a type.
func goHeader(_ *scanner, text string, _ bool) header {
	h := header{kind: blockScope}
	switch rest, isFunc := strings.CutPrefix(text, "func"); {
	case isFunc:
		rest = strings.TrimLeft(rest, " \t\r\n")
		if strings.HasPrefix(rest, "(") {
			end := balanced(rest, 0, '(', ')')
			h.outer = goReceiver(rest[1:max(end-1, 1)])
			rest = strings.TrimLeft(rest[end:], " \t\r\n")
		}
		h.name = leadingName(rest)
	case strings.HasPrefix(text, "type"):
		h.name = leadingName(strings.TrimLeft(text[len("type"):], " \t\r\n"))
	}
	if h.name == "" {
		h.outer = ""
	}
	return h
}

// goReceiver returns the name of the type of a receiver such as "d *List[T]".
func goReceiver(text string) string {
	if n := strings.IndexByte(text, '['); n >= 0 {
		text = text[:n]
	}
	text = strings.TrimRight(text, " \t\r\n),")
	start := len(text)
	for start > 0 && isWord[text[start-1]] {
		start--
	}
	return text[start:]
}

// leadingName returns the identifier that begins the text.
func leadingName(text string) string {
	return text[:wordEnd(text, 0)]
}

// goContinues reports whether the line that ends with last has no semicolon
// inserted at its end (https://go.dev/ref/spec#Semicolons).
func goContinues(s *scanner, last byte, first int) bool {
	switch last {
	case ';', '{', ')', ']', '}', '"', '\'', '`':
		return false
	case '+', '-':
		return s.code < 2 || s.text[s.code-2] != last
	case ':':
		return !s.label()
	case '(':
		return s.scopeKind() != groupScope
	}
	return !isWord[last] || s.openKeyword()
}

// openKeyword reports whether the code ends with a keyword after which no
// semicolon is inserted.
func (s *scanner) openKeyword() bool {
	start := s.code
	for start > 0 && s.code-start < 10 && isWord[s.text[start-1]] {
		start--
	}
	switch s.text[start:s.code] {
	case "case", "chan", "const", "default", "defer", "else", "for", "func", "go", "goto", "if", "import",
		"interface", "map", "package", "range", "select", "struct", "switch", "type", "var":
		return true
	}
	return false
}

// goGroup returns the index of the parenthesis that follows the first word of
// the line, or none.
func goGroup(line string) int {
	end := len(leadingName(line))
	end = skipBlanks(line, end, len(line))
	if end < len(line) && line[end] == '(' {
		return end
	}
	return none
}
