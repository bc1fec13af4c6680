package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	fileopsbeam "github.com/lion-agi/fileops/beam"
)

// namedReasons is how many reasons of skips a report names. The manifest has all.
const namedReasons = 20

// report prints the counts of a manifest.
func report(w io.Writer, output string, m *fileopsbeam.Manifest, took time.Duration) error {
	b := bufio.NewWriter(w)
	line := func(name, value string) { fmt.Fprintf(b, "%-12s%s\n", name, value) }
	line("source", strconv.Quote(m.Source))
	line("output", fmt.Sprintf("%q, %s", output, fileopsbeam.ManifestName))
	line("files", grouped(m.Files))
	line("cut", grouped(m.Cut))
	line("skipped", grouped(m.Skipped))
	reasons := slices.SortedFunc(maps.Keys(m.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.Reasons[b], m.Reasons[a]), cmp.Compare(a, b))
	})
	for _, reason := range reasons[:min(namedReasons, len(reasons))] {
		fmt.Fprintf(b, "  %q: %s\n", reason, grouped(m.Reasons[reason]))
	}
	line("chunks", grouped(m.Chunks))
	line("parts", grouped(int64(len(m.Parts))))
	read := float64(m.BytesRead) / 1e6
	line("time", fmt.Sprintf("%.2f s for %.1f MB, %.0f MB/s", took.Seconds(), read, read/max(took.Seconds(), 1e-9)))
	return b.Flush()
}

// grouped formats a number with its digits in groups of three.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
