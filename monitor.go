package fileops

import (
	"runtime"
	"sync/atomic"
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
// What wakes the monitor is a call that lasts for two of its looks. So beside
// slow calls that are enough to hold all processors one such call is made now
// and then. It costs a processor until the monitor has seen it, which is next
// to nothing where it is awake.
const (
	slowCall    = time.Millisecond
	monitorWake = 25 * time.Millisecond
)

// nextWake is when, on the clock, the monitor may have to be woken again.
// There is one in a process, whatever the number of pools.
var nextWake atomic.Int64

// noteCall is told for how long a slot was used.
func (p *Pool) noteCall(used time.Duration) {
	if used < slowCall || p.slots.taken()+1 < runtime.GOMAXPROCS(0) {
		return
	}
	now, due := clock(), nextWake.Load()
	if int64(now) < due || !nextWake.CompareAndSwap(due, int64(now+monitorWake)) {
		return
	}
	p.enter()
	go func() {
		defer p.leave()
		blockThread(monitorWake)
	}()
	runtime.Gosched() // to that one: at the end of the line it could take long
}
