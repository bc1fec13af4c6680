package fileops

import (
	"runtime/debug"

	"github.com/lion-agi/fileops/internal/vfs"
)

// protect calls a callback on a goroutine of its own and turns a panic, or
// runtime.Goexit, into a *PanicError. The goroutine keeps Goexit, and a thread
// that the callback locks, away from the operation.
func protect[T any](fn func() (T, error)) (value T, err error) {
	done := make(chan struct{})
	returned := false
	go func() {
		defer func() {
			if v := recover(); v != nil {
				err = panicError(v)
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

// protectCall is protect for a callback that returns nothing.
func protectCall(fn func()) error {
	_, err := protect(func() (struct{}, error) {
		fn()
		return struct{}{}, nil
	})
	return err
}

// foreignCalls guards the calls of an fs.FS.
var foreignCalls = vfs.Guard{Call: protectCall, Recovered: panicError}

// panicError returns the error of a panic. Deferred functions call it, while the
// stack is still there.
func panicError(value any) error { return &PanicError{value, debug.Stack()} }

// goexitError returns the error of a callback that called runtime.Goexit.
// Deferred functions call it, while the stack is still there.
func goexitError() error { return &PanicError{ErrGoexit, debug.Stack()} }
