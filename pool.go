package fileops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultPool is the pool of the package-level functions: a [NewPool] with
// the zero [PoolOptions].
var DefaultPool = NewPool(PoolOptions{})

// PoolOptions says how a [Pool] works. The zero value is useful.
type PoolOptions struct {
	// Workers is how many operations on the file system may be in flight at
	// once, and so how many threads a hung disk can hold. 0 means
	// [DefaultWorkers].
	Workers int

	// MaxPending is how many operations may wait for their first slot. One
	// more gets [ErrOverloaded] at once. 0 means no bound.
	MaxPending int

	// MaxFileSize is the size in bytes of the largest file that is read into
	// memory whole; a larger one gets [ErrTooLarge]. It does not limit
	// CopyFile and ConcatTo, which stream. 0 means no bound.
	MaxFileSize int64

	// Timeout is how long a function or a future may take, its waits for slots
	// included: as if it had been given a context made from its own with
	// [context.WithTimeout], but for the cost of it where nothing has to wait.
	// It does not bound ReadFiles and ConcatTo, which go at the pace of who
	// takes what they read, nor functions given to Submit, but what these call
	// on the pool. As with any context, a future whose system call hangs is
	// complete only when that has come back: who waits for it leaves with the
	// context given to Await. 0 means no bound.
	Timeout time.Duration

	// Root confines every path: names are relative to it, and none leads
	// outside, not by "..", not by an absolute path, not by a symbolic link.
	// Such a path gets [ErrEscapes]. The pool does not close it. nil means
	// the whole file system.
	Root *os.Root

	// Logger gets a record for each operation: a warning for one that failed,
	// a debug record for the others and for those that their caller
	// cancelled. nil means silence, at no cost.
	Logger *slog.Logger
}

// DefaultWorkers is the number of Workers that a zero PoolOptions.Workers
// stands for. BenchmarkWorkers is where it comes from: files in the page
// cache are read as fast by 4 workers as by 64 on two cores, while on storage
// that answers in a millisecond throughput grows with the workers.
var DefaultWorkers = max(32, 4*runtime.GOMAXPROCS(0))

// A Pool runs operations on files, a bounded number at a time. Every function
// of this package that takes a context is also a method of Pool, with the
// same meaning, on the pool's workers and within its Root. Make one with
// [NewPool]; its methods may be called from many goroutines at once.
//
// The bound counts slots. A slot is the right to do one thing on the file
// system: read one file, list one directory, write one file. An operation
// made of many takes a slot for each in turn and holds none in between, so
// that a small read waits for one file of a big job, never for all of it.
// Slots are given in order of arrival.
//
// A slot is held until the system call has come back, even if its caller gave
// up, so a hung disk holds slots and no more than slots. On Linux one hung
// mount does not get all of them: on each mount besides the root file system
// and those in memory at most three quarters of the workers, and from two on
// at least one less than all, are in flight at once; functions given to Submit
// do not count for that. Elsewhere, give a mount that may hang a pool of its
// own.
type Pool struct {
	opts    PoolOptions
	fs      filesystem
	slots   *slots
	mounts  *mountQuotas
	outputs outputBounds

	closed  atomic.Bool
	active  atomic.Int64  // operations begun and not ended
	entered atomic.Int64  // those and all their goroutines, for Close
	drained chan struct{} // told when entered falls to 0 after closed
	closing sync.Once     // of the file system

	pending atomic.Int64 // operations that wait for their first slot
	waiting atomic.Int64 // all waits for a slot, those of parts of operations too
	counters
}

// NewPool makes a pool. It starts no goroutine; a pool that is no longer used
// need not be closed, unless the caller wants to wait for its work to end.
// Values below zero in opts mean zero.
func NewPool(opts PoolOptions) *Pool {
	if opts.Workers <= 0 {
		opts.Workers = DefaultWorkers
	}
	p := newPool(opts, systemFiles())
	if opts.Root != nil {
		p.fs = confinedFiles(opts.Root)
		p.mounts.setBase(openedPath(p.fs))
	}
	return p
}

// newPool makes a pool over any filesystem, which is how tests put a faulty
// one below the engine.
func newPool(opts PoolOptions, files filesystem) *Pool {
	return &Pool{
		opts:    opts,
		fs:      files,
		slots:   &slots{max: opts.Workers},
		mounts:  newMountQuotas(opts.Workers),
		outputs: newOutputBounds(),
		drained: make(chan struct{}, 1),
	}
}

// Close refuses new work, which gets [ErrClosed], and waits until what was
// begun has ended; to end it soon, cancel its contexts first. When ctx ends
// before that, Close returns a *[StuckError] that names the operations still
// in flight; a later Close waits for them again.
func (p *Pool) Close(ctx context.Context) error {
	p.closed.Store(true)
	for p.entered.Load() > 0 {
		select {
		case <-p.drained:
		case <-ctx.Done():
			if p.entered.Load() > 0 {
				return &StuckError{Running: p.running(), Err: ctx.Err()}
			}
		}
	}
	p.tellDrained() // another Close may be waiting too
	var err error
	p.closing.Do(func() { err = p.fs.close() })
	return err
}

// A StuckError is what [Pool.Close] returns when its context ends first.
type StuckError struct {
	Running []Running // what is in flight, in no order; an operation between two parts shows none
	Err     error     // the context's error
}

// Running describes something in flight on the file system.
type Running struct {
	Op, Path  string
	For       time.Duration // since it took its slot
	Abandoned bool          // given up by its caller
}

// Error implements error.
func (e *StuckError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "close pool: %v: %d still running", e.Err, len(e.Running))
	for i, r := range e.Running {
		if i == 8 {
			fmt.Fprintf(&b, ", and %d more", len(e.Running)-i)
			break
		}
		fmt.Fprintf(&b, ", %s %s for %v", r.Op, r.Path, r.For.Round(time.Millisecond))
	}
	return b.String()
}

// Unwrap returns the context's error.
func (e *StuckError) Unwrap() error { return e.Err }

// Stats is what a pool is doing and has done. All counts are of the moment;
// totals are since the pool was made.
type Stats struct {
	Workers   int // slots there are
	Running   int // slots in use, abandoned ones included
	Abandoned int // given up by their caller while the system call has not come back
	Waiting   int // waits for a slot
	Active    int // operations begun and not ended; what a cancelled one has left behind does not count

	Done         uint64 // operations ended, refused ones not counted
	Failed       uint64 // those of them that ended with an error
	Refused      uint64 // operations that got ErrOverloaded or ErrClosed
	BytesRead    uint64
	BytesWritten uint64

	WaitTime time.Duration // spent by all waits for a slot
	RunTime  time.Duration // spent by all holders of a slot
}

// counters are the totals of Stats.
type counters struct {
	done, failed, refused   atomic.Uint64
	bytesRead, bytesWritten atomic.Uint64
	waitTime, runTime       atomic.Int64
}

// Stats returns what the pool is doing. It costs about a microsecond and
// never blocks on a disk.
func (p *Pool) Stats() Stats {
	s := Stats{
		Workers:      p.opts.Workers,
		Waiting:      int(p.waiting.Load()),
		Active:       int(p.active.Load()),
		Done:         p.done.Load(),
		Failed:       p.failed.Load(),
		Refused:      p.refused.Load(),
		BytesRead:    p.bytesRead.Load(),
		BytesWritten: p.bytesWritten.Load(),
		WaitTime:     time.Duration(p.waitTime.Load()),
		RunTime:      time.Duration(p.runTime.Load()),
	}
	for _, r := range p.running() {
		s.Running++
		if r.Abandoned {
			s.Abandoned++
		}
	}
	return s
}

// running lists the slots in use.
func (p *Pool) running() []Running { return p.slots.running() }

// enter counts one more piece of work that Close has to wait for.
func (p *Pool) enter() { p.entered.Add(1) }

// leave ends what enter began.
func (p *Pool) leave() {
	if p.entered.Add(-1) == 0 && p.closed.Load() {
		p.tellDrained()
	}
}

func (p *Pool) tellDrained() {
	select {
	case p.drained <- struct{}{}:
	default:
	}
}

// ended counts and logs the end of an operation.
func (p *Pool) ended(t *task, name, path string, began time.Duration, err error) {
	p.done.Add(1)
	if err != nil {
		p.failed.Add(1)
	}
	if p.opts.Logger != nil {
		p.log(t, name, path, clock()-began, err)
	}
}

func (p *Pool) log(ctx context.Context, name, path string, took time.Duration, err error) {
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("op", name),
		slog.String("path", path),
		slog.Duration("duration", took),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
		if !errors.Is(err, context.Canceled) {
			level = slog.LevelWarn
		}
	}
	p.opts.Logger.LogAttrs(ctx, level, "fileops", attrs...)
}

// timeout is how long an operation may take, 0 for ever.
func (p *Pool) timeout(untimed bool) time.Duration {
	if untimed {
		return 0
	}
	return max(0, p.opts.Timeout)
}

// now is the clock, if there is a logger to tell durations.
func (p *Pool) now() time.Duration {
	if p.opts.Logger == nil {
		return 0
	}
	return clock()
}
