package fileops

import (
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// This file is the reading ahead of a pipeline: its workers, the queue of
// batches, and their sizes.

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
