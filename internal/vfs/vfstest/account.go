package vfstest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lion-agi/fileops/internal/vfs"
)

// An Account is shared by all directories and files of one fault injector.
type Account struct {
	UnknownKinds bool            // List returns no kinds
	Describe     func(*vfs.Info) // changes the results of Stat on open files
	Durable      bool            // Sync and the write-outs reach the disk
	CachedReads  bool            // ReadCached is passed on

	mu         sync.Mutex
	hook       Hook
	calls      int
	inFlight   int
	most       int // operations in flight at once
	open       map[int]string
	handles    int
	violations []string
}

// Reset forgets the calls so far and sets the hook for later ones.
func (a *Account) Reset(h Hook) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hook, a.calls, a.most, a.violations = h, 0, a.inFlight, nil
}

// Called returns the number of operations since the last Reset and the largest
// number that were in flight at once.
func (a *Account) Called() (calls, most int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls, a.most
}

// Holds returns how many files and directories are open.
func (a *Account) Holds() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open)
}

// Audit returns the faults of the code under test: files that are still open,
// operations that are still in flight, and uses after close.
func (a *Account) Audit() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	wrong := slices.Clone(a.violations)
	for _, name := range a.open {
		wrong = append(wrong, "left open: "+name)
	}
	if a.inFlight > 0 {
		wrong = append(wrong, fmt.Sprintf("in flight: %d", a.inFlight))
	}
	return wrong
}

// begin counts an operation and runs the hook.
func (a *Account) begin(op, name string) error {
	a.mu.Lock()
	a.calls++
	a.inFlight++
	a.most = max(a.most, a.inFlight)
	call, h := Call{a.calls, op, name}, a.hook
	a.mu.Unlock()
	if h == nil {
		return nil
	}
	return h(call)
}

func (a *Account) end() {
	a.mu.Lock()
	a.inFlight--
	a.mu.Unlock()
}

// enter notes an opened file or directory and returns its number.
func (a *Account) enter(name string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handles++
	a.open[a.handles] = name
	return a.handles
}

// use notes a violation if the handle is not open.
func (a *Account) use(handle int, op, name string) {
	if handle == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.open[handle]; !ok {
		a.violations = append(a.violations, op+" after close: "+name)
	}
}

func (a *Account) leave(handle int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, handle)
}

// closing closes a handle. It does so even if the hook returns an error, because
// close(2) frees the descriptor in any case.
func (a *Account) closing(handle int, op, name string, do func() error) error {
	defer a.end()
	fault := a.begin(op, name)
	a.use(handle, op, name)
	a.leave(handle)
	err := do()
	if lost, ok := errors.AsType[Late](fault); ok {
		fault = lost.Err
	}
	if fault != nil && fault != ErrShort {
		return fault
	}
	return err
}

// do performs an operation unless the hook fails it.
func do[T any](a *Account, op, name string, perform func() (T, error)) (v T, err error) {
	defer a.end()
	fault := a.begin(op, name)
	lost, isLate := errors.AsType[Late](fault)
	switch {
	case fault == nil, fault == ErrShort:
		return perform()
	case isLate:
		if v, err = perform(); err == nil {
			err = lost.Err
		}
		return v, err
	default:
		return v, fault
	}
}
