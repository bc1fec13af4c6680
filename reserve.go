package fileops

import (
	"cmp"
	"path/filepath"
	"slices"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
)

// A reserve keeps one hung mount from stopping a pool. While calls on a mount do
// not return, the pool lends itself a few more slots, for operations on other
// mounts. The size of the reserve is fixed, so threads stay bounded.
//
// Mounts cost nothing while nothing hangs: only a waiter makes the pool look at
// the calls under way, and only a call that lasts makes it read the list of
// mounts. Version 0.1.0 looked up the mount in every operation. In a container
// with 1,000 mounts FileSize then took six times as long as it does now, and an
// AsyncReadFile of 4 KiB three times (benchmarks/container, BenchmarkFileSize,
// BenchmarkReadFile; Xeon, 2 cores, go1.26.8).
type reserve struct {
	size int
	base string              // absolute directory of relative paths, "" = the working directory
	read func() mounts.Table // of the mounts there are now

	table    mounts.Table
	hung     map[string]bool // mount points with a call that lasts
	nextLook time.Duration   // on the clock
}

const (
	// hungAfter is how long a call lasts when its mount counts as hung. A slow
	// mount counts as well. That does no harm: its operations keep the workers.
	hungAfter = 50 * time.Millisecond

	// lookEvery is how often the pool looks, while an operation waits.
	lookEvery = hungAfter / 2
)

func newReserve(workers int, base string) reserve {
	return reserve{size: (workers + 3) / 4, base: base, read: mounts.Read}
}

// open reports whether the reserve is lent now.
func (r *reserve) open() bool { return len(r.hung) > 0 }

// onHung reports whether a use is about a path on a hung mount. The spelling of
// the path decides, because any system call on it might hang too.
func (r *reserve) onHung(u *use) bool {
	return r.open() && (r.hung[r.point(u.path)] || r.hung[r.point(u.other)])
}

// point returns the mount point that a path lies on, "" if it is unknown.
func (r *reserve) point(path string) string {
	switch {
	case path == "":
		return ""
	case r.base != "" && !filepath.IsAbs(path):
		path = filepath.Join(r.base, path)
	}
	return r.table.Point(path)
}

// watch has the pool look soon, unless that is arranged already. A timer from a
// bubble of testing/synctest may never fire, and the clock in the bubble is
// another: then nextLook lies outside the time in which a look is due.
func (q *slots) watch(now time.Duration) {
	r := &q.reserve
	if now < r.nextLook && now >= r.nextLook-lookEvery {
		return
	}
	r.nextLook = now + lookEvery
	time.AfterFunc(lookEvery, q.look)
}

// look finds out which mounts hang and lends the reserve, or takes it back.
func (q *slots) look() {
	now := clock()
	if q.anyLasts(now) {
		table := q.reserve.read()
		q.mu.Lock()
		q.reserve.table = table
	} else {
		q.mu.Lock()
	}
	q.reserve.hung = q.hungMounts(now)
	q.requeue()
	if q.waiting.first != nil || q.blocked.first != nil || q.reserve.open() {
		q.watch(now)
	}
	q.mu.Unlock()
	q.grantAll()
}

// anyLasts reports whether a call lasts.
func (q *slots) anyLasts(now time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.all, func(s *slot) bool { return s.lasts(now) })
}

// lasts reports whether a call in the slot has taken long.
func (s *slot) lasts(now time.Duration) bool { return s.task != nil && now-s.since >= hungAfter }

// hungMounts returns the mount points that the calls that last are blamed on.
func (q *slots) hungMounts(now time.Duration) map[string]bool {
	var calls [][2]string
	for _, s := range q.all {
		if s.lasts(now) {
			calls = append(calls, [2]string{q.reserve.point(s.path), q.reserve.point(s.other)})
		}
	}
	return blame(calls)
}

// blame returns the mount points that explain why the calls last. A copy is
// about two mounts, and one of them may be well: so the mounts that explain the
// most calls are blamed first, and the others only for the rest.
func blame(calls [][2]string) map[string]bool {
	hung := make(map[string]bool)
	for {
		counts := make(map[string]int)
		most := 0
		for _, points := range calls {
			if hung[points[0]] || hung[points[1]] {
				continue // explained
			}
			for i, point := range points {
				if point != "" && (i == 0 || point != points[0]) {
					counts[point]++
					most = max(most, counts[point])
				}
			}
		}
		if most == 0 {
			return hung
		}
		for point, n := range counts {
			if n == most {
				hung[point] = true
			}
		}
	}
}

// requeue puts each waiter into the queue that it belongs to now.
func (q *slots) requeue() {
	all := slices.Concat(q.waiting.drain(), q.blocked.drain())
	slices.SortStableFunc(all, func(a, b *waiter) int { return cmp.Compare(a.since, b.since) })
	for _, w := range all {
		q.line(&w.use).push(w)
	}
}

// grantAll gives all free slots to waiters.
func (q *slots) grantAll() {
	for {
		q.mu.Lock()
		to, s := q.grant()
		q.mu.Unlock()
		if to == nil {
			return
		}
		to.granted(s)
	}
}
