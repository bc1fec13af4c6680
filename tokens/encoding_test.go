package tokens

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/tokens/internal/texts"
)

func encodings() []*Encoding { return []*Encoding{O200k(), Cl100k(), P50k(), R50k()} }

func TestSpecialTokensAreText(t *testing.T) {
	require.Equal(t, []uint32{27, 91, 419, 1440, 919, 91, 29}, O200k().AppendTokens(nil, "<|endoftext|>"))
	require.Equal(t, 7, Cl100k().Count("<|endoftext|>"))
}

func TestAppendTokensAppends(t *testing.T) {
	dst := []uint32{1, 2}
	require.Equal(t, []uint32{1, 2, 24912, 2375}, O200k().AppendTokens(dst, "hello world"))
	require.Equal(t, dst, O200k().AppendTokens(dst, ""))
}

// TestMergesLikeDefinition compares the tokens of pieces with those that merging
// step by step gives, as byte-pair encoding is defined.
func TestMergesLikeDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := &scratch{}
	for _, e := range encodings() {
		for range 5_000 {
			piece := randomPiece(random, e)
			require.Equal(t, mergeByDefinition(e.vocabulary, piece), e.merge(piece, math.MaxInt, s), "%s %q", e.Name(), piece)
		}
	}
}

// randomPiece returns bytes that merge often, or that are random.
func randomPiece(random *rand.Rand, e *Encoding) string {
	var piece strings.Builder
	few := make([]string, 1+random.IntN(4))
	for i := range few {
		switch random.IntN(3) {
		case 0:
			few[i] = string([]byte{byte(random.IntN(256))})
		case 1:
			few[i] = alphabet[random.IntN(len(alphabet))]
		default:
			few[i] = e.token(uint32(random.IntN(50_000)))
		}
	}
	for range 1 + random.IntN(40) {
		piece.WriteString(few[random.IntN(len(few))])
	}
	return piece.String()
}

// mergeByDefinition merges the pair with the lowest rank, the leftmost first, until
// no pair is a token.
func mergeByDefinition(v *vocabulary, piece string) (tokens []uint32) {
	for i := range len(piece) {
		tokens = append(tokens, v.exact(piece[i:i+1]))
	}
	for {
		at, lowest := 0, none
		for i := range len(tokens) - 1 {
			merged := v.exact(v.token(tokens[i]) + v.token(tokens[i+1]))
			if merged < lowest {
				at, lowest = i, merged
			}
		}
		if lowest == none {
			return tokens
		}
		tokens = slices.Replace(tokens, at, at+2, lowest)
	}
}

func TestEveryTokenIsFound(t *testing.T) {
	s := &scratch{}
	for _, e := range encodings() {
		for token := range uint32(e.size()) {
			text := e.token(token)
			if text == "" {
				require.Equal(t, uint32(50256), token, "p50k has <|endoftext|> there")
				continue
			}
			found, length := e.match(text)
			require.Equal(t, token, found)
			require.Len(t, text, length)
			require.Equal(t, token, e.exact(text))
			require.Equal(t, []uint32{token}, e.merge(text, math.MaxInt, s))
		}
	}
}

func TestDecode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, e := range encodings() {
		for range 2_000 {
			text := randomText(random) + randomPiece(random, e)
			tokens := e.AppendTokens(nil, text)
			require.Len(t, tokens, e.Count(text))
			decoded, err := e.Decode(tokens)
			require.NoError(t, err)
			require.Equal(t, text, string(decoded))
		}
	}
}

func TestDecodeUnknownTokens(t *testing.T) {
	for _, e := range encodings() {
		for _, token := range []uint32{50256, 100256, 199998, 200018, none - 1, none} {
			if uint64(token) < uint64(e.size()) && e.length(token) > 0 {
				continue
			}
			decoded, err := e.Decode([]uint32{0, token})
			var unknown *UnknownTokenError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, UnknownTokenError{e.Name(), token}, *unknown)
			require.EqualError(t, err, fmt.Sprintf("%s has no token %d", e.Name(), token))
			require.Nil(t, decoded)
		}
	}
	decoded, err := O200k().Decode(nil)
	require.NoError(t, err)
	require.Empty(t, decoded)
}

// TestInvalidUTF8 checks that an invalid byte is a symbol: it ends a word, and
// joins with other symbols.
func TestInvalidUTF8(t *testing.T) {
	for text, want := range map[string][]string{
		"ab\xffcd":         {"ab", "\xffcd"},
		"ab \xff\xfe!\n":   {"ab", " \xff\xfe!\n"},
		"12\x80":           {"12", "\x80"},
		"\xe4\xb8":         {"\xe4\xb8"}, // an incomplete character
		"\xe4中":            {"\xe4中"},
		"a \xed\xa0\x80 b": {"a", " \xed\xa0\x80", " b"}, // a surrogate
	} {
		for _, pattern := range patterns[:2] {
			require.Equal(t, want, pattern.pieces(text), "%s %q", pattern.name, text)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	list := vectors(t, "tokens.json.gz")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, vector := range list {
				if got := O200k().Count(vector.Text); got != len(vector.O200k) {
					t.Errorf("%d tokens, not %d: %q", got, len(vector.O200k), vector.Text)
				}
			}
		})
	}
	group.Wait()
}

func TestCountDoesNotAllocate(t *testing.T) {
	for _, text := range []string{"hello world", strings.Repeat("_", 10_000), texts.Chinese(10_000), texts.English(10_000)} {
		for _, e := range encodings() {
			e.Count(text)
			require.Zero(t, testing.AllocsPerRun(10, func() { e.Count(text) }))
			require.Zero(t, testing.AllocsPerRun(10, func() { e.Prefix(text, 100) }))
		}
	}
}

func TestEncodingFitsInMemory(t *testing.T) {
	live := func() uint64 {
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		return memory.HeapAlloc
	}
	classes()
	before := live()
	e := encoding("o200k_base", splitO200k)()
	require.Less(t, live()-before, uint64(40<<20))
	runtime.KeepAlive(e)
}

// worstCases returns long texts, and shorter ones for short tests.
func worstCases() map[string]string {
	if testing.Short() {
		return texts.WorstCases(1 << 16)
	}
	return texts.WorstCases(1 << 20)
}

// TestWorstCases counts texts that are one piece. An algorithm that takes
// quadratic time does not finish them.
func TestWorstCases(t *testing.T) {
	for name, text := range worstCases() {
		for _, e := range []*Encoding{O200k(), Cl100k()} {
			tokens := e.AppendTokens(nil, text)
			decoded, err := e.Decode(tokens)
			require.NoError(t, err)
			require.True(t, text == string(decoded), name)
			require.Equal(t, len(text), e.Prefix(text, len(tokens)), name)
		}
	}
}

// TestMergingIsLinear counts the steps that long pieces take.
func TestMergingIsLinear(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := &scratch{}
	for _, e := range encodings() {
		for range 100 {
			part := randomPiece(random, e)
			e.merge(strings.Repeat(part, 1+100_000/len(part)), math.MaxInt, s)
			require.LessOrEqual(t, s.steps, 400_000, "%q", part)
		}
	}
}

func TestDamagedVocabulary(t *testing.T) {
	var bytes strings.Builder
	for c := range 256 {
		fmt.Fprintf(&bytes, "%s %d\n", base64.StdEncoding.EncodeToString([]byte{byte(c)}), c)
	}
	_, err := newVocabulary([]byte(bytes.String()))
	require.NoError(t, err)
	for _, line := range []string{
		"YWI=",     // no rank
		"YWI= x",   // no number
		"YWI= 255", // a rank twice
		"YWI= -1",  //
		"YWI 256",  // no base64
		" 256",     // no bytes
		"YQ== 256", // a byte that is a token already
		"YWJj 256", // nothing merges to abc
		"YWI= 2000000",
	} {
		_, err := newVocabulary([]byte(bytes.String() + line + "\n"))
		require.Error(t, err, "%q", line)
	}
}
