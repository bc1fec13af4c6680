package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary behave as the command if it is started with
// -peak, because the command starts itself to measure memory.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-peak" {
		if err := printPeak(os.Args[2], os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// quickInputs returns small inputs that are removed after the test.
func quickInputs(t *testing.T) *inputs {
	t.Helper()
	in, err := newInputs(true, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// TestAnswersAgree runs every implementation of every job once. measure fails
// if two of them give different answers.
func TestAnswersAgree(t *testing.T) {
	in := quickInputs(t)
	for _, j := range jobs(in) {
		t.Run(j.name, func(t *testing.T) {
			c, err := j.prepare()
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.measure(1, 0)
			if err != nil {
				t.Fatal(err)
			}
			r.job = j
			if lines := r.lines(); len(lines) < len(c.peers) {
				t.Errorf("%d lines for %d peers", len(lines), len(c.peers))
			}
		})
	}
}

// TestMeasureFindsDisagreement measures two implementations that give different
// answers.
func TestMeasureFindsDisagreement(t *testing.T) {
	answer := func(n int64) run { return func() (int64, error) { return n, nil } }
	c := &comparison{ours: answer(1), peers: []peer{{"same", 0, answer(1)}, {"other", 0, answer(2)}}}
	if _, err := c.measure(1, 0); err == nil || !strings.Contains(err.Error(), "other answers 2") {
		t.Errorf("got error %v", err)
	}
}

// TestPlot checks that the plot is well-formed XML and has a chart for each
// title.
func TestPlot(t *testing.T) {
	in := quickInputs(t)
	results, err := compare(in, regexp.MustCompile("ReadFiles|ListFiles"), options{rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	svg := plot(results)
	requireXML(t, svg)
	for _, r := range results {
		if !strings.Contains(string(svg), r.plot) {
			t.Errorf("no chart %q", r.plot)
		}
	}
}

// requireXML checks that a plot is well-formed.
func requireXML(t *testing.T, svg []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}

// TestNotes checks that the table ends with the notes of its rows only.
func TestNotes(t *testing.T) {
	noted := job{name: "ReadFile", note: "A note."}
	plain := job{name: "ListFiles"}
	c := &comparison{}
	times := []time.Duration{1}
	var out strings.Builder
	printTable(&out, []*result{{job: noted, comparison: c, ours: times}, {job: plain, comparison: c, ours: times}})
	if !strings.HasSuffix(out.String(), "|\n\nReadFile: A note.\n") {
		t.Errorf("the note does not end the table:\n%s", out.String())
	}
}

// TestGrowth measures the growth with sizes that take no time.
func TestGrowth(t *testing.T) {
	var out strings.Builder
	sizes := growthSizes{files: 1000, file: 1 << 20, tree: 1e6, treeFile: 1000, held: 1e6, names: 1000}
	svg := filepath.Join(t.TempDir(), "memory.svg")
	if err := growth(&out, quickInputs(t), sizes, svg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1000 files of 1 KiB", "1 file of 1 MiB", "a tree of 0.001 GB", "ReadFiles", "Chunks", "| 1000 |"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	plot, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	requireXML(t, plot)
	if !strings.Contains(string(plot), ">ChunkTo, ") {
		t.Errorf("no line for ChunkTo in\n%s", plot)
	}
}
