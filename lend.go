package fileops

import (
	"context"
	"sync"
)

// A loan is the slot of a callback (a function given to Submit, a Reader) in
// the hands of the operations that the callback starts with its context. They
// use it one at a time and need no second slot, so nesting cannot deadlock. The
// loan is that context.
type loan struct {
	context.Context
	task     *task // of the callback
	callback *use  // the slot's use while no operation borrows it
	hold     hold  // the slot, or an outer loan

	mu   sync.Mutex
	turn chan struct{} // full while an operation uses the slot; nil before the first
	over bool          // the callback has returned
}

// loanKey asks a context for its loan of a pool's slot.
type loanKey struct{ pool *Pool }

// Value implements context.Context.
func (l *loan) Value(key any) any {
	if k, ok := key.(loanKey); ok && k.pool == l.task.pool {
		return l
	}
	return l.Context.Value(key)
}

// lenderOf returns the open loan that a context carries, nil if there is none.
func lenderOf(ctx context.Context, p *Pool) *loan {
	l, _ := ctx.Value(loanKey{p}).(*loan)
	return l.open()
}

// lend calls a callback that holds a slot, which it lends.
func lend[T any](t *task, u *use, callback func(context.Context) (T, error)) (value T, err error) {
	l := &loan{Context: t, task: t, callback: u}
	l.hold, err = t.acquire(t, u)
	if err != nil {
		return value, pathError(u.op, u.path, err)
	}
	defer l.end()
	return callback(l)
}

// end gives the slot back. If an operation that the callback has left running
// still uses the slot, that happens later.
func (l *loan) end() {
	l.mu.Lock()
	l.over = true
	turn := l.turn
	l.mu.Unlock()
	if turn == nil { // no operation ever borrowed
		l.giveUp()
		return
	}
	select {
	case turn <- struct{}{}:
		l.giveUp()
		<-turn
	default:
		l.task.pool.enter()
		go func() {
			defer l.task.pool.leave()
			turn <- struct{}{}
			l.giveUp()
			<-turn
		}()
	}
}

// giveUp gives the slot back. The callback need not have blocked a thread all
// the time, so the monitor's waker is not told.
func (l *loan) giveUp() {
	if l.hold.loan != nil {
		l.hold.loan.giveBack()
	} else {
		l.task.pool.slots.give(l.hold.slot)
	}
}

// borrow waits for the operation's turn to use the slot. It returns false if
// the callback has returned meanwhile.
func (l *loan) borrow(ctx context.Context, u *use) (bool, error) {
	turn, over := l.turns()
	if over {
		return false, nil
	}
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if _, over := l.turns(); over {
		<-turn
		return false, nil
	}
	l.describe(u)
	return true, nil
}

// giveBack ends the turn of an operation.
func (l *loan) giveBack() {
	l.describe(l.callback)
	<-l.turn
}

// describe tells Stats what the slot is used for now.
func (l *loan) describe(u *use) {
	h := l.hold
	for h.loan != nil {
		h = h.loan.hold
	}
	l.task.pool.slots.describe(h.slot, u)
}

// turns returns the channel by which operations take turns, and whether the
// callback has returned.
func (l *loan) turns() (turn chan struct{}, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == nil {
		l.turn = make(chan struct{}, 1)
	}
	return l.turn, l.over
}

// open returns the loan or, if its callback has returned, the nearest outer one
// that is open; nil if there is none.
func (l *loan) open() *loan {
	for l != nil {
		l.mu.Lock()
		over := l.over
		l.mu.Unlock()
		if !over {
			return l
		}
		l = l.task.lender
	}
	return nil
}
