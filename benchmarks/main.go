// Command benchmarks measures fileops beside its peers. Each implementation
// does the same job on the same data, in turns within one run.
//
//	go run .                        print the table
//	go run . -table T.md -plot P.svg write the table and the plot to files
//	go run . -rows Chunk            measure some of the rows
//	go run . -growth                measure how time and memory grow with the data
//	go run . -split                 compare splitters: their speed, and the laws that they break
//	./split-js                      the same, with splitters in JavaScript
//
// The data is the source of the Go distribution, so anyone can repeat the
// measurements. The script container runs a command, such as this one, with the
// mounts that a container has.
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
	split   bool
	js      string
}

func main() {
	if err := execute(parseFlags()); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// parseFlags reads the command line.
func parseFlags() (o options) {
	flag.StringVar(&o.rows, "rows", "", "measure only the jobs whose names match this `regexp`")
	flag.IntVar(&o.rounds, "rounds", 11, "how many turns each implementation takes")
	flag.DurationVar(&o.sample, "sample", 50*time.Millisecond, "how long one turn lasts at least")
	flag.BoolVar(&o.quick, "quick", false, "use small inputs; the figures mean nothing")
	flag.StringVar(&o.dir, "dir", "", "`directory` for the files written (default /dev/shm if it exists)")
	flag.StringVar(&o.table, "table", "", "also write the table to this `file`")
	flag.StringVar(&o.plot, "plot", "", "write an SVG plot to this `file`; with -growth, one of the memory")
	flag.StringVar(&o.profile, "profile", "", "run only fileops, and write its CPU profile to this `file`")
	flag.BoolVar(&o.growth, "growth", false, "measure how time and memory grow instead")
	flag.IntVar(&o.sizes.files, "files", 100_000, "with -growth: the largest number of files")
	flag.Int64Var(&o.sizes.file, "file", 4<<30, "with -growth: the largest file, in `bytes`")
	flag.Int64Var(&o.sizes.tree, "tree", 10e9, "with -growth: the largest tree, in `bytes`")
	flag.Int64Var(&o.sizes.treeFile, "treefile", 100_000, "with -growth: the size of each file of the tree, in `bytes`")
	flag.Int64Var(&o.sizes.held, "held", 3e9, "with -growth: the size of the file whose peak memory is measured, in `bytes`")
	flag.IntVar(&o.sizes.names, "names", 1_000_000, "with -growth: the largest number of names in a tree")
	flag.StringVar(&o.peak, "peak", "", "print the peak memory of one `operation` on the paths on standard input (-growth runs this)")
	flag.BoolVar(&o.split, "split", false, "compare splitters instead")
	flag.StringVar(&o.js, "js", "", "with -split: the `directory` that split-js has made")
	flag.Parse()
	return o
}

// execute does the part of the work that the options ask for.
func execute(o options) (err error) {
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

	var text strings.Builder
	if err := report(io.MultiWriter(os.Stdout, &text), in, match, o); err != nil || o.table == "" {
		return err
	}
	return os.WriteFile(o.table, []byte(text.String()), 0o644)
}

// report measures and writes the tables, and the plot if the options ask for
// it.
func report(w io.Writer, in *inputs, match *regexp.Regexp, o options) error {
	printMachine(w, in)
	if o.growth {
		return growth(w, in, o.sizes, o.plot)
	}
	if o.split {
		return compareSplitters(w, in, match, o)
	}
	results, err := compare(in, match, o)
	if err != nil {
		return err
	}
	printTable(w, results)
	if o.plot != "" {
		return os.WriteFile(o.plot, plot(results), 0o644)
	}
	return nil
}

// compare measures the jobs that match. It reports progress on standard error.
func compare(in *inputs, match *regexp.Regexp, o options) ([]*result, error) {
	var results []*result
	for _, j := range jobs(in) {
		if !match.MatchString(j.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", j.name)
		c, err := j.prepare()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		r, err := c.measure(o.rounds, o.sample)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		r.job = j
		results = append(results, r)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("no row matches %q", match)
	}
	return results, nil
}
