package ignore

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const directory = true

type matchTest struct {
	line, path string
	isDir      bool
	matches    bool
}

func yes(line, path string) matchTest { return matchTest{line, path, false, true} }
func no(line, path string) matchTest  { return matchTest{line, path, false, false} }

// matchTests has lines of one rule. gitignore(5) has those of the first part.
var matchTests = []matchTest{
	// Anchors.
	yes("a", "a"), yes("a", "x/a"), yes("a", "x/y/a"), no("a", "a/x"), no("a", "ab"), no("a", "A"),
	yes("/a", "a"), no("/a", "x/a"), yes("x/a", "x/a"), no("x/a", "y/x/a"), yes("/x/a", "x/a"), no("//a", "a"), no("x//a", "x/a"),
	yes("hello.*", "x/hello.c"), no("/hello.*", "x/hello.c"), yes("foo/*", "foo/a"), no("foo/*", "foo/bar/a"),
	no("./a", "a"), yes(`x\/a`, "x/a"), no(`x\/a`, "y/x/a"), no("[x/]a", "x/a"), no("[x/]a", "y/xa"), yes("[x/]a", "xa"),

	// Directories.
	{"a/", "a", directory, true}, no("a/", "a"), {"a/", "x/a", directory, true}, {"x/a/", "x/a", directory, true},
	{"/a/", "x/a", directory, false}, {"*/", "x/a", directory, true}, no("*/", "x/a"), {"a//", "a", directory, false},
	{"a", "a", directory, true}, {"!a/", "a", directory, true}, no("!a/", "a"), {`a\/`, "a", directory, false},

	// Two asterisks.
	yes("**/foo", "foo"), yes("**/foo", "x/y/foo"), no("**/foo", "xfoo"), yes("**/foo/bar", "x/foo/bar"), yes("**/foo/bar", "foo/bar"),
	no("**/foo/bar", "foo/x/bar"), yes("abc/**", "abc/x/y"), no("abc/**", "abc"), no("abc/**", "x/abc/y"), yes("a/**/b", "a/b"),
	yes("a/**/b", "a/x/b"), yes("a/**/b", "a/x/y/b"), no("a/**/b", "ab"), no("a/**/b", "a/xb"), no("a/**/b", "x/a/b"),
	yes("a/**/**/b", "a/b"), yes("a/***/b", "a/x/y/b"), yes("**", "x/y"), yes("/**", "x/y"), yes("**/**", "x"), no("**//", "a"),
	{"a/**/", "a/x/y", directory, true}, no("a/**/", "a/x/y"), {"a/**/", "a", directory, false}, {"**/", "x/a", directory, true},
	yes("a/**/b/**/c", "a/b/b/x/c/c"), no("a/**/b/**/c", "a/x/c"), yes("**/a*b/**", "x/a/ab/y/z"), yes(`**\/a`, "x/y/a"), no(`**\/a`, "a"),
	yes(`**/**\/a`, "x/a"), no(`**/**\/a`, "a"), yes("**/**/a*", "x/y/ab"), yes("**/**/a", "a"),
	yes("x**y", "xzy"), no("x/a**y", "x/a/y"), yes("x/?**y", "x/azy"), no("x/?**y", "x/az/y"), yes("?**/b", "ax/b"), no("?**/b", "ab"),
	no("?**/b", "a/x/b"), yes("x/a**y", "x/azy"), no("**a/b", "x/a/b"), yes("**a/b", "xa/b"), yes("/**/a/*", "x/y/a/z"),
	// Git before 2.52 takes the end of the literal text for a beginning.
	yes("foo**/bar", "foobar"), yes("foo**/bar", "foo/x/bar"), yes("foo**/bar", "foox/bar"), no("foo**/bar", "fooxbar"),
	yes("x/a**", "x/a/b/c"), no(`x/\a**`, "x/a/b/c"),

	// One asterisk and question marks.
	yes("*", "x/y"), yes("*.o", "x/y.o"), yes("*.o", ".o"), no("*.o", "y.ob"), yes("*o", "o"), yes("a*b*c", "aXbXbc"), no("a*b", "aXbX"), no("a*a", "a"),
	yes("x*/y", "xz/y"), no("x*y", "x/y"), no("x/*", "x/y/z"), no("/x*y", "x/y"), yes("*/y", "x/y"), no("*/y", "y"), no("*/y", "w/x/y"),
	yes("a?c", "abc"), no("a?c", "ac"), no("x?y/z", "x/y/z"), yes("??", "é"), no("?", "é"), yes("?", "\xff"), yes("*\xa9", "é"),
	yes("*/*b/*", "x/abab/c"), no("*/*b/*", "x/aba/c"), yes("*x?z", "xxyxyz"),

	// Classes.
	yes("[ab]", "b"), no("[ab]", "c"), yes("[!ab]", "c"), no("[^ab]", "a"), yes("[a-c]x", "bx"), yes("[a-c]x", "cx"), yes("[a-c]x", "ax"), no("[a-c]x", "dx"), yes("[]a]", "]"), yes("[!]a]", "b"),
	no("[!]a]", "]"), yes("[a-]", "-"), yes("[-a]", "-"), yes("[a-c-e]", "-"), no("[a-c-e]", "d"), no("[c-a]", "b"), yes(`[\]]`, "]"), yes(`[a-\c]`, "b"),
	yes(`[\a-c]`, "b"), yes("[[]", "["), yes("[[a]", "["), no("x[/]y", "x/y"), no("x[!a]y", "x/y"), no("x[+-0]y", "x/y"), yes("[!^]", "a"), no("[!^]", "^"),
	yes("[\x80-\xff]", "\xc3"), no("[é]", "é"), yes("[é][é]", "é"), yes("[--0]", "."),
	yes("[[:alpha:]]", "a"), yes("[[:alpha:]]", "Z"), no("[[:alpha:]]", "1"), yes("[[:digit:][:upper:]]", "Q"), no("[![:space:]]", "\t"),
	no("[[:space:]]", "\v"), yes("[[:cntrl:]]", "\v"), no("[[:alpha:]]", "\xe9"), yes("[[:alpha:]-z]", "-"), yes("[A-[:x]", "Z"), yes("[A-[:x]", "x"),
	yes("[[:xdigit:]]", "F"), no("[[:xdigit:]]", "g"), yes("[[:punct:]]", "_"), no("[[:punct:]]", " "), yes("[[:print:]]", " "), no("[[:graph:]]", " "),
	no("[a[:digit:]-z]", "m"), yes("[a[:digit:]-z]", "-"), yes("[[:]", ":"), yes("[[:ab]", "["), yes("[[:ab]", ":"), yes("[[:blank:]]", "\t"), yes("[[:lower:]]", "q"), no("[[:lower:]]", "Q"), yes("[[:alnum:]]", "7"),

	// Malformed patterns match nothing, not even themselves.
	no("[", "["), no("[a", "[a"), no("a[", "a["), no("[]", "[]"), no("[!]", "[!]"), no("[[:x:]]", "x"), no("[[::]]", ":"), no("[a-", "a"), no(`[\`, `\`),
	no("[[:alpha:", "a"), no("[[:alpha", "a"), no("*[", "["), no(`a\`, "a"), no(`a\`, `a\`), no(`*\`, `\`), no(`[a\`, "a"), no("[[:ALPHA:]]", "a"), no(`a/\`, `a/\`),

	// Escapes.
	yes(`\#x`, "#x"), yes(`\!x`, "!x"), yes(`\*`, "*"), no(`\*`, "a"), yes(`\a`, "a"), yes(`\\`, `\`), yes(`a\?`, "a?"), yes(`\[a]`, "[a]"), yes(`*\*`, "a*"),
	yes(`a\ `, "a "), yes("a\t", "a\t"), no("a\t", "a"), yes("a ", "a"), yes(" a", " a"), no(" a", "a"), yes("a b", "a b"), yes("!!a", "!a"),
	yes(`a\\ `, `a\`), yes("a#", "a#"), yes(" #x", " #x"), yes("!#a", "#a"),

	// Lines that match nothing.
	no("!", "!"), no("/", "a"), no("//", "a"), no("!/", "a"), no(" ", " "), {"/", "a", directory, false},
}

func TestMatch(t *testing.T) {
	for _, test := range matchTests {
		list := Parse([]byte(test.line))
		require.Equal(t, 1, list.Len(), "%+v", test)
		assert.Equal(t, test.matches, list.Match(test.path, test.isDir) != nil, "%+v", test)
	}
}

// TestParse checks which rules a file has, and which name the last one matches.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		file  string
		rules []string
	}{
		{"", nil},
		{"\n\n\r\n", []string{"3:"}}, // git makes a rule of it, which matches nothing
		{"# a\n#\nb", []string{"3:b"}},
		{"a\nb\n", []string{"1:a", "2:b"}},
		{"a\r\nb\r", []string{"1:a", "2:b"}},
		{"a\r\r\n", []string{"1:a\r"}},
		{"a \r\n", []string{"1:a"}},
		{"a\r \n", []string{"1:a\r"}},
		{"\xef\xbb\xbf# a\nb", []string{"2:b"}},
		{"a\n\xef\xbb\xbfb", []string{"1:a", "2:\xef\xbb\xbfb"}},
		{"a   \nb\\ \\  \nc\\\\  \nd\t \ne\t", []string{`1:a`, `2:b\ \ `, `3:c\\`, "4:d\t", "5:e\t"}},
		{"a \\\n b", []string{`1:a \`, "2: b"}},
		{"a\x00b\n\x00\n#\x00", []string{"1:a", "2:"}},
		{"!a/\n !b\n!", []string{"1:!a/", "2: !b", "3:!"}},
	} {
		var rules []string
		for rule := range Parse([]byte(test.file)).Rules() {
			rules = append(rules, fmt.Sprintf("%d:%s", rule.Line, rule.Pattern))
		}
		assert.Equal(t, test.rules, rules, "%q", test.file)
	}
}

func TestCompile(t *testing.T) {
	list := Compile([]string{"", "a ", "# no", "!b/\r", "\xef\xbb\xbfc", "d\ne"})
	require.Equal(t, 4, list.Len())
	want := []Rule{
		{Pattern: "a", Line: 2},
		{Pattern: "!b/", Line: 4, Negated: true, DirOnly: true},
		{Pattern: "\xef\xbb\xbfc", Line: 5},
		{Pattern: "d\ne", Line: 6},
	}
	for rule := range list.Rules() {
		require.Equal(t, want[0], *rule)
		want = want[1:]
	}
	for rule := range list.Rules() {
		require.Equal(t, 2, rule.Line)
		break
	}
	require.Equal(t, 6, list.Match("d\ne", false).Line)
}

// TestLastMatchWins puts rules of all kinds into each order.
func TestLastMatchWins(t *testing.T) {
	lines := []string{"a.o", "/x/a.o", "*.o", "*", "a.?", "x/a.o/", "!**/a.[o]", "!*o/"}
	var try func(chosen, rest []string)
	try = func(chosen, rest []string) {
		list := Compile(chosen)
		for _, isDir := range []bool{false, true} {
			want := len(chosen)
			for !isDir && want > 0 && strings.HasSuffix(chosen[want-1], "/") {
				want--
			}
			if rule := list.Match("x/a.o", isDir); want == 0 {
				require.Nil(t, rule)
			} else {
				require.Equal(t, want, rule.Line, "%q", chosen)
			}
		}
		for i, line := range rest {
			if len(chosen) < 4 {
				try(append(slices.Clip(chosen), line), slices.Delete(slices.Clone(rest), i, i+1))
			}
		}
	}
	try(nil, lines)
}

func TestEmptyLists(t *testing.T) {
	for _, list := range []*List{nil, new(List), Parse(nil), Compile(nil)} {
		require.Zero(t, list.Len())
		require.Nil(t, list.Match("a", false))
		for range list.Rules() {
			t.Fatal("a rule")
		}
	}
}

// TestMatchSharesNothing lets the race detector look at concurrent matches.
func TestMatchSharesNothing(t *testing.T) {
	list := Parse([]byte("a\n*.o\n/x/y\n**/b/*c*\n[ab]/"))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, path := range []string{"a", "x/y", "z.o", "q/b/xcx", "none"} {
				if list.Match(path, false) == nil && path != "none" {
					t.Errorf("%s does not match", path)
				}
			}
		})
	}
	group.Wait()
}

func TestMatchAllocatesNothing(t *testing.T) {
	list := Parse([]byte(typicalRules()))
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for _, path := range typicalPaths {
			list.Match(path, false)
			list.Match(path, true)
		}
	}))
}

// TestMatchIsNotExponential has patterns for which a matcher that tries all
// combinations, or even all pairs of positions, would not end in hours.
func TestMatchIsNotExponential(t *testing.T) {
	const n = 3_000
	as := strings.Repeat("a", 10*n)
	deep := strings.Repeat("a/", n)
	for _, test := range []struct {
		line, path string
		matches    bool
	}{
		{strings.Repeat("a*", n) + "b?", as, false},
		{strings.Repeat("a*", n) + "[a]", as, true},
		{strings.Repeat("*a", n) + "?b?", as, false},
		{"/" + strings.Repeat("**/a/", n/10) + "b?", deep + "x", false},
		{"/" + strings.Repeat("**/a/", n/10) + "[x]", deep + "x", true},
		{"/" + strings.Repeat("**/a/**/", n/10) + "b?", deep + "x", false},
		{"/" + strings.Repeat("**/*a*/", n/10) + "b?", deep + "x", false},
		{"/" + strings.Repeat(`**\/`, n/10) + "b?", deep + "x", false},
		{"/**/" + strings.Repeat("?*", n/10) + "b/*", strings.Repeat(as[:n]+"/", 10) + "x", false},
		{strings.Repeat("[[:alpha:]]*", n/10) + "b?", as, false},
	} {
		require.Equal(t, test.matches, Parse([]byte(test.line)).Match(test.path, false) != nil, "%.20s", test.line)
	}
}

// TestParseIsLinear has lines for which a compiler that copies or reads the rest of
// the line for each byte would not end in minutes.
func TestParseIsLinear(t *testing.T) {
	const n = 2 << 20
	for _, line := range []string{
		strings.Repeat("a", n), "*" + strings.Repeat("a", n), "**/" + strings.Repeat("a*", n/8), strings.Repeat(`\a`, n),
		"[" + strings.Repeat("[:", n) + "]", strings.Repeat("[a]", 1_000), strings.Repeat("*", n), strings.Repeat("**/", n/8), strings.Repeat(" ", n),
	} {
		list := Parse([]byte(line))
		require.Equal(t, 1, list.Len())
		require.Equal(t, strings.Trim(line, "*") == "", list.Match("b/c", false) != nil, "%.10s", line)
	}
	require.Equal(t, n/2, Parse([]byte(strings.Repeat("a\n", n/2))).Match("a", false).Line)
}
