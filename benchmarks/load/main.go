package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	if serveMount(os.Args[1:]) {
		return
	}
	quick := flag.Bool("quick", false, "take a few seconds only; the figures mean nothing")
	only := flag.String("only", "", "measure only the scenarios of these `letters`, such as bc")
	flag.Parse()
	if err := run(os.Stdout, newScale(*quick), *only); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// serveMount serves a file system if this process was started to do that. It
// reports whether it did.
func serveMount(args []string) bool {
	if len(args) == 0 || args[0] != "fuse" {
		return false
	}
	if err := serveFUSE(args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "fuse: %v\n", err)
		os.Exit(1)
	}
	return true
}

// A scale is the size of the load test.
type scale struct {
	connections []int         // at once, in the scenarios that vary them
	rounds      int           // turns of each server, so that a disturbance affects all of them
	round       time.Duration // how long a turn lasts
	many        int           // files in the large directory
}

// newScale returns the scale of a full test or of a quick one.
func newScale(quick bool) scale {
	if quick {
		return scale{[]int{1, 16}, 1, 100 * time.Millisecond, 200}
	}
	return scale{[]int{1, 64, 1000}, 3, 700 * time.Millisecond, 10_000}
}

// A bench is one run of the load test.
type bench struct {
	scale
	w    io.Writer
	dir  string // holds every file that the test makes
	tree tree

	oursFile, plainFile string // the programs of the servers
}

// run builds the servers and runs the scenarios whose letters are in only, or
// every scenario if only is empty.
func run(w io.Writer, s scale, only string) (err error) {
	dir, err := os.MkdirTemp("", "fileops-load-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{scale: s, w: w, dir: dir}
	if b.oursFile, err = b.build(filepath.Join("..", ".."), "./examples/server"); err != nil {
		return err
	}
	if b.plainFile, err = b.build(".", "./plain"); err != nil {
		return err
	}
	if b.tree, err = makeTree(filepath.Join(dir, "root"), s.many); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, %d processors, %s\n", cpu(), runtime.NumCPU(), runtime.Version())
	for _, s := range scenarios {
		if only != "" && !strings.Contains(only, s.letter) {
			continue
		}
		if err := b.runScenario(s); err != nil {
			return fmt.Errorf("scenario %s: %w", s.letter, err)
		}
	}
	return nil
}

// runScenario prints the title of a scenario and runs it, if this machine can.
func (b *bench) runScenario(s scenario) error {
	fmt.Fprintf(b.w, "\n### %s. %s\n\n", s.letter, s.title)
	if reason := s.lacks(); reason != "" {
		fmt.Fprintf(b.w, "Left out: %s.\n", reason)
		return nil
	}
	return s.run(b)
}

// cpu returns the name of the processor.
func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
