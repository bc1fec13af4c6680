package fileops

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An operation is one of the package's operations with its arguments: what
// the plain function, the method and the async variants all run.
type operation[T any] struct {
	name, path string // for errors, logs and Stats
	// do is given the path so that one which needs nothing else is no
	// closure, and so costs no allocation.
	do func(t *task, path string) (T, error)
	// now, if not nil, is do where that needs no wait for a disk; else it
	// returns errWouldWait and has done nothing.
	now func(t *task, path string) (T, error)
	// alone says that do calls no function of the user's, so that any
	// goroutine may run it: there is no panic, Goexit or locked thread.
	alone bool
	// untimed says that it takes as long as its caller lets it, whatever the
	// pool's Timeout.
	untimed bool
}

// submitted is the name of Submit's operations.
const submitted = "submit"

// A task is one operation under way. It is the operation's context, and also
// the context that a function given to Submit gets: that is how the
// operations which this function calls find the slot it holds.
type task struct {
	context.Context
	pool    *Pool
	behalf  *task // which it cleans up for
	streams bool  // it holds no file in memory, so files of any size are welcome

	ready   atomic.Pointer[slot] // the slot it got on admission and has not used yet
	pending atomic.Bool          // it is one of the MaxPending that wait for their first slot
	queued  bool                 // it was, or is, pending
	waiter  *waiter              // its place in the queue, if it is a future
	unwatch func() bool          // ends watching the context for that
	cancel  func()               // of the pool's Timeout, if it has begun to count
	lender  *task                // the Submit it was called from, if any

	// While it runs a function that holds a slot: that slot, and who of the
	// operations which the function called may use it.
	slot    *slot
	heldFor struct{ op, path string }
	lent    *slot // stands for slot in the hands of that one

	lendMu sync.Mutex    // guards turn and over
	turn   chan struct{} // full while one uses the slot; nil until the first does
	over   bool          // the function has returned

	waiters atomic.Int32 // of its future
	givenUp atomic.Bool  // a waiter of its future stopped waiting
}

// unwindTime is how long a plain function whose context has ended waits for
// its own work to stop before it returns and leaves it behind. Work on a
// healthy disk notices within microseconds and has then cleaned up; a hung
// system call would never come back.
const unwindTime = 10 * time.Millisecond

// run performs an operation for a plain function. It works on the caller's
// goroutine where the caller cannot give up or need not wait, else on another.
func run[T any](ctx context.Context, p *Pool, op operation[T]) (T, error) {
	if p.timeout(op.untimed) == 0 && ctx.Done() == nil {
		return runHere(ctx, p, op)
	}
	f := newFuture(ctx, p, op)
	if !f.begin() || f.doNow() {
		return f.value, f.err
	}
	f.launch()
	if f.wait(f.task.Done()) || f.waitAtMost(unwindTime) {
		return f.value, f.err
	}
	var zero T
	return zero, pathError(op.name, op.path, f.task.Err())
}

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

// runHere performs an operation on the caller's goroutine.
func runHere[T any](ctx context.Context, p *Pool, op operation[T]) (value T, err error) {
	t := &task{Context: ctx, pool: p}
	if err := p.begin(t); err != nil {
		return value, pathError(op.name, op.path, err)
	}
	defer p.end(t)
	return perform(t, &op)
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

// begin admits the future to its pool. One that is refused is complete.
func (f *Future[T]) begin() bool {
	if err := f.task.pool.begin(&f.task); err != nil {
		f.fail(err)
		return false
	}
	return true
}

// launch lets the future run as soon as it has its slot. From here on there
// may be something to wait for, so the time that it has begins to count; a
// timer for a small read that waits for nothing would cost a sixth of it.
func (f *Future[T]) launch() {
	if d := f.task.pool.timeout(f.op.untimed); d > 0 {
		f.task.Context, f.task.cancel = context.WithTimeout(f.task.Context, d)
	}
	if f.task.pending.Load() {
		f.enqueue()
	} else {
		f.goAhead()
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
	t.waiter = &waiter{to: f}
	if t.Done() != nil {
		t.unwatch = context.AfterFunc(t.Context, f.leaveQueue)
	}
	t.pool.slots.enqueue(t.waiter)
	if t.Err() != nil { // it may have ended before there was a place to leave
		f.leaveQueue()
	}
}

// granted implements grantee.
func (f *Future[T]) granted(s *slot) {
	t := &f.task
	if t.unwatch != nil {
		t.unwatch()
	}
	t.pool.leavePending(t)
	t.ready.Store(s)
	f.goAhead()
}

// leaveQueue completes a future whose context has ended while it waited.
func (f *Future[T]) leaveQueue() {
	t := &f.task
	if t.pool.slots.cancel(t.waiter) {
		t.pool.ended(t, f.op.name, f.op.path, t.pool.now(), t.Err())
		t.pool.end(t)
		f.fail(t.Err())
	}
}

// The states of a future, after the zero one in which it waits for its slot.
const (
	mayRun  = 1 + iota // and is on its way to a goroutine
	claimed            // by the one that runs it
)

// goAhead gives the future a goroutine. It is a new one, and not one that did
// an earlier future: what a test runs in a bubble of testing/synctest must not
// end up on a goroutine outside.
func (f *Future[T]) goAhead() {
	f.state.Store(mayRun)
	go f.run()
}

// claim reports whether the caller is the one to run the future.
func (f *Future[T]) claim() bool { return f.state.CompareAndSwap(mayRun, claimed) }

// run is what the future's goroutine does, unless somebody who waits for the
// future was there first.
func (f *Future[T]) run() {
	if f.claim() {
		if f.op.name != submitted { // what its function needs nobody knows
			growStack()
		}
		f.perform()
	}
}

// growStack makes room on a new goroutine's stack for all that an operation
// needs, in one go and while there is next to nothing on it to be moved. Left
// to itself the stack grows later, and that takes longer than all the system
// calls of a small read.
//
//go:noinline
func growStack() byte {
	var room [2 << 10]byte
	return room[noIndex]
}

// noIndex is not a constant, which would let the compiler do without the room.
var noIndex int

// help runs the future if it may run and nobody does yet. To wait for another
// goroutine takes as long as a small read.
func (f *Future[T]) help() bool {
	if !f.op.alone || !f.claim() {
		return false
	}
	f.task.waiters.Add(1)
	f.perform()
	f.task.waiters.Add(-1)
	return true
}

// helpNow is help for a caller that must not wait for a disk.
func (f *Future[T]) helpNow() bool {
	t := &f.task
	if f.op.now == nil || t.lender != nil || !t.pool.mounts.readsNow(f.op.path) || !f.claim() {
		return false
	}
	if !f.doNow() {
		f.goAhead() // the goroutine on its way may have left it to us
		return false
	}
	return true
}

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

// errWouldWait says that something cannot be done now.
var errWouldWait = errors.New("would have to wait")

// doNow runs the future, which nobody else may run meanwhile, if it has a slot
// and needs nothing else to wait for.
func (f *Future[T]) doNow() bool {
	t := &f.task
	if f.op.now == nil || !t.holdReady(f.op.name, f.op.path) {
		return false
	}
	began := t.pool.now()
	value, err := f.op.now(t, f.op.path)
	if err == errWouldWait {
		t.pool.slots.unuse(t.ready.Load())
		return false
	}
	t.pool.ended(t, f.op.name, f.op.path, began, err)
	t.pool.end(t)
	f.complete(value, err)
	return true
}

// perform calls the operation, turns a panic into an error, and keeps the
// books.
func perform[T any](t *task, op *operation[T]) (value T, err error) {
	began := t.pool.now()
	returned := false
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		} else if !returned {
			err = goexitError()
		}
		t.pool.ended(t, op.name, op.path, began, err)
	}()
	value, err = op.do(t, op.path)
	if err != nil && err == t.Err() && op.name != submitted {
		err = pathError(op.name, op.path, err)
	}
	returned = true
	return value, err
}

// begin admits a task to the pool or refuses it. What it admits must end.
//
// Admission is decided here, on the caller's goroutine, and not where the
// slot is first used: so the operations that are refused are the last ones,
// whatever the scheduler does.
func (p *Pool) begin(t *task) error {
	if err := t.Err(); err != nil {
		return err
	}
	t.lender, _ = t.Context.Value(lenderKey{p}).(*task)
	t.lender = t.lender.stillLending()
	p.enter()
	if t.lender == nil { // else it is part of work that was admitted
		if err := p.admit(t); err != nil {
			p.refused.Add(1)
			p.leave()
			return err
		}
	}
	p.active.Add(1)
	return nil
}

func (p *Pool) admit(t *task) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if s := p.slots.tryTake(); s != nil {
		t.ready.Store(s)
		return nil
	}
	return p.queue(t)
}

// queue gives a task a place among those that wait for their first slot.
func (p *Pool) queue(t *task) error {
	n := p.pending.Add(1)
	if limit := int64(p.opts.MaxPending); limit > 0 && n > limit {
		p.pending.Add(-1)
		return ErrOverloaded
	}
	p.waiting.Add(1)
	t.queued = true
	t.pending.Store(true)
	return nil
}

// leavePending ends what queue began, if there is anything to end.
func (p *Pool) leavePending(t *task) {
	if t.pending.CompareAndSwap(true, false) {
		p.pending.Add(-1)
		p.waiting.Add(-1)
	}
}

// end gives back what a task was given on admission and has not used.
func (p *Pool) end(t *task) {
	if s := t.ready.Swap(nil); s != nil {
		p.giveSlot(s)
	}
	p.leavePending(t)
	p.active.Add(-1)
	p.leave()
}

// giveSlot gives a slot back and enters how long it was used, which it
// returns, and waited for.
func (p *Pool) giveSlot(s *slot) (used time.Duration) {
	used, waited, free := p.slots.give(s)
	p.runTime.Add(int64(used))
	p.waitTime.Add(int64(waited))
	free.release()
	return used
}

// inSlot makes system calls in a slot. Where the process is out of descriptors
// while other operations of the pool hold some, or another holds a lease on
// the file, it tries again: call must bear that, having done nothing when it
// could not open a file.
func (t *task) inSlot(op, path string, call func() error) error {
	return t.inSlotOfBoth(op, path, "", call)
}

// inSlotOfBoth is inSlot for calls that are about two paths.
func (t *task) inSlotOfBoth(op, path, other string, call func() error) error {
	for tries := 0; ; tries++ {
		err := t.inSlotOnce(op, path, other, call)
		if err == nil {
			return nil
		}
		if !t.mayPass(err, tries) || !t.pause(tries) {
			return pathError(op, path, err)
		}
	}
}

func (t *task) inSlotOnce(op, path, other string, call func() error) error {
	s, err := t.acquire(op, path, other)
	if err != nil {
		return err
	}
	defer t.release(s)
	return call()
}

// cleanUp is inSlot for what must be done even though the context has ended.
// There is nobody left to tell an error.
func (t *task) cleanUp(op, path string, call func()) {
	clean := &task{Context: context.WithoutCancel(t.Context), pool: t.pool, lender: t.lender, behalf: t}
	clean.inSlot(op, path, func() error {
		call()
		return nil
	})
}

// How often a call is tried again. Descriptors that nobody in the pool holds
// are not given up by waiting. Those of others in the pool are, but not for
// ever, since what is running may hold none: some sixteen seconds, and four
// for a lease.
const (
	descriptorTries     = 6
	busyDescriptorTries = 256
	leaseTries          = 64
)

// mayPass reports whether an error may have gone when the call is tried again.
func (t *task) mayPass(err error, tries int) bool {
	switch {
	case outOfDescriptors(err):
		return tries < descriptorTries || tries < busyDescriptorTries && len(t.pool.running()) > 0
	case errors.Is(err, syscall.EAGAIN):
		return tries < leaseTries
	default:
		return false
	}
}

// pause waits, without a slot, before a call is tried again: longer each time,
// up to 64 ms. It reports false if the context ends first.
func (t *task) pause(tries int) bool {
	select {
	case <-time.After(time.Millisecond << min(tries, 6)):
		return true
	case <-t.Done():
		return false
	}
}

// acquire waits for a slot, in order of arrival, to do op on path. What it
// returns must be given to release by the goroutine that made the system
// call, when that has come back.
func (t *task) acquire(op, path, other string) (*slot, error) {
	for l := t.lender.stillLending(); l != nil; l = l.lender.stillLending() {
		if s, err := t.borrow(l, op, path); s != nil || err != nil {
			return s, err
		}
	}
	if err := t.Err(); err != nil {
		return nil, err
	}
	qs := t.pool.mounts.ofBoth(path, other)
	if err := t.waitForQuotas(qs); err != nil {
		return nil, err
	}
	s, err := t.waitForSlot()
	if err != nil {
		qs.release()
		return nil, err
	}
	t.pool.slots.use(s, op, path, t, qs)
	return s, nil
}

// holdReady marks the slot that the task was admitted with, if it has one and
// needs no quota, as used for op on path. The task keeps it.
func (t *task) holdReady(op, path string) bool {
	s := t.ready.Load()
	if s == nil || !t.pool.mounts.readsNow(path) {
		return false
	}
	t.pool.slots.use(s, op, path, t, quotas{})
	return true
}

// waitForQuotas takes all of them. While it waits for one it holds none, or
// operations that wait for a hung mount would use up the others' quotas.
func (t *task) waitForQuotas(qs quotas) error {
	for {
		if err := t.waitForQuota(qs[0]); err != nil {
			return err
		}
		if qs[1] == nil || qs[1].TryAcquire(1) {
			return nil
		}
		quotas{qs[0]}.release()
		qs[0], qs[1] = qs[1], qs[0]
	}
}

// waitForQuota waits until a mount may have one more operation in
// flight. Meanwhile others may have the slot that the task was admitted with.
func (t *task) waitForQuota(quota *mountQuota) error {
	if quota == nil || quota.TryAcquire(1) {
		return nil
	}
	p := t.pool
	if s := t.ready.Swap(nil); s != nil {
		p.giveSlot(s)
		if !t.queued {
			if err := p.queue(t); err != nil {
				return err
			}
		}
	}
	if !t.pending.Load() { // else it counts as waiting already
		p.waiting.Add(1)
		defer p.waiting.Add(-1)
	}
	began := clock()
	err := quota.Acquire(t, 1)
	p.waitTime.Add(int64(clock() - began))
	return err
}

// waitForSlot takes a slot.
func (t *task) waitForSlot() (*slot, error) {
	if s := t.ready.Swap(nil); s != nil {
		return s, nil
	}
	p := t.pool
	if !t.pending.Load() {
		if s := p.slots.tryTake(); s != nil {
			return s, nil
		}
		p.waiting.Add(1)
		defer p.waiting.Add(-1)
	}
	defer p.leavePending(t)
	granted := make(blocked, 1)
	w := waiter{to: granted}
	p.slots.enqueue(&w)
	select {
	case s := <-granted:
		return s, nil
	case <-t.Done():
		if !p.slots.cancel(&w) {
			p.giveSlot(<-granted)
		}
		return nil, t.Err()
	}
}

// release gives a slot back.
func (t *task) release(s *slot) {
	if l := s.lender; l != nil {
		l.pool.slots.describe(l.slot, l.heldFor.op, l.heldFor.path)
		<-l.turn
		return
	}
	used := t.pool.giveSlot(s)
	if t.slot == nil { // else a function of the user's held it, which need not have blocked a thread
		t.pool.noteCall(used)
	}
}

// abandoned reports whether nobody waits any more for the task, though it
// holds a slot.
func (t *task) abandoned() bool {
	if t.behalf != nil {
		return t.behalf.abandoned()
	}
	return t.Err() != nil || t.givenUp.Load() && t.waiters.Load() == 0
}

// lenderKey asks a context for the task of p that lends its slot.
type lenderKey struct{ pool *Pool }

// Value implements context.Context.
func (t *task) Value(key any) any {
	if k, ok := key.(lenderKey); ok && k.pool == t.pool && t.slot != nil {
		return t
	}
	return t.Context.Value(key)
}

// lend calls fn with a slot held, which the operations that fn calls may
// borrow, one at a time.
func lend[T any](t *task, op, path string, fn func(context.Context) (T, error)) (value T, err error) {
	t.heldFor.op, t.heldFor.path = op, path
	t.slot, err = t.acquire(op, path, "")
	if err != nil {
		return value, pathError(op, path, err)
	}
	defer t.endLending()
	return fn(t)
}

// endLending gives the slot back, when nothing that fn has started and left
// behind uses it any more.
func (t *task) endLending() {
	t.lendMu.Lock()
	t.over = true
	turn := t.turn
	t.lendMu.Unlock()
	if turn == nil { // nobody ever borrowed
		t.release(t.slot)
		return
	}
	select {
	case turn <- struct{}{}:
		t.release(t.slot)
		<-turn
	default:
		t.pool.enter()
		go func() {
			defer t.pool.leave()
			turn <- struct{}{}
			t.release(t.slot)
			<-turn
		}()
	}
}

// borrow takes l's slot in turn. It returns nil if l's function has returned
// and there is nothing to borrow any more.
func (t *task) borrow(l *task, op, path string) (*slot, error) {
	turn, over := l.lendingTurn()
	if over {
		return nil, nil
	}
	select {
	case turn <- struct{}{}:
	case <-t.Done():
		return nil, t.Err()
	}
	if _, over := l.lendingTurn(); over {
		<-turn
		return nil, nil
	}
	l.pool.slots.describe(l.slot, op, path)
	return l.lent, nil
}

// stillLending returns the task or, if its function has returned, the nearest
// one further out whose function has not; nil if there is none.
func (t *task) stillLending() *task {
	for t != nil && t.isOver() {
		t = t.lender
	}
	return t
}

func (t *task) isOver() bool {
	t.lendMu.Lock()
	defer t.lendMu.Unlock()
	return t.over
}

// lendingTurn returns how to wait for one's turn, and whether it is too late.
func (t *task) lendingTurn() (turn chan struct{}, over bool) {
	t.lendMu.Lock()
	defer t.lendMu.Unlock()
	if t.turn == nil {
		t.turn = make(chan struct{}, 1)
		t.lent = &slot{lender: t}
	}
	return t.turn, t.over
}

// protect calls a function of the user's on a goroutine of its own and turns
// a panic, or runtime.Goexit, into a *PanicError.
func protect[T any](fn func() (T, error)) (value T, err error) {
	done := make(chan struct{})
	returned := false
	go func() {
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{v, debug.Stack()}
			} else if !returned {
				err = goexitError()
			}
			close(done)
		}()
		value, err = fn()
		returned = true
	}()
	<-done
	return value, err
}

// goexitError is called by deferred functions, while the stack is still there.
func goexitError() error { return &PanicError{ErrGoexit, debug.Stack()} }

// final reports whether an error ends an operation of many files, where any
// other is one file's own: the operation was cancelled, or its pool is closed.
func final(t *task, err error) bool {
	return t.Err() != nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrOverloaded)
}
