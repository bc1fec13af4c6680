package tokens

import (
	"math"
	"sync"
)

// An Encoding turns text into tokens. It does not change and may be used by
// several goroutines at once.
type Encoding struct {
	name    string
	split   splitter
	classes *classTable
	*vocabulary
	scratch sync.Pool // of *scratch
}

// Name returns the name that tiktoken gives the encoding, such as "o200k_base".
func (e *Encoding) Name() string { return e.name }

// Count returns how many tokens text has. It allocates nothing but for pieces
// that are longer than any before.
func (e *Encoding) Count(text string) int {
	s := e.borrow()
	defer e.scratch.Put(s)
	count := 0
	for start := 0; start < len(text); {
		end := e.split(e.classes, text, start)
		count += len(e.encode(text[start:end], math.MaxInt, s))
		start = end
	}
	return count
}

// AppendTokens appends the tokens of text to dst and returns it.
func (e *Encoding) AppendTokens(dst []uint32, text string) []uint32 {
	s := e.borrow()
	defer e.scratch.Put(s)
	for start := 0; start < len(text); {
		end := e.split(e.classes, text, start)
		dst = append(dst, e.encode(text[start:end], math.MaxInt, s)...)
		start = end
	}
	return dst
}

// Decode returns the bytes of tokens. It returns an [UnknownTokenError] if one of
// them is no token of the encoding; special tokens are none.
func (e *Encoding) Decode(tokens []uint32) ([]byte, error) {
	size := 0
	for _, token := range tokens {
		if !e.has(token) {
			return nil, &UnknownTokenError{Encoding: e.name, Token: token}
		}
		size += e.length(token)
	}
	text := make([]byte, 0, size)
	for _, token := range tokens {
		text = append(text, e.token(token)...)
	}
	return text, nil
}

func (e *Encoding) borrow() *scratch {
	if s, ok := e.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}
