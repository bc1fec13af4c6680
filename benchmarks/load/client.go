package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A load is what some connections ask of a server.
type load struct {
	connections int
	script      script
	// every is how often a connection asks; 0 means again as soon as it is
	// answered.
	every time.Duration
	// ramp is the time over which the connections begin, one after the other.
	ramp time.Duration
	// patience is how long a connection waits for an answer before it hangs up
	// and makes a new one.
	patience time.Duration
}

const (
	longPatience = 30 * time.Second
	// retryAfter is when a client asks again that was told 503: as it is told.
	retryAfter = time.Second
)

// An outcome is what a load has met.
type outcome struct {
	latencies []time.Duration // of the requests that were answered with success
	shed      int             // answered 503
	gaveUp    int             // not answered in time
	failed    int             // anything else
	took      time.Duration
	cpu       time.Duration // of the server, meanwhile
}

// add adds what was met at the same time.
func (o *outcome) add(other outcome) {
	o.latencies = append(o.latencies, other.latencies...)
	o.shed += other.shed
	o.gaveUp += other.gaveUp
	o.failed += other.failed
	o.cpu += other.cpu
}

// join adds what was met at another time.
func (o *outcome) join(other outcome) {
	o.add(other)
	o.took += other.took
}

// perSecond is how many requests succeeded in a second.
func (o *outcome) perSecond() float64 { return float64(len(o.latencies)) / o.took.Seconds() }

// cpuEach is what a request that succeeded has cost the server.
func (o *outcome) cpuEach() time.Duration {
	return o.cpu / time.Duration(max(1, len(o.latencies)))
}

// quantile returns the latency that a fraction of the answers did not exceed.
func (o *outcome) quantile(q float64) time.Duration {
	if len(o.latencies) == 0 {
		return 0
	}
	slices.Sort(o.latencies)
	return o.latencies[min(len(o.latencies)-1, int(q*float64(len(o.latencies))))]
}

// run loads a server until stop is closed.
func (l load) run(addr string, stop <-chan struct{}) outcome {
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

// connection is one client: what it asks, it asks over one connection, one
// request after the other.
func (l load) connection(addr string, id int, stop <-chan struct{}) (o outcome) {
	c := &client{addr: addr}
	defer c.close()
	unhook := hangUpAt(stop, c)
	defer unhook()
	patience := l.patience
	if patience == 0 {
		patience = longPatience
	}
	// They begin spread evenly over the ramp, or over the first interval.
	due := time.Now().Add(max(l.ramp, l.every) * time.Duration(id) / time.Duration(l.connections))
	for n := 0; ; n++ {
		if !sleepUntil(due, stop) {
			return o
		}
		// A client that could not ask in time, because it was still waiting
		// for its last answer, has waited since then.
		asked := time.Now()
		if l.every > 0 && n > 0 && c.answered.After(due) {
			asked = due
		}
		code, err := c.ask(l.script(id, n), patience)
		c.answered = time.Now()
		due = due.Add(l.every)
		if l.every == 0 {
			due = c.answered
		}
		select {
		case <-stop: // which may be why it failed
			return o
		default:
		}
		switch {
		case isTimeout(err):
			o.gaveUp++
		case err != nil:
			o.failed++
		case code == http.StatusServiceUnavailable:
			o.shed++
			due = c.answered.Add(retryAfter)
		case code >= 300:
			o.failed++
		default:
			o.latencies = append(o.latencies, c.answered.Sub(asked))
		}
	}
}

// sleepUntil returns false if stop is closed.
func sleepUntil(due time.Time, stop <-chan struct{}) bool {
	wait := time.Until(due)
	if wait <= 0 {
		select {
		case <-stop:
			return false
		default:
			return true
		}
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

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// A client is one connection, as cheap as it can be: it shares the processors
// with the server.
type client struct {
	addr     string
	answered time.Time // last

	mu     sync.Mutex
	closed bool
	conn   net.Conn
	reader *bufio.Reader
}

// ask makes a request and reads all of the answer.
func (c *client) ask(request []byte, patience time.Duration) (code int, err error) {
	r, err := c.begin(request, patience)
	if err == nil {
		code = r.StatusCode
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		c.hangUp()
	}
	return code, err
}

// begin makes a request and reads the head of the answer.
func (c *client) begin(request []byte, patience time.Duration) (*http.Response, error) {
	if err := c.connect(); err != nil {
		return nil, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.reader, nil)
}

func (c *client) connect() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return net.ErrClosed
	}
	c.conn, c.reader = conn, bufio.NewReaderSize(conn, 16<<10)
	return nil
}

// hangUp ends the connection; the next request makes another.
func (c *client) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// close ends the client. Any goroutine may call it.
func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.conn != nil {
		c.conn.Close()
	}
}

// hangUpAt closes a client when stop is closed, so that no long answer is
// waited for.
func hangUpAt(stop <-chan struct{}, c *client) (unhook func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-stop:
			c.close()
		case <-done:
		}
	}()
	return func() { close(done) }
}
