package fileops

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// A concatenation is one Concat, ConcatFiles or ConcatTo under way.
type concatenation struct {
	task   *task
	format concatFormat
	paths  []string
	opts   ConcatOptions
	w      io.Writer
	meter  *meter

	encoding   textEncoding
	outputPath string // "" for none
	output     *outputFile

	result  *ConcatResult
	lengths []int // of the sections, in bytes
	began   bool  // something has been written
}

func newConcatenation(t *task, f concatFormat, paths []string, opts *ConcatOptions, w io.Writer) (*concatenation, error) {
	c := &concatenation{task: t, format: f, paths: paths, w: w, result: new(ConcatResult)}
	if opts != nil {
		c.opts = *opts
	}
	c.meter = newMeter(c.opts.Progress)
	if err := c.opts.check(); err != nil {
		return nil, err
	}
	var err error
	if c.encoding, err = newTextEncoding(c.opts.Encoding, c.opts.Guess); err != nil {
		return nil, err
	}
	c.outputPath, err = c.opts.outputPath(time.Now())
	return c, err
}

// check returns an *OptionError if an option is invalid.
func (o *ConcatOptions) check() error {
	if o.Threshold < 0 {
		return &OptionError{"Threshold", o.Threshold, "must not be negative"}
	}
	return cmp.Or(checkTypes(o.FileTypes), checkExclude(o.Exclude), o.Select.check())
}

// outputPath returns where to save the text, "" for nowhere.
func (o *ConcatOptions) outputPath(now time.Time) (string, error) {
	switch {
	case o.OutputDir == "":
		return o.OutputFile, nil
	case o.OutputFile == "":
		return concatNaming.filePath(o.OutputDir, concatStem, now)
	default:
		return new(SaveOptions).filePath(o.OutputDir, o.OutputFile, now)
	}
}

// run joins the text.
func (c *concatenation) run() error {
	sources, err := aside(c.task, c.sources)
	if err != nil {
		return err
	}
	c.meter.setTotal(len(sources))
	if err := c.join(sources); err != nil {
		return err
	}
	return c.meter.finish()
}

// sources finds the files that the paths stand for.
func (c *concatenation) sources() ([]source, error) {
	var err error
	c.output, err = c.task.newOutput(c.outputPath, vfs.AtomicOptions{Replace: !c.opts.KeepExisting})
	if err != nil {
		return nil, err
	}
	if c.task.streams {
		c.output = c.task.outputOf(c.w)
	} else if c.output.replaces != nil && c.opts.KeepExisting {
		return nil, pathError("save", c.outputPath, fs.ErrExist)
	}
	f := finder{
		task: c.task, op: "concat", shallow: c.opts.Shallow,
		types: newTypeFilter(c.opts.FileTypes), exclude: newExclusion(c.opts.Exclude), sel: c.opts.Select, output: c.output,
	}
	made := func(name string) bool { return concatNaming.made(name, isConcatStem) }
	var all []source
	entered := map[string]bool{} // the directories
	for _, path := range slices.Sorted(slices.Values(c.paths)) {
		if err := vfs.CheckPath(path); err != nil {
			return nil, pathError("read", path, err)
		}
		path = c.task.pool.paths.Clean(path)
		found, isDir, err := c.expand(f, path, made)
		if err != nil {
			return nil, err
		}
		entered[path] = isDir
		all = append(all, found...)
	}
	// A link to a directory, for example, is left out below one path and entered
	// as another.
	all = slices.DeleteFunc(all, func(s source) bool { return s.err != nil && entered[s.path] })
	if c.format.merged {
		slices.SortStableFunc(all, comparePaths)
		all = slices.CompactFunc(all, func(a, b source) bool { return a.path == b.path })
	}
	return all, nil
}

// expand returns the files that one path stands for, and whether that is a
// directory which has been listed.
func (c *concatenation) expand(f finder, path string, made func(string) bool) (sources []source, isDir bool, err error) {
	st, err := c.task.stat("read", path)
	switch {
	case err != nil:
		sources, err = c.failed(path, err)
		return sources, false, err
	case !st.Mode.IsDir():
		if _, name := c.task.pool.paths.Split(path); c.format.namedByType && !f.types.matches(name) {
			return []source{f.excluded(&ExcludedError{Path: path, Source: "FileTypes"})}, false, nil
		}
		return []source{f.named(path)}, false, nil
	}
	f.earlier, err = c.task.newEarlierOutputs(c.opts.OutputDir, path, made)
	if err == nil {
		sources, err = f.all(path)
	}
	if err != nil {
		sources, err = c.failed(path, err)
		return sources, false, err
	}
	return sources, true, nil
}

// failed leaves a path out, unless its error ends the operation.
func (c *concatenation) failed(path string, err error) ([]source, error) {
	if endsOperation(c.task, err) {
		return nil, err
	}
	return []source{{path: path, err: err}}, nil
}

// A section is a file's part of the text, with the newline that separates it
// from the section before.
type section struct {
	length int64 // in bytes, which can exceed an int of a 32-bit system
	chars  int64
	size   int64 // of the file
	err    error
}

// wholeLimit is the size up to which a file is read into memory whole before its
// section is written.
const wholeLimit = 32 << 20

// wholeLimit returns the size up to which a file is read whole. Decoding takes three
// times the memory of the file.
func (c *concatenation) wholeLimit() int64 {
	if c.task.streams && !c.encoding.isUTF8() {
		return min(wholeLimit, c.task.pool.streamSize)
	}
	return wholeLimit
}

// join reads the files and writes their sections in order.
func (c *concatenation) join(sources []source) error {
	load := func(b *batch[source, section], from source, s *section, limit int64) bool {
		if from.err != nil {
			s.err = from.err
			return true
		}
		return c.load(b, from.path, s, limit)
	}
	whole := c.wholeLimit()
	pipe := pipeline[source, section]{
		task: c.task, feed: &listFeed[source]{sources}, load: load, ahead: min(aheadLimit, whole), whole: whole,
	}
	for p, err := range pipe.parts() {
		switch {
		case err != nil:
			return pathError("read", p.sources[0].path, err)
		case p.tooLarge:
			p.items[0] = c.stream(p.sources[0].path)
		}
		for _, s := range p.items {
			if s.err != nil && c.ends(s.err) {
				return s.err
			}
		}
		if err := c.write(p.data); err != nil {
			return err
		}
		for i, s := range p.items {
			c.note(p.sources[i].path, s)
		}
	}
	return nil
}

// load reads a file into a section of its batch.
func (c *concatenation) load(b *batch[source, section], path string, s *section, limit int64) bool {
	start := len(b.data)
	data := c.format.appendHeader(append(b.data, '\n'), path)
	headerChars := utf8.RuneCount(data[start:])
	data, text, err := c.appendText(b.files, data, path, limit)
	if err == (errTooLargeToHold{}) || c.task.streams && errors.Is(err, ErrTooLarge) { // for want of memory
		return false
	}
	if err != nil {
		*s = section{err: err}
		return true
	}
	s.chars = int64(headerChars) + text.chars
	s.length = int64(len(data) - start)
	s.size = text.size
	b.data = data
	b.bytes += s.size
	return true
}

// A fileText says how long a file and its text are.
type fileText struct{ chars, size int64 }

// appendText appends the text of a file to dst, unless the file is left out.
func (c *concatenation) appendText(files vfs.FS, dst []byte, path string, limit int64) ([]byte, fileText, error) {
	start := len(dst)
	check := c.encoding.check()
	data, st, err := c.task.read(files, dst, path, limit, check)
	if err != nil {
		return dst, fileText{}, err
	}
	contents := data[start:]
	text := fileText{size: int64(len(contents))}
	encoding, err := c.encoding.ofContents(c.task, path, contents, check)
	switch {
	case err != nil:
	case encoding.isUTF8():
		text.chars = int64(check.chars)
	default:
		var decoded string
		decoded, err = encoding.decode(path, contents)
		text.chars = int64(textscan.CountRunes(decoded))
		data = append(data[:start], decoded...)
	}
	if err == nil || c.output.is(st) {
		err = c.leaveOut(path, st, text.chars)
	}
	return data, text, err
}

// leaveOut returns the reason why a text of so many characters is left out, if
// there is one.
func (c *concatenation) leaveOut(path string, st vfs.Info, chars int64) error {
	switch {
	case c.output.is(st):
		return pathError("concat", path, c.output.excluded(path))
	case chars < int64(c.opts.Threshold):
		return pathError("concat", path, ErrBelowThreshold)
	}
	return nil
}

// writeHeader begins a section.
func (c *concatenation) writeHeader(path string) (section, error) {
	header := c.format.appendHeader([]byte{'\n'}, path)
	return section{length: int64(len(header)), chars: int64(utf8.RuneCount(header))}, c.write(header)
}

// ends reports whether an error ends the concatenation. Any other error is one
// file's own.
func (c *concatenation) ends(err error) bool {
	_, ofWriter := errors.AsType[*writeError](err)
	return ofWriter || endsOperation(c.task, err)
}

// A writeError is an error of the writer that the text goes to.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write text: " + oneLine(e.err.Error()) }
func (e *writeError) Unwrap() error { return e.err }

// write writes part of the text. It drops the newline that the text begins with.
func (c *concatenation) write(b []byte) error {
	if len(b) > 0 && !c.began {
		c.began = true
		b = b[1:]
	}
	if len(b) == 0 {
		return nil
	}
	return writeFull(c.w, b)
}

// errInvalidWrite reports a writer of which nobody can tell how much it has written.
var errInvalidWrite = errors.New("invalid write result")

// writeFull writes all of b. Its error is a *writeError.
func writeFull(w io.Writer, b []byte) error {
	n, err := w.Write(b)
	switch {
	case err != nil:
	case n < len(b):
		err = io.ErrShortWrite
	case n > len(b):
		err = errInvalidWrite
	}
	if err != nil {
		return &writeError{err}
	}
	return nil
}

// note enters a file into the result.
func (c *concatenation) note(path string, s section) {
	c.meter.add(1, s.size)
	if s.err != nil {
		c.result.Skipped = append(c.result.Skipped, SkippedFile{path, s.err})
		return
	}
	if len(c.result.Files) == 0 {
		s.chars-- // no newline comes before the first section
	}
	c.result.Files = append(c.result.Files, path)
	c.result.Chars = int(min(int64(c.result.Chars)+s.chars, math.MaxInt))
	c.lengths = append(c.lengths, int(s.length-1)) // for Concat, which holds the text
}

// A heldText is the text of Concat, which must fit the memory.
type heldText struct{ strings.Builder }

// Write implements io.Writer. A builder that is full doubles.
func (t *heldText) Write(b []byte) (int, error) {
	if n := t.Len() + len(b); n > t.Cap() {
		if err := withMemory(2*int64(n), func() { t.Grow(len(b)) }); err != nil {
			return 0, err
		}
	}
	return t.Builder.Write(b)
}

// keepText sets the result's text and its sections.
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

// save saves the text, if the options say so.
func (c *concatenation) save() error {
	if c.outputPath == "" {
		return nil
	}
	if err := c.output.save([][]byte{textscan.Bytes(c.result.Text)}); err != nil {
		return err
	}
	c.result.Path = c.outputPath
	return nil
}
