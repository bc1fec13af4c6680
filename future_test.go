package fileops

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThousandsOfFuturesAtOnce(t *testing.T) {
	const n = 10_000
	eachWorkerCount(t, func(t *testing.T, workers int) {
		l := newLab(t, seams[0], PoolOptions{Workers: workers})
		ctx, cancel := context.WithTimeout(t.Context(), guard)
		defer cancel()
		fs := make([]*Future[string], n)
		names := []string{"in/a.txt", "in/b.md", "in/z.txt"}
		for i := range fs {
			fs[i] = l.pool.AsyncReadFile(ctx, l.at(names[i%3]))
		}
		texts, err := All(ctx, fs...)
		require.NoError(t, err)
		for i, text := range texts {
			require.Equal(t, inputs[names[i%3]], text)
		}
		_, most := l.faulty.Called()
		require.LessOrEqual(t, most, workers)
		l.close()
		require.EqualValues(t, n, l.pool.Stats().Done)
	})
}

func TestAwait(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(anyCall)
		f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		ended, cancel := context.WithCancel(ctx)
		other := make(chan Result[string], 1)
		go func() {
			text, err := f.Await(ctx)
			other <- Result[string]{text, err}
		}()
		cancel()
		_, err := f.Await(ended)
		require.Equal(t, context.Canceled, err)
		late, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = f.Await(late)
		require.Equal(t, context.DeadlineExceeded, err)
		synctest.Wait()
		require.Empty(t, other, "another waiter's end is not ours")
		g.Open()
		require.Equal(t, Result[string]{inputs["in/a.txt"], nil}, <-other)
		<-f.Done()
		for range 100 { // a finished result wins over an ended context
			text, err := f.Await(ended)
			require.NoError(t, err)
			require.Equal(t, inputs["in/a.txt"], text)
		}
		text, err := f.Result()
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestChan(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(anyCall)
		f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		before, unread := f.Chan(), f.Chan()
		_ = unread
		synctest.Wait()
		require.Empty(t, before)
		g.Open()
		<-f.Done()
		for _, ch := range []<-chan Result[string]{before, f.Chan()} {
			r, ok := <-ch
			require.True(t, ok)
			require.Equal(t, Result[string]{inputs["in/a.txt"], nil}, r)
			_, ok = <-ch
			require.False(t, ok, "one result, then closed")
		}
	})
}
