package mounts

import (
	"math"
	"sync/atomic"
	"time"
)

// A cache answers from the Table that was read last. It reads the list anew on
// another goroutine while it is asked and the Table is old. It has no timer: a
// timer that is made in a bubble of testing/synctest may never fire.
type cache struct {
	read    func() Table
	last    atomic.Pointer[reading]
	reading atomic.Bool // a goroutine is reading
}

// A reading is a Table and the time when its reading began.
type reading struct {
	Table
	at time.Duration
}

const (
	freshAge = time.Second     // an older Table is read anew
	validAge = 2 * time.Second // a Table of this age answers nothing
)

// local reports whether a path is known to lie on a local file system.
func (c *cache) local(name string) bool {
	last := c.last.Load()
	age := last.age()
	if age > freshAge && c.reading.CompareAndSwap(false, true) {
		go c.refresh()
	}
	if age >= validAge {
		return false
	}
	_, local := last.find(name)
	return local
}

// refresh reads the list. Only one goroutine at a time calls it.
func (c *cache) refresh() {
	defer c.reading.Store(false)
	at := clock()
	c.last.Store(&reading{c.read(), at})
}

// age returns how old the reading is. One from the future is as old as can be:
// it was made by the other clock, in a bubble or outside of it.
func (r *reading) age() time.Duration {
	if r == nil {
		return math.MaxInt64
	}
	age := clock() - r.at
	if age < 0 {
		return math.MaxInt64
	}
	return age
}

// clock returns the time since the process began. In a bubble of
// testing/synctest it returns the time of the bubble, which is years earlier.
func clock() time.Duration { return time.Since(began) }

var began = time.Now()
