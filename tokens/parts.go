package tokens

import (
	"math"
	"sort"
	"unicode/utf8"
)

// Parts returns two functions that count the parts of one text: count(from, to)
// is Count(text[from:to]), and prefix(from, to, limit) is
// Prefix(text[from:to], limit). They remember the tokens that they have seen from
// the last from of prefix on. So a program that cuts a text into chunks, each
// with a few counts, reads the text little more than once (BenchmarkChunk of
// tokens/bench). The functions are not safe for concurrent use.
//
// Both are nil if counter is not e. That is so for a type that embeds an Encoding
// and counts in its own way: it has this method, which knows nothing of that way.
func (e *Encoding) Parts(counter any, text string) (count func(from, to int) int, prefix func(from, to, limit int) int) {
	if counter != any(e) {
		return nil, nil
	}
	r := &reading{Encoding: e, text: text}
	return r.count, r.prefix
}

// A reading remembers how many tokens a text has up to its checkpoints.
//
// The pieces from a place on do not depend on the text before it. Pieces that begin
// anywhere may be other pieces than those of the reading. As soon as one of them
// ends at a checkpoint, all that follow are the same.
type reading struct {
	*Encoding
	text   string
	points []checkpoint // in ascending order
}

// A checkpoint is the end of a piece that is not white space. If the text ended
// there, or anywhere after it, then it would have the same pieces up to there: only
// white space depends on the end of a text. The place where a reading begins is a
// checkpoint too.
type checkpoint struct {
	at    int
	count int // the tokens from a fixed place to here
}

// pointsOfLimit is about how many checkpoints there are in a prefix. They are many,
// so that few pieces are counted again. They are not as many as the pieces of a long
// prefix, so that they take little memory.
const pointsOfLimit = 1024

// count is Encoding.Count of text[from:to].
func (r *reading) count(from, to int) int {
	i, at, count := r.meet(from, to)
	last := r.lastPoint(func(p checkpoint) bool { return p.at <= to })
	if last > i && r.points[i].at == at {
		count += r.points[last].count - r.points[i].count
		at = r.points[last].at
	}
	return count + r.Count(r.text[at:to])
}

// prefix is Encoding.Prefix of text[from:to].
func (r *reading) prefix(from, to, limit int) int {
	r.points = r.points[:copy(r.points, r.points[r.firstPoint(from):])]
	i, at, count := r.meet(from, to)
	if i == len(r.points) || r.points[i].at != at {
		r.points = append(r.points[:0], checkpoint{at: from})
		i, count = 0, 0
	}
	before := r.points[i].count - count
	r.readOn(to, before, limit)
	last := r.lastPoint(func(p checkpoint) bool { return p.at <= to && p.count-before <= limit })
	if last < i {
		return r.Prefix(r.text[from:to], limit)
	}
	p := r.points[last]
	return p.at - from + r.Prefix(r.text[p.at:to], limit-(p.count-before))
}

// meet counts the pieces of text[from:to] up to the first checkpoint that one of
// them ends at. It returns the index of the checkpoint, its place, and the count.
// If there is none, the place is the end of the pieces that were counted: they are
// past all checkpoints, or reach to.
func (r *reading) meet(from, to int) (i, at, count int) {
	s := r.borrow()
	defer r.scratch.Put(s)
	i, at = r.firstPoint(from), from
	for at < to && i < len(r.points) && r.points[i].at > at {
		end := r.split(r.classes, r.text[:to], at)
		count += len(r.encode(r.text[at:end], math.MaxInt, s))
		at = end
		for i < len(r.points) && r.points[i].at < at {
			i++
		}
	}
	return i, at, count
}

// readOn adds checkpoints up to one that has more than limit tokens before it. The
// tokens before the first place do not count, which are as many as before says.
//
// It reads no further than to, near which a longer text may have other pieces. The
// end of a piece is certain if another piece that is not white space follows, and
// then any character. A splitter looks no further ahead: it looks at the white space
// or the capitals that follow, at the character behind them, and at a contraction.
func (r *reading) readOn(to, before, limit int) {
	s := r.borrow()
	defer r.scratch.Put(s)
	last := r.points[len(r.points)-1]
	next := last // the end of the last piece that is not white space
	for at, count := last.at, last.count; at < to && last.count-before <= limit; {
		end := r.split(r.classes, r.text[:to], at)
		if end+utf8.UTFMax > to {
			return
		}
		count += len(r.encode(r.text[at:end], math.MaxInt, s))
		if !r.isSpace(r.text[at:end]) {
			if next.count-last.count > limit/pointsOfLimit {
				r.points = append(r.points, next)
				last = next
			}
			next = checkpoint{end, count}
		}
		at = end
	}
}

// firstPoint returns the index of the first checkpoint at a place or after it.
func (r *reading) firstPoint(at int) int {
	return sort.Search(len(r.points), func(i int) bool { return r.points[i].at >= at })
}

// lastPoint returns the index of the last checkpoint for which f holds, or -1. f
// holds for all checkpoints before it.
func (r *reading) lastPoint(f func(checkpoint) bool) int {
	return sort.Search(len(r.points), func(i int) bool { return !f(r.points[i]) }) - 1
}
