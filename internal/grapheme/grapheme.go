// Package grapheme finds the characters of a text as a reader sees them: the
// extended grapheme clusters of UAX 29. A letter with its accents is one cluster,
// and so are a flag, a family of emoji, and CR LF.
package grapheme

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// First returns the length in bytes of the first cluster of text.
func First(text string) int {
	clusters := graphemes.FromString(text)
	clusters.Next()
	return clusters.End()
}

// Fit returns the length in bytes of the longest prefix of whole clusters that has
// at most limit bytes. It is 0 if the first cluster is longer.
//
// It looks at the last clusters of the prefix only, unless they are such that
// all before them decide where they end, as in a row of flags.
func Fit(text string, limit int) (n int) {
	if limit >= len(text) {
		return len(text)
	}
	for limit > 0 && InsideRune(text, limit) {
		limit--
	}
	text = through(text, limit)
	n = limit
	for steps := 0; n > 0 && !certain(text, n); steps++ {
		if steps == lookBack {
			n = 0
			break
		}
		_, width := utf8.DecodeLastRuneInString(text[:n])
		n -= width
	}
	clusters := graphemes.FromString(text[n:])
	from := n
	for n < limit && clusters.Next() && from+clusters.End() <= limit {
		n = from + clusters.End()
	}
	return n
}

// lookBack is the number of runes after which Fit begins at the start instead. To
// find a place to begin takes some ten times as long for a rune as to go over it
// (BenchmarkFit).
const lookBack = 64

// certain reports whether a cluster ends at an offset whatever text is before the
// two runes there. A false result says nothing.
//
// All rules that need more than the runes on both sides join a rune to an emoji,
// a consonant or a flag before it. Between them are only runes that continue the
// cluster before (GB9c, GB11), or there are two halves of flags (GB12). So two runes
// are apart in every text if they are apart by themselves and the first of them
// continues no cluster.
func certain(text string, at int) bool {
	if text[at-1] < utf8.RuneSelf && text[at] < utf8.RuneSelf {
		return text[at-1] != '\r' || text[at] != '\n'
	}
	_, before := utf8.DecodeLastRuneInString(text[:at])
	_, first := utf8.DecodeLastRuneInString(text[:at-before])
	if first == 0 {
		return false
	}
	from := at - before - first
	clusters := graphemes.FromString(through(text, at)[from:])
	return clusters.Next() && clusters.End() == first && clusters.Next() && from+clusters.End() == at
}

// through returns text up to an offset, and the rune after it. That rune decides
// whether a cluster ends at the offset, and no later one does.
func through(text string, at int) string { return text[:min(at+utf8.UTFMax, len(text))] }

// InsideRune reports whether the offset is inside the UTF-8 sequence of a code
// point.
func InsideRune(text string, at int) bool {
	if at <= 0 || at >= len(text) || utf8.RuneStart(text[at]) {
		return false
	}
	for start := at - 1; start >= 0 && start > at-utf8.UTFMax; start-- {
		if utf8.RuneStart(text[start]) {
			_, width := utf8.DecodeRuneInString(text[start:])
			return start+width > at
		}
	}
	return false
}
