// Package ignore matches paths against the patterns of gitignore(5).
//
// It agrees with git to the byte, also where the manual page is silent. It does
// no I/O: the caller reads the ignore files and walks the tree.
package ignore

import (
	"bytes"
	"iter"
	"strings"
)

// A Rule is one pattern of a [List].
type Rule struct {
	Pattern string // as written, without the trailing blanks that mean nothing
	Line    int    // from 1, in the ignore file or in the list of patterns
	Negated bool   // the pattern begins with "!"
	DirOnly bool   // the pattern ends with "/"
}

// A List holds the compiled patterns of one source, in their order. It does not
// change, so any number of goroutines may use it. A nil List and the zero List
// have no patterns.
type List struct {
	rules []Rule
	index index
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse compiles the contents of an ignore file. As git does, it takes off a byte
// order mark at the beginning and one carriage return before each line feed.
func Parse(data []byte) *List {
	l := new(List)
	data = bytes.TrimPrefix(data, byteOrderMark)
	for number := 1; len(data) > 0; number++ {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		l.add(string(line), number)
	}
	l.compile()
	return l
}

// Compile compiles one pattern an element. It reads an element as [Parse] reads
// a line.
func Compile(patterns []string) *List {
	l := new(List)
	for i, line := range patterns {
		l.add(line, i+1)
	}
	l.compile()
	return l
}

// add appends the rule of a line. Empty lines and comments have none.
func (l *List) add(line string, number int) {
	if line == "" || line[0] == '#' {
		return
	}
	line = strings.TrimSuffix(line, "\r")
	// Git reads a line as a C string, which a NUL ends.
	line, _, _ = strings.Cut(line, "\x00")
	line = trimBlanks(line)
	l.rules = append(l.rules, Rule{
		Pattern: line,
		Line:    number,
		Negated: strings.HasPrefix(line, "!"),
		DirOnly: strings.HasSuffix(line, "/"),
	})
}

// trimBlanks takes off the trailing blanks that no backslash escapes. Tabs stay.
// Git keeps all blanks of a line that ends with a lone backslash.
func trimBlanks(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
		} else if line[i] == ' ' {
			continue
		}
		end = i + 1
	}
	return line[:min(end, len(line))]
}

// compile indexes the rules. The index points into l.rules, which must be whole.
func (l *List) compile() {
	for i := range l.rules {
		l.index.add(&l.rules[i])
	}
}

// Len returns the number of rules.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return len(l.rules)
}

// Rules yields the rules in their order.
func (l *List) Rules() iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		for i := range l.Len() {
			if !yield(&l.rules[i]) {
				return
			}
		}
	}
}

// Match returns the last rule that matches the path, or nil if none does. The
// path is relative to the directory of the source. It has slashes between its
// names, none at its ends, and it is not empty.
//
// Match looks at the path alone, not at the directories above it. A file below an
// excluded directory is excluded as well: the caller must not enter such a
// directory.
func (l *List) Match(path string, isDir bool) *Rule {
	if l == nil {
		return nil
	}
	return l.index.last(path, isDir)
}
