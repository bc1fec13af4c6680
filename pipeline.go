package fileops

import (
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/errgroup"
)

// This file is the pipeline of all operations on many files: a feed gives the
// sources, workers load small files ahead, in batches, and the operation's own
// goroutine consumes the results in order.

// The bounds of the read-ahead. A file above aheadLimit is left to the consumer,
// and a batch stops reading at batchBytes. So a batch holds at most 2 MiB, and
// there are 16 of them or two for each worker (see depth): some MiB in all, or
// 128 MiB if slow storage has called in 32 workers and all files are of the
// worst size.
const (
	aheadLimit = 1 << 20
	batchBytes = 1 << 20
	batchFiles = 16

	// batchTarget is the size that batches aim at: large enough to make the
	// hand-over cheap, small enough not to be waited for.
	batchTarget = 128 << 10

	// aheadBytes is the memory of all batches at which nothing more is loaded
	// ahead.
	aheadBytes = 16 << 20

	// slowItem is the time for an item above which the storage counts as slow,
	// if the consumer waits for the batch. Then the pipeline doubles its workers.
	// Cached files need few workers, slow storage needs many: with one more worker a
	// wait, a bucket that answers in 20 ms gives 1,200 files a second to 64 workers
	// instead of 1,700 (BenchmarkLatency of module cloud; Xeon, 2 cores, go1.26.8).
	slowItem = 500 * time.Microsecond

	// slowBatch is the time that a batch of slow items aims at, so that all workers
	// have some.
	slowBatch = 10 * time.Millisecond
)

// A batch is a run of items that one worker loads, one after the other.
type batch[S, T any] struct {
	part[S, T]
	files vfs.FS // to load from
	texts slab   // memory for load to keep texts in
	bytes int64  // loaded
	held  int64  // memory that load made of these, besides data, if it counts that

	filled int     // the items that are loaded, or large
	large  []place // those that are too large to be read ahead
	took   time.Duration
	ready  chan struct{}
}

// A place is an item's index in its batch and where its data would begin.
type place struct{ item, data int }

// A part is a run of loaded items, in order, as the consumer gets them.
type part[S, T any] struct {
	sources  []S
	items    []T    // one for each source
	data     []byte // the bytes that load appended for these items
	tooLarge bool   // the part is one item that was not loaded, because it is too large for that
}

// A loader loads a source into a batch: it fills item, appends to the batch's
// data and counts the bytes that the item holds. For a file of more than limit
// bytes it returns false and changes nothing.
type loader[S, T any] func(b *batch[S, T], s S, item *T, limit int64) bool

// A pipeline loads the sources of a feed by a few workers.
type pipeline[S, T any] struct {
	task *task
	feed feed[S]
	load loader[S, T]

	// A file of more than ahead bytes is not loaded ahead. It is loaded when its
	// turn comes, up to the size whole, and yielded as a part of its own.
	ahead, whole int64
}

// parts yields the items in order. A part is valid until the next one. An error is
// the last: of the feed, or of the task's context. Then the part has the first
// source that was not loaded, if it is known.
func (p *pipeline[S, T]) parts() iter.Seq2[part[S, T], error] {
	return func(yield func(part[S, T], error) bool) {
		r := newReader(p)
		defer r.stop()
		for {
			b, err := r.next()
			if err != nil {
				yield(r.unloaded(), err)
				return
			}
			if b == nil {
				r.recycle()
				return
			}
			for part, err := range p.split(b) {
				if !yield(part, err) || err != nil {
					return
				}
			}
			r.account(b)
		}
	}
}

// split yields the items of a batch. It loads those that are too large to be
// loaded ahead.
func (p *pipeline[S, T]) split(b *batch[S, T]) iter.Seq2[part[S, T], error] {
	return func(yield func(part[S, T], error) bool) {
		item, data := 0, 0 // the first ones not yielded
		for _, l := range b.large {
			ahead := part[S, T]{sources: b.sources[item:l.item], items: b.items[item:l.item], data: b.data[data:l.data]}
			if len(ahead.items) > 0 && !yield(ahead, nil) {
				return
			}
			if !yield(p.loadLarge(b.sources[l.item : l.item+1])) {
				return
			}
			item, data = l.item+1, l.data
		}
		if item < len(b.items) {
			yield(part[S, T]{sources: b.sources[item:], items: b.items[item:], data: b.data[data:]}, nil)
		}
	}
}

// loadLarge loads one source on its own.
func (p *pipeline[S, T]) loadLarge(source []S) (part[S, T], error) {
	loaded, err := aside(p.task, func() (part[S, T], error) {
		b := batch[S, T]{part: part[S, T]{items: make([]T, 1)}, files: p.task.files()}
		b.tooLarge = !p.load(&b, source[0], &b.items[0], p.whole)
		return b.part, nil
	})
	loaded.sources = source // also if the task was cancelled
	return loaded, err
}

// fanOut is the number of goroutines with which an operation on many files
// begins: as many as there are processors and no more, so that a small read of
// another operation does not wait behind many.
func fanOut(p *Pool) int { return min(p.opts.Workers, runtime.GOMAXPROCS(0)) }

// firstWorkers is the number of workers with which readAhead begins. The
// consumer of a stream is busy writing, so it counts as one of fanOut: with a
// worker for each processor beside it, a stream is a tenth faster, but the
// latency of other requests rises fourfold (benchmarks/load, scenario c).
func firstWorkers(t *task) int {
	if t.streams {
		return max(1, fanOut(t.pool)-1)
	}
	return fanOut(t.pool)
}

// A reader is the state of a pipeline that runs.
type reader[S, T any] struct {
	*pipeline[S, T]

	queue   []*batch[S, T] // given to the workers, in order
	spare   []*batch[S, T]
	ended   error // of the feed: nil until it has ended, errFeedEnded if it has no more
	total   int   // of sources, -1 if that is unknown
	began   int   // batches given so far
	limit   int   // workers at most
	workers int
	work    chan *batch[S, T] // never full: it has room for the whole queue
	group   errgroup.Group
	quit    atomic.Bool
	held    atomic.Int64 // bytes in all batches

	files, bytes int64         // loaded so far
	slow         time.Duration // for an item of the slowest batch that was waited for
}

var errFeedEnded = errors.New("the feed has ended")

func newReader[S, T any](p *pipeline[S, T]) *reader[S, T] {
	r := &reader[S, T]{pipeline: p, limit: p.task.pool.opts.Workers, total: p.feed.left()}
	if r.total >= 0 {
		r.limit = min(r.limit, r.total)
	}
	r.work = make(chan *batch[S, T], max(2*r.limit, 16))
	for range min(r.limit, firstWorkers(p.task)) {
		r.addWorker()
	}
	return r
}

// next returns the next batch, or nil if there is none. It fails when the context
// ends, and when the feed does after all that it gave.
func (r *reader[S, T]) next() (*batch[S, T], error) {
	for len(r.queue) < r.depth() && r.ended == nil && r.give() {
	}
	if len(r.queue) == 0 {
		if r.ended == errFeedEnded {
			return nil, nil
		}
		return nil, r.ended
	}
	b := r.queue[0]
	select {
	case <-b.ready:
	default:
		select {
		case <-b.ready:
		case <-r.task.Done():
			return nil, r.task.Err()
		}
		if each := b.took / time.Duration(len(b.items)); each > slowItem {
			r.callIn(each)
		}
	}
	r.queue = r.queue[1:]
	return b, nil
}

// callIn doubles the workers, for items that take so long each.
func (r *reader[S, T]) callIn(each time.Duration) {
	r.slow = max(r.slow, each)
	for range min(r.workers, r.limit-r.workers) {
		r.addWorker()
	}
}

// unloaded is an empty part with the first source that was not loaded, if there is
// one.
func (r *reader[S, T]) unloaded() (p part[S, T]) {
	if len(r.queue) > 0 {
		p.sources = r.queue[0].sources[:1]
	}
	return p
}

// depth is the number of batches that are loaded or wait for the consumer.
func (r *reader[S, T]) depth() int { return max(2*r.workers, min(8*r.workers, 16)) }

// give hands the next sources to the workers. It waits for the feed only if there
// is nothing else to do. It reports whether it had sources.
func (r *reader[S, T]) give() bool {
	b := r.newBatch()
	for size := r.batchSize(); len(b.sources) < size; {
		wait := len(r.queue) == 0 && len(b.sources) == 0
		s, ok, err := r.feed.next(wait)
		if !ok {
			if r.ended = err; err == nil && wait {
				r.ended = errFeedEnded
			}
			break
		}
		b.sources = append(b.sources, s)
	}
	if len(b.sources) == 0 {
		r.spare = append(r.spare, b)
		return false
	}
	b.items = slices.Grow(b.items, len(b.sources))[:len(b.sources)]
	clear(b.items)
	r.began++
	r.queue = append(r.queue, b)
	r.work <- b
	return true
}

// newBatch returns an empty batch.
func (r *reader[S, T]) newBatch() *batch[S, T] {
	last := len(r.spare) - 1
	if last < 0 {
		b := &batch[S, T]{ready: make(chan struct{}, 1)}
		if data, ok := recycled.Get().(*[]byte); ok {
			b.data = *data
		}
		return b
	}
	b := r.spare[last]
	r.spare = r.spare[:last]
	b.sources, b.items, b.data, b.large = b.sources[:0], b.items[:0], b.data[:0], b.large[:0]
	b.bytes, b.held, b.filled = 0, 0, 0
	if cap(b.data) > 2*batchBytes { // a few of them would be much
		b.data = nil
	}
	return b
}

// recycled holds the data of batches from one pipeline to the next. A caller that
// has broken out of a loop may still look at its last data, so only a pipeline that
// has come to its end recycles. Without that BenchmarkScanFiles takes a tenth to a
// quarter longer and allocates three times the memory (Xeon, 2 cores, go1.26.8).
var recycled sync.Pool

func (r *reader[S, T]) recycle() {
	for _, b := range r.spare {
		if data := b.data[:0]; cap(data) > 0 {
			recycled.Put(&data)
		}
	}
}

// size is the memory that the batch holds.
func (b *batch[S, T]) size() int64 { return max(b.bytes, b.held+int64(len(b.data))) }

// batchSize is the number of items that make a batch of about batchTarget bytes,
// judged by those so far, but so few that each worker gets some: where their
// number is unknown, the first batches are small.
func (r *reader[S, T]) batchSize() int {
	share := 1 << min(r.began/r.workers, 4)
	if r.total >= 0 {
		share = r.total / (2 * r.workers)
	}
	size := min(batchFiles, share)
	if r.files > 0 {
		size = min(size, int(batchTarget/max(1, r.bytes/r.files)))
	}
	if r.slow > 0 {
		size = min(size, int(slowBatch/r.slow))
	}
	return max(1, size)
}

// account takes a consumed batch back.
func (r *reader[S, T]) account(b *batch[S, T]) {
	r.files += int64(len(b.items))
	r.bytes += b.bytes
	r.held.Add(-b.size())
	r.spare = append(r.spare, b)
}

func (r *reader[S, T]) addWorker() {
	r.workers++
	r.task.pool.enter()
	r.group.Go(func() error {
		defer r.task.pool.leave()
		for b := range r.work {
			if r.quit.Load() {
				return nil
			}
			r.fill(b)
			b.ready <- struct{}{}
		}
		return nil
	})
}

// fill loads the items of a batch that fit.
func (r *reader[S, T]) fill(b *batch[S, T]) {
	began := clock()
	files := r.task.files()
	if vfs.IsGuarded(files) {
		r.fillGuarded(b, files)
	} else {
		r.fillFrom(b, files)
	}
	b.took = clock() - began
}

// fillGuarded loads the items together. One that ends the goroutine of all is loaded
// again, alone. With every item alone, BenchmarkFS/ScanFiles/os.DirFS allocates three
// times as often and takes 73 to 109 ms instead of 65 to 79 (Xeon, 2 cores, go1.26.8).
func (r *reader[S, T]) fillGuarded(b *batch[S, T], files vfs.FS) {
	for !vfs.Together(files, func(files vfs.FS) { r.fillFrom(b, files) }) {
		r.fillItem(b, files)
	}
}

// fillFrom loads the items that are not loaded yet.
func (r *reader[S, T]) fillFrom(b *batch[S, T], files vfs.FS) {
	for b.filled < len(b.items) && !r.quit.Load() {
		r.fillItem(b, files)
	}
}

// fillItem loads the next item, if it fits.
func (r *reader[S, T]) fillItem(b *batch[S, T], files vfs.FS) {
	i, at, size := b.filled, len(b.data), b.size()
	b.files = files
	if b.bytes >= batchBytes || r.held.Load() >= aheadBytes || !r.load(b, b.sources[i], &b.items[i], r.ahead) {
		b.large = append(b.large, place{i, at})
	}
	b.filled++
	r.held.Add(b.size() - size)
}

// stop ends the workers. It does not wait for a hung one.
func (r *reader[S, T]) stop() {
	r.quit.Store(true)
	close(r.work)
	waitBriefly(func() { r.group.Wait() })
}
