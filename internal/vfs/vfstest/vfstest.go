// Package vfstest puts a fault injector in front of a file system of package
// vfs. A hook before each operation can fail, delay, block or shorten it. An
// account records which files are open and which operations are in flight.
package vfstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/lion-agi/fileops/internal/vfs"
)

// An FS is another file system with a hook before each operation. It does not
// embed that file system, so that a new method of vfs.FS cannot bypass the hook.
type FS struct {
	*Account
	inner  vfs.FS
	name   string
	handle int // its number among the open ones, 0 for the top
}

// New puts a fault injector in front of a file system.
func New(inner vfs.FS) *FS {
	return &FS{inner: inner, name: ".", Account: &Account{open: map[int]string{}}}
}

// Inner returns the file system behind the fault injector.
func (f *FS) Inner() vfs.FS { return f.inner }

// A Call is one operation.
type Call struct {
	N        int    // its number since the last Reset, from 1
	Op, Name string // Name is the one that a file was opened by
}

func (c Call) String() string { return fmt.Sprintf("%d: %s %s", c.N, c.Op, c.Name) }

// A Hook is called before an operation, on its goroutine. It may block, change
// files or cancel contexts. If it returns an error, the operation fails with
// that error and does nothing, except for ErrShort and Late.
type Hook func(Call) error

// ErrShort makes Read, Write and CopyFrom do half of their work. It does
// nothing to other operations.
var ErrShort = errors.New("do half")

// Late is an error that an operation returns after it has had its effect, like a
// network file system that loses the answer of its server.
type Late struct{ Err error }

// Error implements error.
func (l Late) Error() string { return l.Err.Error() }

// Steps records the operations. Its method Hook is a [Hook].
type Steps struct {
	mu   sync.Mutex
	list []string
}

// Hook records an operation.
func (s *Steps) Hook(c Call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, c.Op)
	return nil
}

// String returns the names of the operations so far, with spaces between them.
func (s *Steps) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, " ")
}
