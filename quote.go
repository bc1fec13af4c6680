package fileops

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine returns s if it is valid UTF-8 without control characters and line
// breaks, and otherwise s as a quoted Go string, which is. A file may have any
// name, so a path in a text could otherwise look like several lines of it, or
// control a terminal.
func oneLine(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, breaksLine) {
		return s
	}
	return strconv.Quote(s)
}

// breaksLine reports whether c is a control character (Unicode's Cc) or one of
// the two line breaks that are none.
func breaksLine(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }

// oneLineError returns err if its text is what oneLine would return, and otherwise
// an error with the quoted text that wraps err.
func oneLineError(err error) error {
	if s := err.Error(); oneLine(s) != s {
		return quotedError{err}
	}
	return err
}

// A quotedError is an error with a quoted text.
type quotedError struct{ error }

func (e quotedError) Error() string { return strconv.Quote(e.error.Error()) }
func (e quotedError) Unwrap() error { return e.error }
