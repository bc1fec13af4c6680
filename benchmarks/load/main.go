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
	if playRole(os.Args[1:]) {
		return
	}
	quick := flag.Bool("quick", false, "a few seconds, to see that it works; the figures mean nothing")
	only := flag.String("only", "", "measure only the scenarios of these `letters`, such as bc")
	flag.Parse()
	if err := run(os.Stdout, fullSize(*quick), *only); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// playRole makes this program the process that serves a file system, if that
// is what it was started as.
func playRole(args []string) bool {
	if len(args) == 0 || args[0] != "fuse" {
		return false
	}
	if err := serveFUSE(args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "fuse: %v\n", err)
		os.Exit(1)
	}
	return true
}

// A scale is how large the test is.
type scale struct {
	connections []int         // at once, in the scenarios that vary them
	rounds      int           // the servers take turns so often, so that a disturbance meets all of them
	round       time.Duration // each turn
	many        int           // files in the large directory
}

func fullSize(quick bool) scale {
	if quick {
		return scale{[]int{1, 16}, 1, 100 * time.Millisecond, 200}
	}
	return scale{[]int{1, 64, 1000}, 3, 700 * time.Millisecond, 10_000}
}

// A bench is a load test under way.
type bench struct {
	scale
	w    io.Writer
	dir  string // of all that it makes
	tree tree

	oursFile, plainFile string // the servers
}

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
	for _, scenario := range scenarios {
		if only != "" && !strings.Contains(only, scenario.letter) {
			continue
		}
		fmt.Fprintf(w, "\n### %s. %s\n\n", scenario.letter, scenario.title)
		if reason := scenario.lacks(); reason != "" {
			fmt.Fprintf(w, "Left out: %s.\n", reason)
			continue
		}
		if err := scenario.run(b); err != nil {
			return fmt.Errorf("scenario %s: %w", scenario.letter, err)
		}
	}
	return nil
}

// cpu is the processor's name.
func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
