package fileops

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectors reads the recorded answers of the original from testdata.
func vectors[T any](t testing.TB, name string) (cases []T) {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".json.gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(&cases))
	require.NotEmpty(t, cases)
	return cases
}

func textsOf(chunks []TextChunk) []string {
	var texts []string
	for _, c := range chunks {
		texts = append(texts, c.Text)
	}
	return texts
}

func TestChunkTextAnswersAsTheOriginalByChars(t *testing.T) {
	type vector struct {
		Text      string
		Size      int
		Overlap   float64
		Threshold int
		Want      []string
	}
	for i, v := range vectors[vector](t, "chunk_by_chars") {
		got, err := ChunkText(v.Text, &ChunkOptions{Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold})
		require.NoError(t, err)
		require.Equal(t, v.Want, textsOf(got), "vector %d", i)
	}
}

func TestChunkTextAnswersAsTheOriginalByTokens(t *testing.T) {
	type vector struct {
		Tokens     []string
		Size       int
		Overlap    float64
		Threshold  int
		Want       []string
		WantTokens [][]string `json:"want_tokens"`
	}
	for i, v := range vectors[vector](t, "chunk_by_tokens") {
		o := ChunkOptions{Unit: Tokens, Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold, KeepTokens: true}
		for _, tokenizer := range []func(string) []string{nil, strings.Fields} {
			o.Tokenizer = tokenizer
			got, err := ChunkText(strings.Join(v.Tokens, "\n\u2003"), &o)
			require.NoError(t, err)
			require.Equal(t, v.Want, textsOf(got), "vector %d", i)
			require.Len(t, got, len(v.WantTokens))
			for j, c := range got {
				require.Equal(t, v.WantTokens[j], c.Tokens)
			}
		}
	}
}
