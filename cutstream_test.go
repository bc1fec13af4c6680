package fileops

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/stretchr/testify/require"
)

// cutInPieces cuts a valid text by a pieceCutter. next returns the length of each
// piece in code points.
func cutInPieces(t *testing.T, text string, o *ChunkOptions, next func() int) (chunks []TextChunk) {
	t.Helper()
	split := func(yield func(piece string, chars int)) {
		for rest := text; rest != ""; {
			chars := min(next(), utf8.RuneCountInString(rest))
			n := textscan.Skip([]byte(rest), chars)
			yield(rest[:n], chars)
			rest = rest[n:]
		}
		yield("", 0)
	}
	var count wordCount
	chars := 0
	split(func(piece string, n int) {
		count.add([]byte(piece))
		chars += n
	})
	units := chars
	if o.Unit == Tokens {
		units = count.words
		require.Equal(t, len(strings.Fields(text)), units)
	}
	if units == 0 {
		return nil
	}
	c := o.newPieceCutter(units)
	emit := func(more []TextChunk) error {
		chunks = append(chunks, more...)
		return nil
	}
	split(func(piece string, chars int) {
		buf := []byte(piece)
		require.NoError(t, c.add(buf, chars, emit))
		clear(buf) // the cutter must not keep it
	})
	require.NoError(t, c.end(emit))
	require.Equal(t, units, c.units())
	return chunks
}

// requireSameCut checks that a text is cut alike whole and in pieces.
func requireSameCut(t *testing.T, text string, o *ChunkOptions, next func() int) {
	t.Helper()
	want, err := o.cut("", text, true)
	require.NoError(t, err)
	got := cutInPieces(t, text, o, next)
	require.Len(t, got, len(want), "%+v of %q", *o, text)
	for i := range want {
		require.Equal(t, want[i], got[i], "%+v of %q", *o, text)
	}
}

// randomText returns words and white space of several scripts.
func randomText(r *rand.Rand, parts int) string {
	alphabet := []string{"a", "bc", "é", "日本", "😀", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u2028", "\u0085", "word", strings.Repeat("x", 70)}
	var b strings.Builder
	for range parts {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// TestCutInPieces cuts random texts with random options, whole and in pieces of
// random lengths. The chunks are the same.
func TestCutInPieces(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 / stride(10) {
		o := &ChunkOptions{
			Unit: Unit(r.IntN(2)), Size: 1 + r.IntN(12), Overlap: float64(r.IntN(5)) / 4, Threshold: r.IntN(10),
			DropShort: r.IntN(4) == 0, KeepTokens: r.IntN(2) == 0, Lines: r.IntN(2) == 0,
		}
		longest := 1 + r.IntN(40)
		requireSameCut(t, randomText(r, r.IntN(60)), o, func() int { return 1 + r.IntN(longest) })
	}
}

// TestCutInPiecesOfManySizes cuts texts whose pieces hold many chunks, and whose
// chunks need many pieces.
func TestCutInPiecesOfManySizes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	text := randomText(r, 20_000/stride(5))
	for _, unit := range []Unit{Chars, Tokens} {
		for _, size := range []int{1, 150, 10_000, 10_000_000} {
			for _, piece := range []int{100, 30_000} {
				o := &ChunkOptions{Unit: unit, Size: size, Overlap: 0.1, Threshold: 200, Lines: true}
				requireSameCut(t, text, o, func() int { return piece })
			}
		}
	}
}

func FuzzCutInPieces(f *testing.F) {
	f.Add("one two  three\u2003four", false, uint8(2), uint8(1), uint8(0), uint8(3))
	f.Add("日本 é", true, uint8(1), uint8(4), uint8(5), uint8(1))
	f.Fuzz(func(t *testing.T, text string, tokens bool, size, overlap, threshold, piece uint8) {
		text = strings.ToValidUTF8(text, "?")
		o := &ChunkOptions{Size: int(size), Overlap: float64(overlap%5) / 4, Threshold: int(threshold), Lines: true}
		if tokens {
			o.Unit = Tokens
		}
		requireSameCut(t, text, o, func() int { return 1 + int(piece) })
	})
}
