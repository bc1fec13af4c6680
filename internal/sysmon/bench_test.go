package sysmon

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// BenchmarkSlowCalls has 64 clients make ten system calls of 5 ms each, at most
// 32 at a time and each on a goroutine of its own. In "computing" the program
// also computes for the first 100 ms, and the monitor sleeps longer and longer
// meanwhile. In "waiting" the monitor is awake, so that the call to wake it
// cannot help.
func BenchmarkSlowCalls(b *testing.B) {
	for _, load := range []struct {
		name string
		time time.Duration
	}{{"computing", 100 * time.Millisecond}, {"waiting", 0}} {
		for _, mode := range []struct {
			name string
			wake bool
		}{{"no wake", false}, {"wake", true}} {
			b.Run(load.name+"/"+mode.name, func(b *testing.B) { benchSlowCalls(b, load.time, mode.wake) })
		}
	}
}

func benchSlowCalls(b *testing.B, computing time.Duration, wake bool) {
	const clients, calls = 64, 10
	slots := make(chan struct{}, 32)
	var others sync.WaitGroup
	call := func() {
		defer func() { <-slots }()
		began := time.Now()
		Block(5 * time.Millisecond)
		if wake && Note(time.Since(began)) {
			others.Go(Wake)
			runtime.Gosched()
		}
	}
	for b.Loop() {
		computed := time.Now().Add(computing)
		for range runtime.GOMAXPROCS(0) {
			others.Go(func() {
				for time.Now().Before(computed) {
				}
			})
		}
		var group sync.WaitGroup
		for range clients {
			group.Go(func() {
				for range calls {
					slots <- struct{}{}
					done := make(chan struct{})
					go func() {
						defer close(done)
						call()
					}()
					<-done
				}
			})
		}
		group.Wait()
	}
	b.ReportMetric(float64(clients*calls*b.N)/b.Elapsed().Seconds(), "calls/s")
	others.Wait()
}

func BenchmarkNote(b *testing.B) {
	for b.Loop() {
		Note(SlowCall)
	}
}
