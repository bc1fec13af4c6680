package tokens

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/tokens/internal/texts"
)

// requireParts calls the functions of Parts at random places of a text and compares
// them with Count and Prefix. The places are mostly ascending, as those of chunks.
func requireParts(t require.TestingT, e *Encoding, text string, random *rand.Rand) {
	count, prefix := e.Parts(e, text)
	place := func(least int) int {
		if random.IntN(8) == 0 {
			least = 0
		}
		return min(len(text), least+random.IntN(len(text)-least+1)/(1+random.IntN(8)))
	}
	for start := 0; start < len(text); {
		from := place(start)
		to := max(from, place(from))
		limit := []int{-1, 0, 1, random.IntN(20), random.IntN(4 * pointsOfLimit), math.MaxInt}[random.IntN(6)]
		end := prefix(from, to, limit)
		require.Equal(t, e.Prefix(text[from:to], limit), end, "%s %q from %d to %d, %d", e.Name(), text, from, to, limit)
		for range 3 {
			at := place(start)
			stop := max(at, place(from))
			require.Equal(t, e.Count(text[at:stop]), count(at, stop), "%s %q from %d to %d", e.Name(), text, at, stop)
		}
		start = max(start+1, from)
	}
}

// TestParts compares the functions of Parts with Count and Prefix.
func TestParts(t *testing.T) {
	rounds := 1_500
	if testing.Short() {
		rounds = 100
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, e := range encodings() {
		for range rounds {
			text := ""
			for range 1 + random.IntN(6) {
				text += randomText(random)
			}
			if random.IntN(3) == 0 {
				text += randomPiece(random, e)
			}
			requireParts(t, e, text, random)
		}
	}
}

// TestPartsOfLongTexts is TestParts for texts with many checkpoints.
func TestPartsOfLongTexts(t *testing.T) {
	source, err := texts.Go(1 << 14)
	require.NoError(t, err)
	long := texts.WorstCases(1 << 12)
	long["go"] = source
	long["english"] = texts.English(1 << 14)
	long["chinese"] = texts.Chinese(1 << 14)
	random := rand.New(rand.NewPCG(1, 2))
	for _, text := range long {
		requireParts(t, O200k(), text, random)
		requireParts(t, R50k(), text, random)
	}
}

// TestPartsOfLongerText reads a part of a text, and then all of it. A piece of the
// part may be longer in the text, because of a character far behind it.
func TestPartsOfLongerText(t *testing.T) {
	for _, text := range []string{
		"x 中" + strings.Repeat("A", 20) + "a", // the last letter makes it one word
		"x \n" + strings.Repeat(" ", 20) + "\nx",
		"x" + strings.Repeat(" ", 20) + "x",
		"x'll x'll x'll", "1234567890", "x!!!!!!!!\n\n\n\n//// x",
	} {
		for _, e := range encodings() {
			for to := range len(text) + 1 {
				r := &reading{Encoding: e, text: text}
				r.prefix(0, to, pointsOfLimit-1)
				for _, p := range r.points {
					require.Contains(t, pieceEnds(e, text), p.at, "%s %q %d", e.Name(), text, to)
				}
				r.prefix(0, len(text), pointsOfLimit-1)
				for stop := range len(text) + 1 {
					require.Equal(t, e.Count(text[:stop]), r.count(0, stop), "%s %q %d %d", e.Name(), text, to, stop)
				}
			}
		}
	}
}

// pieceEnds returns the start of a text and the ends of its pieces.
func pieceEnds(e *Encoding, text string) []int {
	ends := []int{0}
	for at := 0; at < len(text); {
		at = e.split(e.classes, text, at)
		ends = append(ends, at)
	}
	return ends
}

// TestPartsFindCheckpoints checks that a chunk is not counted again: the checkpoints reach its
// end, and those before it are gone.
func TestPartsFindCheckpoints(t *testing.T) {
	text := strings.Repeat("One sentence of a few words.\n", 1_000)
	r := &reading{Encoding: O200k(), text: text}
	for from, limit := 0, 100; from+2_000 < len(text); {
		end := from + r.prefix(from, from+2_000, limit)
		require.GreaterOrEqual(t, r.points[0].at, from)
		require.Greater(t, r.points[len(r.points)-1].at, end-10)
		require.Less(t, len(r.points), 2*limit)
		from = strings.LastIndexByte(text[:end], '\n') + 1
	}
}

// A doubled Encoding counts in its own way.
type doubled struct{ *Encoding }

func (d doubled) Count(text string) int { return 2 * d.Encoding.Count(text) }

func TestPartsOfAnotherCounter(t *testing.T) {
	d := doubled{O200k()}
	count, prefix := d.Parts(d, "text")
	require.Nil(t, count)
	require.Nil(t, prefix)
}
