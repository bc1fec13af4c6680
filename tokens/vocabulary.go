package tokens

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
)

// baseTokens is how many tokens are single bytes. They come first in every
// vocabulary, and no merge makes them.
const baseTokens = 256

// A vocabulary knows the bytes of every token, and how tokens are made of each
// other. The number of a token is its rank: a lower number is merged earlier.
type vocabulary struct {
	text    string   // of all tokens, one after another
	starts  []uint32 // where in text each token starts, and the end; one that is missing is empty
	longest int      // bytes of the longest token

	*trie // of all tokens
	whole exactTable

	// merges maps two neighbours to the token that they merge to, halves has
	// these two for each token that is no single byte, and shorter has the
	// longest token that a token begins with, or none.
	merges  pairTable
	halves  [][2]uint32
	shorter []uint32
}

// newVocabulary reads a vocabulary in tiktoken's format: in each line a token in
// base64, a blank and its rank, in ascending order of ranks.
func newVocabulary(file []byte) (*vocabulary, error) {
	v := &vocabulary{}
	if err := v.parse(file); err != nil {
		return nil, err
	}
	v.shorter = make([]uint32, v.size())
	v.trie = newTrie(v)
	v.whole = newExactTable(v)
	return v, v.halve()
}

func (v *vocabulary) parse(file []byte) error {
	text := make([]byte, 0, len(file)/2)
	v.starts = make([]uint32, 1, bytes.Count(file, []byte{'\n'})+2)
	for line := range bytes.Lines(file) {
		encoded, digits, _ := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte{' '})
		rank, err := strconv.ParseUint(string(digits), 10, pairBits)
		if err != nil {
			return err
		}
		for v.size() < int(rank) {
			v.starts = append(v.starts, uint32(len(text)))
		}
		start := len(text)
		if text, err = base64.StdEncoding.AppendDecode(text, encoded); err != nil {
			return err
		}
		length := len(text) - start
		if v.size() != int(rank) || length == 0 || (length == 1) != (rank < baseTokens) {
			return fmt.Errorf("token %d is out of place", rank)
		}
		v.starts = append(v.starts, uint32(len(text)))
		v.longest = max(v.longest, length)
	}
	v.text = string(text)
	return nil
}

// size returns the number after the last token.
func (v *vocabulary) size() int { return len(v.starts) - 1 }

// has reports whether a number is a token.
func (v *vocabulary) has(number uint32) bool {
	return uint64(number) < uint64(v.size()) && v.length(number) > 0
}

// token returns the bytes of a token.
func (v *vocabulary) token(number uint32) string {
	return v.text[v.starts[number]:v.starts[number+1]]
}

// length returns how many bytes a token has: none if it is missing.
func (v *vocabulary) length(number uint32) int {
	return int(v.starts[number+1] - v.starts[number])
}

// bytes returns how many bytes tokens have.
func (v *vocabulary) bytes(tokens []uint32) (sum int) {
	for _, token := range tokens {
		sum += v.length(token)
	}
	return sum
}

// byte returns one byte of a token.
func (v *vocabulary) byte(number uint32, i int) byte { return v.text[int(v.starts[number])+i] }
