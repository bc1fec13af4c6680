package fileopsbeam

import (
	"context"
	"io/fs"
	"sync"
)

// An ahead opens the files of a part, in order, before the pool asks for them. A pool
// begins each operation with few workers and calls in more when it has to wait. For a
// part in a bucket, which is over in seconds, that takes as long as the part.
//
// The first file that is open and not closed is always one that the pool reads or asks
// for next, so those that wait for a file behind it do not wait for ever.
type ahead struct {
	open  func(i int) (fs.File, error)
	files int
	width int // open at once, or about to be

	mu      sync.Mutex
	changed sync.Cond // active, next or closed has
	active  int
	next    int                     // the first file that is not begun
	begun   map[int]chan openedFile // and not asked for
	closed  bool
}

type openedFile struct {
	file fs.File
	err  error
}

// openAhead makes the part open files ahead, until stop.
func (p *partFS) openAhead(ctx context.Context, width int) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	plain := &partFS{source: p.source, files: p.files, ctx: ctx}
	a := &ahead{open: plain.open, files: len(p.files), width: width, begun: map[int]chan openedFile{}}
	a.changed.L = &a.mu
	p.ahead = a
	return func() {
		cancel()
		a.close()
	}
}

// begin begins to open files, as many as there is room for.
func (a *ahead) begin() {
	for ; a.active < a.width && a.next < a.files && !a.closed; a.next++ {
		opened := make(chan openedFile, 1)
		a.begun[a.next] = opened
		a.active++
		go func(i int) {
			file, err := a.open(i)
			opened <- openedFile{file, err}
		}(a.next)
	}
}

// get returns an open file. A file that is asked for again is opened again.
func (a *ahead) get(i int) (fs.File, error) {
	a.mu.Lock()
	a.begin()
	for i >= a.next && !a.closed {
		a.changed.Wait()
	}
	opened, ok := a.begun[i]
	delete(a.begun, i)
	a.mu.Unlock()
	if !ok {
		return a.open(i)
	}
	o := <-opened
	if o.err != nil {
		a.done()
		return nil, o.err
	}
	return &aheadFile{File: o.file, ahead: a}, nil
}

// done makes room for another file.
func (a *ahead) done() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active--
	a.begin()
	a.changed.Broadcast()
}

// close closes the files that nobody has asked for.
func (a *ahead) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.changed.Broadcast()
	for _, opened := range a.begun {
		if o := <-opened; o.err == nil {
			o.file.Close()
		}
	}
	clear(a.begun)
}

// An aheadFile makes room for another file when it is closed.
type aheadFile struct {
	fs.File
	ahead *ahead
	once  sync.Once
}

func (f *aheadFile) Close() error {
	defer f.once.Do(f.ahead.done)
	return f.File.Close()
}
