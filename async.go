package fileops

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// Submit runs fn on the pool and returns a future of its value. It puts any
// blocking call (a PDF reader, a database driver) under the pool's bound, as
// asyncio.to_thread does in Python. A nil p means [DefaultPool].
//
// Submit does not block. fn starts when a slot is free, and holds that slot
// until it returns. Its context is made from ctx and carries the slot:
// operations of the same pool that fn starts with its context, Submit included,
// use fn's slot one at a time and take no second one, so nesting cannot
// deadlock. An operation that fn starts with another context waits for a slot
// of its own.
//
// A panic in fn, or runtime.Goexit, completes the future with a *[PanicError].
// A future that the pool refuses is complete at once, with [ErrOverloaded] or
// [ErrClosed].
func Submit[T any](ctx context.Context, p *Pool, fn func(context.Context) (T, error)) *Future[T] {
	if p == nil {
		p = DefaultPool
	}
	return start(ctx, p, operation[T]{name: submitted, untimed: true, do: func(t *task, _ string) (T, error) {
		return lend(t, submittedUse, fn)
	}})
}

// A Future is the value that an operation will have. It completes once: all
// waiters see the same result, however often they ask, and a waiter that gives
// up changes nothing for the others. Its methods may be called from many
// goroutines at once. Futures come from the Async functions and [Submit]; the
// zero value never completes.
type Future[T any] struct {
	task task
	op   operation[T]

	state        atomic.Int32
	place        *waiter     // in the queue for slots, if it had to wait there
	stopWatching func() bool // the context, for the end of that wait
	cancel       func()      // of the pool's Timeout, once it counts

	completed atomic.Bool // value and err are set
	value     T
	err       error

	mu       sync.Mutex
	done     chan struct{} // made when it is first asked for
	watchers []*watcher
}

// A watcher is called once, when a future completes.
type watcher struct{ call func() }

// Result is the outcome of an operation: its value, or the error in its place.
type Result[T any] struct {
	Value T
	Err   error
}

// Await waits until the future is complete or ctx ends, and returns the result
// or ctx.Err(). A complete future's result wins over an ended ctx.
//
// An ended ctx ends this wait only. The operation goes on, and its result
// stays for other waiters. The context given to the Async function cancels the
// operation itself.
//
// Await reads a file itself, on the caller's goroutine, if no goroutine has
// begun to and ctx cannot end, or if the file can be read without waiting for a
// disk. It never calls a function of the caller's.
func (f *Future[T]) Await(ctx context.Context) (T, error) {
	var zero T
	if err := checkContext(ctx); err != nil {
		return zero, err
	}
	if f.wait(ctx.Done()) {
		return f.value, f.err
	}
	return zero, ctx.Err()
}

// Done returns a channel that is closed when the future is complete.
func (f *Future[T]) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done == nil {
		f.done = make(chan struct{})
		if f.isDone() {
			close(f.done)
		}
	}
	return f.done
}

// Result waits until the future is complete, without a bound, and returns the
// result.
func (f *Future[T]) Result() (T, error) {
	f.wait(nil)
	return f.value, f.err
}

// Chan returns a channel that receives the result and is then closed. Each call
// makes a channel of its own. Nothing leaks if nobody receives.
func (f *Future[T]) Chan() <-chan Result[T] {
	ch := make(chan Result[T], 1)
	f.whenDone(func() {
		ch <- Result[T]{f.value, f.err}
		close(ch)
	})
	return ch
}

// whenDone calls fn, which must not block, when the future completes, or at
// once if it has. Until then unwatch undoes it.
func (f *Future[T]) whenDone(fn func()) *watcher {
	w := &watcher{fn}
	f.mu.Lock()
	if !f.isDone() {
		f.watchers = append(f.watchers, w)
		f.task.waiters.Add(1)
		f.mu.Unlock()
		return w
	}
	f.mu.Unlock()
	fn()
	return w
}

// unwatch undoes whenDone.
func (f *Future[T]) unwatch(w *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.watchers, w); i >= 0 {
		f.watchers = slices.Delete(f.watchers, i, i+1)
		f.task.waiters.Add(-1)
		f.task.givenUp.Store(true)
	}
}

// All waits for all futures and returns their values in the order of fs. The
// first error in time ends the wait, and so does the end of ctx: All then
// returns nil and that error, or ctx.Err(). The futures themselves go on.
func All[T any](ctx context.Context, fs ...*Future[T]) ([]T, error) {
	for _, r := range AsCompleted(ctx, fs...) {
		if r.Err != nil {
			return nil, r.Err
		}
	}
	values := make([]T, len(fs))
	for i, f := range fs {
		values[i] = f.value
	}
	return values, nil
}

// AllSettled waits for all futures and returns their results in the order of
// fs, values and errors alike. When ctx ends, the futures that are not complete
// have ctx.Err() as their result.
func AllSettled[T any](ctx context.Context, fs ...*Future[T]) []Result[T] {
	results := make([]Result[T], len(fs))
	for i, f := range fs {
		results[i].Value, results[i].Err = f.Await(ctx)
	}
	return results
}

// Any waits for the first future to succeed and returns its value. If none
// succeeds it returns all their errors joined, in the order of fs. When ctx
// ends, the futures that are not complete have ctx.Err() as their error.
// Without futures Any returns an *[OptionError].
func Any[T any](ctx context.Context, fs ...*Future[T]) (T, error) {
	var zero T
	if len(fs) == 0 {
		return zero, &OptionError{Option: "fs", Value: 0, Reason: "needs at least one future"}
	}
	errs := make([]error, len(fs))
	for i, r := range AsCompleted(ctx, fs...) {
		if r.Err == nil {
			return r.Value, nil
		}
		errs[i] = r.Err
	}
	return zero, errors.Join(errs...)
}

// AsCompleted yields each future's index in fs and its result, in the order of
// completion. The futures that are complete already come first, in the order of
// fs. When ctx ends, the rest are yielded with ctx.Err(), so that every index
// comes exactly once. Breaking out of the loop leaks nothing and leaves the
// futures as they are.
func AsCompleted[T any](ctx context.Context, fs ...*Future[T]) iter.Seq2[int, Result[T]] {
	return func(yield func(int, Result[T]) bool) {
		if err := checkContext(ctx); err != nil {
			for i := range fs {
				if !yield(i, Result[T]{Err: err}) {
					return
				}
			}
			return
		}
		completed := make(chan int, len(fs)) // has room for all, so that no watcher blocks
		watchers := make([]*watcher, len(fs))
		for i, f := range fs {
			watchers[i] = f.whenDone(func() { completed <- i })
		}
		defer func() {
			for i, f := range fs {
				f.unwatch(watchers[i])
			}
		}()
		seen := make([]bool, len(fs))
		for range fs {
			i, ok := receive(ctx, completed)
			if !ok {
				break
			}
			seen[i] = true
			if !yield(i, Result[T]{fs[i].value, fs[i].err}) {
				return
			}
		}
		for i, f := range fs {
			if seen[i] {
				continue
			}
			value, err := f.Await(ctx) // ctx has ended: this does not wait
			if !yield(i, Result[T]{value, err}) {
				return
			}
		}
	}
}

// receive takes a value from ch unless ctx ends first. A value that is there
// wins over an ended ctx.
func receive[T any](ctx context.Context, ch <-chan T) (v T, ok bool) {
	select {
	case v = <-ch:
		return v, true
	default:
	}
	select {
	case v = <-ch:
		return v, true
	case <-ctx.Done():
		return v, false
	}
}
