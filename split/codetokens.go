package split

import "strings"

// find returns the index after the first sep in the text from i on, or none.
// After maxMisses searches in vain it gives up, which keeps the time linear.
func (w *writer) find(i int, sep string) int {
	if w.misses >= maxMisses || i > len(w.text) {
		return none
	}
	if n := strings.Index(w.text[i:], sep); n >= 0 {
		return i + n + len(sep)
	}
	w.misses++
	return none
}

// remarkEnd returns the end of the comment at i, or none if there is none there.
func (s *scanner) remarkEnd(i int) int {
	for k := range s.lang.remarks {
		r := &s.lang.remarks[k]
		rest := s.text[i:]
		switch {
		case !strings.HasPrefix(rest, r.open),
			r.except != "" && len(rest) > len(r.open) && strings.IndexByte(r.except, rest[len(r.open)]) >= 0,
			r.spaced && i > s.begin && !isBlank(s.text[i-1]) && s.text[i-1] != ';':
		case r.close == "":
			return s.end
		case r.nests:
			return s.nestedEnd(i, r)
		default:
			return s.find(i+len(r.open), r.close)
		}
	}
	return none
}

// nestedEnd returns the end of a comment that may have others inside.
func (s *scanner) nestedEnd(i int, r *remarkForm) int {
	depth, start := 0, i
	for {
		next := s.find(i, r.close)
		if next < 0 {
			return none
		}
		for {
			n := strings.Index(s.text[i:next], r.open)
			if n < 0 {
				break
			}
			depth++
			i += n + len(r.open)
		}
		if next < i+len(r.close) { // the close shares a byte with an open
			next = i
			continue
		}
		depth--
		if i = next; depth == 0 && i > start {
			return i
		}
	}
}

// stringEnd returns the end of the string at i. A string that is not closed
// ends with its line.
func (s *scanner) stringEnd(i int) int {
	q := s.text[i]
	if s.lang.raw != nil {
		if closing := s.lang.raw(s.text, i); closing != "" {
			start := i + 1
			if strings.HasPrefix(s.text[i:], `"""`) {
				start = i + 3
			}
			if end := s.find(start, closing); end >= 0 {
				return end
			}
		}
	}
	form := s.lang.forms[q]
	if form&comesTriple != 0 && i+2 < len(s.text) && s.text[i+1] == q && s.text[i+2] == q {
		if end := s.tripleEnd(i + 3); end >= 0 {
			return end
		}
	}
	if form&spansLines == 0 {
		if end := s.quoteEnd(i+1, s.end, q); end >= 0 {
			return end
		}
		return s.end
	}
	if s.misses < maxMisses {
		if end := s.quoteEnd(i+1, len(s.text), q); end >= 0 {
			return end
		}
		s.misses++
	}
	return s.end
}

// tripleEnd returns the end of the string that three quotes at i-3 have opened.
func (s *scanner) tripleEnd(i int) int {
	closing := s.text[i-3 : i]
	for {
		end := s.find(i, closing)
		if end < 0 || !escaped(s.text[i:end-len(closing)]) {
			return end
		}
		i = end - len(closing) + 1
	}
}

// escaped reports whether an odd number of backslashes ends the text.
func escaped(text string) bool {
	return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1
}

// quoteEnd returns the index after the quote q that closes a string in
// text[i:end], or none.
func (s *scanner) quoteEnd(i, end int, q byte) int {
	escape := byte('\\')
	if s.lang.forms[q]&noEscapes != 0 {
		escape = q
	}
	text := s.text[:end]
	for ; i < len(text); i++ {
		switch text[i] {
		case q:
			return i + 1
		case escape:
			i++
		}
	}
	return none
}

// template returns the end of a string in back quotes, or of its part up to an
// expression: ${ opens a scope.
func template(s *scanner, i int) int {
	return s.templateEnd(i + 1)
}

func (s *scanner) templateEnd(i int) int {
	if s.misses >= maxMisses {
		return i
	}
	for k := i; k < len(s.text); k++ {
		switch s.text[k] {
		case '\\':
			k++
		case '`':
			return k + 1
		case '$':
			if strings.HasPrefix(s.text[k:], "${") {
				s.push(templateScope, s.statement)
				return k + 2
			}
		}
	}
	s.misses++
	return i
}

// regexp returns the end of the regular expression of JavaScript at i. A slash
// after a value divides.
func (s *scanner) regexp(i int) int {
	before := i
	for before > s.from && isBlank(s.text[before-1]) {
		before--
	}
	if before > s.from && !s.valueFollows(before) {
		return i + 1
	}
	class := false
	for k := i + 1; k < s.end; k++ {
		switch s.text[k] {
		case '\\':
			k++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return k + 1
			}
		}
	}
	return i + 1
}

// valueFollows reports whether the code that ends at end needs a value after it.
func (s *scanner) valueFollows(end int) bool {
	c := s.text[end-1]
	if !isWord[c] {
		return c != ')' && c != ']' && c != '}'
	}
	start := end - 1
	for start > s.from && end-start < 16 && isWord[s.text[start-1]] {
		start--
	}
	switch s.text[start:end] {
	case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield", "default":
		return true
	}
	return false
}

// slashOrTemplate reads the special tokens of JavaScript.
func slashOrTemplate(s *scanner, i int) int {
	if s.text[i] == '`' {
		return template(s, i)
	}
	return s.regexp(i)
}

// directive skips a line of the preprocessor that begins at first, with the
// lines that continue it. The braces of all branches of an #if but the last are
// forgotten, because every branch may open the same block.
func (s *scanner) directive(first int) int {
	if s.parens > 0 || s.code > 0 && s.continues(none) {
		s.settle()
		s.emit(s.begin, levelLine)
	} else {
		s.release(s.begin)
		s.place(first, statement(len(s.scopes), s.rank()))
	}
	word := first + 1
	for word < s.end && isBlank(s.text[word]) {
		word++
	}
	s.branch(s.text[word:s.end])
	end := s.end
	for end < len(s.text) && strings.HasSuffix(strings.TrimSuffix(s.text[first:end], "\r"), `\`) {
		first, end = end, lineEnd(s.text, end+1)
	}
	s.skip(word, end)
	s.from = s.end
	return s.end
}

// branch follows the conditions of the preprocessor.
func (s *scanner) branch(word string) {
	n := len(s.branches)
	switch {
	case strings.HasPrefix(word, "if"):
		s.branches = append(s.branches, branch{len(s.scopes), s.parens})
	case n > 0 && strings.HasPrefix(word, "el"):
		to := s.branches[n-1]
		for len(s.scopes) > to.depth {
			s.pop()
		}
		for len(s.scopes) < to.depth {
			s.push(blockScope, s.statement)
		}
		s.parens = to.parens
	case n > 0 && strings.HasPrefix(word, "endif"):
		s.branches = s.branches[:n-1]
	}
}

// hereDocument notes the here document that << at i begins. It returns the end
// of the token.
func hereDocument(s *scanner, i int) int {
	rest := s.text[i:s.end]
	if !strings.HasPrefix(rest, "<<") {
		return i + 1
	}
	k := 2
	if s.lang.hereSign != "" {
		if !strings.HasPrefix(rest, s.lang.hereSign) {
			return i + 1
		}
		k = len(s.lang.hereSign)
	} else if strings.HasPrefix(rest, "<<<") {
		return i + 3
	}
	if k < len(rest) && (rest[k] == '-' || rest[k] == '~') {
		k++
	}
	if s.lang.hereBlank {
		k = skipBlanks(rest, k, len(rest))
	}
	if k < len(rest) && (rest[k] == '\'' || rest[k] == '"' || rest[k] == '\\') {
		k++
	} else if k < len(rest) && s.lang.hereUpper && (rest[k] < 'A' || rest[k] > 'Z') {
		return i + 2
	}
	end := wordEnd(rest, k)
	if end == k || '0' <= rest[k] && rest[k] <= '9' {
		return i + k
	}
	s.terminator = append(s.terminator, rest[k:end])
	if end < len(rest) && (rest[end] == '\'' || rest[end] == '"') {
		end++
	}
	return i + end
}

// hereEnd returns the end of the line that begins with the word, after blanks,
// or none.
func (s *scanner) hereEnd(word string) int {
	if s.misses >= maxMisses {
		return none
	}
	for i := s.end + 1; i < len(s.text); {
		end := lineEnd(s.text, i)
		first := skipBlanks(s.text, i, end)
		if after := first + len(word); strings.HasPrefix(s.text[first:end], word) && (after == end || !isWord[s.text[after]]) {
			return after
		}
		i = end + 1
	}
	s.misses++
	return none
}
