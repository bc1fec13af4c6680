package fileops

import (
	"runtime"
	"sync"
	"time"
)

// The runtime has a monitor take the processor from a goroutine whose system
// call lasts, and give it to others. But the monitor sleeps ever longer, up to
// 10 ms, while it meets no call that has lasted since its last look. Then
// calls that take some milliseconds each, one after the other on all
// processors, go unseen for good: the program has no more of them in flight
// than it has processors, whatever the number of workers, and everything else
// in it waits for them too. See sysmon and retake in the runtime's proc.go.
//
// What wakes the monitor is a call that lasts for two of its looks. So one is
// made now and then beside calls that are slow, and many enough to hold half
// of the processors. It costs a processor until the monitor has seen it, which
// is next to nothing where it is awake.
const (
	slowCall    = time.Millisecond
	monitorWake = 25 * time.Millisecond
)

// slowCalls are those of all pools: there is one monitor in a process.
var slowCalls spell

// A spell is a time as long as a wake of the monitor.
type spell struct {
	mu    sync.Mutex
	began time.Duration // on the clock
	spent time.Duration // by slow calls since then
	woken bool
}

// add counts a slow call that has ended now, and reports whether it is the one
// to wake the monitor.
func (s *spell) add(now, took time.Duration, processors int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now < s.began || now >= s.began+monitorWake {
		s.began, s.spent, s.woken = now, 0, false
	}
	s.spent += took
	if s.woken || s.spent < time.Duration(processors)*monitorWake/2 {
		return false
	}
	s.woken = true
	return true
}

// noteCall is told for how long a slot was used by system calls. One that took
// longer than a wake was one.
func (p *Pool) noteCall(used time.Duration) {
	if used < slowCall || used >= monitorWake || !slowCalls.add(clock(), used, runtime.GOMAXPROCS(0)) {
		return
	}
	p.enter()
	go func() {
		defer p.leave()
		blockThread(monitorWake)
	}()
	runtime.Gosched() // to that one: at the end of the line it could take long
}
