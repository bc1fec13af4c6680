package fileops

import "time"

// A deputy makes calls that may hang, one after the other, for a loop on its
// caller's goroutine. When the context ends, the loop goes on without a call that
// hangs, and the deputy cleans up after that call.
type deputy struct {
	task  *task
	calls chan func() error
	done  chan error
	lost  bool // a call may be under way
}

// newDeputy starts a deputy. It must be dismissed.
func newDeputy(t *task) *deputy {
	d := &deputy{task: t, calls: make(chan func() error, 2), done: make(chan error, 2)}
	t.pool.enter()
	go func() {
		defer t.pool.leave()
		for call := range d.calls {
			d.done <- call()
		}
	}()
	return d
}

// do makes a call. A nil deputy makes it at once. After a call that was given up,
// do makes none.
func (d *deputy) do(call func() error) error {
	switch {
	case d == nil:
		return call()
	case d.lost:
		return d.task.Err()
	}
	d.calls <- call
	select {
	case err := <-d.done:
		return err
	case <-d.task.Done():
	}
	d.lost = !d.unwinds()
	return d.task.Err()
}

// unwinds reports whether the call under way ends soon. The task has ended then, so
// its result does not matter.
func (d *deputy) unwinds() bool {
	timer := time.NewTimer(unwindTime)
	defer timer.Stop()
	select {
	case <-d.done:
		return true
	case <-timer.C:
		return false
	}
}

// dismiss makes the last call, which cleans up. It does not wait for that if a call
// before was given up.
func (d *deputy) dismiss(cleanUp func()) {
	if d == nil {
		cleanUp()
		return
	}
	d.calls <- func() error { cleanUp(); return nil }
	close(d.calls)
	if !d.lost {
		d.unwinds()
	}
}
