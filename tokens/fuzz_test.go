package tokens

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzEncoding compares the pieces with those of regular expressions and the tokens
// with those of merging step by step, and checks the laws of Prefix and Parts.
func FuzzEncoding(f *testing.F) {
	f.Add("Hello, world's 1234 \r\n\t x\u0301ABC中文Ab", uint8(3))
	f.Add("\xff'ſ   \n  ", uint8(1))
	f.Add(strings.Repeat("/", 300), uint8(2))
	f.Fuzz(func(t *testing.T, text string, limit uint8) {
		if len(text) > 200 {
			return
		}
		if utf8.ValidString(text) && !strings.ContainsFunc(text, isNew) {
			for _, pattern := range patterns {
				require.Equal(t, matches(t, pattern.expression, text), pattern.pieces(text), pattern.name)
			}
		}
		s := &scratch{}
		for _, e := range encodings() {
			if text != "" {
				require.Equal(t, mergeByDefinition(e.vocabulary, text), e.merge(text, math.MaxInt, s))
			}
			tokens := e.AppendTokens(nil, text)
			require.Len(t, tokens, e.Count(text))
			decoded, err := e.Decode(tokens)
			require.NoError(t, err)
			require.Equal(t, text, string(decoded))
			require.Equal(t, prefixByDefinition(e, text, int(limit)), e.Prefix(text, int(limit)))
			requireParts(t, e, text, rand.New(rand.NewPCG(uint64(limit), 0)))
		}
	})
}
