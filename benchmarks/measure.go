package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"testing"
	"time"
)

// A run does a work once. It returns a number that every contender must
// agree on, such as how many bytes it read.
type run func() (int64, error)

// A contest is a work that is ready to be measured.
type contest struct {
	files int          // in one run, where files a second say most
	bytes int64        // in one run, where bytes a second say most
	reset func() error // not timed, before each turn; may be nil
	ours  run
	peers []peer

	heap int // bytes that the process holds besides, as a server does

	maxAllocs float64 // how many allocations ours may make; 0 = any
	minRate   float64 // how many bytes a second ours has to do; 0 = any
}

// A peer is somebody else's way to do the work.
type peer struct {
	name   string
	target float64 // by how much ours should be faster at least; 0 = no matter
	run    run     // nil where it is not available
}

// A result is what came out of a contest.
type result struct {
	work
	contest   *contest
	ours      []time.Duration   // time of one run, for each round
	theirs    [][]time.Duration // the same for each peer; nil = not available
	allocs    float64           // ours, in one run
	allocsOne float64           // the first peer's
}

// measure lets the contenders take turns, rounds times each. A turn repeats
// the run until at least the sample's time has gone by.
func (c *contest) measure(rounds int, sample time.Duration) (*result, error) {
	held := make([]byte, c.heap)
	defer runtime.KeepAlive(held)
	r := &result{contest: c, theirs: make([][]time.Duration, len(c.peers))}
	type contender struct {
		name  string
		run   run
		n     int
		times *[]time.Duration
	}
	contenders := []*contender{{name: "fileops", run: c.ours, times: &r.ours}}
	for i, p := range c.peers {
		if p.run != nil {
			contenders = append(contenders, &contender{name: p.name, run: p.run, times: &r.theirs[i]})
		}
	}

	var answer int64
	for i, ct := range contenders {
		a, n, err := c.calibrate(ct.run, sample)
		switch {
		case err != nil:
			return nil, err
		case i > 0 && a != answer:
			return nil, fmt.Errorf("%s answers %d, fileops %d", ct.name, a, answer)
		}
		answer, ct.n = a, n
	}
	for range rounds {
		for _, ct := range contenders {
			_, d, err := c.turn(ct.run, ct.n)
			if err != nil {
				return nil, err
			}
			*ct.times = append(*ct.times, d)
		}
	}

	if c.maxAllocs > 0 {
		var err error
		if r.allocs, err = c.allocations(c.ours); err != nil {
			return nil, err
		}
		if len(c.peers) > 0 {
			if r.allocsOne, err = c.allocations(c.peers[0].run); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// calibrate finds how many runs make up a turn. It returns the run's answer
// as well.
func (c *contest) calibrate(f run, sample time.Duration) (answer int64, n int, err error) {
	for n = 1; ; n *= 2 {
		a, d, err := c.turn(f, n)
		if err != nil || d*time.Duration(n) >= sample {
			return a, n, err
		}
	}
}

// turn runs f n times, on a heap just collected. It returns the last answer
// and the time of one run.
func (c *contest) turn(f run, n int) (answer int64, d time.Duration, err error) {
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

// allocations counts the allocations of one run.
func (c *contest) allocations(f run) (float64, error) {
	var err error
	n := testing.AllocsPerRun(10, func() {
		if _, e := f(); e != nil {
			err = e
		}
	})
	return n, err
}

// profile runs our side of the works that match, for a few seconds each, and
// writes the CPU profile to a file.
func profile(in *inputs, match *regexp.Regexp, path string) error {
	type side struct {
		contest *contest
		n       int // runs in a turn
	}
	var sides []side
	for _, w := range works(in) {
		if !match.MatchString(w.name) {
			continue
		}
		c, err := w.prepare()
		if err != nil {
			return err
		}
		_, n, err := c.calibrate(c.ours, 200*time.Millisecond)
		if err != nil {
			return err
		}
		sides = append(sides, side{c, n})
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	for _, s := range sides {
		for start := time.Now(); err == nil && time.Since(start) < 3*time.Second; {
			_, _, err = s.contest.turn(s.contest.ours, s.n)
		}
	}
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// median returns the middle of the times.
func median(times []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(times))
	return s[len(s)/2]
}

// ratios returns how much faster ours was than theirs: the median of the
// rounds, and the quartiles, which tell how noisy the machine was.
func ratios(ours, theirs []time.Duration) (low, mid, high float64) {
	rs := make([]float64, len(ours))
	for i := range ours {
		rs[i] = float64(theirs[i]) / float64(ours[i])
	}
	slices.Sort(rs)
	return rs[len(rs)/4], rs[len(rs)/2], rs[len(rs)*3/4]
}
