package fileops

import (
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
)

// A walk finds the regular files below a directory, in the order of their paths,
// while it goes on. Several goroutines list directories ahead, each listing in a
// slot of its own. They go no further ahead than aheadDirs and aheadItems, so a
// walk holds the directories that it is in and a few more, never the tree.
//
// Links to regular files count as files. Links to directories are not entered,
// so a loop of links cannot catch a walk. Neither is a link that takes the place
// of a directory before that is listed. Other things (FIFOs, sockets, devices,
// links to nothing) are no files. Neither is a directory that is being removed.
// Only the directory that the walk begins at may be a link.
type walk struct {
	task    *task
	shallow bool
	keep    func(name string) bool
	exclude exclusion
	sel     *selector
	stat    bool // describe the files

	// lists says that the goroutine of the walk may list directories itself: no
	// caller waits for it who may give up.
	lists bool

	top    string  // what comes before the paths below the directory
	above  string  // the path of the directory below the top of its repository, with a slash; "" if that is unknown
	visits visits  // with FollowLinks
	missed []found // to report at the end

	mu      sync.Mutex   // guards the rest, and the plans of the directories
	stack   []*directory // that the walk is in, from the top down; only the walk changes it
	ahead   int          // directories that are asked for and that the walk has not left
	items   int          // in these
	workers int
	limit   int // of workers
	stopped bool
	group   sync.WaitGroup
}

// How far a walk lists ahead: enough to keep the workers busy, little enough for
// some MiB.
const (
	aheadDirs  = 256
	aheadItems = 64 << 10
)

// contextEvery is the number of things in one directory between two looks at the
// context.
const contextEvery = 256

// A directory is one that a walk is in or will enter.
type directory struct {
	path  string
	top   bool  // the walk begins here
	page  *page // of a FlatFS, nil for a directory
	ready chan struct{}

	in     *scope     // of the directory above
	parent *directory // nil for the top
	info   vfs.Info   // with FollowLinks

	// These are the result, valid when ready is closed.
	items []item
	subs  []*directory // those of items, in order
	err   error
	took  time.Duration

	at int // the next item

	// This is the plan, which the walk's mutex guards.
	asked   bool // a worker lists it, or has listed it
	listed  bool
	entered int // how many of subs the walk has entered
	behind  int // how many of subs pick need not look at: all is asked for in them, or the walk is there
}

func newDirectory(path string, parent *directory, in *scope) *directory {
	return &directory{path: path, parent: parent, in: in, ready: make(chan struct{})}
}

// A found is a file that a walk has found, or something that it leaves out.
type found struct {
	path   string
	info   *vfs.Info // with stat
	err    error     // why it is left out; an *ExcludedError is still without the operation
	byRule bool      // a walk never takes such things, so err is no failure
}

// begin sets out from a directory. The walk must be stopped.
func (w *walk) begin(dir string) error {
	if err := vfs.CheckPath(dir); err != nil {
		return pathError("list", dir, err)
	}
	w.top = w.task.pool.paths.Prefix(dir)
	w.limit = min(w.task.pool.opts.Workers, 4*fanOut(w.task.pool)) // many, since listings are short and lead to more
	top := newDirectory(dir, nil, nil)
	top.top = true
	if w.task.pool.opts.FS != nil && !w.shallow && !w.sel.needsDirectories() && vfs.IsFlat(w.task.files()) {
		top.page = new(page)
	}
	w.enter(top)
	return nil
}

// all walks over a directory. An error ends the walk.
func (w *walk) all(dir string) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		if err := w.begin(dir); err != nil {
			yield(found{}, err)
			return
		}
		defer w.stop()
		for {
			f, ok, err := w.next(true)
			if !ok && err == nil || !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// next returns the next thing that the walk finds. At the end ok is false. Unless
// it is to wait, ok is also false, and the walk is not over, if the next thing
// has not been listed yet.
func (w *walk) next(wait bool) (f found, ok bool, err error) {
	for !w.over() {
		d := w.stack[len(w.stack)-1]
		if !wait && !d.isReady() {
			return found{}, false, nil
		}
		if d.at%contextEvery == 0 {
			if err := w.await(d); err != nil {
				return found{}, false, err
			}
		}
		if d.at == 0 {
			w.visit(d)
		}
		if d.at == len(d.items) {
			w.leave(d)
			if f, ok, err := w.failure(d); ok || err != nil {
				return f, ok, err
			}
			continue
		}
		it := d.items[d.at]
		d.items[d.at] = item{} // lets its memory go
		d.at++
		switch {
		case it.sub != nil:
			if d.page != nil { // the next page comes in its place
				w.leave(d)
			}
			w.enter(it.sub)
		case it.out != nil:
			return found{path: it.path, err: it.out.err, byRule: it.out.byRule}, true, nil
		default:
			return found{path: it.path, info: it.info}, true, nil
		}
	}
	if len(w.missed) > 0 {
		f, w.missed = w.missed[0], w.missed[1:]
		return f, true, nil
	}
	return found{}, false, nil
}

// over reports whether the walk has left the directory that it began at.
func (w *walk) over() bool { return len(w.stack) == 0 }

// failure returns what the failure to list a directory means: nothing, something
// that is left out, or the end of the walk.
func (w *walk) failure(d *directory) (f found, ok bool, err error) {
	switch {
	case errors.As(d.err, new(alreadyEntered)):
		return found{path: d.path, err: d.err, byRule: true}, true, nil
	case d.err == nil && d.top:
		w.missed = w.sel.missed(w.top)
		return found{}, false, nil
	case d.err == nil:
		return found{}, false, nil
	case d.top, endsOperation(w.task, d.err):
		return found{}, false, d.err
	case vfs.LeadsNowhere(d.err): // removed or replaced since its parent was listed
		return found{path: d.path, err: d.err, byRule: true}, w.task.pool.opts.FS != nil, nil // an fs.FS may have lied
	default:
		return found{path: d.path, err: d.err, byRule: errors.Is(d.err, vfs.ErrInUse)}, true, nil
	}
}

func (d *directory) isReady() bool {
	select {
	case <-d.ready:
		return true
	default:
		return false
	}
}

// await waits until a directory is listed, or lists it.
func (w *walk) await(d *directory) error {
	switch err := w.task.Err(); {
	case err != nil:
		return pathError("list", d.path, err)
	case d.isReady():
		return nil
	case w.lists && w.ask(d):
		w.load(d)
		return nil
	}
	select {
	case <-d.ready:
		w.slow(d)
		return nil
	case <-w.task.Done():
		return pathError("list", d.path, w.task.Err())
	}
}

// enter goes down into a directory. If no worker lists it, it gets one, unless the
// walk lists it itself.
func (w *walk) enter(d *directory) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.stack) > 0 {
		above := w.stack[len(w.stack)-1]
		above.entered++
		above.behind = max(above.behind, above.entered)
	}
	w.stack = append(w.stack, d)
	if !d.asked && !w.lists {
		w.plan(d)
		w.work(d)
	}
	w.schedule()
}

// leave goes up from a directory.
func (w *walk) leave(d *directory) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stack = w.stack[:len(w.stack)-1]
	w.ahead--
	w.items -= len(d.items)
	d.items, d.subs, d.entered, d.behind = nil, nil, 0, 0 // the directory above keeps d
	w.schedule()
}

// ask plans to list a directory, unless that is planned already.
func (w *walk) ask(d *directory) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.asked {
		return false
	}
	w.plan(d)
	return true
}

func (w *walk) plan(d *directory) {
	d.asked = true
	w.ahead++
}

// slow notes that the walk waited for a directory. A slow one calls in another
// worker.
func (w *walk) slow(d *directory) {
	if d.took <= slowItem {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = min(w.limit+1, w.task.pool.opts.Workers)
	w.schedule()
}

// schedule starts workers while there are directories to list ahead.
func (w *walk) schedule() {
	for w.workers < w.limit {
		d := w.pick()
		if d == nil {
			return
		}
		w.work(d)
	}
}

// pick plans to list the first directory that nobody lists, in the order of paths,
// and returns it. It returns nil if there is none or if the walk is far ahead.
func (w *walk) pick() *directory {
	if w.stopped || w.ahead >= aheadDirs || w.items >= aheadItems {
		return nil
	}
	for i := len(w.stack) - 1; i >= 0; i-- {
		if d, _ := w.stack[i].firstUnasked(); d != nil {
			w.plan(d)
			return d
		}
	}
	return nil
}

// firstUnasked returns the first directory below d that nobody lists. done says
// that there is none and that there will be none.
func (d *directory) firstUnasked() (first *directory, done bool) {
	if !d.listed {
		return nil, false
	}
	for i, s := range d.subs[d.behind:] {
		if !s.asked {
			return s, false
		}
		first, done := s.firstUnasked()
		if first != nil {
			return first, false
		}
		if done && i == 0 {
			d.behind++
			return d.firstUnasked()
		}
	}
	return nil, d.behind == len(d.subs)
}

// work starts a worker. It lists a directory and then others.
func (w *walk) work(d *directory) {
	w.workers++
	w.task.pool.enter()
	w.group.Go(func() {
		defer w.task.pool.leave()
		for d != nil {
			w.load(d)
			d = w.another()
		}
	})
}

// another returns the next directory for a worker, nil if it is to end.
func (w *walk) another() *directory {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.pick()
	if d == nil {
		w.workers--
	}
	return d
}

// load lists a directory.
func (w *walk) load(d *directory) {
	began := clock()
	if d.page != nil {
		d.err = w.listPage(d)
	} else {
		d.err = w.list(d)
	}
	d.took = clock() - began
	w.mu.Lock()
	defer w.mu.Unlock()
	d.listed = true
	w.items += len(d.items)
	close(d.ready)
	w.schedule()
}

// stop ends the workers. It does not wait for a hung one.
func (w *walk) stop() {
	w.mu.Lock()
	w.stopped = true
	working := w.workers > 0
	w.mu.Unlock()
	if working {
		waitBriefly(w.group.Wait)
	}
}

// waitBriefly calls wait and returns when it does, but after unwindTime at the
// latest.
func waitBriefly(wait func()) {
	done := make(chan struct{})
	go func() {
		wait()
		close(done)
	}()
	timer := time.NewTimer(unwindTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// files returns the paths of the files below a directory. The first failure, in
// the order of paths, ends the walk, unless tolerant.
func (w *walk) files(dir string, tolerant bool) (paths []string, err error) {
	w.lists = true
	paths = []string{}
	for f, err := range w.all(dir) {
		switch {
		case err != nil:
			return nil, err
		case f.err == nil:
			paths = append(paths, f.path)
		case !f.byRule && !tolerant:
			return nil, f.err
		}
	}
	return paths, nil
}
