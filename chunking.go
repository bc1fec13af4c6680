package fileops

import (
	"context"
	"errors"

	"github.com/lion-agi/fileops/internal/vfs"
)

// A chunking is one Chunk or FileToChunks under way.
type chunking struct {
	task     *task
	opts     *ChunkOptions
	encoding textEncoding
	format   *chunkEncoder // of the output file, nil if there is none
	output   *outputFile
	began    bool // the output has chunks
	save     *SaveOptions
	many     bool // the files are a directory's, and may be skipped
	meter    *meter
}

func newChunking(t *task, opts *ChunkOptions) (*chunking, error) {
	c := &chunking{task: t, opts: opts.orDefault()}
	if err := c.opts.check(); err != nil {
		return nil, err
	}
	var err error
	if c.encoding, err = findEncoding(c.opts.Encoding); err != nil {
		return nil, err
	}
	if c.opts.OutputFile != "" {
		if c.format, err = newChunkEncoder(c.opts); err != nil {
			return nil, err
		}
	}
	c.save = c.opts.Save
	if c.save == nil {
		c.save = &SaveOptions{Timestamp: true, RandomHashDigits: 4}
	}
	if err := c.save.check(); err != nil {
		return nil, err
	}
	c.output, err = t.newOutput(c.opts.OutputFile, vfs.AtomicOptions{Replace: true})
	return c, err
}

// sources returns the files that path stands for.
func (c *chunking) sources(path string) ([]source, error) {
	st, err := c.task.stat("chunk", path)
	if err != nil || !st.Mode.IsDir() {
		return []source{{path, nil}}, err
	}
	c.many = true
	naming := c.save.forChunks()
	f := finder{
		task: c.task, op: "chunk", shallow: c.opts.Shallow,
		types: newTypeFilter(c.opts.FileTypes), exclude: newExclusion(c.opts.Exclude), output: c.output,
		earlier: earlierOutputs{dir: c.opts.OutputDir, made: func(name string) bool { return naming.made(name, isChunkStem) }},
	}
	sources, left, err := f.below(path)
	if err != nil {
		return nil, err
	}
	for _, l := range left {
		if l.byRule && c.opts.OnSkip == nil {
			continue
		}
		if err := c.skip(l.SkippedFile); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// run cuts the files and saves the chunks.
func (c *chunking) run(sources []source) ([]TextChunk, error) {
	c.meter = newMeter(c.opts.Progress)
	c.meter.setTotal(len(sources))
	defer c.output.discard()
	chunks, err := c.cutAll(sources)
	if err != nil {
		return nil, err
	}
	if c.format != nil {
		if err := c.commitOutput(); err != nil {
			return nil, err
		}
	}
	if c.opts.OutputDir != "" {
		if _, err := c.task.saveChunks(chunks, c.opts.OutputDir, c.save); err != nil {
			return nil, err
		}
	}
	if err := c.meter.finish(); err != nil {
		return nil, err
	}
	return chunks, nil
}

// A cutFile is a file's chunks, or the reason why there are none.
type cutFile struct {
	chunks []TextChunk
	err    error
}

// cutAll reads and cuts the files, several at a time, and returns all chunks. It
// writes them to the output file, if there is one. The data of a batch is the
// encoded chunks, each file's with the separator that comes before them.
func (c *chunking) cutAll(sources []source) (chunks []TextChunk, err error) {
	load := func(b *batch[cutFile], i int, f *cutFile, limit int64) bool {
		if f.err = sources[i].err; f.err == nil {
			f.chunks, f.err = c.cut(sources[i].path, limit)
		}
		if f.err == (errTooLargeToHold{}) {
			f.err = nil
			return false
		}
		b.bytes += f.size()
		if c.format != nil && len(f.chunks) > 0 {
			b.data = c.format.appendChunks(append(b.data, c.format.separator...), f.chunks)
		}
		return true
	}
	for p, err := range pipeline(c.task, len(sources), anySize, load) {
		if err != nil {
			return nil, pathError("read", sources[p.first].path, err)
		}
		for i, f := range p.items {
			if f.err != nil {
				if err := c.skip(SkippedFile{sources[p.first+i].path, f.err}); err != nil {
					return nil, err
				}
			}
			chunks = append(chunks, f.chunks...)
			c.meter.add(1, f.size())
		}
		if err := c.write(p.data); err != nil {
			return nil, err
		}
	}
	return chunks, nil
}

// write writes encoded chunks to the output file, if there are any.
func (c *chunking) write(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	if !c.began {
		c.began = true
		encoded = encoded[len(c.format.separator):]
		if err := c.output.write([]byte(c.format.header)); err != nil {
			return err
		}
	}
	return c.output.write(encoded)
}

// commitOutput completes the output file.
func (c *chunking) commitOutput() error {
	end := c.format.footer
	if !c.began {
		end = c.format.header + end
	}
	if err := c.output.write([]byte(end)); err != nil {
		return err
	}
	return c.output.commit()
}

// size is the size of the file.
func (f *cutFile) size() int64 {
	if len(f.chunks) == 0 {
		return 0
	}
	return f.chunks[0].FileSize
}

// cut reads a file and cuts it.
func (c *chunking) cut(path string, limit int64) ([]TextChunk, error) {
	text, size, err := c.text(path, limit)
	if err != nil {
		return nil, err
	}
	chunks, err := c.opts.cut(text, c.opts.Reader == nil) // the text of a Reader may be invalid
	if err != nil {
		return nil, pathError("chunk", path, err)
	}
	_, name := vfs.SplitPath(path)
	for i := range chunks {
		chunks[i].FilePath, chunks[i].FileName, chunks[i].FileSize = path, name, size
	}
	return chunks, nil
}

// text returns a file's text and the file's size in bytes.
func (c *chunking) text(path string, limit int64) (string, int64, error) {
	if c.opts.Reader != nil {
		return c.readerText(path)
	}
	data, st, err := c.task.read(nil, path, limit, c.encoding.check())
	if c.output.is(st) {
		err = c.ownOutput(path)
	}
	if err != nil {
		return "", 0, err
	}
	text, err := c.encoding.decode(path, data)
	return text, int64(len(data)), err
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
		return pathError("chunk", path, ErrExcluded)
	}
	return pathError("chunk", path, ErrSameFile)
}

// skip leaves a file out, if that is allowed, or returns the error that ends the
// operation.
func (c *chunking) skip(s SkippedFile) error {
	switch {
	case !c.many || endsOperation(c.task, s.Err):
		return s.Err
	case c.opts.OnSkip != nil:
		return protectCall(func() { c.opts.OnSkip(s) })
	case errors.Is(s.Err, ErrExcluded):
		return nil
	default:
		return s.Err
	}
}
