package fileops

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSubmitNestsDeep(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			var nest func(ctx context.Context, depth int) (string, error)
			nest = func(ctx context.Context, depth int) (string, error) {
				if depth == 0 {
					return l.pool.ReadFile(ctx, l.at("in/a.txt"))
				}
				return Submit(ctx, l.pool, func(ctx context.Context) (string, error) { return nest(ctx, depth-1) }).Await(ctx)
			}
			text, err := nest(ctx, 300)
			require.NoError(t, err)
			require.Equal(t, inputs["in/a.txt"], text)
			_, most := l.faulty.Called()
			require.Equal(t, 1, most)
		})
	})
}

func TestEverythingWorksInsideSubmit(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			const callers = 3
			var fs []*Future[int]
			for range callers {
				fs = append(fs, Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
					n := 0
					for _, tr := range trials {
						for _, form := range callForms {
							if tr.needsLab() {
								continue
							}
							if _, err := tr.run(ctx, l, form); err != nil {
								return n, fmt.Errorf("%s: %w", tr.name, err)
							}
							n++
						}
					}
					return n, nil
				}))
			}
			counts, err := All(ctx, fs...)
			require.NoError(t, err)
			require.Positive(t, counts[0])
			_, most := l.faulty.Called()
			require.LessOrEqual(t, most, min(workers, callers), "children borrow their parent's slot")
		})
	})
}

func TestReadersCallBackIntoThePool(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			reader := func(ctx context.Context, path string) (string, error) {
				r, err := l.pool.Concat(ctx, []string{l.at("in")}, nil)
				if err != nil {
					return "", err
				}
				return Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
					text, err := l.pool.ReadFile(ctx, path)
					return text + r.Text, err
				}).Await(ctx)
			}
			chunks, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Reader: reader})
			require.NoError(t, err)
			require.Len(t, chunks, len(inputs))
			_, most := l.faulty.Called()
			require.LessOrEqual(t, most, workers)
		})
	})
}

func TestTwoPoolsInsideEachOther(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, a *lab) {
		b := newPool(PoolOptions{Workers: 1}, a.faulty)
		defer b.Close(ctx)
		text, err := Submit(ctx, a.pool, func(ctx context.Context) (string, error) {
			return Submit(ctx, b, func(ctx context.Context) (string, error) {
				return Submit(ctx, a.pool, func(ctx context.Context) (string, error) {
					return b.ReadFile(ctx, a.at("in/a.txt"))
				}).Await(ctx)
			}).Await(ctx)
		}).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

// A function that has returned lends nothing any more, but the one around it
// does.
func TestContextOfAFinishedSubmitInsideAnother(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		text, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
			inner, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
			if err != nil {
				return "", err
			}
			return l.pool.ReadFile(inner, l.at("in/a.txt"))
		}).Await(ctx)
		require.NoError(t, err, "deadlocked until its context ended")
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestContextOfAFinishedSubmitTakesARegularSlot(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		_, held := l.occupied(ctx)
		f := l.pool.AsyncReadFile(old, l.at("in/a.txt"))
		synctest.Wait()
		require.False(t, f.isDone(), "went past the slots")
		require.Equal(t, 1, l.pool.Stats().Waiting)
		held.Open()
		text, err := f.Await(ctx)
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestContextOfAFinishedSubmitIsNoWayIntoAClosedPool(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		require.NoError(t, l.pool.Close(ctx))
		l.faulty.Reset(nil)
		_, err = l.pool.ReadFile(old, l.at("in/a.txt"))
		assert.ErrorIs(t, err, ErrClosed)
		_, err = l.pool.AsyncReadFile(old, l.at("in/a.txt")).Result()
		assert.ErrorIs(t, err, ErrClosed)
		calls, _ := l.faulty.Called()
		assert.Zero(t, calls, "the closed filesystem was used: its directory's descriptor may be another file's by now")
	})
}

func TestContextOfAFinishedSubmitDoesNotPassMaxPending(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1, MaxPending: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		_, held := l.occupied(ctx)
		waiting := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		_, err = l.pool.ReadFile(old, l.at("in/a.txt"))
		assert.ErrorIs(t, err, ErrOverloaded)
		held.Open()
		_, err = waiting.Await(ctx)
		require.NoError(t, err)
	})
}

// Descriptors that others than the pool hold are not waited for without end,
// though the function that asks holds a slot all the while.
func TestNoDescriptorsInsideSubmit(t *testing.T) {
	bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
		l.faulty.Reset(func(c vfstest.Call) error {
			if c.Op == "open" {
				return syscall.EMFILE
			}
			return nil
		})
		_, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
			return l.pool.ReadFile(ctx, l.at("in/a.txt"))
		}).Await(ctx)
		require.ErrorIs(t, err, syscall.EMFILE)
	})
}
