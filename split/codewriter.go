package split

import (
	"slices"

	"github.com/lion-agi/fileops"
)

// none is the index of no boundary and of no byte.
const none = -1

// maxHeld bounds the boundaries that wait for one before them to be complete.
const maxHeld = 4096

// maxMisses bounds the searches for the end of a token that find none. Each
// takes time linear in the rest of the text.
const maxMisses = 8

// batch is the number of boundaries that are yielded at a time.
const batch = 64

// A writer yields boundaries. It holds back those whose level or section
// depends on the text after them.
type writer struct {
	text    string
	yield   func(fileops.Boundary) bool
	stopped bool // yield has returned false

	out       []fileops.Boundary
	last      int // the last boundary
	lastLevel int // its level
	lead      int // the index in out of the comment above the next statement
	held      int // the index in out of a declaration whose name is not known yet

	// seen is the section of the last boundary that has one.
	seen []string

	whole  int // the length of the lines that have no boundaries inside
	gap    int // see emitInside
	misses int // the searches for the end of a token that have found none
}

// emit adds a boundary and returns its index, or none if there can be no
// boundary. The start of the text is added, too, but yielded only with a section.
func (w *writer) emit(at, level int) int {
	if at <= w.last || at >= len(w.text) {
		return none
	}
	if n := len(w.out); n >= maxHeld || n >= batch && w.lead < 0 && w.held < 0 {
		w.flush()
	}
	w.last, w.lastLevel = at, level
	n := len(w.out)
	if n == cap(w.out) {
		w.out = slices.Grow(w.out, max(batch, n))
	}
	w.out = w.out[:n+1]
	b := &w.out[n]
	b.At, b.Level, b.Section = at, level, nil
	return n
}

// emitInside adds a boundary inside a long line, unless one that is as strong is less
// than gap before it.
func (w *writer) emitInside(at, level int) {
	if at-w.last >= w.gap || level < w.lastLevel {
		w.emit(at, level)
	}
}

// setSection sets the section of the boundary with an index in out. Level and
// section of a boundary that is yielded already, or cannot be, stay unknown.
func (w *writer) setSection(index int, section []string) {
	if index < 0 || slices.Equal(section, w.seen) {
		return
	}
	w.seen = append(make([]string, 0, len(section)), section...)
	w.out[index].Section = w.seen
}

// flush yields all boundaries, complete or not.
func (w *writer) flush() {
	for i := range w.out {
		if w.stopped {
			break
		}
		if b := &w.out[i]; b.At > 0 || b.Section != nil {
			w.stopped = !w.yield(*b)
		}
	}
	w.out, w.lead, w.held = w.out[:0], none, none
}

// inside emits boundaries after the blanks of a long text[from:to], which has no
// line feed.
func (w *writer) inside(from, to, level int) {
	if to-from <= w.whole {
		return
	}
	for i := max(from+1, w.last+w.gap); i < to && !w.stopped; i++ {
		if (w.text[i-1] == ' ' || w.text[i-1] == '\t') && !isBlank(w.text[i]) {
			w.emit(i, level)
			i = max(i, w.last+w.gap-1)
		}
	}
}

// nested returns the level of a declaration with depth scopes around it.
func nested(depth int) int { return min(depth, maxNested) }

// statement returns the level of a statement with depth blocks around it.
func statement(depth, rank int) int { return levelStatement + 4*min(depth, maxDepth) + rank }
