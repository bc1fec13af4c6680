package main

import (
	"errors"
	"time"
)

// A scenario asks a question and measures the answer.
type scenario struct {
	letter, title string
	lacks         func() string // returns the reason why this machine cannot run it, or ""
	run           func(*bench) error
}

// nothing is the lacks function of a scenario that runs everywhere.
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

// steady is a load at a fixed rate, far below the servers' capacity. So it
// measures latency and not throughput.
var steady = load{connections: 8, script: smallReads, every: 10 * time.Millisecond}

// A party is a server and its load.
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

// compare loads the servers in turns and returns the outcome of each. Every
// round begins with another server, because the first one of a round is slower.
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

// measure compares servers and prints a row for each.
func (b *bench) measure(condition string, parties ...party) []outcome {
	outcomes := b.compare(parties...)
	for i, p := range parties {
		row{p.server, condition, outcomes[i]}.print(b.w)
	}
	return outcomes
}

// measureBoth measures both servers under the same load.
func (b *bench) measureBoth(condition string, servers []*server, l load) []outcome {
	return b.measure(condition, party{servers[0], l}, party{servers[1], l})
}

// withBoth starts both servers, ours first, and stops them after measure.
func (b *bench) withBoth(measure func(servers []*server) error) error {
	ours, err := b.ours()
	if err != nil {
		return err
	}
	servers := []*server{ours}
	plain, err := b.plain("plain")
	if err == nil {
		servers = append(servers, plain)
		err = measure(servers)
	}
	return errors.Join(err, stopAll(servers))
}

// beside runs a load on a server in the background while measure runs. It
// returns the outcome of the background load.
func beside(s *server, l load, measure func()) outcome {
	stop := make(chan struct{})
	done := make(chan outcome)
	go func() { done <- l.run(s.addr, stop) }()
	measure()
	close(stop)
	return <-done
}
