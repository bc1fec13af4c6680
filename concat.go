package fileops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
)

// ConcatOptions says what is concatenated and where the text goes. nil means
// the zero value: everything, nothing saved.
type ConcatOptions struct {
	// FileTypes are the suffixes of the files taken, ".txt"; nil means all.
	// They are compared as Python's Path.suffix: the last one counts, ".env"
	// and "a." have none, and "" matches files without one.
	FileTypes []string
	// Shallow leaves out what is in directories below the directories given.
	Shallow bool
	// Threshold leaves out files with fewer characters (code points).
	Threshold int
	// Exclude leaves out files whose path contains one of these.
	Exclude []string
	// OutputDir is where to save the text. "" means it is not saved, unless
	// OutputFile is set, which then is the file's whole path.
	OutputDir string
	// OutputFile is the saved file's name, local to OutputDir. "" means
	// concatenated_text_<timestamp>-<6 hex digits>.txt.
	OutputFile string
	// KeepExisting makes an OutputFile that exists an error, which
	// [fs.ErrExist] matches. Without it the file is replaced, in one step.
	KeepExisting bool
	// Progress is called as files are done: by one goroutine at a time, at
	// most some twenty times a second, and once at the end. nil means never.
	Progress func(Progress)
}

// ConcatResult is what [Concat], [ConcatFiles] and [ConcatTo] return.
type ConcatResult struct {
	Text     string        // Sections joined by "\n"; "" from ConcatTo
	Sections []string      // header and content, one for each file; nil from ConcatTo. They share Text's memory
	Files    []string      // what is in the text, in order
	Skipped  []SkippedFile // what is not, and why, in the same order
	Path     string        // where the text was saved, "" if it was not
	Chars    int           // code points in the text
}

// A SkippedFile is a file, or a directory, that was left out.
type SkippedFile struct {
	Path string
	Err  error // ErrExcluded, ErrBelowThreshold, or the file's own error
}

// Concat joins files of text to one text, each under a header of its path:
//
//	---
//	{path}
//	---
//
//	{content}
//
// paths are files, which are taken whatever their type, and directories, of
// which the files of FileTypes are taken, recursively unless Shallow. A file
// named twice is taken once; files are in the order of their paths.
//
// A file that is missing, unreadable or not UTF-8, or a directory that cannot
// be listed, does not end it but is in Skipped, as is what the options leave
// out by Exclude and Threshold. Files of other types are not mentioned. The
// output file is never its own input.
//
// The text is in memory whole; see [ConcatTo] for more than that.
func Concat(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.Concat(ctx, paths, opts)
}

// AsyncConcat is [Concat] as a future. It does not block.
func AsyncConcat(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcat(ctx, paths, opts)
}

// Concat is [Concat] on this pool.
func (p *Pool) Concat(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return run(ctx, p, concat("concat", concatForm, paths, opts))
}

// AsyncConcat is [AsyncConcat] on this pool.
func (p *Pool) AsyncConcat(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concat("concat", concatForm, paths, opts))
}

// ConcatFiles is [Concat] in another form. Headers are the path between two
// lines of 52 dashes; paths are taken in their sorted order, each with the
// files below it; and files named in paths are taken only if they are of one
// of FileTypes, else they are skipped as [ErrExcluded]. A file named twice is
// taken twice.
func ConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.ConcatFiles(ctx, paths, opts)
}

// AsyncConcatFiles is [ConcatFiles] as a future. It does not block.
func AsyncConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcatFiles(ctx, paths, opts)
}

// ConcatFiles is [ConcatFiles] on this pool.
func (p *Pool) ConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return run(ctx, p, concat("concat files", concatFilesForm, paths, opts))
}

// AsyncConcatFiles is [AsyncConcatFiles] on this pool.
func (p *Pool) AsyncConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concat("concat files", concatFilesForm, paths, opts))
}

// ConcatTo writes [Concat]'s text to w as it is read. Some MiB are read ahead
// and no more, so the text may be larger than memory and w may be slow; while
// it waits for w it holds none of the pool's slots. An error of w ends it.
// OutputDir and OutputFile must be "".
//
// A file is checked before its header is written. One that is too large to be
// held in memory is read twice for that; should it change or fail in between,
// the text has what was read, then the line "[fileops: {error}]", and the
// file is in both Files and Skipped.
//
// ConcatTo calls w.Write on its caller's goroutine and returns only when no
// Write is under way. AsyncConcatTo calls it on another goroutine: w is the
// future's until that is complete, even if an Await was given up.
func ConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.ConcatTo(ctx, w, paths, opts)
}

// AsyncConcatTo is [ConcatTo] as a future. It does not block.
func AsyncConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcatTo(ctx, w, paths, opts)
}

// ConcatTo is [ConcatTo] on this pool.
func (p *Pool) ConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return runHere(ctx, p, concatTo(w, paths, opts))
}

// AsyncConcatTo is [AsyncConcatTo] on this pool.
func (p *Pool) AsyncConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concatTo(w, paths, opts))
}

// A form is what Concat and ConcatFiles differ in.
type form struct {
	appendHeader func(dst []byte, path string) []byte
	namedByType  bool // FileTypes also counts for files named in paths
	merged       bool // one sorted list without duplicates
}

var (
	concatForm = form{
		appendHeader: func(dst []byte, path string) []byte {
			dst = append(dst, "---\n"...)
			dst = append(dst, path...)
			return append(dst, "\n---\n\n"...)
		},
		merged: true,
	}
	concatFilesForm = form{
		appendHeader: func(dst []byte, path string) []byte {
			dst = append(dst, dashes...)
			dst = append(dst, path...)
			return append(dst, dashes...)
		},
		namedByType: true,
	}
	dashes = "\n" + strings.Repeat("-", 52) + "\n"
)

func concat(name string, f form, paths []string, opts *ConcatOptions) operation[*ConcatResult] {
	return operation[*ConcatResult]{name: name, path: strings.Join(paths, ", "), do: func(t *task, _ string) (*ConcatResult, error) {
		var text strings.Builder
		c, err := newConcat(t, f, paths, opts, &text)
		if err != nil {
			return nil, err
		}
		if err := c.run(); err != nil {
			return nil, err
		}
		c.keepText(text.String())
		if err := c.save(); err != nil {
			return nil, err
		}
		return c.result, nil
	}}
}

func concatTo(w io.Writer, paths []string, opts *ConcatOptions) operation[*ConcatResult] {
	return operation[*ConcatResult]{name: "concat to", path: strings.Join(paths, ", "), untimed: true, do: func(t *task, _ string) (*ConcatResult, error) {
		t.streams = true
		c, err := newConcat(t, concatForm, paths, opts, w)
		if err != nil {
			return nil, err
		}
		if c.output != "" {
			return nil, &OptionError{"OutputFile", c.output, "ConcatTo writes to w, not to a file"}
		}
		return c.result, c.run()
	}}
}

// A concatenation is one Concat, ConcatFiles or ConcatTo under way.
type concatenation struct {
	task  *task
	form  form
	paths []string
	opts  ConcatOptions
	types typeFilter
	w     io.Writer
	meter *meter

	output   string // path to save to, "" = not saved
	replaces *info  // the file that has that path

	result  *ConcatResult
	lengths []int // of the sections, in bytes
	began   bool  // something has been written
}

func newConcat(t *task, f form, paths []string, opts *ConcatOptions, w io.Writer) (*concatenation, error) {
	c := &concatenation{task: t, form: f, paths: paths, w: w, result: new(ConcatResult)}
	if opts != nil {
		c.opts = *opts
	}
	c.types = newTypeFilter(c.opts.FileTypes)
	c.meter = newMeter(c.opts.Progress)
	var err error
	c.output, err = c.outputPath(time.Now())
	return c, err
}

// outputPath returns where to save the text, "" for nowhere.
func (c *concatenation) outputPath(now time.Time) (string, error) {
	dir, name := c.opts.OutputDir, c.opts.OutputFile
	switch {
	case c.opts.Threshold < 0:
		return "", &OptionError{"Threshold", c.opts.Threshold, "must not be negative"}
	case dir == "":
		return name, nil
	case name == "":
		name = "concatenated_text_" + now.Format(defaultTimestamp) + "-" + randomHex(6) + ".txt"
	}
	return new(SaveOptions).filePath(dir, name, now)
}

// run does it all but save.
func (c *concatenation) run() error {
	files, err := aside(c.task, c.inputs)
	if err != nil {
		return err
	}
	c.meter.setTotal(len(files))
	if err := c.join(files); err != nil {
		return err
	}
	return c.meter.finish()
}

// An input is a file to be joined, or the reason why it will not be.
type input struct {
	path string
	err  error
}

// inputs finds the files that paths stand for.
func (c *concatenation) inputs() ([]input, error) {
	if err := c.findOutput(); err != nil {
		return nil, err
	}
	var inputs []input
	for _, path := range slices.Sorted(slices.Values(c.paths)) {
		found, err := c.expand(path)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, found...)
	}
	if c.form.merged {
		slices.SortStableFunc(inputs, func(a, b input) int { return strings.Compare(a.path, b.path) })
		inputs = slices.CompactFunc(inputs, func(a, b input) bool { return a.path == b.path })
	}
	output := cleanPath(c.output)
	for i := range inputs {
		in := &inputs[i]
		if in.err == nil && (containsAny(in.path, c.opts.Exclude) || in.path == output) {
			in.err = pathError("concat", in.path, ErrExcluded)
		}
	}
	return inputs, nil
}

// expand returns the files that one path stands for.
func (c *concatenation) expand(path string) ([]input, error) {
	path = cleanPath(path)
	st, err := c.task.stat("read", path)
	switch {
	case err != nil && final(c.task, err):
		return nil, err
	case err != nil:
		return []input{{path, err}}, nil
	case !st.mode.IsDir():
		if _, name := splitPath(path); c.form.namedByType && !c.types.matches(name) {
			err = pathError("concat", path, ErrExcluded)
		}
		return []input{{path, err}}, nil
	}
	var unlisted []input
	w := walk{
		task:    c.task,
		shallow: c.opts.Shallow,
		keep:    c.types.matches,
		failed: func(path string, err error) error {
			unlisted = append(unlisted, input{path, err})
			return nil
		},
	}
	paths, err := w.files(path)
	if err != nil {
		if final(c.task, err) {
			return nil, err
		}
		return []input{{path, err}}, nil
	}
	inputs := make([]input, 0, len(paths)+len(unlisted))
	for _, path := range paths {
		inputs = append(inputs, input{path: path})
	}
	inputs = append(inputs, unlisted...)
	if len(unlisted) > 0 {
		slices.SortFunc(inputs, func(a, b input) int { return strings.Compare(a.path, b.path) })
	}
	return inputs, nil
}

// findOutput looks for the file that will be replaced.
func (c *concatenation) findOutput() error {
	if c.output == "" {
		return nil
	}
	var err error
	c.replaces, err = c.task.find(c.output)
	if c.replaces != nil && c.opts.KeepExisting {
		return pathError("save", c.output, fs.ErrExist)
	}
	return err
}

// isOutput reports whether a file is the one that will be replaced.
func (c *concatenation) isOutput(st info) bool {
	return c.replaces != nil && sameFile(st, *c.replaces)
}

// A section is a file's part of the text, in the arena of its batch and with
// the newline that separates it from the one before.
type section struct {
	start, end int
	chars      int
	size       int64 // of the file
	err        error
}

// join reads the files and writes their sections in order.
func (c *concatenation) join(files []input) error {
	load := func(b *batch[section], i int, s *section) {
		s.start = len(b.arena)
		s.end = s.start
		switch {
		case files[i].err != nil:
			s.err = files[i].err
		case b.full():
			s.err = laterError{}
		default:
			c.load(b, files[i].path, s)
		}
	}
	done := 0
	for b := range readAhead(c.task, len(files), load) {
		written := 0
		for i, s := range b.items {
			path := files[b.first+i].path
			if s.err == (laterError{}) {
				if err := c.write(b.arena[written:s.start]); err != nil {
					return err
				}
				written = s.start
				s = c.large(path)
			}
			if s.err != nil && c.ends(s.err) {
				return s.err
			}
			c.note(path, s)
		}
		if err := c.write(b.arena[written:]); err != nil {
			return err
		}
		done += len(b.items)
	}
	if done < len(files) {
		return pathError("read", files[done].path, c.task.Err())
	}
	return nil
}

// load reads a file into a section of its batch's arena.
func (c *concatenation) load(b *batch[section], path string, s *section) {
	arena := append(b.arena, '\n')
	arena = c.form.appendHeader(arena, path)
	header := len(arena)
	var text textCheck
	arena, st, err := c.task.read(arena, path, aheadLimit, &text)
	if err == nil {
		err = c.leaveOut(path, st, text.chars)
	}
	if err != nil {
		s.err = err
		return
	}
	s.chars = text.chars + utf8.RuneCount(arena[s.start:header])
	s.size = int64(len(arena) - header)
	s.end = len(arena)
	b.arena = arena
	b.bytes += s.size
}

// leaveOut returns why a text of so many characters is not wanted, if it is
// not.
func (c *concatenation) leaveOut(path string, st info, chars int) error {
	switch {
	case c.isOutput(st):
		return pathError("concat", path, ErrExcluded)
	case chars < c.opts.Threshold:
		return pathError("concat", path, ErrBelowThreshold)
	}
	return nil
}

// wholeLimit is the size up to which a file is read into memory whole before
// its section is written.
const wholeLimit = 32 << 20

// large joins a file that was too large to be read ahead.
func (c *concatenation) large(path string) section {
	var text textCheck
	var st info
	data, err := aside(c.task, func() (data []byte, err error) {
		data, st, err = c.task.read(nil, path, wholeLimit, &text)
		return data, err
	})
	if err == (laterError{}) {
		return c.stream(path)
	}
	if err != nil {
		return section{err: err}
	}
	if err := c.leaveOut(path, st, text.chars); err != nil {
		return section{err: err}
	}
	s, err := c.writeHeader(path)
	if err == nil {
		err = c.write(data)
	}
	s.err = err
	s.grow(text.chars, len(data))
	return s
}

// stream joins a file that is too large for memory: it is read once to see
// that all of it is text, and then again to be written.
func (c *concatenation) stream(path string) section {
	var st info
	var chars int
	for b, err := range c.task.textBlocks(path) {
		if err != nil {
			return section{err: err}
		}
		st = b.info
		chars += b.chars
	}
	if err := c.leaveOut(path, st, chars); err != nil {
		return section{err: err}
	}
	s, err := c.writeHeader(path)
	if err != nil {
		return section{err: err}
	}
	for b, err := range c.task.textBlocks(path) {
		if err != nil && final(c.task, err) {
			return section{err: err}
		}
		if err != nil {
			return c.breakOff(s, path, err)
		}
		if err := c.write(b.data); err != nil {
			return section{err: err}
		}
		s.grow(b.chars, len(b.data))
	}
	return s
}

// breakOff ends a section whose file failed when part of it was written.
func (c *concatenation) breakOff(s section, path string, err error) section {
	c.result.Skipped = append(c.result.Skipped, SkippedFile{path, err})
	note := fmt.Appendf(nil, "\n[fileops: %v]", err)
	s.err = c.write(note)
	s.grow(utf8.RuneCount(note), len(note))
	s.size -= int64(len(note))
	return s
}

// writeHeader begins a section.
func (c *concatenation) writeHeader(path string) (section, error) {
	header := c.form.appendHeader([]byte{'\n'}, path)
	return section{end: len(header), chars: utf8.RuneCount(header)}, c.write(header)
}

// grow counts content that has been written.
func (s *section) grow(chars, bytes int) {
	s.chars += chars
	s.end += bytes
	s.size += int64(bytes)
}

// ends reports whether an error ends the concatenation, where any other is
// one file's.
func (c *concatenation) ends(err error) bool {
	_, ofWriter := errors.AsType[*writeError](err)
	return ofWriter || final(c.task, err)
}

// A writeError is an error of the writer that the text goes to.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write text: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// write writes part of the text, without the newline that begins it.
func (c *concatenation) write(p []byte) error {
	if len(p) > 0 && !c.began {
		c.began = true
		p = p[1:]
	}
	if len(p) == 0 {
		return nil
	}
	n, err := c.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &writeError{err}
	}
	return nil
}

// note enters what has become of a file into the result.
func (c *concatenation) note(path string, s section) {
	c.meter.add(1, s.size)
	if s.err != nil {
		c.result.Skipped = append(c.result.Skipped, SkippedFile{path, s.err})
		return
	}
	if len(c.result.Files) == 0 {
		s.chars-- // no newline separates it from anything
	}
	c.result.Files = append(c.result.Files, path)
	c.result.Chars += s.chars
	c.lengths = append(c.lengths, s.end-s.start-1)
}

// keepText sets the result's text and the sections it consists of.
func (c *concatenation) keepText(text string) {
	c.result.Text = text
	c.result.Sections = make([]string, len(c.lengths))
	for i, n := range c.lengths {
		c.result.Sections[i] = text[:n]
		if i < len(c.lengths)-1 {
			text = text[n+1:]
		}
	}
}

// save saves the text if the options say so.
func (c *concatenation) save() error {
	if c.output == "" {
		return nil
	}
	err := c.task.save(c.output, publishOptions{replace: !c.opts.KeepExisting}, textscan.Bytes(c.result.Text))
	if err == nil {
		c.result.Path = c.output
	}
	return err
}
