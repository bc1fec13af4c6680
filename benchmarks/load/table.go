package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// A row is one line of a table.
type row struct {
	server    *server
	condition string // the number of connections, or another difference between the rows
	outcome   outcome
}

// header prints the head of a table. condition is the title of the column in
// which the rows differ.
func header(w io.Writer, condition string) {
	fmt.Fprintf(w, "| server | %s | requests/s | p50 | p99 | p99.9 | CPU | 503 | hung up | failed | threads | goroutines | MiB | descriptors |\n", condition)
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
}

// print prints the row.
func (r row) print(w io.Writer) {
	o, u := &r.outcome, r.server.peak
	fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %d | %d | %d | %d | %d | %d | %d |\n",
		r.server.name, r.condition, grouped(int(o.perSecond())), ms(o.quantile(.5)), ms(o.quantile(.99)), ms(o.quantile(.999)),
		fmt.Sprintf("%d µs", o.cpuEach().Microseconds()), o.shed, o.gaveUp, o.failed, u.threads, u.goroutines, u.kilobytes>>10, u.descriptors)
}

// goal prints whether a goal is met.
func goal(w io.Writer, met bool, format string, args ...any) {
	word := "met"
	if !met {
		word = "MISSED"
	}
	fmt.Fprintf(w, "\nGoal %s: %s.\n", word, fmt.Sprintf(format, args...))
}

// ms formats a duration in milliseconds.
func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 2, 64) + " ms"
}

// grouped formats a number with its digits in groups of three.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
