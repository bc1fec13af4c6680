package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// A scenario is a question and how to measure the answer.
type scenario struct {
	letter, title string
	lacks         func() string // what is missing for it, "" for nothing
	run           func(*bench) error
}

func nothing() string { return "" }

var scenarios = []scenario{
	{"a", "Small reads (4 KiB) alone", nothing, (*bench).smallReads},
	{"b", "Small reads beside heavy Concat and Chunk requests", nothing, (*bench).besideHeavy},
	{"c", "Fairness: small reads beside one client's Concat of the large directory", nothing, (*bench).fairness},
	{"d", "A quarter of the files on a hung disk", lacksFUSE, (*bench).hungDisk},
	{"e", "Overload: more clients than a slow disk can serve", lacksFUSE, (*bench).overload},
	{"f", "A client that leaves in the middle of an answer", nothing, (*bench).leaving},
	{"g", "Mixed: reads, ConcatTo streams, chunking and saves", nothing, (*bench).mixed},
}

// steady is a client base that asks at its own pace, far below what the
// servers can do: what it sees is latency, not throughput.
var steady = load{connections: 8, script: smallReads, every: 10 * time.Millisecond}

// A party is a server and the load it gets.
type party struct {
	server *server
	load   load
}

// under loads a server for some time and watches it.
func (s *server) under(l load, d time.Duration) outcome {
	end := s.watch()
	defer end()
	before := s.cpuTime()
	o := l.runFor(s.addr, d)
	o.cpu = s.cpuTime() - before
	return o
}

// compare loads servers in turn, some rounds long, and returns what each has
// met in all rounds. Another begins each round: the first has less luck.
func (b *bench) compare(parties ...party) []outcome {
	all := make([]outcome, len(parties))
	for round := range b.rounds {
		for turn := range parties {
			i := (round + turn) % len(parties)
			o := parties[i].server.under(parties[i].load, b.round)
			all[i].join(o)
		}
	}
	return all
}

// measure compares servers and prints a row of each.
func (b *bench) measure(what string, parties ...party) []outcome {
	outcomes := b.compare(parties...)
	for i, p := range parties {
		row{p.server, what, outcomes[i]}.print(b.w)
	}
	return outcomes
}

// both starts both servers.
func (b *bench) both(args ...string) ([]*server, error) {
	ours, err := b.ours(args...)
	if err != nil {
		return nil, err
	}
	plain, err := b.plain("plain")
	if err != nil {
		ours.stop()
		return nil, err
	}
	return []*server{ours, plain}, nil
}

func (b *bench) smallReads() error {
	// The servers differ by little here: it takes more rounds to tell.
	longer := *b
	longer.rounds *= 2
	header(b.w, "connections")
	for _, n := range b.connections {
		servers, err := b.both()
		if err != nil {
			return err
		}
		defer stopAll(servers)
		static, err := b.plain("http.FileServer")
		if err != nil {
			return err
		}
		defer static.stop()
		l := load{connections: n, script: smallReads}
		o := longer.measure(strconv.Itoa(n), party{servers[0], l}, party{servers[1], l},
			party{static, load{connections: n, script: reads("/static")}})
		ours, plain := o[0].perSecond(), o[1].perSecond()
		defer goal(b.w, ours >= plain, "at least plain's requests/s at %d connections: %s to %s", n, grouped(int(ours)), grouped(int(plain)))
	}
	return nil
}

func (b *bench) mixed() error {
	header(b.w, "connections")
	for _, n := range b.connections {
		servers, err := b.both()
		if err != nil {
			return err
		}
		defer stopAll(servers)
		l := load{connections: n, script: mixed}
		b.measure(strconv.Itoa(n), party{servers[0], l}, party{servers[1], l})
	}
	return nil
}

// beside runs a load on a server in the background while measure runs.
func beside(s *server, l load, measure func()) outcome {
	stop := make(chan struct{})
	done := make(chan outcome)
	go func() { done <- l.run(s.addr, stop) }()
	measure()
	close(stop)
	return <-done
}

// besideHeavy has the same readers meet three backgrounds: none, the same
// number of heavy requests for both servers, and as many as each can answer.
func (b *bench) besideHeavy() error {
	servers, err := b.both()
	if err != nil {
		return err
	}
	defer stopAll(servers)
	header(b.w, "heavy requests")
	b.measure("none", party{servers[0], steady}, party{servers[1], steady})
	var p99 [][]time.Duration
	for _, every := range []time.Duration{250 * time.Millisecond, 0} {
		background := load{connections: 8, script: heavy, every: every}
		asked := "as many as it answers"
		if every > 0 {
			asked = fmt.Sprintf("%d/s asked", background.connections*int(time.Second/every))
		}
		all, done := make([]outcome, len(servers)), make([]outcome, len(servers))
		for range b.rounds {
			for i, s := range servers {
				done[i].join(beside(s, background, func() { all[i].join(s.under(steady, b.round)) }))
			}
		}
		var row99 []time.Duration
		for i, s := range servers {
			row{s, fmt.Sprintf("%s, %.0f/s answered", asked, done[i].perSecond()), all[i]}.print(b.w)
			row99 = append(row99, all[i].quantile(.99))
		}
		p99 = append(p99, row99)
	}
	fmt.Fprintf(b.w, "\nHeavy requests are, in turn, Concat of %s files and Chunk of 1 MiB, by 8 clients. CPU is theirs too.\n", grouped(b.tree.many))
	goal(b.w, 2*p99[0][0] <= p99[0][1], "p99 at most half of plain's beside the same heavy requests: %s to %s", ms(p99[0][0]), ms(p99[0][1]))
	return nil
}

func (b *bench) fairness() error {
	servers, err := b.both()
	if err != nil {
		return err
	}
	defer stopAll(servers)
	header(b.w, "background")
	b.measure("none", party{servers[0], steady}, party{servers[1], steady})
	p99 := make([]time.Duration, 2)
	for i, s := range servers {
		o := beside(s, load{connections: 1, script: concat("many")}, func() {
			p99[i] = b.measure("1 Concat of "+grouped(b.tree.many)+" files", party{s, steady})[0].quantile(.99)
		})
		defer fmt.Fprintf(b.w, "\nConcat of %s: %d done, p50 %s.\n", s.name, len(o.latencies), ms(o.quantile(.5)))
	}
	goal(b.w, p99[0] < 5*time.Millisecond, "p99 below 5 ms: %s", ms(p99[0]))
	return nil
}

// hungDisk has 24 clients ask for files on the disk that answers and 8 for
// files on the one that does not; these hang up after a while and ask again.
func (b *bench) hungDisk() (err error) {
	servers, err := b.both()
	if err != nil {
		return err
	}
	unmount, err := b.mount(hanging)
	if err != nil {
		stopAll(servers)
		return err
	}
	defer func() { err = errors.Join(err, unmount(), stopAll(servers)) }()
	header(b.w, "hung disk")
	healthy := load{connections: 24, script: smallReads, every: 20 * time.Millisecond}
	unhealthy := load{connections: 8, script: always(get("/file/mount/x.txt")), every: 20 * time.Millisecond, patience: 100 * time.Millisecond}
	quiet := b.measure("not asked for", party{servers[0], healthy}, party{servers[1], healthy})
	var hung []outcome
	for _, s := range servers {
		beside(s, unhealthy, func() { hung = append(hung, b.measure("by 8 of 32 clients", party{s, healthy})...) })
	}
	before, after := quiet[0].quantile(.99), hung[0].quantile(.99)
	goal(b.w, after <= 2*before, "healthy p99 within 2 times the quiet one: %s to %s", ms(after), ms(before))
	return nil
}

func (b *bench) overload() (err error) {
	unmount, err := b.mount(slow)
	if err != nil {
		return err
	}
	var servers []*server
	defer func() { err = errors.Join(err, unmount(), stopAll(servers)) }()
	header(b.w, "clients")
	read := always(get("/file/mount/x.txt"))
	most := slices.Max(b.connections)
	var p99 []time.Duration
	for _, c := range []struct {
		name    string
		start   func() (*server, error)
		clients int
	}{
		{"fileops, MaxPending 64", func() (*server, error) { return b.ours("-max-pending", "64") }, 64},
		{"fileops, MaxPending 64", func() (*server, error) { return b.ours("-max-pending", "64") }, most},
		{"fileops, no bound", func() (*server, error) { return b.ours("-max-pending", "0") }, most},
		{"plain", func() (*server, error) { return b.plain("plain") }, most},
	} {
		s, err := c.start()
		if err != nil {
			return err
		}
		s.name = c.name
		servers = append(servers, s)
		o := s.under(load{connections: c.clients, script: read, ramp: b.round}, time.Duration(b.rounds)*b.round)
		row{s, strconv.Itoa(c.clients), o}.print(b.w)
		p99 = append(p99, o.quantile(.99))
	}
	fmt.Fprintf(b.w, "\nThe disk serves %d at once, %v each: %s requests/s at most.\n", slowDepth, slowOpen, grouped(slowDepth*int(time.Second/slowOpen)))
	goal(b.w, p99[1] <= 2*p99[0], "admitted requests keep their p99 within 2 times: %s to %s", ms(p99[1]), ms(p99[0]))
	return nil
}

// leaving begins answers, hangs up and asks /stats when the work has ended.
func (b *bench) leaving() error {
	s, err := b.ours()
	if err != nil {
		return err
	}
	defer s.stop()
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
		for range 20 {
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

func takeSome(c *client, request []byte) error {
	r, err := c.begin(request, longPatience)
	if err == nil {
		_, err = io.CopyN(io.Discard, r.Body, 64<<10)
	}
	return err
}

func takeNothing(c *client, request []byte) error {
	if err := c.connect(); err != nil {
		return err
	}
	_, err := c.conn.Write(request)
	time.Sleep(2 * time.Millisecond)
	return err
}

// leave returns how long the server's work went on when its client had left.
func leave(s *server, request []byte, begin func(*client, []byte) error) (time.Duration, error) {
	leaver, watcher := &client{addr: s.addr}, &client{addr: s.addr}
	defer watcher.close()
	if _, err := watcher.stats(); err != nil { // and so connect
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
