// Package terminal is for programs that print to terminals and pipes.
//
// It makes names of files and texts of errors safe to print. A name can be chosen
// by anybody. Printed as it is, it can send commands to a terminal
// (ECMA-48), begin a line that looks like the program's own, or reorder the
// characters around it (Unicode Standard Annex #9).
//
// It also tells the width of a terminal, and that a pipe is closed.
package terminal

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Quote returns a name as it is if all of its characters are visible ones or
// blanks between them. It returns any other name in quotes, with the escape
// sequences of Go. So a result that begins with a quotation mark is always quoted.
func Quote(name string) string {
	if name == "" || name[0] == '"' || strings.TrimSpace(name) != name || Escape(name) != name {
		return strconv.Quote(name)
	}
	return name
}

// Escape returns a text with an escape sequence of Go in place of each byte that
// is not UTF-8 and each character that is not visible: control characters,
// newlines, and characters that set the direction of writing.
func Escape(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		invalid := r == utf8.RuneError && size == 1
		if !invalid && strconv.IsPrint(r) {
			b.WriteString(text[:size])
		} else {
			quoted := strconv.Quote(text[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	return b.String()
}

// Lines returns the text of an error, escaped: a line for each error that
// [errors.Join] has joined.
func Lines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() { // fmt.Errorf has a text of its own
		return []string{Escape(err.Error())}
	}
	var lines []string
	for _, e := range joined.Unwrap() {
		lines = append(lines, Lines(e)...)
	}
	return lines
}
