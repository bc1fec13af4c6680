package split

import (
	"bufio"
	"compress/gzip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
	"github.com/clipperhouse/uax29/v2/words"
	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A breakTest is a line of a file of break tests of the Unicode Character
// Database.
type breakTest struct {
	text   string
	breaks []int // the offsets of the breaks inside the text
	line   string
}

// breakTests reads testdata/<name>BreakTest.txt.gz.
func breakTests(tb testing.TB, name string) (tests []breakTest) {
	f, err := os.Open("testdata/" + name + "BreakTest.txt.gz")
	require.NoError(tb, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(tb, err)
	for s := bufio.NewScanner(z); s.Scan(); {
		fields, _, _ := strings.Cut(s.Text(), "#")
		if fields = strings.TrimSpace(fields); fields == "" {
			continue
		}
		test := breakTest{line: s.Text()}
		for _, field := range strings.Fields(fields) {
			switch field {
			case "÷":
				test.breaks = append(test.breaks, len(test.text))
			case "×":
			default:
				r, err := strconv.ParseInt(field, 16, 32)
				require.NoError(tb, err)
				test.text += string(rune(r))
			}
		}
		test.breaks = test.breaks[1 : len(test.breaks)-1] // without the start and the end of the text
		tests = append(tests, test)
	}
	require.Greater(tb, len(tests), 400)
	return tests
}

// offsets returns the offsets of the boundaries of a text whose level is at most
// weakest.
func offsets(text string, weakest int) []int {
	list := []int{}
	for b := range Text()("", text) {
		if b.Level <= weakest {
			list = append(list, b.At)
		}
	}
	return list
}

// TestTextSentencesOfUnicode compares the sentences and lines with the tests of
// Unicode. The file takes "etc." for the end of a sentence, and this package does
// not. So such tests run with a word instead that is no abbreviation. The start of
// a blank line is no boundary here.
func TestTextSentencesOfUnicode(t *testing.T) {
	t.Parallel()
	abbreviations := 0
	for _, test := range breakTests(t, "Sentence") {
		if strings.HasPrefix(test.text, "etc.") {
			test.text = "xyz" + test.text[3:]
			abbreviations++
		}
		test.breaks = slices.DeleteFunc(test.breaks, func(at int) bool { return blankLineAt(test.text[at:]) })
		assert.Equal(t, test.breaks, offsets(test.text, levelSentence), test.line)
	}
	assert.Equal(t, 10, abbreviations)
}

// TestTextSentencesOfGo compares the sentences in the lines of Go source with those
// of UAX 29. Only those that end with an abbreviation are missing.
func TestTextSentencesOfGo(t *testing.T) {
	t.Parallel()
	found := 0
	for line := range strings.Lines(texttest.GoSource(t, "net/http")) {
		line = strings.TrimSuffix(line, "\n")
		got := offsets(line, levelSentence)
		found += len(got)
		want := []int{}
		for s := sentences.FromString(line); s.Next() && s.End() < len(line); {
			stop := len(strings.TrimRight(line[:s.End()], " \t\"'()[]{}")) - 1
			if line[stop] != '.' || !isAbbreviation(line, stop) {
				want = append(want, s.End())
			}
		}
		require.Equal(t, want, got, line)
	}
	require.Greater(t, found, 1000)
}

// blankLineAt tells if s starts with a blank line.
func blankLineAt(s string) bool {
	s = strings.TrimLeft(s, " \t")
	return s == "" || strings.IndexAny(s, "\r\n\u0085\u2028\u2029") == 0
}

// TestTextBreaksNoWord finds that every boundary is one between two words and two
// grapheme clusters in the tests of Unicode.
func TestTextBreaksNoWord(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Word", "Grapheme", "Sentence"} {
		for _, test := range breakTests(t, name) {
			for _, at := range offsets(test.text, levelPart) {
				if name == "Sentence" {
					require.Contains(t, wordBreaks(test.text), at, test.line)
				} else {
					assert.Contains(t, test.breaks, at, test.line)
				}
			}
		}
	}
}

// wordBreaks returns the boundaries between the words of a text by UAX 29.
func wordBreaks(text string) (list []int) {
	for w := words.FromString(text); w.Next(); {
		list = append(list, w.End())
	}
	return list
}

// TestSentenceMarks compares the sentence marks with the tables of Unicode.
func TestSentenceMarks(t *testing.T) {
	t.Parallel()
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		want := unicode.Is(unicode.Sentence_Terminal, r) || isFullStop(r)
		if isSentenceMark(r) != want {
			t.Errorf("%U: want %v", r, want)
		}
	}
}
