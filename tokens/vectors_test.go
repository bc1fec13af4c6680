package tokens

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A vector has the tokens that tiktoken gives for a text.
type vector struct {
	Text                      string
	O200k, Cl100k, P50k, R50k []uint32
}

// vectors reads the vectors in a file of testdata. Those of tokens.json.gz are
// prose, code and markup for the first two encodings. Those of odd.json.gz are
// random characters of all classes, with new ones of Unicode 16, for all
// encodings: the npm package tiktoken 1.0.22 gave their tokens.
func vectors(t *testing.T, name string) (list []vector) {
	t.Helper()
	file, err := os.Open("testdata/" + name)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(unzipped).Decode(&list))
	require.Greater(t, len(list), 400)
	return list
}

func TestVectors(t *testing.T) {
	for _, vector := range vectors(t, "tokens.json.gz") {
		require.Equal(t, vector.O200k, O200k().AppendTokens(nil, vector.Text), "%q", vector.Text)
		require.Equal(t, vector.Cl100k, Cl100k().AppendTokens(nil, vector.Text), "%q", vector.Text)
	}
}

func TestOddVectors(t *testing.T) {
	for _, vector := range vectors(t, "odd.json.gz") {
		require.Equal(t, vector.O200k, O200k().AppendTokens(nil, vector.Text), "%q", vector.Text)
		require.Equal(t, vector.Cl100k, Cl100k().AppendTokens(nil, vector.Text), "%q", vector.Text)
		require.Equal(t, vector.P50k, P50k().AppendTokens(nil, vector.Text), "%q", vector.Text)
		require.Equal(t, vector.R50k, R50k().AppendTokens(nil, vector.Text), "%q", vector.Text)
	}
}
