package fileops

import (
	"iter"
	"time"
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
