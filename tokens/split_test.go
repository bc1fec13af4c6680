package tokens

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/stretchr/testify/require"
)

// A pattern is a splitter with the regular expression that it stands for.
type pattern struct {
	name       string
	expression *regexp2.Regexp
	split      splitter
}

var patterns = []pattern{
	{"o200k", compile(o200kPattern), splitO200k},
	{"cl100k", compile(cl100kPattern), splitCl100k},
	{"gpt2", compile(gpt2Pattern), splitGPT2},
}

// compile returns the expression for regexp2, which does not know that the long s
// is a case of s.
func compile(expression string) *regexp2.Regexp {
	return regexp2.MustCompile(strings.ReplaceAll(expression, `(?i:'s|`, `(?i:'s|'\u017F|`), regexp2.None)
}

// pieces returns the pieces that the splitter makes.
func (p pattern) pieces(text string) (pieces []string) {
	for start := 0; start < len(text); {
		end := p.split(classes(), text, start)
		pieces = append(pieces, text[start:end])
		start = end
	}
	return pieces
}

// matches returns the matches of a regular expression, which cover the text.
func matches(t require.TestingT, expression *regexp2.Regexp, text string) (pieces []string) {
	match, err := expression.FindStringMatch(text)
	for match != nil && err == nil {
		pieces = append(pieces, match.String())
		match, err = expression.FindNextMatch(match)
	}
	require.NoError(t, err)
	return pieces
}

// alphabet has characters of all classes. Those that matter come often.
var alphabet = []string{
	" ", " ", " ", "  ", "\n", "\n", "\r", "\r\n", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\v",
	"'", "'", "'", "'s", "'S", "'ſ", "'t", "'T", "'re", "'rE", "'Ve", "'LL", "'l", "'d", "'m", "’s",
	"a", "b", "s", "t", "l", "e", "r", "v", "d", "m", "z", "A", "B", "S", "L", "Z", "é", "É", "ß", "ſ", "K", "Σ", "ς", "ж", "Ж",
	"ǅ", "ᾈ", "ʰ", "ˮ", "ª", "中", "文", "の", "한", "ا", "ש", "अ", "\u0301", "\u093f", "\u20dd", "\ufe0f", "\u200d",
	"0", "1", "9", "٣", "½", "Ⅷ", "〇", "²", "!", "/", "/", "//", "_", "-", ".", "$", "€", "\\", "\"", "😀", "👩", "🏽", "\u200b", "\ufffd", "\x00", "\x7f",
	"\U0010ffff", "\ue000", "\U0002a700",
}

// isNew reports whether regexp2 does not know the class of r.
func isNew(r rune) bool { return unicode.In(r, newUpper, newLower, newCaseless, newMarks, newNumbers) }

func randomText(random *rand.Rand) string {
	var text strings.Builder
	few := alphabet
	if random.IntN(2) == 0 {
		few = make([]string, 1+random.IntN(6))
		for i := range few {
			few[i] = alphabet[random.IntN(len(alphabet))]
		}
	}
	for range random.IntN(24) {
		if random.IntN(50) == 0 {
			if r := rune(random.IntN(utf8.MaxRune)); !isNew(r) {
				text.WriteRune(r) // U+FFFD for a surrogate
			}
			continue
		}
		text.WriteString(few[random.IntN(len(few))])
	}
	return text.String()
}

func TestSplitLikeExpressions(t *testing.T) {
	texts := 350_000
	if testing.Short() {
		texts = 2_000
	}
	for _, pattern := range patterns {
		t.Run(pattern.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			for range texts {
				text := randomText(random)
				require.Equal(t, matches(t, pattern.expression, text), pattern.pieces(text), "%q", text)
			}
		})
	}
}
