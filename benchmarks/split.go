package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
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

// measure lets every splitter cut the texts.
func (s textSet) measure(o options) (results []splitResult, err error) {
	for _, impl := range splitters() {
		if !impl.cuts(s.kind) {
			continue
		}
		r, err := s.measureOne(impl, o.rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", impl.name, err)
		}
		results = append(results, r)
	}
	if o.js == "" {
		return results, nil
	}
	js, err := s.measureJS(o.js, o.rounds)
	return append(results, js...), err
}

// measureOne lets one splitter cut the texts in each round, and counts the laws
// that the chunks of the last round break.
func (s textSet) measureOne(impl splitter, rounds int) (splitResult, error) {
	r := splitResult{splitter: impl.name}
	chunks := make([]func() []piece, len(s.documents))
	for range rounds {
		runtime.GC()
		cpu, start := cpuTime(), time.Now()
		for i, d := range s.documents {
			var err error
			if chunks[i], err = impl.cut(d); err != nil {
				return r, fmt.Errorf("%s: %w", d.path, err)
			}
		}
		r.wall = append(r.wall, time.Since(start))
		r.cpu = append(r.cpu, cpuTime()-cpu)
	}
	for i, d := range s.documents {
		r.laws.count(d, chunks[i]())
	}
	return r, nil
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
