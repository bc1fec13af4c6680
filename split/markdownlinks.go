package split

import "strings"

// find returns the links and the code in text[from:to], a paragraph, in ascending
// order. The outermost count. The next call overwrites the result.
func (f *linkFinder) find(text string, from, to int) []span {
	f.spans, f.depth, f.lost, f.seen = f.spans[:0], 0, 0, false
	if strings.IndexByte(text[from:to], '[') < 0 && strings.IndexByte(text[from:to], '`') < 0 {
		return nil
	}
	f.text = text[:to]
	for i := from; i < to; {
		switch text[i] {
		case '\\':
			i += 2
		case '`':
			i = f.code(i)
		case '[':
			f.brackets[f.depth%maxBrackets] = i
			f.depth++
			f.lost = max(f.lost, f.depth-maxBrackets)
			i++
		case ']':
			i = f.link(i)
		default:
			for i++; i < to && !linkMarks[text[i]]; i++ {
			}
		}
	}
	return f.spans
}

// linkMarks are the bytes that matter to links and code.
var linkMarks = [256]bool{'\\': true, '`': true, '[': true, ']': true}

const (
	// maxBrackets is the number of open brackets that are remembered. The brackets
	// around them are no links.
	maxBrackets = 32
	// maxTicks is the length of the longest mark of code. cmark has it, too.
	maxTicks = 80
	// maxDestination is the number of bytes in which the end of a link is looked
	// for.
	maxDestination = 1000
)

// A linkFinder finds the links and the code in the paragraphs of a text, which
// come in ascending order.
type linkFinder struct {
	text  string // up to the end of the paragraph
	spans []span

	brackets [maxBrackets]int // the offsets of the last open brackets, a ring
	depth    int              // the number of open brackets
	lost     int              // the number of them that are not remembered

	// ticks are the offsets of the last mark of code of each length that has been
	// seen. Those before the paragraph do no harm.
	ticks [maxTicks + 1]int
	seen  bool // all marks of code in the paragraph have been seen
}

// code reads the mark of code at the offset i, and the code if it is closed. It
// returns the offset after it.
func (f *linkFinder) code(i int) int {
	n := runLength(f.text[i:])
	start := i + n
	if n > maxTicks || f.seen && f.ticks[n] < start {
		return start
	}
	for at := start; ; {
		next := strings.IndexByte(f.text[at:], '`')
		if next < 0 {
			f.seen = true
			return start
		}
		at += next
		length := runLength(f.text[at:])
		if length <= maxTicks {
			f.ticks[length] = at
		}
		if at += length; length == n {
			f.add(i, at)
			return at
		}
	}
}

// link reads the closing bracket at the offset i, and the destination after it. It
// returns the offset after them.
func (f *linkFinder) link(i int) int {
	if f.depth == f.lost {
		f.lost = max(0, f.lost-1)
		f.depth = f.lost
		return i + 1
	}
	f.depth--
	end := 0
	switch rest := f.text[i+1:]; {
	case strings.HasPrefix(rest, "("):
		end = destinationEnd(rest)
	case strings.HasPrefix(rest, "["):
		end = 1 + strings.IndexByte(rest[:min(len(rest), maxDestination)], ']')
	}
	if end == 0 {
		return i + 1
	}
	f.add(f.brackets[f.depth%maxBrackets], i+1+end)
	return i + 1 + end
}

// destinationEnd returns the offset after the bracket that closes the one at the
// start of s, or 0.
func destinationEnd(s string) int {
	s = s[:min(len(s), maxDestination)]
	s = s[:1+strings.LastIndexByte(s, ')')]
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// add adds a span, instead of those inside it.
func (f *linkFinder) add(from, to int) {
	n := len(f.spans)
	for n > 0 && f.spans[n-1].from >= from {
		n--
	}
	f.spans = append(f.spans[:n], span{from, to})
}

// plainTitle returns the text of a heading without its markup.
func plainTitle(heading string) string {
	if !strings.ContainsAny(heading, "\\`*[]!<\r\n\t") && !strings.Contains(heading, "  ") {
		return strings.Trim(heading, " ")
	}
	var b strings.Builder
	for i := 0; i < len(heading); i++ {
		switch c := heading[i]; c {
		case '\\':
			if i+1 < len(heading) && isPunctuation(heading[i+1]) {
				i++
			}
			b.WriteByte(heading[i])
		case '`', '*', '[', '!':
			if c == '!' && !strings.HasPrefix(heading[i:], "![") {
				b.WriteByte(c)
			}
		case ']':
			if strings.HasPrefix(heading[i+1:], "(") {
				i += destinationEnd(heading[i+1:])
			}
		case '<':
			if end := strings.IndexByte(heading[i:], '>'); end > 0 && startsTag(heading[i+1:]) {
				i += end
			} else {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// startsTag tells if s, after "<", is the rest of an HTML tag.
func startsTag(s string) bool {
	s = strings.TrimPrefix(s, "/")
	return s != "" && isLetter(s[0])
}

func isPunctuation(c byte) bool {
	return '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~'
}
