package split

import "strings"

// A fence is the line that opens a fenced code block.
type fence struct {
	char   byte
	length int // the number of its characters, or 0
}

// fenceOf returns the fence that a line is, without its indentation.
func fenceOf(line string) fence {
	n := runLength(line)
	if n < 3 || line[0] == '`' && strings.IndexByte(line[n:], '`') >= 0 {
		return fence{}
	}
	return fence{line[0], n}
}

// closedBy tells if a line, without its indentation, closes the code block.
func (f fence) closedBy(line string) bool {
	if line == "" || line[0] != f.char {
		return false
	}
	n := runLength(line)
	return n >= f.length && isBlankLine(line[n:])
}

// runLength returns the number of bytes at the start of s, which is not empty,
// that are the same.
func runLength(s string) int {
	n := 1
	for n < len(s) && s[n] == s[0] {
		n++
	}
	return n
}

// headingDepth returns the depth of the ATX heading that a line is, or 0.
func headingDepth(line string) int {
	n := runLength(line)
	if n > 6 || n < len(line) && line[n] != ' ' && line[n] != '\t' {
		return 0
	}
	return n
}

// withoutHashes returns an ATX heading without the marks at both ends.
func withoutHashes(heading string) string {
	heading = strings.Trim(strings.TrimLeft(heading, "#"), " \t")
	bare := strings.TrimRight(heading, "#")
	if bare == "" || strings.HasSuffix(bare, " ") || strings.HasSuffix(bare, "\t") {
		return bare
	}
	return heading
}

// isUnderline tells if a line makes a heading of the paragraph before it.
func isUnderline(line string) bool { return isBlankLine(line[runLength(line):]) }

// isThematicBreak tells if a line has nothing but three or more of one mark.
func isThematicBreak(line string) bool {
	c := line[0]
	if c != '*' && c != '-' && c != '_' {
		return false
	}
	n := 0
	for i := range len(line) {
		switch line[i] {
		case c:
			n++
		case ' ', '\t':
		default:
			return false
		}
	}
	return n >= 3
}

// itemMarker returns the length of the marker at the start of a line, or 0, and
// the byte that tells its list from another kind of list. In a paragraph only an
// item with text begins a list, and a number must be 1.
func itemMarker(line string, paragraph bool) (marker byte, length int) {
	digits := 0
	for digits < len(line) && digits < 9 && isDigit(line[digits]) {
		digits++
	}
	if digits == len(line) || strings.IndexByte(markersAfter(digits), line[digits]) < 0 {
		return 0, 0
	}
	length = digits + 1
	if length < len(line) && line[length] != ' ' && line[length] != '\t' {
		return 0, 0
	}
	if paragraph && (isBlankLine(line[length:]) || digits > 0 && line[:digits] != "1") {
		return 0, 0
	}
	return line[digits], length
}

// markersAfter returns the marks that make an item after a number of digits.
func markersAfter(digits int) string {
	if digits > 0 {
		return ".)"
	}
	return "-+*"
}

// isTableHead tells if the second line makes the head of a table of the first: it
// has as many cells, and each is "---", ":--", "--:" or ":-:", of any length.
func isTableHead(head, line string) bool {
	if c := line[0]; c != '|' && c != '-' && c != ':' || strings.IndexByte(head+line, '|') < 0 {
		return false
	}
	cells := 0
	for cell := range strings.SplitSeq(innerRow(line), "|") {
		cell = strings.Trim(cell, " \t")
		cell = strings.TrimSuffix(strings.TrimPrefix(cell, ":"), ":")
		if cell == "" || strings.Trim(cell, "-") != "" {
			return false
		}
		cells++
	}
	head = innerRow(head)
	return cells == 1+strings.Count(head, "|")-strings.Count(head, `\|`)
}

// innerRow returns a row without the bars at its ends.
func innerRow(row string) string {
	row = strings.TrimPrefix(strings.Trim(row, " \t"), "|")
	if strings.HasSuffix(row, `\|`) {
		return row
	}
	return strings.TrimSuffix(row, "|")
}

// isDefinition tells if a line is a whole link reference definition.
func isDefinition(line string) bool {
	if line[0] != '[' {
		return false
	}
	label, rest, found := strings.Cut(line[1:], "]:")
	if !found || strings.ContainsAny(label, "[]") || isBlankLine(label) {
		return false
	}
	rest = strings.TrimLeft(rest, " \t")
	destination, title, _ := strings.Cut(rest, " ")
	return destination != "" && (isBlankLine(title) || isTitle(title))
}

// continuesDefinition tells if a line may come after a link reference definition
// without the end of the paragraph: another definition, or the title of the first.
func continuesDefinition(line string) bool { return isDefinition(line) || isTitle(line) }

// isTitle tells if s is the whole title of a link.
func isTitle(s string) bool {
	if s = strings.Trim(s, " \t"); len(s) < 2 {
		return false
	}
	opening, closing := s[0], s[len(s)-1]
	return opening == closing && (opening == '"' || opening == '\'') || opening == '(' && closing == ')'
}

// frontMatter begins with the front matter of the text, if there is some, and
// returns the offset after it.
func (s *blockScanner) frontMatter() int {
	s.lines.scan(0)
	mark := s.text[:s.lines.end]
	if mark != "---" && mark != "+++" {
		return 0
	}
	for at := s.lines.next; at < len(s.text); at = s.lines.next {
		s.lines.scan(at)
		if line := s.text[at:s.lines.end]; line == mark || mark == "---" && line == "..." {
			s.block = mdBlock{kind: frontBlock}
			return s.lines.next
		}
	}
	s.lines = lines{text: s.text, breaks: markdownBreaks}
	return 0
}
