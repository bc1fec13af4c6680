package main

import (
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
	"github.com/lion-agi/fileops/tokens"
	"github.com/lion-agi/fileops/tokens/internal/texts"
)

var _ fileops.PrefixCounter = tokens.O200k()

// TestChunksOfTokens cuts texts into chunks of tokens and checks the laws: no
// chunk counts more than Size, and the chunks are the text.
func TestChunksOfTokens(t *testing.T) {
	size := 1 << 20
	if testing.Short() {
		size = 1 << 17
	}
	source, err := texts.Go(size)
	require.NoError(t, err)
	source = strings.ToValidUTF8(source, "") // The last character may be cut.
	for name, text := range map[string]string{"a.go": source, "a.txt": texts.English(size / 4), "b.txt": texts.Chinese(size / 4), "c.txt": strings.Repeat("_", size/4)} {
		for _, counter := range []*tokens.Encoding{tokens.O200k(), tokens.Cl100k()} {
			chunks, err := fileops.ChunkText(text, &fileops.ChunkOptions{
				Counter:  counter,
				Splitter: func(_, text string) iter.Seq[fileops.Boundary] { return split.ByName()(name, text) },
				Size:     512,
			})
			require.NoError(t, err)
			end := 0
			for _, chunk := range chunks {
				require.LessOrEqual(t, counter.Count(chunk.Text), 512, name)
				require.Equal(t, end, chunk.Start, name)
				require.Equal(t, text[chunk.Start:chunk.End], chunk.Text, name)
				end = chunk.End
			}
			require.Len(t, text, end, name)
		}
	}
}

// BenchmarkChunk cuts Go sources into chunks of tokens, and counts them whole.
func BenchmarkChunk(b *testing.B) {
	source, err := texts.Go(1 << 20)
	require.NoError(b, err)
	byName := split.ByName()
	b.Run("count alone", func(b *testing.B) {
		b.SetBytes(int64(len(source)))
		for b.Loop() {
			tokens.O200k().Count(source)
		}
	})
	for name, splitter := range map[string]fileops.Splitter{
		"counter":              nil,
		"counter and splitter": func(_, text string) iter.Seq[fileops.Boundary] { return byName("a.go", text) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				_, err := fileops.ChunkText(source, &fileops.ChunkOptions{Counter: tokens.O200k(), Splitter: splitter, Size: 512})
				require.NoError(b, err)
			}
		})
	}
}
