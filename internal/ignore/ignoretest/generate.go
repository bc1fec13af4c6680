package ignoretest

import (
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// names are the names of files and directories. Many of them look like patterns.
var names = slices.DeleteFunc([]string{
	"a", "b", "ab", "ba", "aab", "A", "B", "a b", "a ", " ", "b\t", "#x", "!x", "x", `\`, `a\`, "*", "**", "[", "[a]", "]", "?",
	"a.o", "b.o", ".a", ".o", "a.b.o", "a-b", "-", "^", "a\r", "é", "aé", "\xff", "a\xc3", "日", "0", "_", "a\nb", "\v", "~",
}, func(name string) bool { return !possible(name) })

// possible reports whether the file systems of this system have such a name, apart
// from all others that differ in case.
func possible(name string) bool {
	switch runtime.GOOS {
	case "windows":
		return !strings.ContainsAny(name, "<>:\"|?*\\\t\r\n\v") && strings.TrimRight(name, " .") == name &&
			utf8.ValidString(name) && strings.ToLower(name) == name
	case "darwin":
		return utf8.ValidString(name) && strings.ToLower(name) == name
	}
	return true
}

// tokens are the parts of random patterns.
var tokens = []string{
	"a", "b", "ab", "A", "x", ".", ".o", "o", "-", "^", "!", "#", " ", "\t", "\r", "\v", "é", "\xff", "\xc3", "0", "_", "~", "日",
	"*", "*", "*", "**", "**", "***", "?", "?", "/", "/", "/", "**/", "/**", "/**/", `\`, `\/`, `\*`, `\ `, `\#`, `\!`, `\a`, `\[`,
	"[", "]", "[a]", "[ab]", "[!a]", "[^a]", "[^/]", "[a-c]", "[a-]", "[-a]", "[]a]", "[!]a]", "[]", "[!]", "[a/]", "[+-0]", "[c-a]",
	`[\]]`, `[\a-b]`, `[a-\b]`, `[\`, `[a\`, "[a-b-~]", "[\x80-\xff]", "[é]", "[[]", "[[a]", "[[:]", "[[::]]", "[[:alpha]", "[[:x:]]",
	"[[:alnum:]]", "[[:alpha:]]", "[[:blank:]]", "[[:cntrl:]]", "[[:digit:]]", "[[:graph:]]", "[[:lower:]]", "[[:print:]]",
	"[[:punct:]]", "[[:space:]]", "[[:upper:]]", "[[:xdigit:]]", "[^[:alpha:]]", "[[:alpha:]-~]", "[a[:digit:]", "[[:alpha:",
}

// lines are whole lines that random tokens would seldom give.
var lines = []string{
	"", " ", "  ", "/", "//", "///", "!", "!!", "!/", "!#x", "#", "#x", `\#x`, `\!x`, "*", "*/", "/*", "/*/", "**", "**/", "/**", "/**/",
	"a/**", "a/**/", "**/a", "a/**/b", "a/**/**/b", "**/**/b", "!*", "!*/", "!**", "!/*", `\`, `a\`, `a\ `, `a\  `, `a \`, "a/ ",
	"*.o", "!*.o", "*.[ao]", ".gitignore", "!.gitignore", "a\x00b", "\r", "a\r", "a\r\r", " a", "\xef\xbb\xbfa", "a**/b", "a/b**/a",
	`**\/a`, `a/**\/b`, "a//b", "./a", "a/.", "a/../b",
}

// A generator makes random trees and patterns.
type generator struct {
	*rand.Rand
	starsAfterName bool // patterns such as "a**/b" may occur
}

func pick[T any](g *generator, list []T) T {
	return list[g.IntN(len(list))]
}

// chance returns true once in n times.
func (g *generator) chance(n int) bool {
	return g.IntN(n) == 0
}

// entries appends the entries of a random directory, which may be empty. The path
// of the directory ends with a slash.
func (g *generator) entries(list []string, dir string, depth int) []string {
	const maxDepth = 3
	for _, i := range g.Perm(len(names))[:g.IntN(6)] {
		entry := dir + names[i]
		if depth < maxDepth && g.chance(2) {
			list = g.entries(append(list, entry+"/"), entry+"/", depth+1)
		} else {
			list = append(list, entry)
		}
	}
	return list
}

type file struct {
	path string
	data []byte
}

// ignoreFiles returns random ignore files for the entries.
func (g *generator) ignoreFiles(entries []string) (files []file) {
	for i, entry := range entries {
		inTree := strings.Count(entry, "/") > 1
		if !strings.HasSuffix(entry, "/") || inTree && !g.chance(4) {
			continue
		}
		below := entries[i+1:]
		if end := slices.IndexFunc(below, func(e string) bool { return !strings.HasPrefix(e, entry) }); end >= 0 {
			below = below[:end]
		}
		files = append(files, file{entry + ".gitignore", g.ignoreFile(entry, below, 6)})
	}
	// The last rule takes the trees back, so that all of them count.
	root := append(g.ignoreFile("", entries, 4), "\n!/t*/\n"...)
	return append(files, file{".gitignore", root}, file{".git/info/exclude", g.ignoreFile("", entries, 4)})
}

// ignoreFile returns the contents of an ignore file of dir, with up to so many
// rules. below are the entries below dir.
func (g *generator) ignoreFile(dir string, below []string, most int) (data []byte) {
	if g.chance(20) {
		data = append(data, "\xef\xbb\xbf"...)
	}
	for n := g.IntN(most + 1); n > 0; n-- {
		data = append(data, g.line(dir, below)...)
		if n > 1 || g.chance(2) {
			data = append(data, pick(g, []string{"\n", "\n", "\n", "\n", "\r\n", "\n\n"})...)
		}
	}
	return data
}

// afterName finds a "**" that follows other text than a slash and could match
// slashes.
var afterName = regexp.MustCompile(`[^/*]\*{2,}(\\?/|[ \r\x00]|$)`)

// line returns a random line of an ignore file.
func (g *generator) line(dir string, below []string) string {
	for {
		line := g.anyLine(dir, below)
		if g.starsAfterName || !afterName.MatchString(line) {
			return line
		}
	}
}

func (g *generator) anyLine(dir string, below []string) string {
	switch g.IntN(8) {
	case 0:
		return pick(g, lines)
	case 1, 2:
		var line strings.Builder
		for range 1 + g.IntN(6) {
			line.WriteString(pick(g, tokens))
		}
		return line.String()
	}
	if len(below) == 0 {
		return pick(g, names)
	}
	return g.decorate(g.blur(strings.TrimPrefix(pick(g, below), dir)))
}

// blur turns a path into a pattern that likely matches it.
func (g *generator) blur(entry string) string {
	names := strings.Split(strings.TrimSuffix(entry, "/"), "/")
	names = names[g.IntN(len(names)):]
	for i, name := range names {
		switch g.IntN(8) {
		case 0:
			names[i] = "*"
		case 1:
			names[i] = "**"
		case 2, 3, 4:
			names[i] = g.blurName(name)
		}
	}
	return strings.Join(names, "/")
}

// blurName replaces some bytes of a name, or adds some.
func (g *generator) blurName(name string) string {
	var blurred strings.Builder
	for i := range len(name) {
		b := name[i : i+1]
		switch g.IntN(10) {
		case 0:
			b = "?"
		case 1:
			b = "*"
		case 2:
			b = "*" + b
		case 3:
			b = "[" + b + "]"
		case 4:
			b = `\` + b
		case 5:
			b = pick(g, tokens)
		}
		blurred.WriteString(b)
	}
	return blurred.String()
}

// decorate adds to a pattern the marks that change its meaning.
func (g *generator) decorate(pattern string) string {
	for _, prefix := range []string{"/", "**/", "!"} {
		if g.chance(5) {
			pattern = prefix + pattern
		}
	}
	for _, suffix := range []string{"/", "/**", "/*", " ", `\ `, "\t"} {
		if g.chance(8) {
			pattern += suffix
		}
	}
	return pattern
}
