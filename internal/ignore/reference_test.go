package ignore

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference tells whether the line of an ignore file matches the path. It reads
// the pattern anew for each path, and tries all the texts of a star one by one.
func reference(line, path string, isDir bool) bool {
	line = strings.TrimPrefix(line, "!")
	if before, ok := strings.CutSuffix(line, "/"); ok {
		if !isDir {
			return false
		}
		line = before
	}
	if !strings.Contains(line, "/") {
		path = path[strings.LastIndex(path, "/")+1:]
	}
	line = strings.TrimPrefix(line, "/")
	special := strings.IndexAny(line, `*?[\`)
	if special < 0 {
		return line == path && line != ""
	}
	return strings.HasPrefix(path, line[:special]) && wild("/", line[special:], path[special:])
}

// wild reports whether the pattern matches all of the text. before is the pattern
// so far.
func wild(before, pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	step := func(n int) bool {
		return len(text) > 0 && wild(before+pattern[:n], pattern[n:], text[1:])
	}
	switch pattern[0] {
	case '*':
		rest := strings.TrimLeft(pattern, "*")
		stars := pattern[:len(pattern)-len(rest)]
		deep := len(stars) > 1 && strings.HasSuffix(before, "/") &&
			(rest == "" || rest[0] == '/' || strings.HasPrefix(rest, `\/`))
		if deep && strings.HasPrefix(rest, "/") && wild(before+stars+"/", rest[1:], text) {
			return true
		}
		for i := range len(text) + 1 {
			if wild(before+stars, rest, text[i:]) {
				return true
			}
			if i < len(text) && text[i] == '/' && !deep {
				return false
			}
		}
		return false
	case '?':
		return text != "" && text[0] != '/' && step(1)
	case '[':
		for end := 2; end <= len(pattern); end++ {
			if members, ok := class(pattern[1:end]); ok {
				return text != "" && text[0] != '/' && slices.Contains(members, text[0]) && step(end)
			}
		}
		return false
	case '\\':
		return len(pattern) > 1 && text != "" && text[0] == pattern[1] && step(2)
	}
	return text != "" && text[0] == pattern[0] && step(1)
}

// class returns the members of a class, given without its first bracket. It
// returns false unless the text is one whole class.
func class(text string) (members []byte, ok bool) {
	negated := text[0] == '!' || text[0] == '^'
	if negated {
		text = text[1:]
	}
	var low int // of a range, if not 0
	for first := true; text != ""; first = false {
		b, rest := text[0], text[1:]
		name, after, closed := strings.Cut(strings.TrimPrefix(rest, ":"), "]")
		switch {
		case b == ']' && !first:
			if negated {
				members = slices.DeleteFunc(allBytes(), func(b byte) bool { return slices.Contains(members, b) })
			}
			return members, rest == ""
		case b == '-' && low != 0 && rest != "" && rest[0] != ']':
			if rest[0] == '\\' {
				if rest = rest[1:]; rest == "" {
					return nil, false
				}
			}
			for b := low; b <= int(rest[0]); b++ {
				members = append(members, byte(b))
			}
			text, low = rest[1:], 0
			continue
		case b == '[' && strings.HasPrefix(rest, ":") && !closed:
			return nil, false
		case b == '[' && strings.HasPrefix(rest, ":") && strings.HasSuffix(name, ":"):
			named, ok := classMembers[strings.TrimSuffix(name, ":")]
			if !ok {
				return nil, false
			}
			members = append(members, named...)
			text, low = after, 0
			continue
		case b == '\\':
			if rest == "" {
				return nil, false
			}
			b, rest = rest[0], rest[1:]
		}
		members = append(members, b)
		text, low = rest, int(b)
	}
	return nil, false
}

func allBytes() (all []byte) {
	for b := range 256 {
		all = append(all, byte(b))
	}
	return all
}

const (
	lower = "abcdefghijklmnopqrstuvwxyz"
	upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digit = "0123456789"
	punct = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

var classMembers = map[string]string{
	"alnum": lower + upper + digit, "alpha": lower + upper, "blank": " \t",
	"cntrl": string(allBytes()[:' ']) + "\x7f", "digit": digit, "graph": lower + upper + digit + punct,
	"lower": lower, "print": lower + upper + digit + punct + " ", "punct": punct, "space": " \t\r\n",
	"upper": upper, "xdigit": digit + "abcdefABCDEF",
}

// TestReferenceKnowsLines checks the reference itself.
func TestReferenceKnowsLines(t *testing.T) {
	for _, test := range matchTests {
		for rule := range Parse([]byte(test.line)).Rules() {
			require.Equal(t, test.matches, reference(rule.Pattern, test.path, test.isDir), "%+v", test)
		}
	}
}

// FuzzMatch compares the index and the compiled patterns with the reference.
func FuzzMatch(f *testing.F) {
	for _, test := range matchTests {
		f.Add("a\n"+test.line+"\n*.o", test.path, test.isDir)
	}
	f.Add("!a/**/b*\n[a-c]*/\n/a\n**/x\n*", "a/b/c", true)
	f.Fuzz(func(t *testing.T, file, path string, isDir bool) {
		list := Parse([]byte(file))
		got := list.Match(path, isDir) // any path: it must not panic
		if slices.Contains(strings.Split(path, "/"), "") || strings.Contains(path, "\x00") {
			return // no path
		}
		// The reference takes exponential time.
		if len(file) > 100 || len(path) > 30 || strings.Count(file, "*") > 12 {
			return
		}
		var want *Rule
		for rule := range list.Rules() {
			if reference(rule.Pattern, path, isDir) {
				want = rule
			}
		}
		if got != want {
			t.Fatalf("%q, directory %v: %+v matches, want %+v", path, isDir, got, want)
		}
	})
}
