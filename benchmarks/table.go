package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// printMachine writes what the figures were taken on, and how.
func printMachine(w io.Writer, in *inputs) {
	c, err := in.corpus()
	if err != nil {
		c = corpus{}
	}
	fmt.Fprintf(w, "%s Corpus: %d files, %.0f MB. Warm cache. Files written: %s.\n",
		machine(), len(c.paths), float64(c.bytes)/1e6, in.place)
	fmt.Fprintf(w, "Command: `%s`\n\n", command(os.Args[1:]))
}

// command writes how this program was called, as a shell reads it.
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

// printTable writes the results as a Markdown table.
func printTable(w io.Writer, results []*result) {
	fmt.Fprintln(w, "Ratio = their time / ours: the median of the rounds, and the middle half of them in brackets.")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| work | against | ours | theirs | ratio | target | |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|---|")
	for _, r := range results {
		for _, l := range r.lines() {
			fmt.Fprintf(w, "| %s |\n", strings.Join(l[:], " | "))
		}
	}
}

// lines returns the result's rows of the table.
func (r *result) lines() (lines [][7]string) {
	ours := r.contest.rate(median(r.ours))
	for i, p := range r.contest.peers {
		if p.run == nil {
			lines = append(lines, [7]string{r.name, p.name, ours, "n/a", "n/a", atLeast(p.target), ""})
			continue
		}
		low, mid, high := ratios(r.ours, r.theirs[i])
		lines = append(lines, [7]string{r.name, p.name, ours, r.contest.rate(median(r.theirs[i])),
			fmt.Sprintf("**%s×** (%s–%s)", digits(mid), digits(low), digits(high)), atLeast(p.target), verdict(p.target, mid >= p.target)})
	}
	if most := r.contest.maxAllocs; most > 0 {
		lines = append(lines, [7]string{r.name, "allocations", number(r.allocs), number(r.allocsOne), "",
			"≤ " + number(most), verdict(most, r.allocs <= most)})
	}
	if least := r.contest.minRate; least > 0 {
		lines = append(lines, [7]string{r.name, "bytes a second", ours, "", "",
			"≥ " + bytesRate(least), verdict(least, float64(r.contest.bytes)/median(r.ours).Seconds() >= least)})
	}
	return lines
}

// verdict says whether a target was met, if there was one.
func verdict(target float64, met bool) string {
	switch {
	case target == 0:
		return ""
	case met:
		return "met"
	}
	return "missed"
}

// atLeast writes a target ratio.
func atLeast(target float64) string {
	if target == 0 {
		return ""
	}
	return "≥ " + number(target) + "×"
}

// rate writes how fast one run in time d is, in what says most about it.
func (c *contest) rate(d time.Duration) string {
	switch {
	case c.bytes > 0:
		return bytesRate(float64(c.bytes) / d.Seconds())
	case c.files > 0:
		return filesRate(float64(c.files) / d.Seconds())
	}
	return duration(d)
}

// filesRate writes a number of files a second.
func filesRate(perSecond float64) string {
	if perSecond >= 1e6 {
		return digits(perSecond/1e6) + " M files/s"
	}
	return digits(perSecond/1e3) + " k files/s"
}

// bytesRate writes a number of bytes a second.
func bytesRate(perSecond float64) string {
	if perSecond >= 1e9 {
		return digits(perSecond/1e9) + " GB/s"
	}
	return digits(perSecond/1e6) + " MB/s"
}

// duration writes a time in the unit that suits it.
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

// digits writes a number with three significant digits, or all those before
// the point.
func digits(x float64) string {
	places := 2
	if x > 0 {
		places = min(max(2-int(math.Floor(math.Log10(x))), 0), 3)
	}
	return strconv.FormatFloat(x, 'f', places, 64)
}

// number writes a number with as many digits as it needs.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// machine names what the figures depend on.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s, %s.", cpu(), runtime.GOMAXPROCS(0), system(), runtime.Version())
}

// cpu names the processor.
func cpu() string {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	if b, err := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output(); err == nil {
		return strings.TrimSpace(string(b))
	}
	return runtime.GOARCH
}

// system names the operating system.
func system() string {
	if b, err := exec.Command("uname", "-sr").Output(); err == nil {
		return strings.TrimSpace(string(b))
	}
	return runtime.GOOS
}
