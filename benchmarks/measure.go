package main

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"
)

// A run does a job once. It returns a number that must be the same for every
// implementation, such as how many bytes it has read.
type run func() (int64, error)

// A comparison is a job that is ready to be measured.
type comparison struct {
	files int          // in one run, if the job is measured in files per second
	bytes int64        // in one run, if the job is measured in bytes per second
	reset func() error // called before each turn and not timed; may be nil
	ours  run
	peers []peer

	heap int // bytes that the process holds meanwhile, as a server does

	maxAllocs float64 // how many allocations ours may make; 0 = any number
	minRate   float64 // how many bytes per second ours must reach; 0 = any number
}

// A peer is another implementation of the job.
type peer struct {
	name   string
	target float64 // how many times faster ours should be; 0 = no target
	run    run     // nil if it is not available here
}

// A result holds the measurements of one job.
type result struct {
	job
	comparison *comparison
	ours       []time.Duration   // time of one run, for each round
	theirs     [][]time.Duration // the same for each peer; nil = not available
	allocs     float64           // of ours, in one run
	peerAllocs float64           // of the first peer, in one run
}

// An implementation is fileops or a peer while it is measured.
type implementation struct {
	name  string
	run   run
	n     int // runs in a turn
	times *[]time.Duration
}

// implementations lists those that are available, fileops first. Their times
// go to r.
func (c *comparison) implementations(r *result) []*implementation {
	all := []*implementation{{name: "fileops", run: c.ours, times: &r.ours}}
	for i, p := range c.peers {
		if p.run != nil {
			all = append(all, &implementation{name: p.name, run: p.run, times: &r.theirs[i]})
		}
	}
	return all
}

// measure lets each implementation take a turn in each round. A turn repeats
// the run until it has lasted as long as sample.
func (c *comparison) measure(rounds int, sample time.Duration) (*result, error) {
	held := make([]byte, c.heap)
	defer runtime.KeepAlive(held)
	r := &result{comparison: c, theirs: make([][]time.Duration, len(c.peers))}
	all := c.implementations(r)
	if err := c.calibrateAll(all, sample); err != nil {
		return nil, err
	}
	for range rounds {
		for _, impl := range all {
			_, d, err := c.turn(impl.run, impl.n)
			if err != nil {
				return nil, err
			}
			*impl.times = append(*impl.times, d)
		}
	}
	return r, c.countAllocations(r)
}

// calibrateAll calibrates every implementation. It fails if two of them give
// different answers.
func (c *comparison) calibrateAll(all []*implementation, sample time.Duration) error {
	var answer int64
	for i, impl := range all {
		a, n, err := c.calibrate(impl.run, sample)
		switch {
		case err != nil:
			return err
		case i > 0 && a != answer:
			return fmt.Errorf("%s answers %d, fileops %d", impl.name, a, answer)
		}
		answer, impl.n = a, n
	}
	return nil
}

// calibrate finds how many runs make up a turn. It returns the run's answer
// as well.
func (c *comparison) calibrate(f run, sample time.Duration) (answer int64, n int, err error) {
	for n = 1; ; n *= 2 {
		a, d, err := c.turn(f, n)
		if err != nil || d*time.Duration(n) >= sample {
			return a, n, err
		}
	}
}

// turn collects garbage and then runs f n times. It returns the last answer
// and the mean time of a run.
func (c *comparison) turn(f run, n int) (answer int64, d time.Duration, err error) {
	if c.reset != nil {
		if err := c.reset(); err != nil {
			return 0, 0, err
		}
	}
	runtime.GC()
	start := time.Now()
	for range n {
		if answer, err = f(); err != nil {
			return 0, 0, err
		}
	}
	return answer, time.Since(start) / time.Duration(n), nil
}

// countAllocations counts the allocations of fileops and of the first peer if
// the comparison has a limit for them.
func (c *comparison) countAllocations(r *result) (err error) {
	if c.maxAllocs == 0 {
		return nil
	}
	if r.allocs, err = allocations(c.ours); err != nil || len(c.peers) == 0 {
		return err
	}
	r.peerAllocs, err = allocations(c.peers[0].run)
	return err
}

// allocations counts the allocations of one run.
func allocations(f run) (float64, error) {
	var err error
	n := testing.AllocsPerRun(10, func() {
		if _, e := f(); e != nil {
			err = e
		}
	})
	return n, err
}

// median returns the middle of the times.
func median(times []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(times))
	return s[len(s)/2]
}

// ratios returns how many times faster ours was than theirs: the median of the
// rounds and its quartiles, which show how noisy the machine was.
func ratios(ours, theirs []time.Duration) (low, mid, high float64) {
	rs := make([]float64, len(ours))
	for i := range ours {
		rs[i] = float64(theirs[i]) / float64(ours[i])
	}
	slices.Sort(rs)
	return rs[len(rs)/4], rs[len(rs)/2], rs[len(rs)*3/4]
}
