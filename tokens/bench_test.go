package tokens

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/tokens/internal/texts"
)

// goSources returns sources of the standard library.
func goSources(b *testing.B) string {
	text, err := texts.Go(8 << 20)
	require.NoError(b, err)
	require.NotEmpty(b, text)
	return text
}

func BenchmarkCount(b *testing.B) {
	for name, text := range map[string]string{
		"go":      goSources(b),
		"english": texts.English(1 << 20),
		"chinese": texts.Chinese(1 << 20),
	} {
		for _, e := range []*Encoding{O200k(), Cl100k()} {
			b.Run(name+"/"+e.Name(), func(b *testing.B) { benchmarkCount(b, e, text) })
		}
	}
}

func BenchmarkWorstCase(b *testing.B) {
	cases := texts.WorstCases(1 << 20)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		b.Run(name, func(b *testing.B) { benchmarkCount(b, O200k(), cases[name]) })
	}
}

func benchmarkCount(b *testing.B, e *Encoding, text string) {
	e.Count(text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		e.Count(text)
	}
}

// BenchmarkPrefix cuts the Go corpus into prefixes of 512 tokens.
func BenchmarkPrefix(b *testing.B) {
	text := goSources(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := text; rest != ""; {
			rest = rest[O200k().Prefix(rest, 512):]
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		encoding("o200k_base", splitO200k)()
	}
}
