package fileops

import (
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// This file is the pipeline of all operations on many files: workers read small
// files ahead, in batches, and the operation's own goroutine consumes the
// results in order.

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

	// slowItem is the time for an item above which the storage counts as slow,
	// if the consumer waits for the batch. Then the pipeline calls in another
	// worker. Cached files need few workers, slow storage needs many.
	slowItem = 500 * time.Microsecond
)

// A batch is a run of items that one worker loads, one after the other.
type batch[T any] struct {
	part[T]
	texts slab  // memory for load to keep texts in
	bytes int64 // held by the items

	large []place // the items that are too large to be read ahead
	took  time.Duration
	ready chan struct{}
}

// A place is an item's index in its batch and where its data would begin.
type place struct{ item, data int }

// A part is a run of loaded items, in order, as the consumer gets them.
type part[T any] struct {
	first    int // the number of the first item
	items    []T
	data     []byte // the bytes that load appended for these items
	tooLarge bool   // the part is one item that was not loaded, because it is too large for that
}

// A loader loads item i into a batch: it fills item, appends to the batch's data
// and counts the bytes that the item holds. For a file of more than limit bytes
// it returns false and changes nothing.
type loader[T any] func(b *batch[T], i int, item *T, limit int64) bool

// pipeline loads the items 0 to n-1 by a few workers and yields them in order. A
// part is valid until the next one. A file that is too large to be read ahead
// is loaded when its turn comes, up to the size whole, and yielded as a part of
// its own.
//
// When the task's context ends, pipeline yields an empty part, which has the
// number of the first item that was not loaded, with the context's error.
func pipeline[T any](t *task, n int, whole int64, load loader[T]) iter.Seq2[part[T], error] {
	return func(yield func(part[T], error) bool) {
		done := 0
		for b := range readAhead(t, n, load) {
			for p, err := range b.parts(t, whole, load) {
				if !yield(p, err) || err != nil {
					return
				}
			}
			done += len(b.items)
		}
		if done < n {
			yield(part[T]{first: done}, t.Err())
		}
	}
}

// parts yields the items of a batch. It loads those that are too large to be
// read ahead.
func (b *batch[T]) parts(t *task, whole int64, load loader[T]) iter.Seq2[part[T], error] {
	return func(yield func(part[T], error) bool) {
		item, data := 0, 0 // the first ones not yielded
		for _, l := range b.large {
			ahead := part[T]{first: b.first + item, items: b.items[item:l.item], data: b.data[data:l.data]}
			if len(ahead.items) > 0 && !yield(ahead, nil) {
				return
			}
			if !yield(loadLarge(t, b.first+l.item, whole, load)) {
				return
			}
			item, data = l.item+1, l.data
		}
		if item < len(b.items) {
			yield(part[T]{first: b.first + item, items: b.items[item:], data: b.data[data:]}, nil)
		}
	}
}

// loadLarge loads an item on its own.
func loadLarge[T any](t *task, i int, whole int64, load loader[T]) (part[T], error) {
	p, err := aside(t, func() (part[T], error) {
		b := batch[T]{part: part[T]{first: i, items: make([]T, 1)}}
		b.tooLarge = !load(&b, i, &b.items[0], whole)
		return b.part, nil
	})
	p.first = i // also if the task was cancelled
	return p, err
}

// readAhead loads items 0 to n-1 by a few workers and yields them in order, a
// batch at a time. A batch is valid until the next one. When the task's context
// ends, readAhead stops.
func readAhead[T any](t *task, n int, load loader[T]) iter.Seq[*batch[T]] {
	return func(yield func(*batch[T]) bool) {
		r := reader[T]{task: t, total: n, load: load}
		r.limit = min(t.pool.opts.Workers, n)
		r.work = make(chan *batch[T], max(2*r.limit, 16))
		for range min(r.limit, firstWorkers(t)) {
			r.addWorker()
		}
		defer r.stop()
		for {
			b := r.next()
			if b == nil || !yield(b) {
				return
			}
			r.account(b)
		}
	}
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

// A reader is the state of one readAhead.
type reader[T any] struct {
	task  *task
	total int
	load  loader[T]

	queue   []*batch[T] // given to the workers, in order
	spare   []*batch[T]
	given   int // items given to the workers
	limit   int // workers at most
	workers int
	work    chan *batch[T] // never full: it has room for the whole queue
	group   errgroup.Group
	quit    atomic.Bool

	files, bytes int64 // loaded so far
}

// next returns the next batch, or nil if there is none or the context ended.
func (r *reader[T]) next() *batch[T] {
	for len(r.queue) < r.depth() && r.given < r.total {
		r.give()
	}
	if len(r.queue) == 0 {
		return nil
	}
	b := r.queue[0]
	select {
	case <-b.ready:
	default:
		select {
		case <-b.ready:
		case <-r.task.Done():
			return nil
		}
		if r.workers < r.limit && b.took > slowItem*time.Duration(len(b.items)) {
			r.addWorker()
		}
	}
	r.queue = r.queue[1:]
	return b
}

// depth is the number of batches that are loaded or wait for the consumer.
func (r *reader[T]) depth() int { return max(2*r.workers, min(8*r.workers, 16)) }

// give hands the next items to the workers.
func (r *reader[T]) give() {
	var b *batch[T]
	if last := len(r.spare) - 1; last >= 0 {
		b, r.spare = r.spare[last], r.spare[:last]
	} else {
		b = &batch[T]{ready: make(chan struct{}, 1)}
	}
	size := min(r.batchSize(), r.total-r.given)
	b.first, b.bytes, b.data, b.large = r.given, 0, b.data[:0], b.large[:0]
	clear(b.items)
	if cap(b.items) < size {
		b.items = make([]T, size)
	}
	b.items = b.items[:size]
	r.given += size
	r.queue = append(r.queue, b)
	r.work <- b
}

// batchSize is the number of items that make a batch of about batchTarget
// bytes, judged by those so far, but so few that each worker gets some.
func (r *reader[T]) batchSize() int {
	share := max(1, r.total/(2*r.workers))
	if r.files == 0 {
		return min(batchFiles, share)
	}
	average := max(1, r.bytes/r.files)
	return max(1, min(batchFiles, share, int(batchTarget/average)))
}

// account takes a consumed batch back.
func (r *reader[T]) account(b *batch[T]) {
	r.files += int64(len(b.items))
	r.bytes += b.bytes
	r.spare = append(r.spare, b)
}

func (r *reader[T]) addWorker() {
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
func (r *reader[T]) fill(b *batch[T]) {
	began := clock()
	for i := range b.items {
		if r.quit.Load() {
			return
		}
		at := len(b.data)
		if b.bytes >= batchBytes || !r.load(b, b.first+i, &b.items[i], aheadLimit) {
			b.large = append(b.large, place{i, at})
		}
	}
	b.took = clock() - began
}

// stop ends the workers. It does not wait for a hung one.
func (r *reader[T]) stop() {
	r.quit.Store(true)
	close(r.work)
	stopped := make(chan struct{})
	go func() {
		r.group.Wait()
		close(stopped)
	}()
	timer := time.NewTimer(unwindTime)
	defer timer.Stop()
	select {
	case <-stopped:
	case <-timer.C:
	}
}
