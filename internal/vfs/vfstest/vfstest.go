// Package vfstest puts a fault injector in front of a file system of package
// vfs: a hook before each operation that can fail, delay, block or shorten it,
// and an account of all that is open or in flight.
package vfstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/lion-agi/fileops/internal/vfs"
)

// An FS is another file system with a hook before each operation. It embeds
// nothing, so that a new operation of the seam cannot bypass it.
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
// files or cancel contexts. Its error becomes the operation's, which then does
// not happen, except for ErrShort and Late.
type Hook func(Call) error

// ErrShort makes Read, Write and CopyFrom do half of their work. It does
// nothing to other operations.
var ErrShort = errors.New("do half")

// Late is a fault that is reported after the operation has been done: the
// answer was lost on its way.
type Late struct{ Err error }

// Error implements error.
func (l Late) Error() string { return l.Err.Error() }

// Steps records the operations. Its Hook is one for [Account.Reset].
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

// String returns the operations so far, with spaces between them.
func (s *Steps) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, " ")
}
