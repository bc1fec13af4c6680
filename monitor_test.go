package fileops

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpellsOfSlowCalls(t *testing.T) {
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

// spendsSpell reports whether what op does counts as slow calls. It runs in a
// bubble, whose clock nothing else goes by.
func spendsSpell(t *testing.T, op func(ctx context.Context, l *lab)) bool {
	slow := false
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		slowCalls.add(clock()-time.Hour, 0, 1) // begin anew
		op(ctx, l)
		slow = slowCalls.began > clock()-time.Hour
	})
	return slow
}

func TestSlowCallsAreSystemCalls(t *testing.T) {
	read := func(took time.Duration) func(context.Context, *lab) {
		return func(ctx context.Context, l *lab) {
			l.hang(func(c seamCall) bool {
				if c.op == "open" {
					time.Sleep(took)
				}
				return false
			})
			_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
			require.NoError(t, err)
		}
	}
	require.False(t, spendsSpell(t, read(slowCall-1)))
	require.True(t, spendsSpell(t, read(slowCall)))
	require.False(t, spendsSpell(t, read(monitorWake)), "which has woken the monitor itself")
	require.False(t, spendsSpell(t, func(ctx context.Context, l *lab) {
		_, err := Submit(ctx, l.pool, func(context.Context) (int, error) {
			time.Sleep(slowCall)
			return 0, nil
		}).Result()
		require.NoError(t, err)
		_, err = l.pool.FileToChunks(ctx, l.at("in/a.txt"), &ChunkOptions{
			Reader: func(context.Context, string) (string, error) {
				time.Sleep(slowCall)
				return "text", nil
			},
		})
		require.NoError(t, err)
	}), "functions of the user's may wait without a thread")
}

// Close waits for the call that wakes the monitor.
func TestCloseWaitsForTheWake(t *testing.T) {
	p := NewPool(PoolOptions{})
	for range 1000 {
		p.noteCall(monitorWake - 1)
	}
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, p.entered.Load())
}
