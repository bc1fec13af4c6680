package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// A splitResult is a row of the table of splitters.
type splitResult struct {
	splitter  string
	wall, cpu []time.Duration // of one run over the texts, for each round
	laws      laws
}

// compareSplitters lets each splitter cut the texts whose names match, and writes
// the table.
func compareSplitters(w io.Writer, in *inputs, match *regexp.Regexp, o options) error {
	sets, err := in.textSets()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Chunks of %d code points, with an overlap of %d. The load of the machine was %s.\n\n",
		chunkSize, chunkOverlap, load())
	fmt.Fprintln(w, "| text | splitter | bytes/s | bytes/s of CPU | chunks | too long | bytes lost or changed (not blank) "+
		"| chunks changed | wrong offsets | begin in a word | no heading |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, set := range sets {
		if !match.MatchString(set.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", set.name)
		results, err := set.measure(o)
		if err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
		for _, r := range results {
			r.print(w, set)
		}
	}
	return printEdits(w, in)
}

// measure lets every splitter cut the texts. In each round the splitters in Go take
// turns, so that a busy machine is the same for all.
func (s textSet) measure(o options) ([]splitResult, error) {
	all := slices.DeleteFunc(splitters(), func(impl splitter) bool { return !impl.cuts(s.kind) })
	results := make([]splitResult, len(all))
	for range o.rounds {
		for i, impl := range all {
			if err := s.turn(impl, &results[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", impl.name, err)
			}
		}
	}
	for i, impl := range all {
		var err error
		if results[i].laws, err = s.laws(impl); err != nil {
			return nil, fmt.Errorf("%s: %w", impl.name, err)
		}
		results[i].splitter = impl.name
	}
	if o.js == "" {
		return results, nil
	}
	js, err := s.measureJS(o.js, o.rounds)
	return append(results, js...), err
}

// turn lets a splitter cut the texts once, and adds the time to r. It holds the
// chunks until all texts are cut, as the splitters in JavaScript do.
func (s textSet) turn(impl splitter, r *splitResult) error {
	runtime.GC()
	chunks := make([]func() []piece, len(s.documents))
	cpu, start := cpuTime(), time.Now()
	for i, d := range s.documents {
		var err error
		if chunks[i], err = impl.cut(d); err != nil {
			return err
		}
	}
	r.wall = append(r.wall, time.Since(start))
	r.cpu = append(r.cpu, cpuTime()-cpu)
	runtime.KeepAlive(chunks)
	return nil
}

// laws counts the laws that the chunks of a splitter break.
func (s textSet) laws(impl splitter) (l laws, err error) {
	for _, d := range s.documents {
		chunks, err := impl.cut(d)
		if err != nil {
			return l, err
		}
		l.count(d, chunks())
	}
	return l, nil
}

// print writes a row of the table.
func (r splitResult) print(w io.Writer, set textSet) {
	l := r.laws
	rate := func(times []time.Duration) string {
		if median(times) == 0 {
			return "n/a"
		}
		return bytesRate(float64(set.size()) / median(times).Seconds())
	}
	offsets := strconv.Itoa(l.wrongOffsets)
	if l.withoutOffsets > 0 {
		offsets = "none given"
	}
	headings := ""
	if set.kind == markdownKind {
		headings = strconv.Itoa(l.withoutHeading)
	}
	fmt.Fprintf(w, "| %s | %s | %s | %s | %d | %d | %d (%d) | %d | %s | %d | %s |\n", set.name, r.splitter, rate(r.wall), rate(r.cpu),
		l.chunks, l.tooLong, l.lost, l.lost-l.blanks, l.changed, offsets, l.insideWord, headings)
}
