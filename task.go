package fileops

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lion-agi/fileops/internal/sysmon"
	"github.com/lion-agi/fileops/internal/vfs"
)

// An operation is one of the package's operations with its arguments. The
// plain function, the method and the Async variants all run it.
type operation[T any] struct {
	name, path string // for errors, logs and Stats

	// do performs the operation. It is given the path, so that a function that
	// needs nothing else is no closure and costs no allocation.
	do func(t *task, path string) (T, error)

	// cached, if not nil, performs the operation without waiting for a disk. If
	// that is impossible, ok is false and nothing has happened.
	cached func(t *task, path string) (value T, err error, ok bool)

	// inline says that do calls no function of the caller's, so that any
	// goroutine may run it: there is no Goexit and no locked thread.
	inline bool

	// untimed exempts a stream, or a submitted function, from the pool's
	// Timeout: it takes as long as its caller lets it.
	untimed bool
}

// submitted is the name of Submit's operations.
const submitted = "submit"

var submittedUse = &use{op: submitted}

// A task is one operation under way. It is also the operation's context.
type task struct {
	context.Context
	pool    *Pool
	lender  *loan // of the callback that started the operation, if that holds a slot
	streams bool  // the task holds no file in memory, so MaxFileSize does not apply

	ready   atomic.Pointer[slot] // the slot that it was admitted with and has not used yet
	pending atomic.Bool          // it is one of the MaxPending that wait for their first slot

	waiters atomic.Int32 // on its future
	givenUp atomic.Bool  // a waiter on its future has stopped waiting
}

// abandoned reports whether nobody waits for the task any more.
func (t *task) abandoned() bool {
	return t.Err() != nil || t.givenUp.Load() && t.waiters.Load() == 0
}

// begin admits a task to the pool or refuses it. An admitted task must end.
//
// The caller's goroutine decides on admission, not the one that uses the slot:
// so the refused operations are the last ones, whatever the scheduler does.
func (p *Pool) begin(t *task, u *use) error {
	if err := cmp.Or(p.checkMade(), checkContext(t.Context)); err != nil {
		return err
	}
	if err := t.Err(); err != nil {
		return err
	}
	t.lender = lenderOf(t.Context, p)
	p.enter()
	if t.lender == nil { // else it is part of an admitted operation
		if err := p.admit(t, u); err != nil {
			p.refused.Add(1)
			p.leave()
			return err
		}
	}
	p.active.Add(1)
	return nil
}

func (p *Pool) admit(t *task, u *use) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if s := p.slots.take(u); s != nil {
		t.ready.Store(s)
		return nil
	}
	n := p.pending.Add(1)
	if limit := int64(p.opts.MaxPending); limit > 0 && n > limit {
		p.pending.Add(-1)
		return ErrOverloaded
	}
	p.waiting.Add(1)
	t.pending.Store(true)
	return nil
}

// leavePending ends the wait for a first slot, if there is one.
func (p *Pool) leavePending(t *task) {
	if t.pending.CompareAndSwap(true, false) {
		p.pending.Add(-1)
		p.waiting.Add(-1)
	}
}

// end takes back what an admitted task has.
func (p *Pool) end(t *task) {
	t.yieldFirst()
	p.active.Add(-1)
	p.leave()
}

// yieldFirst gives up the task's unused slot and its place among the pending. A task
// that waits for its caller's code must not keep them, because that code may wait
// for a slot.
func (t *task) yieldFirst() {
	if s := t.ready.Swap(nil); s != nil {
		t.pool.slots.give(s)
	}
	t.pool.leavePending(t)
}

// perform calls the operation, turns a panic into an error, and enters the
// outcome into the statistics and the log.
func perform[T any](t *task, op *operation[T]) (value T, err error) {
	began := t.pool.logClock()
	returned := false
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
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

// runInline performs an operation on the caller's goroutine.
func runInline[T any](ctx context.Context, p *Pool, op operation[T]) (value T, err error) {
	t := &task{Context: ctx, pool: p}
	if err := p.begin(t, op.use()); err != nil {
		return value, pathError(op.name, op.path, err)
	}
	defer p.end(t)
	return perform(t, &op)
}

// stream runs an operation that yields its results on the caller's goroutine, so
// that a panic in the loop is the caller's.
func stream(ctx context.Context, p *Pool, u *use, run func(t *task) error) (err error) {
	t := &task{Context: ctx, pool: p}
	if err := p.begin(t, u); err != nil {
		return pathError(u.op, u.path, err)
	}
	defer p.end(t)
	began := p.logClock()
	defer func() { p.ended(t, u.op, u.path, began, cmp.Or(t.Err(), err)) }()
	err = run(t)
	if err != nil && err == t.Err() {
		err = pathError(u.op, u.path, err)
	}
	return err
}

// use is the use that the operation makes of its first slot.
func (op *operation[T]) use() *use { return &use{op: op.name, path: op.path} }

// inSlot makes system calls in a slot. While the process is out of descriptors,
// or another process holds a lease on the file, it tries again. So call must do
// nothing if it cannot open a file.
func (t *task) inSlot(u *use, call func() error) error {
	for tries := 0; ; tries++ {
		err := t.once(t.Context, u, call)
		if err == nil {
			return nil
		}
		if !t.mayPass(err, tries) {
			return pathError(u.op, u.path, err)
		}
		if !t.pause(tries) {
			return pathError(u.op, u.path, t.Err())
		}
	}
}

// once makes system calls in a slot, once.
func (t *task) once(ctx context.Context, u *use, call func() error) error {
	h, err := t.acquire(ctx, u)
	if err != nil {
		return err
	}
	defer t.release(h)
	return call()
}

// files returns the file system that is read, for calls that end with the task's
// context.
func (t *task) files() vfs.FS { return vfs.WithContext(t.Context, t.pool.fs) }

// requireWritable returns an error if the pool saves no files on request.
func (t *task) requireWritable(op, path string) error {
	if t.pool.opts.FS != nil {
		return pathError(op, path, errors.ErrUnsupported)
	}
	return nil
}

// cleanUp is once for system calls that are due even though the context has
// ended. There is nobody left to tell an error.
func (t *task) cleanUp(u *use, call func()) {
	t.once(context.WithoutCancel(t.Context), u, func() error {
		call()
		return nil
	})
}

// The number of tries, documented at PoolOptions. Waiting does not free
// descriptors that are held outside the pool. It frees those of the pool's own
// operations, but not for ever, since these may hold none.
const (
	descriptorTries     = 6   // 63 ms in all
	poolDescriptorTries = 256 // 16 s
	leaseTries          = 64  // 4 s
)

// mayPass reports whether an error may be gone at another try.
func (t *task) mayPass(err error, tries int) bool {
	switch {
	case vfs.OutOfDescriptors(err):
		return tries < descriptorTries || tries < poolDescriptorTries && t.pool.slots.inUse()
	case errors.Is(err, syscall.EAGAIN): // a lease, see fcntl(2)
		return tries < leaseTries
	default:
		return false
	}
}

// pause waits, without a slot, before another try: longer each time, up to 64
// ms. It reports false if the context ends first.
func (t *task) pause(tries int) bool {
	timer := time.NewTimer(time.Millisecond << min(tries, 6))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.Done():
		return false
	}
}

// A hold is a slot in use: the task's own, or one on loan.
type hold struct {
	slot *slot
	loan *loan
}

// acquire waits for a slot, in order of arrival. The goroutine that makes the
// system call gives the result to release when the call has returned.
func (t *task) acquire(ctx context.Context, u *use) (hold, error) {
	for l := t.lender.open(); l != nil; l = l.task.lender.open() {
		if borrowed, err := l.borrow(ctx, u); borrowed || err != nil {
			return hold{loan: l}, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return hold{}, err
		}
		s := t.ready.Swap(nil)
		if s == nil {
			var err error
			if s, err = t.waitForSlot(ctx, u); err != nil {
				return hold{}, err
			}
		}
		if t.pool.slots.use(s, u, t) {
			return hold{slot: s}, nil
		}
		t.pool.slots.give(s)
	}
}

// waitForSlot takes another slot than the one that the task was admitted with.
func (t *task) waitForSlot(ctx context.Context, u *use) (*slot, error) {
	p := t.pool
	if !t.pending.Load() {
		if s := p.slots.take(u); s != nil {
			return s, nil
		}
		p.waiting.Add(1)
		defer p.waiting.Add(-1)
	}
	defer p.leavePending(t)
	return p.slots.wait(ctx, u)
}

// release gives a slot back.
func (t *task) release(h hold) {
	if h.loan != nil {
		h.loan.giveBack()
		return
	}
	t.pool.noteCall(t.pool.slots.give(h.slot))
}

// noteCall tells the monitor's waker how long a system call took, see package
// sysmon.
func (p *Pool) noteCall(took time.Duration) {
	if !sysmon.Note(took) {
		return
	}
	p.enter()
	go func() {
		defer p.leave()
		sysmon.Wake()
	}()
	runtime.Gosched() // lets that goroutine run at once
}

// endsOperation reports whether an error ends an operation of many files: the
// operation was cancelled, or its pool takes no more work. Any other error is
// one file's own.
func endsOperation(t *task, err error) bool {
	return t.Err() != nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrOverloaded)
}

// unwindTime is how long a plain function whose context has ended waits for its
// own work to stop before it returns. Work on a healthy disk notices within
// microseconds and has then cleaned up; a hung system call never returns.
const unwindTime = 10 * time.Millisecond

// aside makes a blocking call on a goroutine of its own, if the task can be
// cancelled. It returns without the call's result when the task is cancelled
// and the call does not end soon.
func aside[T any](t *task, fn func() (T, error)) (T, error) {
	if t.Done() == nil {
		return fn()
	}
	done := make(chan Result[T], 1)
	t.pool.enter()
	go func() {
		defer t.pool.leave()
		v, err := fn()
		done <- Result[T]{v, err}
	}()
	r, ok := receive(t, done)
	if !ok {
		select {
		case r = <-done:
		case <-time.After(unwindTime):
			r.Err = t.Err()
		}
	}
	return r.Value, r.Err
}
