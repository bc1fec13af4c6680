package fileops

import (
	"context"
	"time"
)

// This file is the life of a future: admission, a place in the queue, a
// goroutine, completion.

// run performs an operation for a plain function. It works on the caller's
// goroutine if the caller cannot give up or need not wait, else on another.
func run[T any](ctx context.Context, p *Pool, op operation[T]) (T, error) {
	if p.timeout(op.untimed) == 0 && ctx != nil && ctx.Done() == nil {
		return runInline(ctx, p, op)
	}
	f := newFuture(ctx, p, op)
	if !f.begin() || f.runCached() {
		return f.value, f.err
	}
	f.launch()
	if f.wait(f.task.Done()) || f.waitAtMost(unwindTime) {
		return f.value, f.err
	}
	var zero T
	return zero, pathError(op.name, op.path, f.task.Err())
}

// start performs an operation on another goroutine.
func start[T any](ctx context.Context, p *Pool, op operation[T]) *Future[T] {
	f := newFuture(ctx, p, op)
	if f.begin() {
		f.launch()
	}
	return f
}

func newFuture[T any](ctx context.Context, p *Pool, op operation[T]) *Future[T] {
	return &Future[T]{task: task{Context: ctx, pool: p}, op: op}
}

// begin admits the future to its pool. A refused future is complete.
func (f *Future[T]) begin() bool {
	if err := f.task.pool.begin(&f.task, f.op.use()); err != nil {
		f.fail(err)
		return false
	}
	return true
}

// launch lets the future run as soon as it has its slot. The Timeout begins to
// count here and not earlier: a timer would add a sixth to the time of a small
// read that need not wait.
func (f *Future[T]) launch() {
	if d := f.task.pool.timeout(f.op.untimed); d > 0 {
		f.task.Context, f.cancel = context.WithTimeout(f.task.Context, d)
	}
	if f.task.pending.Load() {
		f.enqueue()
	} else {
		f.spawn()
	}
}

// fail completes a future that does not run.
func (f *Future[T]) fail(err error) {
	var zero T
	f.complete(zero, pathError(f.op.name, f.op.path, err))
}

// enqueue lets the future run when it is granted a slot, unless its context
// ends before that.
func (f *Future[T]) enqueue() {
	t := &f.task
	f.place = &waiter{use: *f.op.use(), to: f}
	if t.Done() != nil {
		f.stopWatching = context.AfterFunc(t.Context, f.leaveQueue)
	}
	t.pool.slots.enqueue(f.place)
	if t.Err() != nil { // it may have ended before there was a place to leave
		f.leaveQueue()
	}
}

// granted implements grantee.
func (f *Future[T]) granted(s *slot) {
	t := &f.task
	if f.stopWatching != nil {
		f.stopWatching()
	}
	t.pool.leavePending(t)
	t.ready.Store(s)
	f.spawn()
}

// leaveQueue completes a future whose context has ended while it waited.
func (f *Future[T]) leaveQueue() {
	t := &f.task
	if t.pool.slots.cancel(f.place) {
		t.pool.ended(t, f.op.name, f.op.path, t.pool.logClock(), t.Err())
		t.pool.end(t)
		f.fail(t.Err())
	}
}

// The states of a future, after the zero one, in which it waits for its slot.
const (
	runnable = 1 + iota // a goroutine is on its way
	claimed             // a goroutine, or a waiter, runs it
)

// spawn gives the future a goroutine. It is a new one, not one that ran an
// earlier future: work from a bubble of testing/synctest must not end up on a
// goroutine outside.
func (f *Future[T]) spawn() {
	f.state.Store(runnable)
	go f.run()
}

// claim reports whether the caller is the one to run the future.
func (f *Future[T]) claim() bool { return f.state.CompareAndSwap(runnable, claimed) }

// run is the future's goroutine. A waiter may have run the future before it.
func (f *Future[T]) run() {
	if f.claim() {
		if f.op.inline { // a callback's need of stack is unknown
			growStack()
		}
		f.perform()
	}
}

// growStack makes room on a new goroutine's stack for a whole operation, in one
// step and while there is little on it to be moved. Without it the stack grows
// twice during the operation: a 4 KiB read on a new goroutine takes 10.1 µs
// instead of 9.5 (BenchmarkGrowStack; Xeon, 2 cores, go1.26.8).
//
//go:noinline
func growStack() byte {
	var room [2 << 10]byte
	return room[noIndex]
}

// noIndex is a variable, because the compiler would drop the room for a
// constant index.
var noIndex int

// perform runs the future. It completes even if the operation calls
// runtime.Goexit, which runs deferred functions and nothing else.
func (f *Future[T]) perform() {
	var value T
	var err error
	returned := false
	defer func() {
		if !returned {
			err = goexitError()
		}
		f.task.pool.end(&f.task)
		f.complete(value, err)
	}()
	value, err = perform(&f.task, &f.op)
	returned = true
}

// runCached runs the future, which nobody else may run meanwhile, if it has a
// slot and need not wait for a disk.
func (f *Future[T]) runCached() bool {
	t := &f.task
	s := t.ready.Load()
	if f.op.cached == nil || s == nil {
		return false
	}
	began := t.pool.logClock()
	if !t.pool.slots.use(s, f.op.use(), t) {
		return false
	}
	value, err, ok := f.op.cached(t, f.op.path)
	if !ok {
		t.pool.slots.unuse(s)
		return false
	}
	t.pool.ended(t, f.op.name, f.op.path, began, err)
	t.pool.end(t)
	f.complete(value, err)
	return true
}

// help lets a waiter that may block run the future, if no goroutine has begun
// to. A small read takes no longer than a switch to another goroutine.
func (f *Future[T]) help() bool {
	if !f.op.inline || !f.claim() {
		return false
	}
	f.task.waiters.Add(1)
	f.perform()
	f.task.waiters.Add(-1)
	return true
}

// helpCached is help for a waiter that must not wait for a disk.
func (f *Future[T]) helpCached() bool {
	if f.op.cached == nil || f.task.lender != nil || !f.claim() {
		return false
	}
	if !f.runCached() {
		f.spawn() // the goroutine on its way may have left the future to this waiter
		return false
	}
	return true
}

// wait reports whether the future completed before quit was closed. A nil quit
// is never closed.
func (f *Future[T]) wait(quit <-chan struct{}) bool {
	if f.isDone() || quit == nil && f.help() || quit != nil && f.helpCached() {
		return true
	}
	f.task.waiters.Add(1)
	defer f.task.waiters.Add(-1)
	done := f.Done()
	if quit == nil { // a plain receive takes half the time of a select
		<-done
		return true
	}
	select {
	case <-done:
		return true
	case <-quit:
		if f.isDone() {
			return true
		}
		f.task.givenUp.Store(true)
		return false
	}
}

// waitAtMost reports whether the future completed within d.
func (f *Future[T]) waitAtMost(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-f.Done():
		return true
	case <-timer.C:
		return f.isDone()
	}
}

func (f *Future[T]) isDone() bool { return f.completed.Load() }

// complete sets the result and tells all waiters. It is called once.
func (f *Future[T]) complete(value T, err error) {
	f.value, f.err = value, err
	f.op.do = nil // frees the variables that it captured
	f.mu.Lock()
	f.completed.Store(true)
	if f.done != nil {
		close(f.done)
	}
	watchers := f.watchers
	f.watchers = nil
	f.mu.Unlock()
	for _, w := range watchers {
		w.call()
	}
	if f.cancel != nil { // last, or a waiter could take it for the Timeout
		f.cancel()
	}
}
