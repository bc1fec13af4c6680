package tokens

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/tokens/internal/texts"
)

// prefixByDefinition tries every prefix that Prefix may return.
func prefixByDefinition(e *Encoding, text string, limit int) (longest int) {
	tokens := e.AppendTokens(nil, text)
	if len(tokens) <= limit {
		return len(text)
	}
	over, err := e.Decode(tokens[:limit+1])
	if err != nil {
		panic(err)
	}
	for end := 0; end < len(over); {
		if e.Count(text[:end]) <= limit {
			longest = end
		}
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	return longest
}

func TestPrefix(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 5, ""},
		{"hello world", 0, ""},
		{"hello world", -1, ""},
		{"hello world", 1, "hello"},
		{"hello world", 2, "hello world"},
		{"hello world", math.MaxInt, "hello world"},
		{"a   b", 2, "a   "}, // the whole text has "a", "  ", " b"
		{"mustn't've", 2, "mustn't"},
		{"中\U0010ffff", 2, "中"},         // not within a character
		{"\U0010ffff", 3, ""},           // one character of four tokens
		{"\xff\xff\xff", 2, "\xff\xff"}, // an invalid byte is a character
	} {
		got := O200k().Prefix(test.text, test.limit)
		require.Equal(t, test.want, test.text[:got], "%q %d", test.text, test.limit)
	}
}

func TestPrefixIsLongest(t *testing.T) {
	rounds := 1_500
	if testing.Short() {
		rounds = 100
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, e := range encodings() {
		for range rounds {
			text := randomText(random)
			if random.IntN(3) == 0 {
				text += randomPiece(random, e)
			}
			for _, limit := range []int{0, 1, 2, 3, random.IntN(20), random.IntN(60)} {
				got := e.Prefix(text, limit)
				require.Equal(t, prefixByDefinition(e, text, limit), got, "%s %q %d", e.Name(), text, limit)
				require.LessOrEqual(t, e.Count(text[:got]), limit)
				require.Equal(t, e.Count(text) <= limit, got == len(text))
			}
		}
	}
}

// TestPrefixCutsAll cuts long texts into prefixes, which takes linear time.
func TestPrefixCutsAll(t *testing.T) {
	long := worstCases()
	long["english"] = texts.English(1 << 18)
	long["chinese"] = texts.Chinese(1 << 18)
	for name, text := range long {
		for rest := text; rest != ""; {
			end := O200k().Prefix(rest, 512)
			require.Positive(t, end, name)
			require.LessOrEqual(t, O200k().Count(rest[:end]), 512, name)
			require.Equal(t, utf8.ValidString(text), utf8.ValidString(rest[:end]), name)
			rest = rest[end:]
		}
	}
}

// TestPrefixReadsNoFurther checks that the time depends on the prefix: a longer
// text has the same.
func TestPrefixReadsNoFurther(t *testing.T) {
	for name, text := range worstCases() {
		require.Equal(t, O200k().Prefix(text, 10), O200k().Prefix(strings.Repeat(text, 2), 10), name)
	}
}
