package fileops

import (
	"iter"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// How far readAhead reads ahead. Files above aheadLimit are left to the
// consumer, and a batch stops reading at batchBytes. So a batch holds at most
// 2 MiB, and there are 16 of them or two for each worker (see depth): some
// MiB in all, or 128 MiB if slow storage has called in 32 workers and files
// are of the worst size.
const (
	aheadLimit = 1 << 20
	batchBytes = 1 << 20
	batchFiles = 16

	// batchTarget is the size that batches aim at: enough work that handing
	// a batch over costs nothing, too little to be waited for.
	batchTarget = 128 << 10

	// slowItem is how long an item takes, of which the consumer then waits for
	// the batch, before the storage counts as slow and another worker is
	// called in. Files in the page cache want few workers, slow storage many.
	slowItem = 500 * time.Microsecond
)

// A batch is a run of items that a worker has loaded: one after the other, so
// that what it costs to hand results over is shared by many.
type batch[T any] struct {
	first int
	items []T
	arena []byte // for load to keep bytes in; reused
	slab  slab   // for load to keep texts in
	bytes int64  // held by the items
	took  time.Duration
	ready chan struct{}
}

// full reports whether the batch should read no more ahead.
func (b *batch[T]) full() bool { return b.bytes >= batchBytes }

// readAhead loads items 0 to n-1 by a few workers and yields them in order, a
// batch at a time; a batch is valid until the next one. load fills item i of
// its batch and adds what it holds to the batch's bytes. When the task's
// context ends, readAhead stops: items that were not yielded were not loaded.
func readAhead[T any](t *task, n int, load func(b *batch[T], i int, item *T)) iter.Seq[*batch[T]] {
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

// fanOut is how many goroutines an operation of many files begins with: as
// many as there are processors and no more, so that a small read of somebody
// else's is not the last in a long line.
func fanOut(p *Pool) int { return min(p.opts.Workers, runtime.GOMAXPROCS(0)) }

// firstWorkers is how many workers readAhead begins with. Where the consumer
// is busy too, writing to a stream, it makes one of fanOut: with a worker for
// each processor beside it the latency of other requests rises fourfold, and
// the stream is a tenth faster. To add that worker where the consumer mostly
// waits was tried: it cost latency again, and gained nothing but for writers
// that do nothing.
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
	load  func(*batch[T], int, *T)

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

// depth is how many batches are with the workers or waiting to be consumed:
// some in hand for each worker while they are few.
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
	b.first, b.bytes, b.arena = r.given, 0, b.arena[:0]
	clear(b.items)
	if cap(b.items) < size {
		b.items = make([]T, size)
	}
	b.items = b.items[:size]
	r.given += size
	r.queue = append(r.queue, b)
	r.work <- b
}

// batchSize is how many items make a batch of about batchTarget bytes, going
// by those so far, and no more than leave each worker something.
func (r *reader[T]) batchSize() int {
	share := max(1, r.total/(2*r.workers))
	if r.files == 0 {
		return min(batchFiles, share)
	}
	average := max(1, r.bytes/r.files)
	return max(1, min(batchFiles, share, int(batchTarget/average)))
}

// account takes a batch back.
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
			began := clock()
			for i := range b.items {
				if r.quit.Load() {
					return nil
				}
				r.load(b, b.first+i, &b.items[i])
			}
			b.took = clock() - began
			b.ready <- struct{}{}
		}
		return nil
	})
}

// stop ends the workers. It does not wait for one that is stuck.
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

// aside makes a blocking call on a goroutine of its own, if the task can be
// cancelled, and returns without it when it is.
func aside[T any](t *task, fn func() (T, error)) (T, error) {
	if t.Done() == nil {
		return fn()
	}
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	t.pool.enter()
	go func() {
		defer t.pool.leave()
		v, err := fn()
		done <- result{v, err}
	}()
	r, ok := receive(t, done)
	if !ok {
		select {
		case r = <-done:
		case <-time.After(unwindTime):
			r.err = t.Err()
		}
	}
	return r.v, r.err
}
