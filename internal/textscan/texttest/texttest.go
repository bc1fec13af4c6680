// Package texttest has texts for tests and benchmarks.
package texttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Scripts are texts with code points of every length in UTF-8, alone and mixed.
var Scripts = map[string]string{
	"ascii":    "The quick brown fox jumps over the lazy dog, and then it goes home.\n",
	"cyrillic": "привет мир как дела ",
	"cjk":      "日本語のテキストがここにある。漢字",
	"emoji":    "👩‍👩‍👧🏳️‍🌈🇯🇵👍🏽",
	"mixed":    "Größe und Maß: naïve café words, then 日本語のテキスト and plain words again, 👩‍👩‍👧 привет мир, more words\n",
}

// Script returns n bytes of one of Scripts, or up to three bytes less, so that
// the text is valid.
func Script(name string, n int) string {
	s := Scripts[name]
	s = strings.Repeat(s, n/len(s)+1)
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Escapes are strings that JSON or CSV must escape or quote, and strings that
// look as if they had to.
var Escapes = []string{
	"", " ", "a", `"`, `\`, `\.`, `""`, `a"b"c`, "a,b", " a", "\ta", "a ", "\n", "\r", "\r\n", "a\r\nb\rc\n", "\r\r\n\n",
	"\x00\x01\x1f\x20\x7f", "\b\f", "<script>&amp;</script>", "é日👍", "\u0080\u2028\u2029\ufeff\ufffd\uffff", "\u0085", "a\u0085\u00a9\u2028",
	"\u3000a", "=1+1", "0123456789abcdef\"0123456\\789abcdef", strings.Repeat("plain ", 20) + "\n" + strings.Repeat("é", 20),
}

// LineBreaks are the characters at which Python's str.splitlines ends a line.
const LineBreaks = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

// GoSource returns the source files of a package of the standard library, one
// after the other.
func GoSource(tb testing.TB, pkg string) string {
	tb.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", filepath.FromSlash(pkg), "*.go"))
	if err != nil || len(paths) == 0 {
		tb.Fatal("no source of ", pkg, err)
	}
	var source strings.Builder
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		source.Write(data)
	}
	return source.String()
}
