package sysmon

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpells(t *testing.T) {
	const ms, processors = time.Millisecond, 4 // 50 ms of calls hold half of them for a spell
	var s spell
	require.False(t, s.add(100*ms, 20*ms, processors))
	require.False(t, s.add(110*ms, 20*ms, processors))
	require.True(t, s.add(124*ms, 10*ms, processors))
	require.False(t, s.add(124*ms, 24*ms, processors), "once is enough")
	require.False(t, s.add(125*ms, 24*ms, processors), "another spell has begun")
	require.False(t, s.add(130*ms, 24*ms, processors))
	require.True(t, s.add(149*ms, 2*ms, processors))
	require.False(t, s.add(-time.Hour, 24*ms, processors), "the clock of a bubble")
}

// notesUntilWake returns how many calls of the shortest counted time it takes
// to hold half of the processors for a spell. Only in a bubble does the clock
// stand still meanwhile.
func notesUntilWake() (n int) {
	for n = 1; !Note(SlowCall); n++ {
	}
	return n
}

func TestNoteCountsSlowCalls(t *testing.T) {
	half := int((time.Duration(runtime.GOMAXPROCS(0))*WakeTime/2 + SlowCall - 1) / SlowCall)
	synctest.Test(t, func(t *testing.T) {
		for _, took := range []time.Duration{0, SlowCall - 1, WakeTime, time.Hour} {
			time.Sleep(WakeTime) // so that another spell begins
			for range 1000 {
				require.False(t, Note(took), "a call of %v is not counted", took)
			}
			require.Equal(t, half, notesUntilWake())
			require.False(t, Note(WakeTime-1), "once a spell is enough")
		}
		time.Sleep(WakeTime)
		require.False(t, Note(SlowCall))
		require.Equal(t, half-1, notesUntilWake())
	})
	require.False(t, Note(SlowCall), "the clock outside of the bubble begins another spell")
}

func TestWakeBlocks(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("nothing blocks a thread here")
	}
	require.Eventually(t, func() bool { // a signal ends the call early
		began := time.Now()
		Wake()
		return time.Since(began) >= WakeTime
	}, time.Minute, time.Millisecond)
}
