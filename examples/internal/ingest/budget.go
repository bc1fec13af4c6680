package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// This file tells where the units of a run go, so that a person sees which files to
// leave out.

// The bounds of the directories in a report: their depth below the source,
// and the number of the heaviest ones.
const (
	budgetDepth = 2
	budgetDirs  = 10
)

// dirOf returns the directory that a file counts for.
func (r *report) dirOf(file string) string {
	rel, err := filepath.Rel(r.source, filepath.Dir(file))
	if err != nil {
		return r.source
	}
	names := strings.SplitN(rel, string(filepath.Separator), budgetDepth+1)
	return filepath.Join(names[:min(len(names), budgetDepth)]...)
}

// printHeaviest prints the directories with the most units.
func (r *report) printHeaviest() {
	dirs := slices.SortedFunc(maps.Keys(r.byDir), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.byDir[b], r.byDir[a]), strings.Compare(a, b))
	})
	fmt.Fprintln(r.w, "heaviest")
	rest := 0
	for i, dir := range dirs {
		if i >= budgetDirs {
			rest += r.byDir[dir]
			continue
		}
		fmt.Fprintf(r.w, "  %s: %s\n", terminal.Quote(dir), grouped(r.byDir[dir]))
	}
	if more := len(dirs) - budgetDirs; more > 0 {
		fmt.Fprintf(r.w, "  and %s more directories: %s\n", grouped(more), grouped(rest))
	}
}
