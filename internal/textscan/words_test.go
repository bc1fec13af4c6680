package textscan

import (
	"strings"
	"testing"
	"unicode"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// words returns the words that NextWord finds.
func words(text string) []string {
	list := []string{}
	for start, end := NextWord(text, 0); start < end; start, end = NextWord(text, end) {
		list = append(list, text[start:end])
	}
	return list
}

func TestWordsAreStringsFields(t *testing.T) {
	for c := rune(0); c <= unicode.MaxRune; c++ {
		s := string(c)
		if unicode.IsSpace(c) != (spaceAt(s, 0) == len(s)) {
			require.Failf(t, "spaceAt", "%U", c)
		}
	}
	for _, text := range []string{"", " ", "a", " a ", "a\u0085b\u00a0c\u2028d\u3000e\u1680f", "\xc2 \xe2\x80 \xe1\xe2\x80\x80x\xa0"} {
		require.Equal(t, strings.Fields(text), words(text))
	}
}

func TestJoinWords(t *testing.T) {
	for _, text := range []string{"a", "a b", "a  b", "a\tb c\u3000\nd e", "one two\r\nthree  four five", "é\u00a0日"} {
		require.Equal(t, strings.Join(strings.Fields(text), " "), JoinWords(text))
	}
	require.Empty(t, JoinWords(""))
}

func FuzzWords(f *testing.F) {
	for name := range texttest.Scripts {
		f.Add(texttest.Script(name, 300))
	}
	f.Add("a\xffb\xf0\x9f\x91 \u00a0\xe1\xe2\x80\x80")
	f.Fuzz(func(t *testing.T, text string) {
		fields := strings.Fields(text)
		require.Equal(t, fields, words(text))
		trimmed := strings.TrimSpace(text)
		require.Equal(t, strings.Join(fields, " "), JoinWords(trimmed))
	})
}

// BenchmarkWords compares NextWord with the list that strings.Fields makes.
func BenchmarkWords(b *testing.B) {
	for _, name := range []string{"ascii", "cyrillic", "cjk", "mixed"} {
		text := texttest.Script(name, 512<<10)
		benchmark(b, name+"/NextWord", len(text), func() {
			for start, end := NextWord(text, 0); start < end; {
				start, end = NextWord(text, end)
			}
		})
		benchmark(b, name+"/strings.Fields", len(text), func() { strings.Fields(text) })
	}
}
