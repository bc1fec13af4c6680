package fileops

import (
	"iter"
	"math"
	"sort"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/grapheme"
)

// This file cuts a text at the boundaries that a Splitter finds, by the units that a
// Counter counts. The comments of ChunkOptions.Splitter say by which rule.
//
// The boundaries come one after the other, while the text is cut. The cutter keeps
// those from the start of the last chunk to the end of the next one.

// endLevel is the level of the end of the text: it is stronger than any boundary.
const endLevel = math.MinInt

// cutAtBoundaries cuts text by the Splitter and the Counter of o, which may panic.
// valid says that text is known to be valid UTF-8.
func cutAtBoundaries(path, text string, o *ChunkOptions, valid bool) []TextChunk {
	c := newBoundaryCutter(path, text, o, valid)
	if o.Splitter != nil {
		for b := range c.boundaries(text) {
			c.add(b)
		}
	}
	c.finish()
	chunks := make([]TextChunk, len(c.cuts))
	for i, cut := range c.cuts {
		chunk := &chunks[i]
		chunk.Text, chunk.Start, chunk.End = text[cut.from:cut.end], cut.from, cut.end
		chunk.Size, chunk.Section = cut.size, cut.section
		o.label(chunk, i, plan{total: len(chunks)})
	}
	return chunks
}

// A boundaryCutter cuts one text.
type boundaryCutter struct {
	path, text string
	splitter   Splitter // or nil: an overlap then begins at any cluster

	size    int // the most units of a chunk
	least   int // the least units of a chunk without its overlap
	overlap int // the most units of an overlap

	// The Count and the Prefix of a part of the text. prefixPart is nil if the
	// Counter cannot find a prefix.
	countPart  func(from, to int) int
	prefixPart func(from, to, limit int) int

	// additive says that two parts of the text have as many units as both together.
	additive bool

	last     int        // the offset of the last boundary, -1 before the first
	joints   []joint    // the boundaries from the start of the last chunk on
	next     int        // the index of the first joint after start
	section  []string   // in force at start
	sections []Boundary // those after start that begin a section

	start  int // the end of the last chunk
	from   int // the start of the next chunk, with its overlap
	shared int // the units of the overlap

	// The chunk fits up to fits, and no longer from over on. A boundary at over
	// or after it is no candidate for the end of the chunk.
	fits, over int

	counts []unitsTo // of text from from on, so that no text is counted twice
	rate   float64   // bytes that a unit took when text was counted last
	stairs []int     // see strongest
	fine   []joint   // see fineEnd

	cuts []chunkCut
}

// A chunkCut says where a chunk is. A TextChunk is four times as large, and a slice
// of them is copied several times while it grows.
type chunkCut struct {
	from, end, size int
	section         []string
}

// A joint is a boundary without its section, which few have. Most time goes into
// boundaries, and this takes less of it than a slice of Boundary.
type joint struct{ at, level int }

// A unitsTo is the number of units of a text that ends at an offset.
type unitsTo struct{ end, units int }

func newBoundaryCutter(path, text string, o *ChunkOptions, valid bool) *boundaryCutter {
	c := &boundaryCutter{
		path: path, text: text, splitter: o.Splitter, size: o.size(),
		last: -1, rate: 4, // about the bytes of a token
	}
	c.overlap = min(int(float64(c.size)*o.Overlap), c.size/2)
	c.least = o.MinSize
	if c.least == 0 {
		c.least = (c.size - c.overlap) / 2
	}
	if o.Counter == nil {
		c.useCounter(newCodePoints(text, valid))
		c.additive = true
	} else {
		c.useCounter(o.Counter)
	}
	c.look()
	return c
}

// mostIgnored is how many boundaries in a row may be ignored beyond one for each byte.
const mostIgnored = 1000

// boundaries yields what the Splitter finds in a text or in a part of it. It stops
// where nothing new comes any more, so that an endless sequence ends, too.
func (c *boundaryCutter) boundaries(text string) iter.Seq[Boundary] {
	return func(yield func(Boundary) bool) {
		last, ignored := -1, 0
		for b := range c.splitter(c.path, text) {
			if ignored++; b.At > last && b.At < len(text) {
				last, ignored = b.At, 0
			}
			if ignored > len(text)+mostIgnored || !yield(b) {
				return
			}
		}
	}
}

// add takes the next boundary. It ignores one that is not after the boundary
// before it, or is no place to cut at.
func (c *boundaryCutter) add(b Boundary) {
	if b.At <= c.last || b.At >= len(c.text) || !c.mayCut(b.At) {
		return
	}
	c.last = b.At
	c.joints = append(c.joints, joint{b.At, b.Level})
	if b.Section != nil {
		c.sections = append(c.sections, b)
	}
	for c.over <= b.At { // so that every candidate for the end of the chunk is known
		c.step()
	}
}

// mayCut reports whether a cut would part neither a UTF-8 sequence nor CR LF.
func (c *boundaryCutter) mayCut(at int) bool {
	if at > 0 && c.text[at] == '\n' {
		return c.text[at-1] != '\r'
	}
	return utf8.RuneStart(c.text[at]) || !grapheme.InsideRune(c.text, at)
}

// finish cuts the rest of the text.
func (c *boundaryCutter) finish() {
	c.joints = append(c.joints, joint{len(c.text), endLevel})
	for c.start < len(c.text) {
		c.step()
	}
}

// step cuts the next chunk. If nothing fits behind the overlap, it drops the overlap
// instead.
func (c *boundaryCutter) step() {
	c.pass()
	end := c.boundaryEnd()
	if end == c.start {
		end = c.fineEnd(c.clusterEnd())
	}
	switch {
	case end > c.start:
		c.emit(end)
	case c.from < c.start:
		c.begin(c.start, 0)
	default: // one cluster that is too large
		n := grapheme.First(c.text[c.start:])
		c.emit(min(c.start+n, c.joints[c.next].at))
	}
}

// pass goes past the boundaries up to start.
func (c *boundaryCutter) pass() {
	for c.next < len(c.joints) && c.joints[c.next].at <= c.start {
		c.next++
	}
	for len(c.sections) > 0 && c.sections[0].At <= c.start {
		c.section = c.sections[0].Section
		c.sections = c.sections[1:]
	}
}

// emit makes the chunk that ends at end.
func (c *boundaryCutter) emit(end int) {
	cut := chunkCut{from: c.from, end: end, size: c.count(end)}
	if len(c.section) > 0 {
		cut.section = c.section
	}
	c.cuts = append(c.cuts, cut)
	before := c.from
	c.start = end
	if end == len(c.text) {
		return
	}
	c.pass()
	c.begin(c.overlapAfter(before))
	c.forget()
}

// begin sets the start of the next chunk, with an overlap of so many units.
func (c *boundaryCutter) begin(from, shared int) {
	c.from, c.shared = from, shared
	c.counts = c.counts[:0]
	c.look()
}

// forget removes the joints that no overlap can begin at any more.
func (c *boundaryCutter) forget() {
	old := min(c.indexOf(c.from+1), c.next)
	c.joints = c.joints[:copy(c.joints, c.joints[old:])]
	c.next -= old
}

// indexOf returns the index of the first joint at an offset or after it.
func (c *boundaryCutter) indexOf(at int) int {
	return sort.Search(len(c.joints), func(i int) bool { return c.joints[i].at >= at })
}

// boundaryEnd returns the boundary that ends the chunk, or start if none fits.
func (c *boundaryCutter) boundaryEnd() int {
	low, high := c.fits, c.over
	best := c.strongest(low)
	for tries := 0; ; tries++ {
		at := c.betterJoint(best, c.guessEnd(tries, low, high), low, high)
		switch {
		case at >= 0 && c.count(at) > c.size:
			high = at
		case at >= 0:
			low = at
			best = c.strongest(low)
		case best < 0:
			return c.start
		case c.count(c.joints[best].at) <= c.size:
			return c.joints[best].at
		default: // the Counter counts more here than further on, so that nothing is sure
			low, high, tries = c.start, c.joints[best].at, 0
			best = -1
		}
	}
}

// strongest returns the index of the best end of the chunk up to an offset, or -1 if
// there is no joint: the strongest that is enough, the last of these, and otherwise
// the last of all.
func (c *boundaryCutter) strongest(upTo int) int {
	c.stairs = c.stairs[:0] // each joint that is stronger than all that follow
	for i := c.indexOf(upTo+1) - 1; i >= c.next; i-- {
		if n := len(c.stairs); n == 0 || c.joints[i].level < c.joints[c.stairs[n-1]].level {
			c.stairs = append(c.stairs, i)
		}
	}
	if len(c.stairs) == 0 {
		return -1
	}
	best, short := 0, len(c.stairs) // the first is the end if none is enough
	for tries := 0; best+1 < short; tries++ {
		x := c.ahead(c.from, float64(c.least+c.shared))
		i := sort.Search(len(c.stairs), func(i int) bool { return c.joints[c.stairs[i]].at < x }) - 1
		i = nextGuess(tries, i, best, short)
		if c.isEnough(c.joints[c.stairs[i]].at) {
			best = i
		} else {
			short = i
		}
	}
	return c.stairs[best]
}

// isEnough reports whether the chunk has its least size if it ends at end.
func (c *boundaryCutter) isEnough(end int) bool { return c.count(end)-c.shared >= c.least }

// betterJoint returns a joint between two offsets that is a better end of the chunk
// than the joint with the index best, if it fits. It is near x, and -1 if there is
// none. All of them are further on.
func (c *boundaryCutter) betterJoint(best, x, low, high int) int {
	if high-low <= 1 {
		return -1
	}
	first, end := c.indexOf(low+1), c.indexOf(high)
	if first >= end {
		return -1
	}
	level := math.MaxInt
	if best >= 0 && c.isEnough(c.joints[best].at) {
		level = c.joints[best].level
	}
	near := min(max(c.indexOf(x+1)-1, first), end-1)
	for i := near; i >= first; i-- {
		if c.joints[i].level <= level {
			return c.joints[i].at
		}
	}
	for i := near + 1; i < end; i++ {
		if c.joints[i].level <= level {
			return c.joints[i].at
		}
	}
	return -1
}

// fineEnd returns where the chunk ends by the boundaries that the Splitter finds if
// it is asked about the text up to end alone. If none of them is enough, it is end.
// A Splitter may find more boundaries in a short text. That the chunk is enough
// keeps the time linear, because all of this text may be in the next chunks again.
func (c *boundaryCutter) fineEnd(end int) int {
	if c.splitter == nil || end == c.start {
		return end
	}
	joints, next := c.joints, c.next
	c.joints, c.next = c.fine[:0], 0
	last := c.start
	for b := range c.boundaries(c.text[c.start:end]) {
		if at := c.start + b.At; at > last && at < end && c.mayCut(at) {
			c.joints = append(c.joints, joint{at, b.Level})
			last = at
		}
	}
	if best := c.boundaryEnd(); best > c.start && c.isEnough(best) {
		end = best
	}
	c.fine = c.joints
	c.joints, c.next = joints, next
	return end
}

// clusterEnd returns the end of the last grapheme cluster that fits, or start.
func (c *boundaryCutter) clusterEnd() int {
	low, high := c.start, c.over
	x := min(c.fits, high-1)
	for tries := 0; ; tries++ {
		at := c.cluster(x, low, high)
		if at < 0 {
			return low
		}
		if c.count(at) <= c.size {
			low = at
		} else {
			high = at
		}
		x = c.guessEnd(tries, low, high)
	}
}

// cluster returns the end of a cluster between two offsets, near x, or -1. A cluster
// begins at low.
func (c *boundaryCutter) cluster(x, low, high int) int {
	if n := grapheme.Fit(c.text[low:], x-low); n > 0 {
		return low + n
	}
	end := low + grapheme.First(c.text[low:min(high+utf8.UTFMax, len(c.text))])
	if end >= high {
		return -1
	}
	return end
}

// overlapAfter returns where the overlap after a chunk begins that ends at start and
// began at before, and the units of the overlap. If the boundaries leave it less than
// half of its size, a finer one begins it: those of prose are up to 256 bytes apart, and
// a third of the chunks of 1500 had no overlap of a tenth (TestOverlapsAreLong of split).
func (c *boundaryCutter) overlapAfter(before int) (from, units int) {
	if c.overlap == 0 {
		return c.start, 0
	}
	if c.splitter == nil {
		return c.widestOverlap(before, c.cluster)
	}
	from, units = c.widestOverlap(before, func(x, low, high int) int { return c.betterJoint(-1, x, low, high) })
	if units < c.overlap/2 {
		if at := c.fineStart(before); at < from {
			if n := c.units(at, c.start); n <= c.overlap {
				return at, n
			}
		}
	}
	return from, units
}

// widestOverlap returns the first place after before at which an overlap can begin,
// and the units of the overlap, or start and 0 if there is none. place returns a place
// near x between two offsets, or -1.
func (c *boundaryCutter) widestOverlap(before int, place func(x, low, high int) int) (from, units int) {
	low, high := before, c.start
	for tries := 0; ; tries++ {
		x := nextGuess(tries, c.ahead(c.start, -float64(c.overlap)-withinUnit), low, high)
		at := place(x, low, high)
		if at < 0 {
			return high, units
		}
		if n := c.units(at, c.start); n <= c.overlap {
			high, units = at, n
		} else {
			low = at
		}
	}
}

// fineStart returns the first boundary that the Splitter finds if it is asked about
// the longest overlap alone, or start if there is none.
func (c *boundaryCutter) fineStart(before int) int {
	low, _ := c.widestOverlap(before, c.cluster)
	for b := range c.boundaries(c.text[low:c.start]) {
		if at := low + b.At; at > low && at < c.start && c.mayCut(at) {
			return at
		}
	}
	return c.start
}
