package fileops

import (
	"context"
	"errors"
	"io"
	"unsafe"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// A chunking is one Chunk, FileToChunks, Chunks or ChunkTo under way.
type chunking struct {
	task     *task
	opts     *ChunkOptions
	encoding textEncoding
	streams  bool // see stream
	meter    *meter

	// emit gets the chunks in order, a part at a time, and leaveOut everything
	// that is left out. Their errors end the operation.
	emit     func(cutPart) error
	leaveOut func(s SkippedFile, byRule bool) error

	many   bool          // the files are a directory's, and may be left out
	format *chunkEncoder // of the output file, or of w; nil if there is neither
	w      io.Writer     // nil for the output file
	output *outputFile
	began  bool // the output has chunks
	failed bool // a file was left out that is no part of the result by any rule
	save   *SaveOptions
	saver  *chunkSaver // of OutputDir, nil until it is written
	deputy *deputy     // for calls on the outputs, nil if they may hang here

	all []TextChunk // the chunks so far, unless it streams
}

// A cutPart is a run of files with their chunks.
type cutPart struct {
	files []cutFile
	data  []byte // the encoded chunks, valid until the next part
}

// A cutFile is a file's chunks, or some of them, or the reason why there are none.
type cutFile struct {
	chunks []TextChunk
	size   int64 // of the file
	chars  int   // of its text
	err    error
	byRule bool // err is no failure
	noFile bool // it is a directory that cannot be listed, a link to one, or a device
	more   bool // the file goes on in the next part, which then has its size
}

// counts reports whether a file counts as one more that is done.
func (f *cutFile) counts() bool { return !f.more && !f.noFile }

// held is about how much memory the file's chunks take.
func (f *cutFile) held() (n int64) {
	n = f.size + int64(len(f.chunks))*int64(unsafe.Sizeof(TextChunk{}))
	for i := range f.chunks {
		n += int64(len(f.chunks[i].Text))
	}
	return n
}

func newChunking(t *task, opts *ChunkOptions) (*chunking, error) {
	c := &chunking{task: t, opts: opts.orDefault().own()}
	if err := c.opts.check(); err != nil {
		return nil, err
	}
	var err error
	if c.encoding, err = newTextEncoding(c.opts.Encoding, c.opts.Guess); err != nil {
		return nil, err
	}
	if c.opts.OutputFile != "" {
		if c.format, err = newChunkEncoder(c.opts); err != nil {
			return nil, err
		}
	}
	c.save = &SaveOptions{Timestamp: true, RandomHashDigits: 4}
	if c.opts.Save != nil {
		c.save = c.opts.Save.orDefault()
	}
	return c, nil
}

// stream makes the chunking one that streams: it holds some MiB, whatever the
// files and options, but for the texts that a callback needs whole, see inPieces. It
// runs on its caller's goroutine, so no call of its own may hang there.
func (c *chunking) stream() {
	c.streams = true
	c.task.streams = c.inPieces()
}

// aside makes a call that may hang.
func (c *chunking) aside(call func() error) error {
	if !c.streams {
		return call()
	}
	_, err := aside(c.task, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// inPieces reports whether a file can be cut piece by piece.
func (c *chunking) inPieces() bool {
	return c.opts.Reader == nil && !c.opts.atBoundaries() && (c.opts.Unit == Chars || c.opts.Tokenizer == nil)
}

// runOn cuts the files that path stands for.
func (c *chunking) runOn(path string) error {
	f := &finder{
		task: c.task, op: "chunk", shallow: c.opts.Shallow,
		types: newTypeFilter(c.opts.FileTypes), exclude: newExclusion(c.opts.Exclude), sel: c.opts.Select,
	}
	if err := c.aside(func() error { return c.inspect(path, f) }); err != nil {
		return err
	}
	if !c.many {
		return c.run(&listFeed[source]{[]source{{path: path}}})
	}
	tree, err := f.below(path)
	if err != nil {
		return err
	}
	defer tree.stop()
	return c.run(tree)
}

// inspect looks at a path and at the outputs, which may lie below it.
func (c *chunking) inspect(path string, f *finder) error {
	if err := c.findOutput(); err != nil {
		return err
	}
	f.output = c.output
	st, err := c.task.stat("chunk", path)
	if err != nil || !st.Mode.IsDir() {
		return err
	}
	c.many = true
	naming := c.save.forChunks()
	made := func(name string) bool { return naming.made(name, isChunkStem) }
	f.earlier, err = c.task.newEarlierOutputs(c.opts.OutputDir, path, made)
	return err
}

// run cuts the files and saves the chunks.
func (c *chunking) run(sources feed[source]) error {
	c.meter = newMeter(c.opts.Progress)
	if n := sources.left(); n >= 0 {
		c.meter.setTotal(n)
	}
	if c.streams && c.hasOutputs() && c.task.Done() != nil {
		c.deputy = newDeputy(c.task)
	}
	defer c.deputy.dismiss(c.closeOutputs)
	if c.streams {
		if err := c.deputy.do(c.openOutputDir); err != nil {
			return err
		}
	}
	if err := c.cutAll(sources); err != nil {
		return err
	}
	if err := c.deputy.do(c.commitOutputs); err != nil {
		return err
	}
	return c.meter.finish()
}

// The bounds of a chunking that streams. A file of more than streamSize bytes, or
// whose chunks may be more than streamChunks, is cut piece by piece.
const (
	streamSize   = 4 << 20
	streamChunks = 4 << 10
)

// limits returns the sizes up to which a file is cut ahead and cut whole.
func (c *chunking) limits() (ahead, whole int64) {
	if !c.streams || !c.inPieces() {
		return aheadLimit, anySize
	}
	most := int64(c.opts.size()) * streamChunks // a unit has a byte at least
	whole = min(c.task.pool.streamSize, most)
	return min(aheadLimit, whole), whole
}

// cutAll reads and cuts the files, several at a time. The data of a batch is the
// encoded chunks, each file's with the separator that comes before them.
func (c *chunking) cutAll(sources feed[source]) error {
	load := func(b *batch[source, cutFile], s source, f *cutFile, limit int64) bool {
		if s.err != nil {
			f.err, f.byRule, f.noFile = s.err, s.byRule, !errors.Is(s.err, ErrExcluded)
			return true
		}
		*f = c.cut(b.files, s.path, limit)
		if f.err == (errTooLargeToHold{}) {
			return false
		}
		b.bytes += f.size
		b.held += f.held()
		b.data = c.appendChunks(b.data, f.chunks)
		return true
	}
	p := pipeline[source, cutFile]{task: c.task, feed: sources, load: load}
	p.ahead, p.whole = c.limits()
	for part, err := range p.parts() {
		switch {
		case err != nil && len(part.sources) > 0:
			return pathError("read", part.sources[0].path, err)
		case err != nil:
			return err
		case part.tooLarge:
			err = c.cutPieces(part.sources[0].path)
		default:
			err = c.take(part.sources, cutPart{part.items, part.data})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take hands on the chunks of files, and leaves out those that failed.
func (c *chunking) take(sources []source, p cutPart) error {
	for i, f := range p.files {
		if f.err != nil {
			if err := c.skip(SkippedFile{sources[i].path, f.err}, f.byRule); err != nil {
				return err
			}
		}
		if f.counts() {
			c.meter.add(1, f.size)
		}
	}
	if err := c.deputy.do(func() error { return c.put(p) }); err != nil {
		return err
	}
	return c.emit(p)
}

// cut reads a file of files and cuts it.
func (c *chunking) cut(files vfs.FS, path string, limit int64) cutFile {
	text, size, encoding, err := c.text(files, path, limit)
	if err != nil {
		return cutFile{err: err}
	}
	chunks, err := c.opts.cut(path, text, c.opts.Reader == nil) // the text of a Reader may be invalid
	if err != nil {
		return cutFile{err: pathError("chunk", path, err)}
	}
	c.addFile(chunks, path, size, encoding)
	f := cutFile{chunks: chunks, size: size}
	if c.streams {
		f.chars = textscan.CountRunes(text)
	}
	return f
}

// addFile sets the fields of chunks that say where they come from.
func (c *chunking) addFile(chunks []TextChunk, path string, size int64, encoding string) {
	_, name := c.task.pool.paths.Split(path)
	for i := range chunks {
		chunks[i].FilePath, chunks[i].FileName, chunks[i].FileSize = path, name, size
		chunks[i].Encoding = encoding
	}
}

// text returns a file's text, the file's size in bytes, and its encoding if that
// has been found out.
func (c *chunking) text(files vfs.FS, path string, limit int64) (text string, size int64, encoding string, err error) {
	if c.opts.Reader != nil {
		text, size, err = c.readerText(path)
		return text, size, "", err
	}
	check := c.encoding.check()
	data, st, err := c.task.read(files, nil, path, limit, check)
	if c.output.is(st) {
		err = c.ownOutput(path)
	}
	if err != nil {
		return "", 0, "", err
	}
	e, err := c.encoding.ofContents(c.task, path, data, check)
	if err != nil {
		return "", 0, "", err
	}
	text, err = e.decode(path, data)
	return text, int64(len(data)), e.told, err
}

// readerText lets the Reader read a file. The Reader holds a slot, which it
// lends to the operations that it calls with its context.
func (c *chunking) readerText(path string) (string, int64, error) {
	st, err := c.task.stat("chunk", path)
	if err == nil && c.output.is(st) {
		err = c.ownOutput(path)
	}
	if err != nil {
		return "", 0, err
	}
	text, err := lend(c.task, &use{op: "chunk", path: path}, func(ctx context.Context) (string, error) {
		return protect(func() (string, error) { return c.opts.Reader(ctx, path) })
	})
	return text, st.Size, pathError("chunk", path, err)
}

// ownOutput is the error of an input that is the output file.
func (c *chunking) ownOutput(path string) error {
	if c.many {
		return pathError("chunk", path, c.output.excluded(path))
	}
	return pathError("chunk", path, ErrSameFile)
}

// skip leaves a file out, if that is allowed, or returns the error that ends the
// operation.
func (c *chunking) skip(s SkippedFile, byRule bool) error {
	if endsOperation(c.task, s.Err) {
		return s.Err
	}
	byRule = byRule || errors.Is(s.Err, ErrExcluded)
	if c.many && c.opts.OnSkip != nil {
		return protectCall(func() { c.opts.OnSkip(s) })
	}
	c.failed = c.failed || !byRule
	return c.leaveOut(s, byRule)
}
