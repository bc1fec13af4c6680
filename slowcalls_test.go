package fileops

import (
	"context"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/sysmon"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// countsAsSlow reports whether an operation counts as a slow call of package
// sysmon. It runs in a bubble, in which the clock stands still while it counts
// how many more slow calls wake the monitor.
func countsAsSlow(t *testing.T, op func(ctx context.Context, l *lab)) (slow bool) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		untilWake := func() (n int) {
			for n = 1; !sysmon.Note(sysmon.SlowCall); n++ {
			}
			return n
		}
		time.Sleep(2 * sysmon.WakeTime) // another time of counting begins
		all := untilWake()
		time.Sleep(2 * sysmon.WakeTime)
		op(ctx, l)
		slow = untilWake() < all
	})
	return slow
}

func TestSlowCallsAreSystemCalls(t *testing.T) {
	read := func(took time.Duration) func(context.Context, *lab) {
		return func(ctx context.Context, l *lab) {
			l.hang(func(c vfstest.Call) bool {
				if c.Op == "open" {
					time.Sleep(took)
				}
				return false
			})
			_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
			require.NoError(t, err)
		}
	}
	require.False(t, countsAsSlow(t, read(sysmon.SlowCall-1)))
	require.True(t, countsAsSlow(t, read(sysmon.SlowCall)))
	require.False(t, countsAsSlow(t, read(sysmon.WakeTime)), "it has woken the monitor itself")
	require.False(t, countsAsSlow(t, func(ctx context.Context, l *lab) {
		_, err := Submit(ctx, l.pool, func(context.Context) (int, error) {
			time.Sleep(sysmon.SlowCall)
			return 0, nil
		}).Result()
		require.NoError(t, err)
		_, err = l.pool.FileToChunks(ctx, l.at("in/a.txt"), &ChunkOptions{
			Reader: func(context.Context, string) (string, error) {
				time.Sleep(sysmon.SlowCall)
				return "text", nil
			},
		})
		require.NoError(t, err)
	}), "a callback may wait without a thread")
}

// TestCloseWaitsForTheWake checks that Close waits for the call that wakes the
// monitor.
func TestCloseWaitsForTheWake(t *testing.T) {
	p := NewPool(PoolOptions{})
	for range 1000 {
		p.noteCall(sysmon.WakeTime - 1)
	}
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, p.entered.Load())
}
