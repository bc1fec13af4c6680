package fileops

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// slots are a pool's slots and the queue for them, in order of arrival. They
// are a semaphore, except that a waiter need not be a goroutine: a future waits
// as an entry of the queue and gets its goroutine together with its slot. So
// ten thousand futures do not cost ten thousand stacks.
type slots struct {
	workers int
	reserve reserve

	mu      sync.Mutex
	used    int
	idle    []*slot
	all     []*slot // made when they are first needed
	waiting queue
	blocked queue // those that wait for a slot on a hung mount, see reserve

	runTime, waitTime atomic.Int64 // in nanoseconds: slots in use, waits for a slot
}

// A slot is the right to make one system-level operation, and what Stats tells
// of it. The mutex of slots guards its fields.
type slot struct {
	use
	since time.Duration // on the clock
	task  *task         // nil while no system call is under way
}

// A use is an operation's name with the path, or the two paths, that it is
// about.
type use struct{ op, path, other string }

// A waiter is a place in a queue.
type waiter struct {
	use
	to         grantee
	since      time.Duration
	in         *queue // nil if it waits no more, or not yet
	next, prev *waiter
}

// A grantee is given a slot. It must not block.
type grantee interface{ granted(*slot) }

// take returns a slot if one is free and nobody waits for it, else nil.
func (q *slots) take(u *use) *slot {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.first != nil || q.blocked.first != nil && q.reserve.onHung(u) {
		return nil
	}
	if q.used >= q.limit(u) {
		return nil
	}
	return q.pop()
}

// limit returns how many slots may be in use before one with the given use
// must wait.
func (q *slots) limit(u *use) int {
	if q.reserve.open() && !q.reserve.onHung(u) {
		return q.workers + q.reserve.size
	}
	return q.workers
}

// pop takes an idle slot, or makes one.
func (q *slots) pop() *slot {
	q.used++
	if last := len(q.idle) - 1; last >= 0 {
		s := q.idle[last]
		q.idle = q.idle[:last]
		return s
	}
	s := new(slot)
	q.all = append(q.all, s)
	return s
}

// enqueue lets a waiter wait for a slot, or gives it one at once.
func (q *slots) enqueue(w *waiter) {
	w.since = clock()
	q.mu.Lock()
	q.line(&w.use).push(w)
	to, s := q.grant()
	if w.in != nil {
		q.watch(w.since)
	}
	q.mu.Unlock()
	if to != nil {
		to.granted(s)
	}
}

// line returns the queue for a use.
func (q *slots) line(u *use) *queue {
	if q.reserve.onHung(u) {
		return &q.blocked
	}
	return &q.waiting
}

// cancel ends a wait. It returns false if there is none: the waiter has a slot,
// or it has not begun to wait.
func (q *slots) cancel(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w.in == nil {
		return false
	}
	w.in.remove(w)
	return true
}

// wait waits for a slot on the caller's goroutine.
func (q *slots) wait(ctx context.Context, u *use) (*slot, error) {
	granted := make(goroutine, 1)
	w := waiter{use: *u, to: granted}
	q.enqueue(&w)
	select {
	case s := <-granted:
		return s, nil
	case <-ctx.Done():
		if !q.cancel(&w) {
			q.give(<-granted)
		}
		return nil, ctx.Err()
	}
}

// A goroutine is a grantee that waits on a channel with room for its slot.
type goroutine chan *slot

func (g goroutine) granted(s *slot) { g <- s }

// use notes what a slot is used for. It returns false, and the caller gives the
// slot back, if the slot is one of the reserve and the use is about a mount that
// hangs.
func (q *slots) use(s *slot, u *use, t *task) bool {
	now := clock()
	q.mu.Lock()
	fits := !q.reserve.open() || q.used <= q.limit(u)
	if fits {
		s.use, s.since, s.task = *u, now, t
	}
	q.mu.Unlock()
	return fits
}

// unuse undoes use.
func (q *slots) unuse(s *slot) {
	q.mu.Lock()
	*s = slot{}
	q.mu.Unlock()
}

// describe changes the use of a slot.
func (q *slots) describe(s *slot, u *use) {
	q.mu.Lock()
	s.use = *u
	q.mu.Unlock()
}

// give takes a slot back, or hands it to the next waiter. It returns for how
// long the slot was used.
func (q *slots) give(s *slot) (used time.Duration) {
	now := clock()
	q.mu.Lock()
	if s.task != nil {
		used = now - s.since
	}
	*s = slot{}
	q.used--
	q.idle = append(q.idle, s)
	to, next := q.grant()
	q.mu.Unlock()
	q.runTime.Add(int64(used))
	if to != nil {
		to.granted(next)
	}
	return used
}

// grant takes a free slot for the next waiter, which must be told. It returns
// nil if there is no slot or no waiter.
func (q *slots) grant() (to grantee, s *slot) {
	w := q.next()
	if w == nil {
		return nil, nil
	}
	w.in.remove(w)
	q.waitTime.Add(int64(clock() - w.since))
	return w.to, q.pop()
}

// next returns the waiter to get a slot, nil if there is no waiter or no slot.
func (q *slots) next() *waiter {
	w, b := q.waiting.first, q.blocked.first
	switch {
	case q.used < q.workers && (w == nil || b != nil && b.since < w.since):
		return b
	case w != nil && q.used < q.limit(&w.use):
		return w
	default:
		return nil
	}
}

// running lists the slots in use.
func (q *slots) running() []Running {
	q.mu.Lock()
	defer q.mu.Unlock()
	rs := make([]Running, 0, len(q.all)-len(q.idle))
	for _, s := range q.all {
		if s.task != nil {
			rs = append(rs, Running{s.op, s.path, clock() - s.since, s.task.abandoned()})
		}
	}
	return rs
}

// inUse reports whether a system call is under way.
func (q *slots) inUse() bool { return len(q.running()) > 0 }

// A queue is a list of waiters in order of arrival.
type queue struct{ first, last *waiter }

func (q *queue) push(w *waiter) {
	w.in, w.prev = q, q.last
	if q.last == nil {
		q.first = w
	} else {
		q.last.next = w
	}
	q.last = w
}

func (q *queue) remove(w *waiter) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.in, w.next, w.prev = nil, nil, nil
}

// drain removes all waiters.
func (q *queue) drain() (all []*waiter) {
	for q.first != nil {
		all = append(all, q.first)
		q.remove(q.first)
	}
	return all
}

// clock is the time since the process began. It reads one of the two clocks
// that time.Now reads.
func clock() time.Duration { return time.Since(processBegan) }

var processBegan = time.Now()
