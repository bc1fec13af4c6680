package textscan

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

func TestParallelMakesEachCallOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100, 10_000} {
		calls := make([]atomic.Int32, n)
		Parallel(n, func(i int) { calls[i].Add(1) })
		for i := range calls {
			require.EqualValues(t, 1, calls[i].Load(), "call %d of %d", i, n)
		}
	}
	require.Zero(t, helpers.Load())
}

// TestParallelBoundsItsHelpers has many callers at once, whose calls all wait
// until as many calls run as there can be.
func TestParallelBoundsItsHelpers(t *testing.T) {
	const callers, calls = 100, 8
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	processors := int64(runtime.GOMAXPROCS(0)) // 1 on systems without threads
	before := runtime.NumGoroutine()
	var running, made, mostGoroutines atomic.Int64
	proceed := make(chan struct{})
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			Parallel(calls, func(int) {
				running.Add(1)
				made.Add(1)
				<-proceed
				for n := int64(runtime.NumGoroutine()); ; {
					most := mostGoroutines.Load()
					if n <= most || mostGoroutines.CompareAndSwap(most, n) {
						break
					}
				}
				running.Add(-1)
			})
		})
	}
	for running.Load() < callers+processors-1 { // or the test times out
		time.Sleep(time.Millisecond)
	}
	// Callers and helpers are all inside a call, and no helper beyond the
	// budget has joined them.
	require.EqualValues(t, processors-1, helpers.Load())
	require.EqualValues(t, callers+processors-1, running.Load())
	close(proceed)
	group.Wait()
	require.LessOrEqual(t, mostGoroutines.Load(), int64(before+callers-1)+processors)
	require.EqualValues(t, callers*calls, made.Load())
	require.Zero(t, helpers.Load(), "all helpers have returned to the budget")
}

func TestParallelWithoutHelpers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	before := runtime.NumGoroutine()
	sum := 0
	Parallel(100, func(i int) { sum += i }) // the caller alone, so no lock is needed
	require.Equal(t, 4950, sum)
	require.Equal(t, before, runtime.NumGoroutine())
}

func TestMeasureFromManyGoroutines(t *testing.T) {
	text := texttest.Script("mixed", longText+pieceSize/2)
	want := NewRuler(1425, 150, 1350, len(text))
	runes := want.measureInvalid(text)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			r := NewRuler(1425, 150, 1350, len(text))
			if r.Measure(text, false) != runes {
				t.Error("another number of code points")
			}
			for i, mark := range r.Marks() {
				if mark != want.Marks()[i] {
					t.Errorf("mark %d: %d", i, mark)
					return
				}
			}
		})
	}
	group.Wait()
	require.Zero(t, helpers.Load())
}
