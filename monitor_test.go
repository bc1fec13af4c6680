package fileops

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpellsOfSlowCalls(t *testing.T) {
	const ms, processors = time.Millisecond, 4 // 50 ms of calls hold half of them for a spell
	var s spell
	require.False(t, s.add(100*ms, 20*ms, processors))
	require.False(t, s.add(110*ms, 29*ms, processors), "counted as no longer than a spell")
	require.True(t, s.add(124*ms, 5*ms, processors))
	require.False(t, s.add(124*ms, 25*ms, processors), "once is enough")
	require.False(t, s.add(125*ms, 25*ms, processors), "another spell has begun")
	require.True(t, s.add(130*ms, time.Hour, processors))
	require.False(t, s.add(-time.Hour, 25*ms, processors), "the clock of a bubble")
	require.True(t, s.add(-time.Hour, 25*ms, processors))
}

// In a bubble of testing/synctest, where time passes only while nothing runs,
// the call that wakes the monitor ends too, and Close waits for it.
func TestMonitorIsWokenInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(PoolOptions{})
		for range 1000 {
			p.noteCall(time.Hour)
		}
		require.NoError(t, p.Close(t.Context()))
		require.Zero(t, p.entered.Load())
	})
}
