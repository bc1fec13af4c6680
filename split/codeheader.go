package split

import "strings"

// A header is the meaning of the code before a block.
type header struct {
	kind        scopeKind
	outer, name string
	prose       bool // the deeper lines below are one text
	bare        bool // there is no word but those of annotations
}

// A headerReader reads the words of a header.
type headerReader struct {
	lang   *language
	text   string
	braced bool
	header header

	want     wordKind // the keyword whose name is to come
	word     string   // the last other word
	assigned string   // the word before =
	frozen   bool     // the name of the container is complete
}

// readHeader reads the header of a declaration by its words.
func readHeader(s *scanner, text string, braced bool) header {
	r := headerReader{lang: s.lang, text: text, braced: braced, header: header{kind: blockScope, bare: true}}
	for i := 0; i < len(text); {
		next := r.next(i)
		if next < 0 {
			break
		}
		i = next
	}
	if r.want == functionWord && r.header.name == "" || r.assigned != "" && r.header.name == "" && strings.HasSuffix(strings.TrimRight(text, " \t"), "=>") {
		r.header.name = r.assigned
	}
	if strings.HasPrefix(text, "extern") && strings.HasSuffix(strings.TrimRight(text, " \t"), `"`) {
		r.header.kind = containerScope // extern "C" {
	}
	if n := strings.LastIndex(r.header.name, "::"); n > 0 && r.lang.lastName {
		r.header.outer, r.header.name = r.header.name[:n], r.header.name[n+2:]
	}
	return r.header
}

// next reads the token at i. It returns its end, or none if the header is known.
func (r *headerReader) next(i int) int {
	text := r.text
	switch c := text[i]; {
	case isWord[c] || c == '~':
		return r.readWord(i)
	case c == '(':
		if r.callable(i) {
			r.header.kind, r.header.name = blockScope, r.word
			return none
		}
		return balanced(text, i, '(', ')')
	case c == '[':
		return balanced(text, i, '[', ']')
	case c == '<':
		if end := balanced(text, i, '<', '>'); end < len(text) {
			if strings.HasPrefix(text[end:], "::") && r.want == otherWord {
				r.header.outer = r.word
			}
			return end
		}
	case c == '"' || c == '\'' && !r.lang.typed:
		r.header.bare = false
		if n := strings.IndexByte(text[i+1:], c); n >= 0 {
			return i + n + 2
		}
	case c == '/' && strings.HasPrefix(text[i:], "//"):
		return lineEnd(text, i)
	case c == '/' && strings.HasPrefix(text[i:], "/*"):
		if n := strings.Index(text[i+2:], "*/"); n >= 0 {
			return i + n + 4
		}
	case c == '@':
		i++
		for i < len(text) && (isWord[text[i]] || text[i] == '.' || text[i] == ':') {
			i++
		}
		return i
	case c == ';':
		*r = headerReader{lang: r.lang, text: text, braced: r.braced, header: header{kind: blockScope}}
	case c == ':':
		r.frozen = r.want != otherWord
	case c == '=' && !strings.HasPrefix(text[i:], "==") && !strings.HasPrefix(text[i:], "=>"):
		if !r.lang.assigned {
			return none
		}
		r.assigned = r.word
	}
	return i + 1
}

// readWord reads the word at i, with the names that dots and double colons join
// to it.
func (r *headerReader) readWord(i int) int {
	kind, end := r.lang.kind(r.text, i)
	r.header.bare = false
	if kind == otherWord {
		end = wordEnd(r.text, i)
	}
	switch kind {
	case modifierWord, variableWord, packageWord, caseWord, followWord:
		return end
	case stopWord:
		r.frozen = r.want != otherWord
		return end
	case controlWord:
		if r.want == otherWord {
			return none
		}
		return end
	case selfWord:
		r.header.kind, r.header.name = blockScope, r.text[i:end]
		return none
	case functionWord, containerWord, implWord:
		if r.want == otherWord || r.want == containerWord && kind == containerWord && r.header.name == "" {
			r.want = kind
			if kind != functionWord {
				r.header.kind = containerScope
			}
			return end
		}
	}
	end = nameEnd(r.text, i, end)
	if r.lang.indents && end < len(r.text) && (r.text[end] == '?' || r.text[end] == '!') {
		end++ // a method of Ruby
	}
	r.word = r.text[i:end]
	if r.want == otherWord || r.frozen {
		return end
	}
	r.header.name = r.word
	if r.want == implWord || r.want == containerWord && r.lang.lastName {
		return end
	}
	return none
}

// nameEnd returns the end of a name with parts: a.b, A::b, A::~A, operator==.
func nameEnd(text string, i, end int) int {
	for {
		if text[i:end] == "operator" || strings.HasSuffix(text[i:end], "::operator") {
			for end < len(text) && text[end] != '(' {
				end++
			}
		}
		next := end
		switch {
		case strings.HasPrefix(text[end:], "::"):
			next += 2
		case end < len(text) && (text[end] == '.' || end == i && text[end] == '~'):
			next++
		}
		if next < len(text) && next > end && text[next] == '~' {
			next++
		}
		if next == end || next >= len(text) || !isWord[text[next]] {
			return end
		}
		for next < len(text) && isWord[text[next]] {
			next++
		}
		end = next
	}
}

// callable reports whether the parenthesis at i follows the name of a function
// that no word announces.
func (r *headerReader) callable(i int) bool {
	if !r.lang.typed || !r.braced || r.word == "" || strings.HasPrefix(r.word, "__") {
		return false
	}
	return r.want == otherWord || r.lang.lastName && !r.frozen
}

// balanced returns the index after the bracket that closes the one at i, or the
// length of the text.
func balanced(text string, i int, open, shut byte) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case open:
			depth++
		case shut:
			if shut == '>' && text[i-1] == '-' {
				continue
			}
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}
