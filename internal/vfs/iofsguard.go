package vfs

// A Guard calls foreign code.
type Guard struct {
	// Call makes a call on a goroutine of its own. It returns an error if the call
	// panics or ends its goroutine.
	Call func(call func()) error
	// Recovered returns the error of a call that panicked with a value. A deferred
	// function calls it, while the stack is still there.
	Recovered func(value any) error
}

// A guardedFS is a file system that guards its calls.
type guardedFS interface {
	Together(calls func(files FS)) (returned bool)
}

// IsGuarded reports whether a file system guards its calls, because foreign code
// makes them. Then many calls are faster by [Together].
func IsGuarded(files FS) bool {
	_, ok := files.(guardedFS)
	return ok
}

// Together makes calls of a guarded file system on one goroutine. Otherwise each of
// them has its own, which takes longer than a read of a small file. A panic fails
// one call, as ever. But if foreign code ends the goroutine, all calls end, and
// Together returns false. Then the caller makes the call under way again, alone. A
// thread that a call locks stays locked until Together returns.
func Together(files FS, calls func(files FS)) (returned bool) {
	return files.(guardedFS).Together(calls)
}

func (d *ioFS) Together(calls func(files FS)) (returned bool) {
	inside := *d
	inside.together = true
	return d.guard.Call(func() { calls(&inside) }) == nil
}

// guarded makes a call of foreign code.
func guarded[T any](d *ioFS, call func() (T, error)) (T, error) {
	if d.together {
		return recovering(d, call)
	}
	return alone(d, call)
}

// recovering makes a call on the goroutine of Together.
func recovering[T any](d *ioFS, call func() (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = d.guard.Recovered(v)
		}
	}()
	value, err = call()
	return value, d.errOf(err)
}

// alone makes a call on a goroutine of its own.
func alone[T any](d *ioFS, call func() (T, error)) (value T, err error) {
	if failed := d.guard.Call(func() { value, err = call() }); failed != nil {
		var none T
		return none, failed
	}
	return value, d.errOf(err)
}
