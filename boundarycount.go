package fileops

import (
	"github.com/lion-agi/fileops/internal/grapheme"
	"github.com/lion-agi/fileops/internal/textscan"
)

// This file counts the units of a text that a boundaryCutter cuts, and finds the
// places where a limit is reached with few counts.

// A partCounter is a PrefixCounter that may count the parts of one text with less
// work than texts of their own. The comment of PrefixCounter says how.
type partCounter interface {
	PrefixCounter
	Parts(counter any, text string) (count func(from, to int) int, prefix func(from, to, limit int) int)
}

// useCounter sets how the parts of the text are counted.
func (c *boundaryCutter) useCounter(counter Counter) {
	c.countPart = func(from, to int) int { return counter.Count(c.text[from:to]) }
	if p, ok := counter.(PrefixCounter); ok {
		c.prefixPart = func(from, to, limit int) int { return p.Prefix(c.text[from:to], limit) }
	}
	if p, ok := counter.(partCounter); ok {
		if count, prefix := p.Parts(counter, c.text); count != nil && prefix != nil {
			c.countPart, c.prefixPart = count, prefix
		}
	}
}

// count returns the units of the chunk if it ends at end. Of code points it counts
// only those between end and the nearest offset up to which they are known. That saves a
// tenth of the time of BenchmarkChunks/chinese in package split. Other units of a part
// of a text, such as tokens, may depend on the text around it.
func (c *boundaryCutter) count(end int) int {
	near := unitsTo{c.from, 0}
	for _, known := range c.counts {
		if known.end == end {
			return known.units
		}
		if c.additive && max(end-known.end, known.end-end) < max(end-near.end, near.end-end) {
			near = known
		}
	}
	n := near.units
	if near.end < end {
		n += c.units(near.end, end)
	} else {
		n -= c.units(end, near.end)
	}
	c.counts = append(c.counts, unitsTo{end, n})
	c.learn(c.from, end, n)
	return n
}

// units returns the units of a part of the text.
func (c *boundaryCutter) units(from, to int) int {
	n := c.countPart(from, to)
	c.learn(from, to, n)
	return n
}

// learn keeps the length of the units of a part of the text.
func (c *boundaryCutter) learn(from, to, units int) {
	if units > 0 && to > from {
		c.rate = float64(to-from) / float64(units)
	}
}

// ahead returns the offset at which about so many units end that begin at from.
func (c *boundaryCutter) ahead(from int, units float64) int {
	return int(min(float64(from)+units*c.rate, float64(len(c.text))))
}

// look finds out how far the chunk can reach.
func (c *boundaryCutter) look() {
	if c.prefixPart != nil {
		c.fits = max(c.longestPrefix(), c.start)
		c.over = c.fits + 1
		return
	}
	c.fits = c.start
	at := c.ahead(c.from, float64(c.size))
	for {
		at = c.charAt(max(at, c.start+1))
		switch n := c.count(at); {
		case n > c.size:
			c.over = at
			return
		case at == len(c.text):
			c.fits, c.over = at, at+1
			return
		default:
			c.fits = at
			at = c.furtherThan(at, n)
		}
	}
}

// furtherThan returns where to look next if the chunk has so many units up to at.
// It is a little behind the place where the chunk ends if the text goes on alike.
// The steps grow with the chunk, so that few of them are needed.
func (c *boundaryCutter) furtherThan(at, units int) int {
	length := at - c.from
	least := length/16 + 1
	if units < c.size/2 {
		least = length
	}
	next := max(c.ahead(c.from, float64(c.size)*1.02), at+least)
	return min(next, at+3*length)
}

// longestPrefix returns the end of the PrefixCounter's Prefix of the text from from
// on. It is given little more than the chunk, since it may look at all that it is given.
func (c *boundaryCutter) longestPrefix() int {
	from, left := c.from, c.size
	if c.additive { // the overlap is counted
		from, left = c.start, c.size-c.shared
		c.counts = append(c.counts, unitsTo{from, c.shared})
	}
	for end := c.ahead(from, float64(left)*1.25); ; {
		end = c.charAt(max(end, c.start+1))
		n := c.prefixPart(from, end, left)
		n = min(max(n, 0), end-from)
		if c.additive && n < end-from {
			c.counts = append(c.counts, unitsTo{from + n, c.size})
		}
		if n < end-from || end == len(c.text) {
			return from + n
		}
		end = min(end+(end-from), len(c.text))
	}
}

// charAt returns the offset, or the next one after it that is between two code
// points.
func (c *boundaryCutter) charAt(at int) int {
	at = min(at, len(c.text))
	for grapheme.InsideRune(c.text, at) {
		at++
	}
	return at
}

// guessEnd returns the next offset between two to look at for the end of the chunk.
// If they are near each other, it is where the text between them fills the chunk:
// to count that text is cheap, and right for most counters.
func (c *boundaryCutter) guessEnd(tries, low, high int) int {
	guess := c.ahead(c.from, float64(c.size)+withinUnit)
	if gap := high - low; gap > 1 && gap < (high-c.from)/8 && low > c.start {
		guess = c.filledAt(low, high, c.size-c.count(low))
	}
	return nextGuess(tries, guess, low, high)
}

// filledAt returns an offset up to which the text after low counts so many units.
func (c *boundaryCutter) filledAt(low, high, units int) int {
	for from := low; high-low > 1; {
		at := c.charAt(low + (high-low)/2)
		if at >= high {
			break
		}
		if c.countPart(from, at) <= units {
			low = at
		} else {
			high = at
		}
	}
	return low
}

// withinUnit is a part of a unit. The last character that fits is inside the first
// unit that does not, or right before it.
const withinUnit = 0.75

// nextGuess returns the next number to try between two that are not to be tried
// again. The first guesses suppose that the text is alike everywhere, and soon find
// the place if it nearly is. Later ones are the middle, so that there are few.
func nextGuess(tries, guess, low, high int) int {
	const guesses = 3
	if tries >= guesses {
		return low + (high-low)/2
	}
	return min(max(guess, low+1), high-1)
}

// codePoints counts the code points of a text, as a range loop does.
type codePoints struct {
	valid bool // the text is valid UTF-8
	ascii bool // and each code point is a byte
}

func newCodePoints(text string, valid bool) codePoints {
	if valid {
		return codePoints{valid: true, ascii: textscan.CountValid(text) == len(text)}
	}
	runes, bad := textscan.Scan(textscan.Bytes(text))
	return codePoints{valid: bad < 0, ascii: runes == len(text)}
}

// Count implements [Counter].
func (c codePoints) Count(text string) int {
	switch {
	case c.ascii:
		return len(text)
	case c.valid:
		return textscan.CountValid(text)
	}
	return textscan.CountRunes(text)
}

// Prefix implements [PrefixCounter].
func (c codePoints) Prefix(text string, limit int) int {
	switch {
	case limit >= len(text):
		return len(text)
	case c.ascii:
		return limit
	case c.valid:
		return textscan.Skip(textscan.Bytes(text), limit)
	}
	n := 0
	for i := range text {
		if n == limit {
			return i
		}
		n++
	}
	return len(text)
}
