package fileops

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops/internal/sysmon"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOverload(t *testing.T) {
	for _, maxPending := range []int{1, 3, 100} {
		bubble(t, PoolOptions{Workers: 1, MaxPending: maxPending}, func(ctx context.Context, t *testing.T, l *lab) {
			path := l.at("in/a.txt")
			_, held := l.occupied(ctx)
			var waiting []*Future[string]
			for range maxPending {
				waiting = append(waiting, l.pool.AsyncReadFile(ctx, path))
				require.False(t, waiting[len(waiting)-1].isDone())
			}
			for i := range 5 { // refused there and then
				f := l.pool.AsyncReadFile(ctx, path)
				require.True(t, f.isDone(), "not decided at once")
				_, err := f.Result()
				checkClear(t, err, ErrOverloaded)
				_, err = l.pool.Concat(context.Background(), []string{path}, nil)
				checkClear(t, err, ErrOverloaded)
				for r := range l.pool.ReadFiles(ctx, []string{path}) {
					checkClear(t, r.Err, ErrOverloaded)
				}
				require.EqualValues(t, 3*(i+1), l.pool.Stats().Refused)
			}
			require.Equal(t, maxPending, l.pool.Stats().Waiting)
			held.Open()
			_, err := All(ctx, waiting...)
			require.NoError(t, err)
			synctest.Wait()
			_, err = l.pool.ReadFile(ctx, path)
			require.NoError(t, err, "there is room again")
		})
	}
}

func TestWhatIsCancelledWhileItWaitsIsCountedAndLogged(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	bubble(t, PoolOptions{Workers: 1, Logger: logger}, func(ctx context.Context, t *testing.T, l *lab) {
		_, held := l.occupied(ctx)
		given, cancel := context.WithCancel(ctx)
		f := l.pool.AsyncReadFile(given, l.at("in/a.txt"))
		synctest.Wait()
		cancel()
		_, err := f.Result()
		require.ErrorIs(t, err, context.Canceled)
		s := l.pool.Stats()
		assert.EqualValues(t, 1, s.Done)
		assert.EqualValues(t, 1, s.Failed)
		assert.Contains(t, log.String(), l.at("in/a.txt"))
		held.Open()
	})
}

func TestContextsThatHaveEnded(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for _, tr := range trials {
			for _, form := range []callForm{cancellableForm, asyncForm} {
				l.faulty.Reset(nil)
				_, err := tr.run(ended, l, form)
				require.ErrorIs(t, err, context.Canceled, tr.name)
				calls, _ := l.faulty.Called()
				require.Zero(t, calls, tr.name)
			}
		}
	})
}

// TestTriesEndWithTheContext lets each open fail by a reason that may pass, until the
// context ends. The error is that of the context, as everywhere else.
func TestTriesEndWithTheContext(t *testing.T) {
	for _, reason := range []error{syscall.EMFILE, syscall.EAGAIN} {
		bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "open" {
					return reason
				}
				return nil
			})
			for _, form := range []callForm{cancellableForm, asyncForm} {
				ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
				_, err := call(ctx, form,
					func(ctx context.Context) (string, error) { return l.pool.ReadFile(ctx, l.at("in/a.txt")) },
					func(ctx context.Context) *Future[string] { return l.pool.AsyncReadFile(ctx, l.at("in/a.txt")) })
				cancel()
				checkClear(t, err, context.DeadlineExceeded)
			}
		})
	}
}

// TestOutOfDescriptorsWaitsForItsOwn has room for fewer open files than the
// workers want: those that find none wait for the others.
func TestOutOfDescriptorsWaitsForItsOwn(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{Workers: 8})
			l.faulty.Reset(func(c vfstest.Call) error {
				switch c.Op {
				case "open", "create", "createUnnamed", "openDir", "list":
					if l.faulty.Holds() >= 6 {
						return syscall.EMFILE
					}
				}
				return nil
			})
			inTime(t, func(ctx context.Context) {
				var wg sync.WaitGroup
				for i := range 50 {
					out := l.at(fmt.Sprintf("out/%d", i))
					wg.Go(func() {
						_, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
						assert.NoError(t, err)
					})
					wg.Go(func() {
						_, err := l.pool.SaveToFile(ctx, "text", out, "new.txt", nil)
						assert.NoError(t, err)
					})
					wg.Go(func() { assert.NoError(t, l.pool.CopyFile(ctx, l.at("in/a.txt"), out+"/copy.txt")) })
					wg.Go(func() {
						r, err := l.pool.Concat(ctx, []string{l.at("in")}, nil)
						assert.NoError(t, err)
						assert.Empty(t, r.Skipped)
					})
				}
				wg.Wait()
			})
			l.close()
		})
	}
}

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
