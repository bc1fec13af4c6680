package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// hungDisk has 24 clients read from a healthy disk and 8 clients from a hung
// one. These hang up after a while and ask again.
func (b *bench) hungDisk() error {
	return b.withBoth(func(servers []*server) error {
		unmount, err := b.mount(hanging)
		if err != nil {
			return err
		}
		header(b.w, "hung disk")
		healthy := load{connections: 24, script: smallReads, every: 20 * time.Millisecond}
		hung := load{connections: 8, script: always(get("/file/mount/x.txt")), every: 20 * time.Millisecond, patience: 100 * time.Millisecond}
		quiet := b.measureBoth("not asked for", servers, healthy)
		var besideHung []outcome
		for _, s := range servers {
			beside(s, hung, func() { besideHung = append(besideHung, b.measure("by 8 of 32 clients", party{s, healthy})...) })
		}
		before, after := quiet[0].quantile(.99), besideHung[0].quantile(.99)
		goal(b.w, after <= 2*before, "healthy p99 within 2 times the quiet one: %s to %s", ms(after), ms(before))
		return unmount()
	})
}

// overload measures a slow disk with as many clients as it can serve, and with
// many more.
func (b *bench) overload() (err error) {
	unmount, err := b.mount(slow)
	if err != nil {
		return err
	}
	var servers []*server
	defer func() { err = errors.Join(err, unmount(), stopAll(servers)) }()
	header(b.w, "clients")
	most := slices.Max(b.connections)
	bounded := func() (*server, error) { return b.ours("-max-pending", "64") }
	var p99 []time.Duration
	for _, c := range []struct {
		name    string
		start   func() (*server, error)
		clients int
	}{
		{"fileops, MaxPending 64", bounded, 64},
		{"fileops, MaxPending 64", bounded, most},
		{"fileops, no bound", func() (*server, error) { return b.ours("-max-pending", "0") }, most},
		{"plain", func() (*server, error) { return b.plain("plain") }, most},
	} {
		s, err := c.start()
		if err != nil {
			return err
		}
		s.name = c.name
		servers = append(servers, s)
		l := load{connections: c.clients, script: always(get("/file/mount/x.txt")), ramp: b.round}
		o := s.under(l, time.Duration(b.rounds)*b.round)
		row{s, strconv.Itoa(c.clients), o}.print(b.w)
		p99 = append(p99, o.quantile(.99))
	}
	fmt.Fprintf(b.w, "\nThe disk serves %d at once, %v each: %s requests/s at most.\n", slowDepth, slowOpen, grouped(slowDepth*int(time.Second/slowOpen)))
	goal(b.w, p99[1] <= 2*p99[0], "admitted requests keep their p99 within 2 times: %s to %s", ms(p99[1]), ms(p99[0]))
	return nil
}

// departures is how often a client leaves in each row of leaving.
const departures = 20

// leaving measures how long the server works for a client that has hung up.
func (b *bench) leaving() (err error) {
	s, err := b.ours()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	fmt.Fprintln(b.w, "| request | times | work ended after, median | at most |\n|---|--:|--:|--:|")
	var worst time.Duration
	for _, c := range []struct {
		name    string
		request []byte
		begin   func(*client, []byte) error
	}{
		{"Concat of " + grouped(b.tree.many) + " files, 64 KiB taken", concat("many")(0, 0), takeSome},
		{"Concat of " + grouped(b.tree.many) + " files, at once", concat("many")(0, 0), takeNothing},
		{"Chunk of 1 MiB, at once", chunks(0, 0), takeNothing},
	} {
		var took []time.Duration
		for range departures {
			d, err := leave(s, c.request, c.begin)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		slices.Sort(took)
		fmt.Fprintf(b.w, "| %s | %d | %s | %s |\n", c.name, len(took), ms(took[len(took)/2]), ms(took[len(took)-1]))
		worst = max(worst, took[len(took)-1])
	}
	goal(b.w, worst < 100*time.Millisecond, "the work has ended within 100 ms: %s", ms(worst))
	return nil
}

// takeSome sends a request and reads 64 KiB of the answer.
func takeSome(c *client, request []byte) error {
	r, err := c.begin(request, longPatience)
	if err == nil {
		_, err = io.CopyN(io.Discard, r.Body, 64<<10)
	}
	return err
}

// takeNothing sends a request and gives the server a little time to begin.
func takeNothing(c *client, request []byte) error {
	if err := c.connect(); err != nil {
		return err
	}
	_, err := c.conn.Write(request)
	time.Sleep(2 * time.Millisecond)
	return err
}

// leave begins a request and hangs up. It returns how long the server went on
// with the work. begin sends the request and reads a part of the answer.
func leave(s *server, request []byte, begin func(*client, []byte) error) (time.Duration, error) {
	leaver, watcher := &client{addr: s.addr}, &client{addr: s.addr}
	defer watcher.close()
	if _, err := watcher.stats(); err != nil { // opens the watcher's connection
		return 0, err
	}
	if err := begin(leaver, request); err != nil {
		return 0, err
	}
	leaver.close()
	left := time.Now()
	for {
		stats, err := watcher.stats()
		if err != nil || stats.Active == 0 {
			return time.Since(left), err
		}
	}
}
