// Package sysmon wakes the monitor of the Go runtime beside slow system calls.
//
// The monitor takes the processor from a goroutine whose system call lasts and
// gives it to another goroutine: see sysmon and retake in runtime/proc.go. A
// processor stays with its call until the monitor looks, because package
// syscall has no call that gives it up at once (golang/go#29734). The monitor
// looks every 20 µs after it has taken a processor. While it takes none it
// sleeps longer and longer, up to 10 ms, and a program cannot change that
// (golang/go#18236).
//
// The monitor takes a processor if two looks in a row meet the same system call,
// or if the same time slice lasts for 10 ms. Calls of a few milliseconds that
// each have a time slice of their own escape both rules while the monitor looks
// every 10 ms, because each look meets another call. golang/go#28701 shows such
// looks. The program then has only as many calls in flight as it has
// processors, and all its other goroutines wait for these calls.
//
// A call that lasts for two looks ends this state. [Note] asks for such a call
// now and then while calls are slow and hold half of the processors or more.
// BenchmarkSlowCalls makes calls of 5 ms, 32 at a time, beside 100 ms of
// computing: 490 to 650 calls/s without the wake and 3,100 to 3,400 with it (Go
// 1.26.8 on two processors of an Intel Xeon at 2.1 GHz, Linux 6.18). Where the
// monitor is awake the wake makes no difference: 5,500 to 5,700 calls/s without
// it and 5,400 to 5,900 with it.
package sysmon

import (
	"runtime"
	"sync"
	"time"
)

const (
	// SlowCall is how long a system call must take to be counted.
	SlowCall = time.Millisecond
	// WakeTime is how long the call of [Wake] takes: two looks of a monitor
	// that sleeps for 10 ms each time, and a little more. A call that takes as
	// long wakes the monitor itself and is not counted.
	WakeTime = 25 * time.Millisecond
)

// Note counts a system call that has taken that long and returned. It reports
// whether the caller must start [Wake] on a goroutine of its own. The caller
// then calls [runtime.Gosched] to let that goroutine run at once.
//
// The calls are counted for the whole process, because it has one monitor. Note
// takes 0.1 µs.
func Note(took time.Duration) (wake bool) {
	return took >= SlowCall && took < WakeTime &&
		slowCalls.add(time.Since(began), took, runtime.GOMAXPROCS(0))
}

// Wake wakes the monitor. It blocks its thread for WakeTime in one system call
// and holds a processor until the monitor has seen that.
func Wake() { Block(WakeTime) }

var (
	slowCalls spell
	began     = time.Now()
)

// A spell is a time as long as WakeTime, in which slow calls are added up.
type spell struct {
	mu    sync.Mutex
	began time.Duration // since the process began
	spent time.Duration // by slow calls since then
	woken bool
}

// add counts a slow call that ends now and reports whether it is the one to
// wake the monitor. Time may go back, since a bubble of testing/synctest has a
// clock of its own.
func (s *spell) add(now, took time.Duration, processors int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now < s.began || now >= s.began+WakeTime {
		s.began, s.spent, s.woken = now, 0, false
	}
	s.spent += took
	if s.woken || s.spent < time.Duration(processors)*WakeTime/2 {
		return false
	}
	s.woken = true
	return true
}
