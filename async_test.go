package fileops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// controlled makes futures that complete when told to.
func (l *lab) controlled(ctx context.Context, n int) (fs []*Future[int], complete []func(int, error)) {
	for range n {
		result := make(chan Result[int], 1)
		fs = append(fs, Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
			select {
			case r := <-result:
				return r.Value, r.Err
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}))
		complete = append(complete, func(v int, err error) {
			result <- Result[int]{v, err}
			synctest.Wait()
		})
	}
	synctest.Wait()
	return fs, complete
}

var errSample = errors.New("sample")

func TestAll(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		values, err := All[int](ctx)
		require.NoError(t, err)
		require.Empty(t, values)

		fs, complete := l.controlled(ctx, 3)
		for _, i := range []int{2, 0, 1} {
			complete[i](10*i, nil)
		}
		values, err = All(ctx, fs...)
		require.NoError(t, err)
		require.Equal(t, []int{0, 10, 20}, values)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		values, err = All(ended, append(fs, fs[0])...)
		require.NoError(t, err, "all were complete")
		require.Equal(t, []int{0, 10, 20, 0}, values)

		fs, complete = l.controlled(ctx, 3)
		_, err = All(ended, fs...)
		require.Equal(t, context.Canceled, err)
		complete[2](0, errSample)
		values, err = All(ctx, fs...) // the others are not done
		require.Equal(t, errSample, err)
		require.Nil(t, values)
		complete[0](1, nil)
		complete[1](2, errors.New("later"))
		_, err = fs[0].Await(ctx)
		require.NoError(t, err, "they went on")
	})
}

func TestAllSettled(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		require.Empty(t, AllSettled[int](ctx))
		fs, complete := l.controlled(ctx, 3)
		complete[1](5, nil)
		complete[2](0, errSample)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.Equal(t, []Result[int]{{0, context.Canceled}, {5, nil}, {0, errSample}}, AllSettled(ended, fs...))
		complete[0](7, nil)
		require.Equal(t, []Result[int]{{7, nil}, {5, nil}, {0, errSample}}, AllSettled(ctx, fs...))
	})
}

func TestAny(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		var option *OptionError
		_, err := Any[int](ctx)
		require.ErrorAs(t, err, &option)

		fs, complete := l.controlled(ctx, 3)
		complete[0](0, errSample)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err = Any(ended, fs...)
		require.ErrorIs(t, err, errSample)
		require.ErrorIs(t, err, context.Canceled)
		complete[2](9, nil)
		for _, c := range []context.Context{ctx, ended} {
			v, err := Any(c, fs...)
			require.NoError(t, err)
			require.Equal(t, 9, v)
		}
		complete[1](0, nil)

		fs, complete = l.controlled(ctx, 3)
		for _, i := range []int{2, 1, 0} {
			complete[i](0, fmt.Errorf("error %d", i))
		}
		_, err = Any(ctx, fs...)
		require.EqualError(t, err, "error 0\nerror 1\nerror 2")
	})
}

func TestAsCompleted(t *testing.T) {
	collect := func(ctx context.Context, fs []*Future[int]) (order []int, results []Result[int]) {
		for i, r := range AsCompleted(ctx, fs...) {
			order = append(order, i)
			results = append(results, r)
		}
		return order, results
	}
	bubble(t, PoolOptions{Workers: 16}, func(ctx context.Context, t *testing.T, l *lab) {
		order, _ := collect(ctx, nil)
		require.Empty(t, order)

		fs, complete := l.controlled(ctx, 5)
		complete[3](3, nil)
		complete[1](0, errSample)
		type seen struct {
			order   []int
			results []Result[int]
		}
		done := make(chan seen)
		go func() {
			order, results := collect(ctx, fs)
			done <- seen{order, results}
		}()
		synctest.Wait()
		for _, i := range []int{4, 0, 2} {
			complete[i](i, nil)
		}
		s := <-done
		require.Equal(t, []int{1, 3, 4, 0, 2}, s.order)
		require.Equal(t, []Result[int]{{0, errSample}, {3, nil}, {4, nil}, {0, nil}, {2, nil}}, s.results)

		// An ended context yields each index once, finished results first.
		fs, complete = l.controlled(ctx, 5)
		complete[4](4, nil)
		complete[2](2, nil)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		order, results := collect(ended, fs)
		require.Equal(t, []int{2, 4, 0, 1, 3}, order)
		require.Equal(t, Result[int]{4, nil}, results[1])
		require.Equal(t, Result[int]{0, context.Canceled}, results[2])

		// A context that ends in the middle.
		short, cancel := context.WithCancel(ctx)
		defer cancel()
		order = nil
		for i := range AsCompleted(short, fs...) {
			order = append(order, i)
			cancel()
		}
		require.Len(t, order, 5)
		slices.Sort(order)
		require.Equal(t, []int{0, 1, 2, 3, 4}, order)

		for i := range AsCompleted(ctx, fs...) { // break leaves all as it is
			require.Equal(t, 2, i)
			break
		}
		for _, i := range []int{0, 1, 3} {
			require.False(t, fs[i].isDone())
			complete[i](i, nil)
		}
		order, _ = collect(ctx, append(fs, fs[0]))
		require.Equal(t, []int{0, 1, 2, 3, 4, 5}, order)
	})
}

// Whoever asks a future that hangs again and again, a health check for one,
// must not make it grow.
func TestGivenUpWaitsLeaveNothingBehind(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		fs, complete := l.controlled(ctx, 1)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for range 100 {
			_, err := All(ended, fs...)
			require.Error(t, err)
			_, err = Any(ended, fs...)
			require.Error(t, err)
			for range AsCompleted(ended, fs...) {
				break
			}
		}
		fs[0].mu.Lock()
		left := len(fs[0].watchers)
		fs[0].mu.Unlock()
		complete[0](0, nil)
		require.Less(t, left, 10, "functions to call that nobody needs")
	})
}

func TestSubmitHasNoPool(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	text, err := Submit(t.Context(), nil, func(ctx context.Context) (string, error) { return ReadFile(ctx, path) }).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, "text", text)
}
