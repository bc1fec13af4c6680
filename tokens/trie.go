package tokens

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// A trie finds the longest token that a text begins with. The children of a node
// lie side by side, and so do their labels: a step reads few cache lines.
type trie struct {
	nodes  []trieNode
	labels []byte          // the byte that leads to each node
	second [1 << 16]uint32 // the nodes of the first two bytes of a text; 0 is none
}

type trieNode struct {
	first int32  // the first child
	count int32  // how many children there are
	token uint32 // the token that ends here, or none
}

// match returns the longest token that text begins with, and its bytes. text is
// not empty. Every byte is a token, so that the children of the root are in order.
func (t *trie) match(text string) (token uint32, length int) {
	token, length = t.nodes[1+int(text[0])].token, 1
	if len(text) == 1 {
		return token, length
	}
	number := t.second[int(text[0])<<8|int(text[1])]
	for i := 2; number != 0; i++ {
		node := &t.nodes[number]
		if node.token != none {
			token, length = node.token, i
		}
		if i == len(text) {
			break
		}
		child := bytes.IndexByte(t.labels[node.first:node.first+node.count], text[i])
		if child < 0 {
			break
		}
		number = uint32(node.first) + uint32(child)
	}
	return token, length
}

// newTrie returns the trie of the tokens of v. It sets v.shorter.
func newTrie(v *vocabulary) *trie {
	t := &trie{nodes: make([]trieNode, 1, 3*v.size()), labels: make([]byte, 1, 3*v.size())}
	v.shorter = make([]uint32, v.size())
	t.grow(v, 0, v.sorted(), 0, none)
	for first := range 256 {
		for i := range t.nodes[1+first].count {
			child := t.nodes[1+first].first + i
			t.second[first<<8|int(t.labels[child])] = uint32(child)
		}
	}
	return t
}

// grow adds the nodes below a node. sorted are the tokens that begin with the
// bytes that lead to it, depth of them. shorter is the longest token above it.
func (t *trie) grow(v *vocabulary, number int, sorted []uint32, depth int, shorter uint32) {
	node := trieNode{first: int32(len(t.nodes)), token: none}
	if token := sorted[0]; v.length(token) == depth {
		node.token = token
		v.shorter[token] = shorter
		shorter, sorted = token, sorted[1:]
	}
	for i, token := range sorted {
		if label := v.byte(token, depth); i == 0 || label != t.labels[len(t.labels)-1] {
			t.nodes = append(t.nodes, trieNode{})
			t.labels = append(t.labels, label)
		}
	}
	node.count = int32(len(t.nodes)) - node.first
	t.nodes[number] = node
	for child := int(node.first); len(sorted) > 0; child++ {
		same := 1
		for same < len(sorted) && v.byte(sorted[same], depth) == t.labels[child] {
			same++
		}
		t.grow(v, child, sorted[:same], depth+1, shorter)
		sorted = sorted[same:]
	}
}

// sorted returns the tokens in the order of their bytes.
func (v *vocabulary) sorted() []uint32 {
	prefixes := v.sortedPrefixes()
	sorted := make([]uint32, len(prefixes))
	for i, p := range prefixes {
		sorted[i] = p.token
	}
	for start, end := 0, 0; start < len(prefixes); start = end {
		for end < len(prefixes) && prefixes[end].bytes == prefixes[start].bytes {
			end++
		}
		if end-start > 1 {
			slices.SortFunc(sorted[start:end], func(a, b uint32) int { return strings.Compare(v.token(a), v.token(b)) })
		}
	}
	return sorted
}

// A prefix has the first bytes of a token, and zeros if there are fewer.
type prefix struct {
	bytes uint64
	token uint32
}

// sortedPrefixes returns the prefixes of all tokens in the order of their bytes.
// A radix sort takes a fraction of the time that a sort of strings takes.
func (v *vocabulary) sortedPrefixes() []prefix {
	sorted := make([]prefix, 0, v.size())
	for token := range uint32(v.size()) {
		if text := v.token(token); text != "" {
			var first [8]byte
			copy(first[:], text)
			sorted = append(sorted, prefix{binary.BigEndian.Uint64(first[:]), token})
		}
	}
	next := make([]prefix, len(sorted))
	for shift := 0; shift < 64; shift += 8 {
		var starts [257]int
		for _, p := range sorted {
			starts[1+p.bytes>>shift&0xFF]++
		}
		for i := range 256 {
			starts[i+1] += starts[i]
		}
		for _, p := range sorted {
			start := &starts[p.bytes>>shift&0xFF]
			next[*start] = p
			*start++
		}
		sorted, next = next, sorted
	}
	return sorted
}
