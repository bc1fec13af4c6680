package textscan

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// helpers is the number of helper goroutines that run, in all calls of Parallel.
var helpers atomic.Int64

// Parallel calls f(0) to f(n-1), each once, and returns when all have returned.
// f must be safe for concurrent use, and must neither block nor panic.
//
// The calling goroutine makes calls itself. Helper goroutines share the rest,
// and all calls of Parallel in the process together have at most GOMAXPROCS-1
// helpers. Parallel never waits for a helper to become free: a call that gets
// none makes all calls of f itself. So a thousand concurrent calls of Parallel
// add fewer goroutines than there are processors.
func Parallel(n int, f func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
			f(i - 1)
		}
	}
	var group sync.WaitGroup
	for range n - 1 {
		if !reserveHelper() {
			break
		}
		group.Go(func() {
			defer helpers.Add(-1)
			work()
		})
	}
	work()
	group.Wait()
}

// reserveHelper takes one helper from the budget of the process. It reports
// false if the budget is used up.
func reserveHelper() bool {
	most := int64(runtime.GOMAXPROCS(0) - 1)
	for {
		n := helpers.Load()
		if n >= most {
			return false
		}
		if helpers.CompareAndSwap(n, n+1) {
			return true
		}
	}
}
