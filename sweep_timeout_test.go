package fileops

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

const poolTimeout = 5 * time.Second

// timed returns the time that op takes and its error.
func timed[T any](op func() (T, error)) (time.Duration, error) {
	began := time.Now()
	_, err := op()
	return time.Since(began), err
}

// requireTimeout checks that a plain function was ended by its time limit: not
// before that, and not long after it.
func requireTimeout(t *testing.T, limit, took time.Duration, err error) {
	t.Helper()
	checkClear(t, err, context.DeadlineExceeded)
	require.GreaterOrEqual(t, took, limit)
	require.LessOrEqual(t, took, limit+unwindTime)
}

// TestTimeoutEndsHungCalls lets every operation hang at each of its calls of
// the seam in turn, called with a context that never ends.
func TestTimeoutEndsHungCalls(t *testing.T) {
	untimed := []string{"ReadFiles", "ConcatTo", "Files", "ScanFiles", "Chunks", "ChunkTo", "Submit"}
	cases := 0
	for _, tr := range trials {
		if name, _, _ := strings.Cut(tr.name, " "); slices.Contains(untimed, name) {
			continue
		}
		t.Run(tr.name, func(t *testing.T) {
			bubble(t, PoolOptions{Workers: 2, Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
				calls := l.undisturbed(tr, plainForm).calls
				for n := 1; n <= calls; n++ {
					if tr.writes {
						l.resetOutputs()
					}
					g := l.hang(func(c vfstest.Call) bool { return c.N >= n })
					took, err := timed(func() (any, error) { return tr.run(ctx, l, plainForm) })
					if g.inside.Load() == 0 { // fewer batches made fewer writes
						require.NoError(t, err)
						require.Greater(t, n, calls*3/4)
						break
					}
					requireTimeout(t, poolTimeout, took, err)
					synctest.Wait()
					s := l.pool.Stats()
					require.EqualValues(t, g.inside.Load(), s.Abandoned, "hung at operation %d", n)
					g.Open()
					synctest.Wait()
					l.settle()
					cases++
				}
			})
		})
	}
	t.Logf("%d cases", cases)
}

func TestTimeoutCountsWaitsForASlot(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1, Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
		held, g := l.occupied(ctx)
		path := l.at("in/a.txt")
		took, err := timed(func() (string, error) { return l.pool.ReadFile(context.Background(), path) })
		requireTimeout(t, poolTimeout, took, err)
		took, err = timed(l.pool.AsyncReadFile(context.Background(), path).Result)
		requireTimeout(t, poolTimeout, took, err)
		s := l.pool.Stats()
		require.Zero(t, s.Waiting+s.Abandoned)
		require.EqualValues(t, 2, s.Failed)
		g.Open()
		_, err = held.Result()
		require.NoError(t, err, "what Submit runs has no time limit")
	})
}

// TestTimeoutCancelsFutures checks that the Timeout cancels a future's work, which
// completes only when that has ended. A waiter leaves by a context of its own.
func TestTimeoutCancelsFutures(t *testing.T) {
	bubble(t, PoolOptions{Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(callOn("a.txt"))
		f := l.pool.AsyncReadFile(context.Background(), l.at("in/a.txt"))
		short, cancel := context.WithTimeout(ctx, 2*poolTimeout)
		defer cancel()
		_, err := f.Await(short)
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, 1, l.pool.Stats().Abandoned)
		g.Open()
		_, err = f.Await(ctx)
		require.NoError(t, err, "it was read before anybody looked")

		l.hang(func(c vfstest.Call) bool {
			if c.Op == "open" && strings.HasSuffix(c.Name, "b.md") {
				time.Sleep(2 * poolTimeout)
			}
			return false
		})
		_, err = l.pool.AsyncConcat(context.Background(), []string{l.at("in")}, nil).Result()
		checkClear(t, err, context.DeadlineExceeded)
	})
}

// The context that a call is given still ends it, if it ends before.
func TestTimeoutYieldsToTheContext(t *testing.T) {
	bubble(t, PoolOptions{Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
		l.hang(anyCall)
		path := l.at("in/a.txt")
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		took, err := timed(func() (string, error) { return l.pool.ReadFile(short, path) })
		requireTimeout(t, time.Second, took, err)

		cancelled, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Second, cancel)
		took, err = timed(func() (string, error) { return l.pool.ReadFile(cancelled, path) })
		checkClear(t, err, context.Canceled)
		require.LessOrEqual(t, took, time.Second+unwindTime)

		took, err = timed(func() (string, error) { return l.pool.ReadFile(ctx, path) })
		requireTimeout(t, poolTimeout, took, err)
	})
}

// A slowWriter takes longer for each write than a pool's Timeout.
type slowWriter struct{ strings.Builder }

func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(2 * poolTimeout)
	return w.Builder.Write(p)
}

func TestTimeoutLeavesStreamsAndSubmitAlone(t *testing.T) {
	bubble(t, PoolOptions{Workers: 2, Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
		var plain, async slowWriter
		paths := []string{l.at("in")}
		_, err := l.pool.ConcatTo(ctx, &plain, paths, nil)
		require.NoError(t, err)
		_, err = l.pool.AsyncConcatTo(ctx, &async, paths, nil).Result()
		require.NoError(t, err)
		require.Equal(t, plain.String(), async.String())

		paths = []string{l.at("in/a.txt"), l.at("in/b.md"), l.at("in/z.txt")}
		for r := range l.pool.ReadFiles(ctx, paths) {
			require.NoError(t, r.Err)
			time.Sleep(2 * poolTimeout)
		}

		l.hang(callOn("a.txt"))
		_, err = Submit(ctx, l.pool, func(inside context.Context) (int, error) {
			given, _ := ctx.Deadline()
			deadline, _ := inside.Deadline()
			require.Equal(t, given, deadline)
			time.Sleep(2 * poolTimeout)
			_, err := l.pool.ReadFile(inside, l.at("in/b.md"))
			require.NoError(t, err)
			took, err := timed(func() (string, error) { return l.pool.ReadFile(inside, l.at("in/a.txt")) })
			requireTimeout(t, poolTimeout, took, err)
			return 0, inside.Err()
		}).Result()
		require.NoError(t, err)
	})
}

func TestCallbacksSeeTheTimeout(t *testing.T) {
	bubble(t, PoolOptions{Timeout: poolTimeout}, func(ctx context.Context, t *testing.T, l *lab) {
		limit := time.Now().Add(poolTimeout)
		_, err := l.pool.FileToChunks(context.Background(), l.at("in/a.txt"), &ChunkOptions{
			Reader: func(ctx context.Context, path string) (string, error) {
				deadline, ok := ctx.Deadline()
				require.True(t, ok)
				require.Equal(t, limit, deadline)
				return "text", nil
			},
		})
		require.NoError(t, err)
	})
}

// The timer is stopped when the work is done; nobody may take that for the end
// of the context.
func TestTimeoutNeverEndsWhatWasInTime(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{Timeout: time.Hour})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var callers sync.WaitGroup
			for i := range 8 {
				callers.Go(func() {
					given := ctx
					if i%2 == 0 {
						given = context.Background()
					}
					for range 200 {
						text, err := l.pool.ReadFile(given, l.at("in/a.txt"))
						if err == nil && text != inputs["in/a.txt"] {
							err = fmt.Errorf("text %q", text)
						}
						future := l.pool.AsyncListFiles(given, l.at("in"), "txt")
						paths, listErr := future.Await(ctx)
						if err != nil || listErr != nil || len(paths) == 0 {
							t.Errorf("%v, %v, %q", err, listErr, paths)
							return
						}
					}
				})
			}
			callers.Wait()
			require.Zero(t, l.pool.Stats().Failed)
			l.close()
		})
	}
}
