package fileops

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

// A faulty is the filesystem for tests: another one, with a hook before each
// operation, that keeps books of what the engine does. It embeds nothing, so
// that a new operation of the seam cannot go round it.
type faulty struct {
	inner filesystem
	name  string
	*books
	opened int // its number among what is open, 0 if it is the top
}

// newFaulty puts a faulty filesystem in front of another.
func newFaulty(inner filesystem) *faulty {
	return &faulty{inner: inner, name: ".", books: &books{open: map[int]string{}}}
}

// A seamCall is one operation at the seam.
type seamCall struct {
	n        int    // which one, from 1, since the last reset
	op, name string // an open file has the name that it was opened by
}

func (c seamCall) String() string { return fmt.Sprintf("%d: %s %s", c.n, c.op, c.name) }

// A hook is called before an operation, on its goroutine. It may block it,
// change files or cancel contexts first. An error of it is the operation's,
// which then is not done, save for errShort and those of late.
type hook func(seamCall) error

// errShort makes a Read, Write or copyFrom do half of what it is asked to;
// nothing else.
var errShort = errors.New("do half")

// late is a fault that is reported after the operation has been done: an
// answer that was lost on its way.
type late struct{ error }

// books are what all the filesystems and files below one faulty share.
type books struct {
	mu         sync.Mutex
	hook       hook
	calls      int
	inFlight   int
	most       int // operations in flight at once
	open       map[int]string
	handles    int
	violations []string

	unknownKinds bool        // list does not say what entries are
	describe     func(*info) // changes what stat of an open file says
	durable      bool        // sync reaches the disk
	readsNow     bool        // openNow is passed on
}

// reset forgets the calls so far and sets the hook for those to come.
func (b *books) reset(h hook) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hook, b.calls, b.most, b.violations = h, 0, b.inFlight, nil
}

// called returns how many operations there have been since the reset, and
// most how many of them were in flight at once.
func (b *books) called() (calls, most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls, b.most
}

// holds returns how many files and directories are open.
func (b *books) holds() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// audit returns what is wrong: files still open, operations still in flight,
// use after close.
func (b *books) audit() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	wrong := slices.Clone(b.violations)
	for _, name := range b.open {
		wrong = append(wrong, "left open: "+name)
	}
	if b.inFlight > 0 {
		wrong = append(wrong, fmt.Sprintf("in flight: %d", b.inFlight))
	}
	return wrong
}

// begin counts an operation and runs the hook.
func (b *books) begin(op, name string) error {
	b.mu.Lock()
	b.calls++
	b.inFlight++
	b.most = max(b.most, b.inFlight)
	call, h := seamCall{b.calls, op, name}, b.hook
	b.mu.Unlock()
	if h == nil {
		return nil
	}
	return h(call)
}

func (b *books) end() {
	b.mu.Lock()
	b.inFlight--
	b.mu.Unlock()
}

// enter notes something opened and returns its number.
func (b *books) enter(what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handles++
	b.open[b.handles] = what
	return b.handles
}

// use notes a violation if what is used is not open.
func (b *books) use(handle int, op, name string) {
	if handle == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.open[handle]; !ok {
		b.violations = append(b.violations, op+" after close: "+name)
	}
}

func (b *books) leave(handle int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, handle)
}

// closing closes what has the number.
func (b *books) closing(handle int, op, name string, do func() error) error {
	defer b.end()
	fault := b.begin(op, name)
	b.use(handle, op, name)
	b.leave(handle)
	err := do()
	if lost, ok := errors.AsType[late](fault); ok {
		fault = lost.error
	}
	if fault != nil && fault != errShort {
		return fault
	}
	return err
}

// seamOp does an operation unless the hook fails it.
func seamOp[T any](b *books, op, name string, do func() (T, error)) (v T, err error) {
	defer b.end()
	fault := b.begin(op, name)
	lost, isLate := errors.AsType[late](fault)
	switch {
	case fault == nil, fault == errShort:
		return do()
	case isLate:
		if v, err = do(); err == nil {
			err = lost.error
		}
		return v, err
	default:
		return v, fault
	}
}

// seamOpen is seamOp for what opens something: a lost answer leaves
// nothing open.
func seamOpen(f *faulty, op, name string, do func() (file, error)) (file, error) {
	f.use(f.opened, op, name)
	opened, err := seamOp(f.books, op, name, do)
	if err != nil {
		if opened != nil {
			opened.Close()
		}
		return nil, err
	}
	return &faultyFile{inner: opened, name: name, books: f.books, opened: f.enter(op + " " + name)}, nil
}

func (f *faulty) open(name string) (file, error) {
	return seamOpen(f, "open", name, func() (file, error) { return f.inner.open(name) })
}

// openNow never waits, so that no hook may make it wait: it is done only if it
// is asked for.
func (f *faulty) openNow(name string) (file, error) {
	if !f.readsNow {
		return nil, errWouldWait
	}
	return seamOpen(f, "openNow", name, func() (file, error) { return f.inner.openNow(name) })
}

func (f *faulty) create(name string, perm fs.FileMode) (file, error) {
	return seamOpen(f, "create", name, func() (file, error) { return f.inner.create(name, perm) })
}

func (f *faulty) createUnnamed(perm fs.FileMode) (file, error) {
	return seamOpen(f, "createUnnamed", f.name, func() (file, error) { return f.inner.createUnnamed(perm) })
}

func (f *faulty) openDir(name string) (filesystem, error) {
	f.use(f.opened, "openDir", name)
	dir, err := seamOp(f.books, "openDir", name, func() (filesystem, error) { return f.inner.openDir(name) })
	if err != nil {
		if dir != nil {
			dir.close()
		}
		return nil, err
	}
	return &faulty{inner: dir, name: name, books: f.books, opened: f.enter("openDir " + name)}, nil
}

// one performs an operation that returns nothing else than an error.
func (f *faulty) one(op, name string, do func() error) error {
	f.use(f.opened, op, name)
	_, err := seamOp(f.books, op, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (f *faulty) linkFile(of file, name string) error {
	return f.one("linkFile", name, func() error { return f.inner.linkFile(innerFile(of), name) })
}

func (f *faulty) stat(name string) (info, error) {
	f.use(f.opened, "stat", name)
	return seamOp(f.books, "stat", name, func() (info, error) { return f.inner.stat(name) })
}

func (f *faulty) lstat(name string) (info, error) {
	f.use(f.opened, "lstat", name)
	return seamOp(f.books, "lstat", name, func() (info, error) { return f.inner.lstat(name) })
}

func (f *faulty) list(name string, follow bool) ([]entry, error) {
	f.use(f.opened, "list", name)
	entries, err := seamOp(f.books, "list", name, func() ([]entry, error) { return f.inner.list(name, follow) })
	if f.unknownKinds {
		for i := range entries {
			entries[i].kind = kindUnknown
		}
	}
	return entries, err
}

func (f *faulty) mkdir(name string) error {
	return f.one("mkdir", name, func() error { return f.inner.mkdir(name) })
}

func (f *faulty) link(oldName, newName string) error {
	return f.one("link", newName, func() error { return f.inner.link(oldName, newName) })
}

func (f *faulty) rename(oldName, newName string) error {
	return f.one("rename", newName, func() error { return f.inner.rename(oldName, newName) })
}

func (f *faulty) renameNew(oldName, newName string) error {
	return f.one("renameNew", newName, func() error { return f.inner.renameNew(oldName, newName) })
}

func (f *faulty) remove(name string) error {
	return f.one("remove", name, func() error { return f.inner.remove(name) })
}

func (f *faulty) setTimes(of file, name string, accessed, modified time.Time) error {
	return f.one("setTimes", name, func() error {
		return f.inner.setTimes(innerFile(of), name, accessed, modified)
	})
}

func (f *faulty) sync() error {
	return f.one("sync", f.name, func() error {
		if !f.durable {
			return nil
		}
		return f.inner.sync()
	})
}

// close closes, even if the hook fails it: so does a system.
func (f *faulty) close() error { return f.closing(f.opened, "closeDir", f.name, f.inner.close) }

// A faultyFile is an open file of a faulty filesystem.
type faultyFile struct {
	inner file
	name  string
	*books
	opened int
}

func innerFile(f file) file { return f.(*faultyFile).inner }

func (f *faultyFile) one(op string, do func() error) error {
	f.use(f.opened, op, f.name)
	_, err := seamOp(f.books, op, f.name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// bytes performs an operation on n bytes, or on half of them.
func (f *faultyFile) bytes(op string, n int64, do func(n int64) (int64, error)) (done int64, short bool, err error) {
	defer f.end()
	f.use(f.opened, op, f.name)
	fault := f.begin(op, f.name)
	lost, isLate := errors.AsType[late](fault)
	switch {
	case fault == errShort:
		short = true
		n = (n + 1) / 2
	case isLate:
		if done, err = do(n); err == nil {
			err = lost.error
		}
		return done, false, err
	case fault != nil:
		return 0, false, fault
	}
	done, err = do(n)
	return done, short, err
}

func (f *faultyFile) Read(b []byte) (int, error) {
	n, _, err := f.bytes("read", int64(len(b)), func(n int64) (int64, error) {
		m, err := f.inner.Read(b[:n])
		return int64(m), err
	})
	return int(n), err
}

func (f *faultyFile) Write(b []byte) (int, error) {
	n, short, err := f.bytes("write", int64(len(b)), func(n int64) (int64, error) {
		m, err := f.inner.Write(b[:n])
		return int64(m), err
	})
	if short && err == nil && int(n) < len(b) {
		err = io.ErrShortWrite // as an io.Writer must
	}
	return int(n), err
}

func (f *faultyFile) copyFrom(src file, n int64) (int64, error) {
	n, _, err := f.bytes("copyFrom", n, func(n int64) (int64, error) {
		return f.inner.copyFrom(innerFile(src), n)
	})
	return n, err
}

func (f *faultyFile) stat() (info, error) {
	f.use(f.opened, "fstat", f.name)
	st, err := seamOp(f.books, "fstat", f.name, f.inner.stat)
	if f.describe != nil && err == nil {
		f.describe(&st)
	}
	return st, err
}

func (f *faultyFile) chmod(perm fs.FileMode) error {
	return f.one("chmod", func() error { return f.inner.chmod(perm) })
}

func (f *faultyFile) sync() error {
	return f.one("fsync", func() error {
		if !f.durable {
			return nil
		}
		return f.inner.sync()
	})
}

func (f *faultyFile) cloneFrom(src file) error {
	return f.one("cloneFrom", func() error { return f.inner.cloneFrom(innerFile(src)) })
}

func (f *faultyFile) copyAttributes(src file) error {
	return f.one("copyAttributes", func() error { return f.inner.copyAttributes(innerFile(src)) })
}

// Close closes, even if the hook fails it: so does a system.
func (f *faultyFile) Close() error { return f.closing(f.opened, "close", f.name, f.inner.Close) }

// steps notes the operations at the seam.
type steps struct {
	mu   sync.Mutex
	list []string
}

func (s *steps) hook(c seamCall) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, c.op)
	return nil
}

func (s *steps) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.list, " ")
}
