package ingest

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// A report counts the results of a run. It stays small, however many files and
// chunks there are.
type report struct {
	source, output string
	verbose        bool     // list every skipped file at once
	earlier        []string // outputs of earlier runs
	w              *bufio.Writer
	meter          *meter

	done    fileops.Progress
	skipped int
	unread  int // of the skipped, the files
	groups  []*group
	chunks  int
	unit    string         // that chunks are counted in, "" for chars and tokens
	units   int            // in the chunks, with their overlaps
	byDir   map[string]int // units in the chunks of a directory, see dirOf
	chars   int            // code points in the files, without the overlaps of chunks; unknown if negative
	end     int            // of the last chunk
	took    time.Duration
}

// newReport returns a report that is printed to w.
func newReport(s *settings, w io.Writer, m *meter) *report {
	r := &report{source: s.dir, unit: s.unit, byDir: map[string]int{}, output: terminal.Quote(s.opts.OutputFile), verbose: s.verbose && !s.quiet, w: bufio.NewWriter(w), meter: m}
	if s.toStdout {
		r.output = "standard output"
	} else {
		r.earlier = earlierOutputs(s.dir, s.opts.OutputFile)
	}
	return r
}

// progress takes the files that are done.
func (r *report) progress(p fileops.Progress) {
	r.done = p
	r.meter.progress(p)
}

// skip counts a skipped file.
func (r *report) skip(s fileops.SkippedFile) {
	r.skipped++
	if !isNoFile(s) {
		r.unread++
	}
	reason := r.reason(s)
	r.group(reason).add(s.Path)
	if r.verbose {
		r.meter.above(func() {
			fmt.Fprintf(r.w, "skipped: %s: %s\n", terminal.Quote(s.Path), terminal.Escape(reason))
			r.w.Flush() // an error stays until print returns it
		})
	}
}

// isNoFile reports whether a skipped path never counted as a file: it is a directory
// that could not be listed, a link to one, no file at all, or a pattern.
func isNoFile(s fileops.SkippedFile) bool {
	if _, ok := errors.AsType[*fileops.OptionError](s.Err); ok {
		return true
	}
	e, ok := errors.AsType[*fs.PathError](s.Err)
	return ok && e.Op == "list"
}

// add counts a chunk. Chunks of words do not have the characters between the words,
// so these remain unknown.
func (r *report) add(c fileops.TextChunk, unit fileops.Unit) {
	r.chunks++
	if unit != fileops.Chars || r.unit != "" {
		r.chars = -1
		r.units += c.Size
		r.byDir[r.dirOf(c.FilePath)] += c.Size
		return
	}
	r.chars += c.Size
	if c.ID > 1 { // it shares the overlap with the last one
		r.chars -= utf8.RuneCountInString(c.Text[:r.end-c.Start])
	}
	r.end = c.End
}

// files returns how many files were read.
func (r *report) files() int { return r.done.Files - r.unread }

// print prints the report.
func (r *report) print() error {
	line := func(name, value string) { fmt.Fprintf(r.w, "%-12s%s\n", name, value) }
	line("source", terminal.Quote(r.source))
	line("files", grouped(r.files()))
	if r.chars >= 0 {
		line("characters", grouped(r.chars))
	}
	line("chunks", grouped(r.chunks)+" in "+r.output)
	if r.unit != "" && r.units > 0 { // ChunkTo does not tell them
		line(r.unit, grouped(r.units)+" in chunks")
		r.printHeaviest()
	}
	line("skipped", grouped(r.skipped))
	slices.SortStableFunc(r.groups, func(a, b *group) int { return cmp.Compare(b.count, a.count) })
	for _, g := range r.groups {
		g.print(r.w, r.verbose)
	}
	bytes := float64(r.done.Bytes)
	line("time", fmt.Sprintf("%.2f s for %s MB, %.0f MB/s", r.took.Seconds(), megabytes(bytes), perSecond(bytes, r.took)/1e6))
	return r.w.Flush()
}

// The bounds of what a report names. Errors of the system are few, but their texts
// are not the program's own.
const (
	namedFiles   = 3 // in a group
	namedReasons = 20
	otherReasons = "other reasons"
)

// A group counts the files that were skipped for one reason, and names the first.
type group struct {
	reason string
	count  int
	first  []string
}

// group returns the group of a reason.
func (r *report) group(reason string) *group {
	for _, g := range r.groups {
		if g.reason == reason {
			return g
		}
	}
	if len(r.groups) >= namedReasons && reason != otherReasons {
		return r.group(otherReasons)
	}
	g := &group{reason: reason}
	r.groups = append(r.groups, g)
	return g
}

func (g *group) add(path string) {
	g.count++
	if len(g.first) < namedFiles {
		g.first = append(g.first, path)
	}
}

// reason returns why a file was skipped, without the details of this file.
func (r *report) reason(s fileops.SkippedFile) string {
	if errors.Is(s.Err, fileops.ErrBinary) {
		return fileops.ErrBinary.Error()
	}
	if e, ok := errors.AsType[*fileops.EncodingError](s.Err); ok {
		return "not " + e.Encoding + " text"
	}
	if slices.Contains(r.earlier, s.Path) {
		return "written by an earlier run"
	}
	if e, ok := errors.AsType[*fileops.ExcludedError](s.Err); ok {
		return rule(e)
	}
	if e, ok := errors.AsType[*fileops.OptionError](s.Err); ok && e.Option == "Select.Include" {
		return "patterns of -include that match no file"
	}
	if e, ok := errors.AsType[*fs.PathError](s.Err); ok {
		return e.Err.Error()
	}
	return s.Err.Error()
}

// rule returns the rule that leaves a file out, in the words of the command line.
func rule(e *fileops.ExcludedError) string {
	switch e.Source {
	case "Include":
		return "not matched by -include"
	case "Exclude":
		return "matched by -exclude " + e.Rule
	case "SkipHidden":
		return "hidden (-hidden reads them)"
	case "MaxSize":
		return "larger than -max-size, " + e.Rule + " bytes"
	case "Git":
		return "of git"
	}
	return e.Error()
}

// print prints the reason, the number of files and the first names.
func (g *group) print(w io.Writer, verbose bool) {
	fmt.Fprintf(w, "  %s: %s\n", terminal.Escape(g.reason), grouped(g.count))
	for _, path := range g.first {
		fmt.Fprintf(w, "    %s\n", terminal.Quote(path))
	}
	if more := g.count - len(g.first); more > 0 {
		where := "-v lists them"
		if verbose {
			where = "listed above"
		}
		fmt.Fprintf(w, "    and %s more (%s)\n", grouped(more), where)
	}
}

// grouped formats a number with its digits in groups of three.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// megabytes formats a number of bytes.
func megabytes(n float64) string { return fmt.Sprintf("%.1f", n/1e6) }
