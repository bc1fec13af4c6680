// Command benchmarks measures fileops beside its peers: the same work on the
// same data, turn by turn within one run.
//
//	go run .                        the table
//	go run . -table T.md -plot P.svg the table and the plot, written to files
//	go run . -rows Chunk            some rows only
//	go run . -growth                how time and memory grow with the data
//
// The data is the Go distribution's own source, so anyone can repeat it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// options are the command's flags.
type options struct {
	rows    string
	rounds  int
	sample  time.Duration
	quick   bool
	dir     string
	table   string
	plot    string
	profile string
	growth  bool
	sizes   growthSizes
	peak    string
}

func main() {
	var o options
	flag.StringVar(&o.rows, "rows", "", "measure the rows whose work matches this `regexp`")
	flag.IntVar(&o.rounds, "rounds", 11, "how often each contender takes its turn")
	flag.DurationVar(&o.sample, "sample", 50*time.Millisecond, "how long one turn lasts at least")
	flag.BoolVar(&o.quick, "quick", false, "small inputs: to see that it works, not to compare")
	flag.StringVar(&o.dir, "dir", "", "`directory` for the files written (default /dev/shm where there is one)")
	flag.StringVar(&o.table, "table", "", "write the table to this `file` too")
	flag.StringVar(&o.plot, "plot", "", "write an SVG plot to this `file`")
	flag.StringVar(&o.profile, "profile", "", "run only fileops' side of the rows, and write its CPU profile to this `file`")
	flag.BoolVar(&o.growth, "growth", false, "measure how time and memory grow instead")
	flag.IntVar(&o.sizes.files, "files", 100_000, "with -growth: the most files")
	flag.Int64Var(&o.sizes.file, "file", 4<<30, "with -growth: the largest file, in `bytes`")
	flag.Int64Var(&o.sizes.tree, "tree", 10e9, "with -growth: the largest tree, in `bytes`")
	flag.Int64Var(&o.sizes.treeFile, "treefile", 100_000, "with -growth: the size of the tree's files, in `bytes`")
	flag.StringVar(&o.peak, "peak", "", "print the peak memory of one `operation` on the paths on standard input (what -growth runs)")
	flag.Parse()
	if err := mainErr(o); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// mainErr does what the options ask for.
func mainErr(o options) (err error) {
	if o.peak != "" {
		return printPeak(o.peak, os.Stdin, os.Stdout)
	}
	match, err := regexp.Compile(o.rows)
	if err != nil {
		return err
	}
	if o.quick {
		o.rounds, o.sample = min(o.rounds, 3), 0
		o.sizes = o.sizes.quick()
	}
	in, err := newInputs(o.quick, o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()

	if o.profile != "" {
		return profile(in, match, o.profile)
	}
	out := io.Writer(os.Stdout)
	if o.table != "" {
		var text strings.Builder
		out = io.MultiWriter(os.Stdout, &text)
		defer func() {
			if err == nil {
				err = os.WriteFile(o.table, []byte(text.String()), 0o644)
			}
		}()
	}
	printMachine(out, in)
	if o.growth {
		return growth(out, in, o.sizes)
	}
	results, err := compete(in, match, o)
	if err != nil {
		return err
	}
	printTable(out, results)
	if o.plot != "" {
		return os.WriteFile(o.plot, plot(results), 0o644)
	}
	return nil
}

// compete measures the works that match, telling on standard error how far
// it is.
func compete(in *inputs, match *regexp.Regexp, o options) ([]*result, error) {
	var results []*result
	for _, w := range works(in) {
		if !match.MatchString(w.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", w.name)
		c, err := w.prepare()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		r, err := c.measure(o.rounds, o.sample)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		r.work = w
		results = append(results, r)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("no row matches %q", match)
	}
	return results, nil
}
