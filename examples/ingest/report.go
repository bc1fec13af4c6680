package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// A report counts the results of a run.
type report struct {
	source, output string
	earlier        []string // outputs of earlier runs
	done           fileops.Progress
	skipped        []fileops.SkippedFile
	chars          atomic.Int64 // code points in the files, without the overlaps of chunks
	chunks         int
	took           time.Duration
}

// skip adds a skipped file.
func (r *report) skip(s fileops.SkippedFile) { r.skipped = append(r.skipped, s) }

// tokenize splits a file's text into words and counts its characters. Chunks of
// words do not have the characters between the words, so count cannot do that.
func (r *report) tokenize(text string) []string {
	r.chars.Add(int64(utf8.RuneCountInString(text)))
	return strings.Fields(text)
}

// count counts the chunks. Unless tokenize has counted the characters, it counts
// these too.
func (r *report) count(chunks []fileops.TextChunk) {
	r.chunks = len(chunks)
	if r.chars.Load() == 0 {
		r.chars.Store(int64(characters(chunks)))
	}
}

// characters returns the length of the texts that the chunks were cut from: the
// length of all chunks without their overlaps.
func characters(chunks []fileops.TextChunk) int {
	n := 0
	for i, c := range chunks {
		n += c.Size
		if i+1 < len(chunks) && chunks[i+1].ID > 1 { // of the same file
			shared := c.End - chunks[i+1].Start
			n -= utf8.RuneCountInString(c.Text[len(c.Text)-shared:])
		}
	}
	return n
}

// files returns how many files were read.
func (r *report) files() int {
	n := r.done.Files
	for _, s := range r.skipped {
		if !isUncounted(s) {
			n--
		}
	}
	return n
}

// isUncounted reports whether a skipped path never counted as a file: a directory
// that could not be listed, a link to a directory, or another thing that is no
// file.
func isUncounted(s fileops.SkippedFile) bool {
	e, ok := errors.AsType[*fs.PathError](s.Err)
	return ok && e.Op == "list"
}

// print prints the report. Unless verbose, it names only some of the skipped
// files.
func (r *report) print(w io.Writer, verbose bool) {
	line := func(name, value string) { fmt.Fprintf(w, "%-12s%s\n", name, value) }
	line("source", terminal.Quote(r.source))
	line("files", grouped(r.files()))
	line("characters", grouped(int(r.chars.Load())))
	line("chunks", grouped(r.chunks)+" in "+terminal.Quote(r.output))
	line("skipped", grouped(len(r.skipped)))
	for _, g := range r.groups() {
		g.print(w, verbose)
	}
	seconds := r.took.Seconds()
	line("time", fmt.Sprintf("%.2f s for %s MB, %.0f MB/s", seconds, megabytes(r.done.Bytes), float64(r.done.Bytes)/1e6/seconds))
}

// A group holds the files that were skipped for one reason.
type group struct {
	reason string
	files  []fileops.SkippedFile
}

// groups sorts the skipped files by reason, the most frequent first.
func (r *report) groups() []*group {
	byReason := make(map[string]*group)
	var all []*group
	for _, s := range r.skipped {
		reason := r.reason(s)
		if byReason[reason] == nil {
			byReason[reason] = &group{reason: reason}
			all = append(all, byReason[reason])
		}
		byReason[reason].files = append(byReason[reason].files, s)
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(len(b.files), len(a.files)) })
	return all
}

// reason returns why a file was skipped, without the details of this file.
func (r *report) reason(s fileops.SkippedFile) string {
	if e, ok := errors.AsType[*fileops.EncodingError](s.Err); ok {
		return "not " + e.Encoding + " text"
	}
	if slices.Contains(r.earlier, s.Path) {
		return "written by an earlier run"
	}
	if e, ok := errors.AsType[*fs.PathError](s.Err); ok {
		return e.Err.Error()
	}
	return s.Err.Error()
}

// namedFiles is how many files of a group are named unless the report is verbose.
const namedFiles = 3

// print prints the reason, the number of files and their names.
func (g *group) print(w io.Writer, verbose bool) {
	fmt.Fprintf(w, "  %s: %s\n", terminal.Escape(g.reason), grouped(len(g.files)))
	for i, s := range g.files {
		if !verbose && i == namedFiles {
			fmt.Fprintf(w, "    and %s more (-v lists them)\n", grouped(len(g.files)-i))
			break
		}
		fmt.Fprintf(w, "    %s\n", terminal.Quote(s.Path))
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
func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }
