package fileops

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// A StuckError is what [Pool.Close] returns when its context ends first.
type StuckError struct {
	Running []Running // the calls in flight, in no order; an operation between two calls has none
	Err     error     // the context's error
}

// Running describes a slot in use: a call in flight on the file system.
type Running struct {
	Op, Path  string
	For       time.Duration // since it took its slot
	Abandoned bool          // the caller has given up
}

// Error implements error.
func (e *StuckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "close pool: %v: %d still running", e.Err, len(e.Running))
	for i, r := range e.Running {
		if i == 8 {
			fmt.Fprintf(&b, ", and %d more", len(e.Running)-i)
			break
		}
		fmt.Fprintf(&b, ", %s %s for %v", r.Op, r.Path, r.For.Round(time.Millisecond))
	}
	return b.String()
}

// Unwrap returns the context's error.
func (e *StuckError) Unwrap() error { return e.Err }

// Stats is a pool's state and history. Workers to Active describe the moment;
// the rest are totals since the pool was made.
type Stats struct {
	Workers   int // slots, without those lent while a mount hangs
	Running   int // slots in use, abandoned ones included
	Abandoned int // slots whose caller has given up while the system call has not returned
	Waiting   int // waits for a slot
	Active    int // operations begun and not ended; calls that a cancelled one left running do not count

	Done         uint64 // operations ended, without the refused ones
	Failed       uint64 // of these, the ones that ended with an error
	Refused      uint64 // operations that got ErrOverloaded or ErrClosed
	BytesRead    uint64
	BytesWritten uint64

	WaitTime time.Duration // spent by all waits for a slot
	RunTime  time.Duration // spent by all holders of a slot
}

// counters are the totals of Stats.
type counters struct {
	done, failed, refused   atomic.Uint64
	bytesRead, bytesWritten atomic.Uint64
}

// Stats returns the pool's state and totals. It takes about a microsecond and
// never waits for a disk.
func (p *Pool) Stats() Stats {
	s := Stats{
		Workers:      p.opts.Workers,
		Waiting:      int(p.waiting.Load()),
		Active:       int(p.active.Load()),
		Done:         p.done.Load(),
		Failed:       p.failed.Load(),
		Refused:      p.refused.Load(),
		BytesRead:    p.bytesRead.Load(),
		BytesWritten: p.bytesWritten.Load(),
		WaitTime:     time.Duration(p.slots.waitTime.Load()),
		RunTime:      time.Duration(p.slots.runTime.Load()),
	}
	for _, r := range p.slots.running() {
		s.Running++
		if r.Abandoned {
			s.Abandoned++
		}
	}
	return s
}
