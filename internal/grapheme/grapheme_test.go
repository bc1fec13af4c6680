package grapheme

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/stretchr/testify/require"
)

// parts are runes of every property that the rules know, and bytes that are no
// UTF-8.
var parts = []string{
	"a", "#", " ", "\r", "\n", "\x00", "é", "e\u0301", "\u0301", "\u200d", "\u200c", "👩", "👧", "🏽", "❤", "\ufe0f", "🇯", "🇵", "日", "本",
	"ᄀ", "ᅡ", "ᆨ", "가", "각", "क", "\u094d", "ष", "\u093c", "\u0903", "\u0600", "\u2028", "\u0085", "\ufeff", "\xff", "\xe6\x97", "\x80",
	"\U000E0061", "\u0e33", "©",
}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	few := parts
	if r.IntN(2) == 0 { // so that long clusters come up
		few = []string{parts[r.IntN(len(parts))], parts[r.IntN(len(parts))], parts[r.IntN(len(parts))]}
	}
	for range n {
		b.WriteString(few[r.IntN(len(few))])
	}
	return b.String()
}

// TestFit compares Fit with all clusters from the start on, at every limit.
func TestFit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := randomText(r, 1+r.IntN(14))
		if !utf8.ValidString(text) && strings.HasSuffix(text, "\xe6\x97") {
			continue // the library joins half a sequence at the end to the cluster before it
		}
		want := 0
		clusters := graphemes.FromString(text)
		next := First(text)
		for limit := range len(text) + 1 {
			if limit == next {
				want = limit
				clusters.Next()
				require.Equal(t, limit, clusters.End())
				next += First(text[limit:])
			}
			require.Equal(t, want, Fit(text, limit), "%q at %d", text, limit)
		}
	}
}

// TestInsideRune compares InsideRune with a range loop.
func TestInsideRune(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		text := randomText(r, r.IntN(12))
		starts := map[int]bool{len(text): true}
		for i := range text {
			starts[i] = true
		}
		for at := range len(text) + 1 {
			require.Equal(t, !starts[at], InsideRune(text, at), "%q at %d", text, at)
		}
	}
	require.False(t, InsideRune("é", -1))
	require.False(t, InsideRune("é", 5))
}

func TestNothingIsAllocated(t *testing.T) {
	text := strings.Repeat("日本👩‍👧é", 100)
	require.Zero(t, testing.AllocsPerRun(10, func() { Fit(text, 1000) }))
	require.Zero(t, testing.AllocsPerRun(10, func() { First(text) }))
}

func BenchmarkFit(b *testing.B) {
	for name, unit := range map[string]string{"ascii": "a word ", "cjk": "日本語", "flags": "🇯🇵", "chain": "👩\u200d"} {
		text := strings.Repeat(unit, 6000/len(unit))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fit(text, 4500)
			}
		})
	}
}
