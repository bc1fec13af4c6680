package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// smallReads compares the throughput of small reads.
func (b *bench) smallReads() error {
	// The servers differ little here, so a comparison needs more rounds.
	longer := *b
	longer.rounds *= 2
	var goals strings.Builder
	header(b.w, "connections")
	for _, n := range b.connections {
		err := b.withBoth(func(servers []*server) error {
			static, err := b.plain("http.FileServer")
			if err != nil {
				return err
			}
			l := load{connections: n, script: smallReads}
			o := longer.measure(strconv.Itoa(n), party{servers[0], l}, party{servers[1], l},
				party{static, load{connections: n, script: reads("/static")}})
			ours, plain := o[0].perSecond(), o[1].perSecond()
			goal(&goals, ours >= plain, "at least plain's requests/s at %d connections: %s to %s", n, grouped(int(ours)), grouped(int(plain)))
			return static.stop()
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprint(b.w, goals.String())
	return nil
}

// mixed compares the throughput of requests of every kind.
func (b *bench) mixed() error {
	header(b.w, "connections")
	for _, n := range b.connections {
		err := b.withBoth(func(servers []*server) error {
			b.measureBoth(strconv.Itoa(n), servers, load{connections: n, script: mixed})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// besideHeavy measures small reads beside three background loads: none, the same
// rate of heavy requests for both servers, and as many as each server answers.
func (b *bench) besideHeavy() error {
	return b.withBoth(func(servers []*server) error {
		header(b.w, "heavy requests")
		b.measureBoth("none", servers, steady)
		p99 := b.besideBackground(servers, 250*time.Millisecond)
		b.besideBackground(servers, 0)
		fmt.Fprintf(b.w, "\n8 clients send the heavy requests: Concat of %s files and Chunk of 1 MiB, in equal numbers. CPU includes them.\n", grouped(b.tree.many))
		goal(b.w, 2*p99[0] <= p99[1], "p99 at most half of plain's beside the same heavy requests: %s to %s", ms(p99[0]), ms(p99[1]))
		return nil
	})
}

// besideBackground measures small reads beside heavy requests, of which each
// client sends one every so often, or as fast as it gets answers if every is 0.
// It returns the p99 of the small reads of each server.
func (b *bench) besideBackground(servers []*server, every time.Duration) (p99 []time.Duration) {
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
	for i, s := range servers {
		row{s, fmt.Sprintf("%s, %.0f/s answered", asked, done[i].perSecond()), all[i]}.print(b.w)
		p99 = append(p99, all[i].quantile(.99))
	}
	return p99
}

// fairness measures small reads beside one client that concatenates a large
// directory again and again.
func (b *bench) fairness() error {
	return b.withBoth(func(servers []*server) error {
		header(b.w, "background")
		b.measureBoth("none", servers, steady)
		p99 := make([]time.Duration, len(servers))
		var notes strings.Builder
		for i, s := range servers {
			o := beside(s, load{connections: 1, script: concat("many")}, func() {
				p99[i] = b.measure("1 Concat of "+grouped(b.tree.many)+" files", party{s, steady})[0].quantile(.99)
			})
			fmt.Fprintf(&notes, "\nConcat of %s: %d done, p50 %s.\n", s.name, len(o.latencies), ms(o.quantile(.5)))
		}
		goal(b.w, p99[0] < 5*time.Millisecond, "p99 below 5 ms: %s", ms(p99[0]))
		fmt.Fprint(b.w, notes.String())
		return nil
	})
}
