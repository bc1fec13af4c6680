package main

import (
	"net/http"
	"sync"
	"time"
)

// A load is a number of connections that send requests to a server.
type load struct {
	connections int
	script      script
	// every is the time between two requests of a connection; 0 means that a
	// request follows the last answer at once.
	every time.Duration
	// ramp is the time over which the connections start, one after the other.
	ramp time.Duration
	// patience is how long a connection waits for an answer before it hangs up
	// and opens a new one; 0 means longPatience.
	patience time.Duration
}

const (
	longPatience = 30 * time.Second
	// retryAfter is when a client asks again after an answer of 503. It is the
	// server's Retry-After header.
	retryAfter = time.Second
)

// run loads a server until stop is closed.
func (l load) run(addr string, stop <-chan struct{}) outcome {
	if l.patience == 0 {
		l.patience = longPatience
	}
	began := time.Now()
	outcomes := make([]outcome, l.connections)
	var wait sync.WaitGroup
	for i := range outcomes {
		wait.Go(func() { outcomes[i] = l.connection(addr, i, stop) })
	}
	wait.Wait()
	all := outcome{took: time.Since(began)}
	for _, o := range outcomes {
		all.add(o)
	}
	return all
}

// runFor loads a server for some time.
func (l load) runFor(addr string, d time.Duration) outcome {
	stop := make(chan struct{})
	time.AfterFunc(d, func() { close(stop) })
	return l.run(addr, stop)
}

// connection sends the requests of one connection, one after the other.
func (l load) connection(addr string, id int, stop <-chan struct{}) (o outcome) {
	c := &client{addr: addr}
	defer c.close()
	defer c.closeAt(stop)()
	// The first requests are spread evenly over the ramp, or over the first
	// interval.
	due := time.Now().Add(max(l.ramp, l.every) * time.Duration(id) / time.Duration(l.connections))
	for n := 0; sleepUntil(due, stop); n++ {
		// If the last answer came after this request was due, the client has
		// waited since then. Its latency begins there.
		asked := time.Now()
		if l.every > 0 && n > 0 && c.answered.After(due) {
			asked = due
		}
		code, err := c.ask(l.script(id, n), l.patience)
		c.answered = time.Now()
		if isClosed(stop) { // the end of the load may be why the request failed
			return o
		}
		o.count(c.answered.Sub(asked), code, err)
		due = l.next(due, c.answered, code)
	}
	return o
}

// next returns when the next request is due, after an answer with this code.
func (l load) next(due, answered time.Time, code int) time.Time {
	switch {
	case code == http.StatusServiceUnavailable:
		return answered.Add(retryAfter)
	case l.every == 0:
		return answered
	}
	return due.Add(l.every)
}

// sleepUntil returns true at the time due, or false when stop is closed.
func sleepUntil(due time.Time, stop <-chan struct{}) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return !isClosed(stop)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}

// isClosed reports whether a channel is closed.
func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
