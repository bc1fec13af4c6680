package fileops

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSlowCallsWakeTheMonitor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	defer nextWake.Store(nextWake.Swap(0))
	p := NewPool(PoolOptions{Workers: 4})
	p.noteCall(time.Hour)
	require.Zero(t, nextWake.Load(), "one call leaves a processor to others")
	other := p.slots.tryTake()
	p.noteCall(slowCall - 1)
	require.Zero(t, nextWake.Load(), "the call was not slow")

	began := clock()
	p.noteCall(slowCall)
	due := nextWake.Load()
	require.GreaterOrEqual(t, due, int64(began+monitorWake))
	p.noteCall(slowCall)
	if again := nextWake.Load(); again != due {
		require.GreaterOrEqual(t, int64(clock()), due, "it is awake still")
	}
	p.slots.give(other)
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, p.entered.Load(), "Close has waited for the goroutine")
}

// A call that blocks a thread would keep the time in a bubble from passing.
func TestNoMonitorIsWokenInABubble(t *testing.T) {
	defer nextWake.Store(nextWake.Swap(0))
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(PoolOptions{Workers: 4})
		for range 4 {
			p.slots.tryTake()
		}
		p.noteCall(time.Hour)
		require.Zero(t, nextWake.Load())
	})
}
