package fileops

import (
	"sync"
	"time"
)

// slots are a pool's slots and who waits for them, in order of arrival. They
// are what a semaphore is, but for one thing: what waits need not be a
// goroutine. A future waits as an entry in the queue and gets its goroutine
// with its slot, so that ten thousand of them cost no ten thousand stacks.
type slots struct {
	max int // how many there are

	mu    sync.Mutex
	idle  []*slot
	all   []*slot // made when they are first needed
	first *waiter
	last  *waiter
}

// A slot is the right to do one thing on the file system, with what Stats
// tells of it. Its fields are guarded by the mutex of slots.
type slot struct {
	op, path string
	since    time.Duration // on the clock
	task     *task         // nil while the slot is not in use
	quotas   quotas        // of the paths' mounts, if they have any
	lender   *task         // whose slot it is, if it is a borrowed one
}

// A waiter is a place in the queue.
type waiter struct {
	to         grantee
	next, prev *waiter
	queued     bool
	since      time.Duration
}

// A grantee is told that a slot is its own. It must not block.
type grantee interface{ granted(*slot) }

// tryTake returns a slot if one is free and nobody waits for it, else nil.
func (q *slots) tryTake() *slot {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first != nil {
		return nil
	}
	return q.pop()
}

// pop takes an idle slot, if there is one.
func (q *slots) pop() *slot {
	if last := len(q.idle) - 1; last >= 0 {
		s := q.idle[last]
		q.idle = q.idle[:last]
		return s
	}
	if len(q.all) == q.max {
		return nil
	}
	s := new(slot)
	q.all = append(q.all, s)
	return s
}

// enqueue puts a waiter last in the queue.
func (q *slots) enqueue(w *waiter) {
	q.mu.Lock()
	if q.first == nil {
		if s := q.pop(); s != nil {
			q.mu.Unlock()
			w.to.granted(s)
			return
		}
		q.first = w
	} else {
		q.last.next, w.prev = w, q.last
	}
	q.last = w
	w.queued, w.since = true, clock()
	q.mu.Unlock()
}

// cancel takes a waiter out of the queue. It returns false if the waiter is
// not there: it has been granted a slot, or is not in the queue yet.
func (q *slots) cancel(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !w.queued {
		return false
	}
	q.remove(w)
	return true
}

func (q *slots) remove(w *waiter) {
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
	w.next, w.prev, w.queued = nil, nil, false
}

// use writes down what a slot is used for.
func (q *slots) use(s *slot, op, path string, t *task, quotas quotas) {
	now := clock()
	q.mu.Lock()
	s.op, s.path, s.since, s.task, s.quotas = op, path, now, t, quotas
	q.mu.Unlock()
}

// unuse undoes use.
func (q *slots) unuse(s *slot) {
	q.mu.Lock()
	*s = slot{}
	q.mu.Unlock()
}

// describe changes what a slot is used for.
func (q *slots) describe(s *slot, op, path string) {
	q.mu.Lock()
	s.op, s.path = op, path
	q.mu.Unlock()
}

// give takes a slot back, or hands it to the first in the queue. It returns
// for how long the slot was used and the waiter has waited, and the quotas
// that are free now.
func (q *slots) give(s *slot) (used, waited time.Duration, free quotas) {
	now := clock()
	q.mu.Lock()
	if s.task != nil {
		used = now - s.since
	}
	free = s.quotas
	*s = slot{}
	w := q.first
	if w == nil {
		q.idle = append(q.idle, s)
		q.mu.Unlock()
		return used, 0, free
	}
	q.remove(w)
	q.mu.Unlock()
	waited = now - w.since
	w.to.granted(s)
	return used, waited, free
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

// A blocked waiter is a goroutine.
type blocked chan *slot

func (b blocked) granted(s *slot) { b <- s }

// clock is the time since the process began. It reads one of the two clocks
// that time.Now reads.
func clock() time.Duration { return time.Since(processBegan) }

var processBegan = time.Now()
