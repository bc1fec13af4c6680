package fileops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs"
)

// DefaultPool is the pool of the package-level functions: a [NewPool] with the
// zero [PoolOptions].
var DefaultPool = NewPool(PoolOptions{})

// PoolOptions says how a [Pool] works. The zero value is useful.
//
// A pool tries again, within the operation's context, when a file cannot be
// opened for a reason that may pass. While the process has no descriptors left,
// it tries for 16 seconds if the pool's own operations are under way, which may
// hold some, else for 63 milliseconds. While another process holds a lease on
// the file (a Samba or NFS server), it tries for 4 seconds.
type PoolOptions struct {
	// Workers is how many system-level operations may be in flight at once, and
	// so how many threads a hung disk can hold. 0 means [DefaultWorkers].
	Workers int

	// MaxPending is how many operations may wait for their first slot. The next
	// one gets [ErrOverloaded] at once. 0 means no bound.
	MaxPending int

	// MaxFileSize is the size in bytes of the largest file that is read into
	// memory whole. A larger file gets [ErrTooLarge]. CopyFile and ConcatTo,
	// which stream, ignore it. 0 means no bound but that of memory.
	//
	// A file that does not fit the memory that the process can take, beside all
	// that it holds, gets ErrTooLarge as well. The bounds are GOMEMLIMIT, and on
	// Linux the free memory of the machine and the limits of control groups and
	// setrlimit(2), on Windows the memory that the system can commit, and
	// elsewhere the memory of the machine. Files below 8 MiB are not counted, and
	// other code can take memory meanwhile, so a server should set MaxFileSize.
	MaxFileSize int64

	// Timeout is how long a function or a future may take, with its waits for
	// slots. It works like [context.WithTimeout] on the operation's context,
	// but costs nothing where nothing has to wait. 0 means no bound.
	//
	// It does not apply to ReadFiles and ConcatTo, which go at the pace of
	// their readers, nor to functions given to Submit, though it does apply to
	// the operations that these call on the pool. As with any context, a future
	// whose system call hangs completes only when the call returns: a waiter
	// leaves by the context given to Await.
	Timeout time.Duration

	// Root confines every path: names are relative to it, and none leads
	// outside, not by "..", not by an absolute path, not by a symbolic link.
	// Such a path gets [ErrEscapes]. The pool does not close Root. nil means
	// the whole file system.
	Root *os.Root

	// FS is read in place of the system's files: a zip, an [embed.FS], a bucket.
	// Every operation that reads or lists takes it, with the same order, bounds,
	// errors and cancellation. nil means the system's files.
	//
	// Paths are those of io/fs: separated by slashes on every system, and relative
	// to the top, which is ".". "./a", "a//b" and "b/../a" are cleaned lexically. A
	// path that is absolute, or leads above the top, gets [ErrEscapes], and one of
	// more than 4,096 bytes an error.
	//
	// SaveToFile, SaveChunks and CopyFile are [errors.ErrUnsupported]. OutputFile
	// and OutputDir are files of the system, and with Root they are confined to it.
	// They are never looked for in FS.
	//
	// FS is called from many goroutines at once. A panic in it is an error, a
	// *[PanicError]. After a runtime.Goexit in it, a file may be read again; if that
	// does the same, it is an error, [ErrGoexit]. A call that hangs keeps its slot, so
	// an FS that waits for a network should be a [ContextFS]. A file is regular if
	// Stat and ReadDir call it regular or irregular, and a Size is a hint. An entry
	// that no path can name (it is called "..", or twice the same) is left out and
	// reported as [ErrBadEntry], without OnSkip as an error.
	//
	// For a directory of the system, Root is faster than [os.DirFS] and safer: to
	// open a FIFO in an os.DirFS waits for a writer. Reserve slots for a mount that
	// hangs are not lent beside an FS.
	FS fs.FS

	// Logger gets a record for each operation: a warning if it failed, else a
	// debug record. An operation that its caller cancelled gets a debug record
	// too. A path or an error that is not one line of text is quoted, as in the
	// headers of [Pool.Concat]. A panic in its Handler loses the record and changes
	// nothing else. nil means no logging, at no cost.
	Logger *slog.Logger
}

// A ContextFS is an [fs.FS] whose calls can end before they are done. A pool with
// a ContextFS asks it for an fs.FS for each read or listing, and so a context that
// ends frees the slot, too.
type ContextFS interface {
	fs.FS

	// WithContext returns the same files for calls that end with ctx: Open, the
	// methods of its files, and those of [fs.StatFS], [fs.ReadDirFS] and [FlatFS],
	// which the result may have. It is called often, and must not wait.
	WithContext(ctx context.Context) fs.FS
}

// A FlatFS is an [fs.FS] that lists a whole tree faster than one directory after
// the other, as a bucket does.
type FlatFS interface {
	fs.FS

	// ReadTree returns some of the files below dir, a path of io/fs, and the token
	// of the next ones. The first call has the token "", and the last one returns
	// "". The name of an entry is its path below dir ("sub/a.txt"). Entries are in
	// the order of these names, byte by byte, also from one call to the next; a
	// name out of order is an error. Directories need no entries.
	//
	// An error ends the listing. For a dir that does not exist it should match
	// [fs.ErrNotExist].
	ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error)
}

// DefaultWorkers is the number of workers for a PoolOptions.Workers of 0.
// BenchmarkWorkers shows why: on two cores, 4 workers read cached files as fast
// as 64, while on storage that answers in a millisecond the speed grows with
// the workers.
var DefaultWorkers = max(32, 4*runtime.GOMAXPROCS(0))

// A Pool runs operations on files, a bounded number at a time. Every function
// of this package that takes a context is also a method of Pool: it does the
// same on the pool's workers and within its Root. Make a pool with [NewPool].
// Its methods may be called from many goroutines at once.
//
// The bound counts slots. A slot is the right to make one system-level
// operation: read one file, list one directory, write one file. An operation on
// many files takes a slot for each in turn and holds none in between, so that a
// small read waits for one file of a big job and never for the whole job. Slots
// are given in order of arrival.
//
// A slot is held until its system call returns, even if the caller has given
// up, so a hung disk holds slots and no more threads than slots. On Linux one
// hung mount does not stop the pool: while a call on a mount lasts longer than
// 50 milliseconds and other operations wait, the pool lends itself a quarter
// more slots (rounded up) for operations on other mounts. The spelling of a
// path tells its mount; a symbolic link counts for the mount that it lies on.
// On other systems, give a mount that may hang a pool of its own.
type Pool struct {
	opts    PoolOptions
	fs      vfs.FS         // is read
	saved   vfs.FS         // is written: fs, unless there is a PoolOptions.FS
	paths   vfs.PathSyntax // of fs
	slots   *slots
	outputs outputBounds

	streamSize int64 // the constant; tests have less

	closed  atomic.Bool
	active  atomic.Int64  // operations begun and not ended
	entered atomic.Int64  // those and all their goroutines, for Close
	drained chan struct{} // told when entered falls to 0 after closed
	closing sync.Once     // of the file system

	pending atomic.Int64 // operations that wait for their first slot
	waiting atomic.Int64 // all waits for a slot, those of parts of operations too
	counters
}

// NewPool makes a pool. It starts no goroutine. An unused pool need not be
// closed; Close is for callers that want to wait for the end of its work.
// Negative numbers in opts mean 0.
func NewPool(opts PoolOptions) *Pool {
	files := vfs.System()
	if opts.Root != nil {
		files = vfs.Confined(opts.Root)
	}
	if opts.FS != nil {
		return newReadingPool(opts, vfs.Reading(opts.FS, foreignCalls), files)
	}
	return newPool(opts, files)
}

// newReadingPool makes a pool that reads from one file system and saves to
// another one.
func newReadingPool(opts PoolOptions, files, saved vfs.FS) *Pool {
	p := newPool(opts, files)
	p.saved, p.paths = saved, vfs.SlashPaths
	p.slots.reserve.read = func() mounts.Table { return mounts.Table{} } // no path tells a mount
	return p
}

// newPool makes a pool over any file system. Tests give it one with faults.
func newPool(opts PoolOptions, files vfs.FS) *Pool {
	if opts.Workers <= 0 {
		opts.Workers = DefaultWorkers
	}
	return &Pool{
		opts:       opts,
		fs:         files,
		saved:      files,
		paths:      vfs.NativePaths,
		slots:      &slots{workers: opts.Workers, reserve: newReserve(opts.Workers, files.Path())},
		outputs:    newOutputBounds(),
		streamSize: streamSize,
		drained:    make(chan struct{}, 1),
	}
}

// Close refuses new work, which gets [ErrClosed], and waits until the begun
// work has ended; to end it soon, cancel its contexts first. When ctx ends
// before that, Close returns a *[StuckError] that names the operations still in
// flight. A later Close waits for them again.
func (p *Pool) Close(ctx context.Context) error {
	if err := cmp.Or(p.checkMade(), checkContext(ctx)); err != nil {
		return err
	}
	p.closed.Store(true)
	for p.entered.Load() > 0 {
		select {
		case <-p.drained:
		case <-ctx.Done():
			if p.entered.Load() > 0 {
				return &StuckError{Running: p.slots.running(), Err: ctx.Err()}
			}
		}
	}
	p.tellDrained() // another Close may be waiting too
	var err error
	p.closing.Do(func() { err = p.saved.Close() }) // an FS is its owner's to close
	return err
}

// checkMade returns an *OptionError for a pool that NewPool has not made.
func (p *Pool) checkMade() error {
	if p.slots == nil {
		return &OptionError{"Pool", "Pool{}", "must come from NewPool"}
	}
	return nil
}

// enter counts a goroutine, or an operation, that Close waits for.
func (p *Pool) enter() { p.entered.Add(1) }

// leave undoes enter.
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
		took := clock() - began
		// A panic in the logger's Handler would end the process, and is not the
		// operation's failure.
		_ = protectCall(func() { p.log(t, name, path, took, err) })
	}
}

func (p *Pool) log(ctx context.Context, name, path string, took time.Duration, err error) {
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("op", name),
		slog.String("path", oneLine(path)),
		slog.Duration("duration", took),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", oneLineError(err)))
		if !errors.Is(err, context.Canceled) {
			level = slog.LevelWarn
		}
	}
	p.opts.Logger.LogAttrs(ctx, level, "fileops", attrs...)
}

// logClock is the clock, if there is a logger, which tells durations. Reading
// the clock twice would add a fiftieth to the time of a small read.
func (p *Pool) logClock() time.Duration {
	if p.opts.Logger == nil {
		return 0
	}
	return clock()
}

// timeout returns how long an operation may take, 0 for ever.
func (p *Pool) timeout(untimed bool) time.Duration {
	if untimed {
		return 0
	}
	return max(0, p.opts.Timeout)
}

// A StuckError is what [Pool.Close] returns when its context ends first.
type StuckError struct {
	Running []Running // the calls in flight, in no order; an operation between two calls has none
	Err     error     // the context's error
}

// Running describes a slot in use: a call in flight on the file system.
type Running struct {
	Op, Path  string
	For       time.Duration // since it took its slot
	Abandoned bool          // the caller has given up
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
		fmt.Fprintf(&b, ", %s %s for %v", r.Op, oneLine(r.Path), r.For.Round(time.Millisecond))
	}
	return b.String()
}

// Unwrap returns the context's error.
func (e *StuckError) Unwrap() error { return e.Err }

// Stats is a pool's state and history. Workers to Active describe the moment;
// the rest are totals since the pool was made.
type Stats struct {
	Workers   int // slots, without those lent while a mount hangs
	Running   int // slots in use, abandoned ones included
	Abandoned int // slots whose caller has given up while the system call has not returned
	Waiting   int // waits for a slot
	Active    int // operations begun and not ended; calls that a cancelled one left running do not count

	Done         uint64 // operations ended, without the refused ones
	Failed       uint64 // of these, the ones that ended with an error
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
}

// Running returns the calls in flight, in no order, abandoned ones included. It
// never waits for a disk.
func (p *Pool) Running() []Running {
	if p.checkMade() != nil {
		return nil
	}
	return p.slots.running()
}

// Stats returns the pool's state and totals. It takes about a microsecond and
// never waits for a disk.
func (p *Pool) Stats() Stats {
	if p.checkMade() != nil {
		return Stats{}
	}
	s := Stats{
		Workers:      p.opts.Workers,
		Waiting:      int(p.waiting.Load()),
		Active:       int(p.active.Load()),
		Done:         p.done.Load(),
		Failed:       p.failed.Load(),
		Refused:      p.refused.Load(),
		BytesRead:    p.bytesRead.Load(),
		BytesWritten: p.bytesWritten.Load(),
		WaitTime:     time.Duration(p.slots.waitTime.Load()),
		RunTime:      time.Duration(p.slots.runTime.Load()),
	}
	for _, r := range p.Running() {
		s.Running++
		if r.Abandoned {
			s.Abandoned++
		}
	}
	return s
}
