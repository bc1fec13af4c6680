package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// printMachine writes which machine and which command made the figures.
func printMachine(w io.Writer, in *inputs) {
	c, err := in.corpus()
	if err != nil {
		c = corpus{}
	}
	fmt.Fprintf(w, "%s Corpus: %d files, %.0f MB. Warm cache. Files written: %s.\n",
		machine(), len(c.paths), float64(c.bytes)/1e6, in.memoryName)
	fmt.Fprintf(w, "Command: `%s`\n\n", command(os.Args[1:]))
}

// command returns the command line of this process, quoted for a shell.
func command(args []string) string {
	line := "cd benchmarks && go run ."
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " |*?[](){}$^\\\"&;<>") {
			arg = "'" + arg + "'"
		}
		line += " " + arg
	}
	return line
}

// printTable writes the results as a Markdown table, and the notes below it.
func printTable(w io.Writer, results []*result) {
	fmt.Fprintln(w, "Ratio = their time / ours: the median of the rounds, with the quartiles in brackets.")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| job | against | ours | theirs | ratio | target | |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|---|")
	for _, r := range results {
		for _, l := range r.lines() {
			fmt.Fprintf(w, "| %s |\n", strings.Join(l[:], " | "))
		}
	}
	for _, r := range results {
		if r.note != "" {
			fmt.Fprintf(w, "\n%s: %s\n", r.name, r.note)
		}
	}
}

// A line is one row of the table, cell by cell.
type line [7]string

// lines returns the result's rows of the table.
func (r *result) lines() (lines []line) {
	ours := r.comparison.rate(median(r.ours))
	for i, p := range r.comparison.peers {
		lines = append(lines, r.peerLine(ours, p, r.theirs[i]))
	}
	if most := r.comparison.maxAllocs; most > 0 {
		lines = append(lines, line{r.name, "allocations", number(r.allocs), number(r.peerAllocs), "",
			"≤ " + number(most), verdict(most, r.allocs <= most)})
	}
	if least := r.comparison.minRate; least > 0 {
		lines = append(lines, line{r.name, "bytes a second", ours, "", "",
			"≥ " + bytesRate(least), verdict(least, float64(r.comparison.bytes)/median(r.ours).Seconds() >= least)})
	}
	return lines
}

// peerLine returns the row for one peer.
func (r *result) peerLine(ours string, p peer, theirs []time.Duration) line {
	if p.run == nil {
		return line{r.name, p.name, ours, "n/a", "n/a", atLeast(p.target), ""}
	}
	low, mid, high := ratios(r.ours, theirs)
	return line{r.name, p.name, ours, r.comparison.rate(median(theirs)),
		fmt.Sprintf("**%s×** (%s–%s)", digits(mid), digits(low), digits(high)), atLeast(p.target), verdict(p.target, mid >= p.target)}
}

// verdict says whether a target is met. It is empty if there is no target.
func verdict(target float64, met bool) string {
	switch {
	case target == 0:
		return ""
	case met:
		return "met"
	}
	return "missed"
}

// atLeast formats a target ratio.
func atLeast(target float64) string {
	if target == 0 {
		return ""
	}
	return "≥ " + number(target) + "×"
}

// rate formats the speed of a run that takes d: in bytes or files per second if
// the comparison counts them, else as the time itself.
func (c *comparison) rate(d time.Duration) string {
	switch {
	case c.bytes > 0:
		return bytesRate(float64(c.bytes) / d.Seconds())
	case c.files > 0:
		return filesRate(float64(c.files) / d.Seconds())
	}
	return duration(d)
}

// filesRate formats a number of files per second.
func filesRate(perSecond float64) string {
	if perSecond >= 1e6 {
		return digits(perSecond/1e6) + " M files/s"
	}
	return digits(perSecond/1e3) + " k files/s"
}

// bytesRate formats a number of bytes per second.
func bytesRate(perSecond float64) string {
	if perSecond >= 1e9 {
		return digits(perSecond/1e9) + " GB/s"
	}
	return digits(perSecond/1e6) + " MB/s"
}

// duration formats a time in the unit that suits it.
func duration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return digits(float64(d)) + " ns"
	case d < time.Millisecond:
		return digits(float64(d)/1e3) + " µs"
	case d < time.Second:
		return digits(float64(d)/1e6) + " ms"
	}
	return digits(d.Seconds()) + " s"
}

// digits formats a number with three significant digits, or with all its digits
// before the point if these are more.
func digits(x float64) string {
	places := 2
	if x > 0 {
		places = min(max(2-int(math.Floor(math.Log10(x))), 0), 3)
	}
	return strconv.FormatFloat(x, 'f', places, 64)
}

// number formats a number with as many digits as it needs.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
