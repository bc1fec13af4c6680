package fileops

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// DirOptions says which files of a directory [DirToFiles] returns. nil means
// the zero value: all of them.
type DirOptions struct {
	// FileTypes are the suffixes of the files wanted, ".txt"; nil means all.
	// They are compared as Python's Path.suffix: the last one counts, ".env"
	// and "a." have none, and "" matches files without one.
	FileTypes []string
	// Shallow leaves out what is in directories below the directory.
	Shallow bool
	// IgnoreErrors leaves out directories that cannot be listed. Without it
	// the first one is an error.
	IgnoreErrors bool
	// Progress is called with the files found so far: by one goroutine at a
	// time, at most some twenty times a second, and once at the end. nil
	// means never.
	Progress func(Progress)
}

// DirToFiles returns the paths of the regular files in dir, and below it
// unless opts says otherwise. Paths begin with dir and are sorted. What
// counts as a file is as in [ListFiles], which selects by the end of the name
// where DirToFiles selects by suffix.
func DirToFiles(ctx context.Context, dir string, opts *DirOptions) ([]string, error) {
	return DefaultPool.DirToFiles(ctx, dir, opts)
}

// AsyncDirToFiles is [DirToFiles] as a future. It does not block.
func AsyncDirToFiles(ctx context.Context, dir string, opts *DirOptions) *Future[[]string] {
	return DefaultPool.AsyncDirToFiles(ctx, dir, opts)
}

// DirToFiles is [DirToFiles] on this pool.
func (p *Pool) DirToFiles(ctx context.Context, dir string, opts *DirOptions) ([]string, error) {
	return run(ctx, p, dirToFiles(dir, opts))
}

// AsyncDirToFiles is [AsyncDirToFiles] on this pool.
func (p *Pool) AsyncDirToFiles(ctx context.Context, dir string, opts *DirOptions) *Future[[]string] {
	return start(ctx, p, dirToFiles(dir, opts))
}

func dirToFiles(dir string, opts *DirOptions) operation[[]string] {
	if opts == nil {
		opts = new(DirOptions)
	}
	return operation[[]string]{name: "list", path: dir, do: func(t *task, _ string) ([]string, error) {
		m := newMeter(opts.Progress)
		w := walk{
			task:    t,
			shallow: opts.Shallow,
			keep:    newTypeFilter(opts.FileTypes).matches,
			failed:  failOnError,
			found:   func(files int) { m.add(files, 0) },
		}
		if opts.IgnoreErrors {
			w.failed = func(string, error) error { return nil }
		}
		paths, err := w.files(dir)
		if err != nil {
			return nil, err
		}
		m.setTotal(len(paths))
		return paths, m.finish()
	}}
}

// FileToChunks reads a file, cuts its text as [ChunkText] does, gives each
// chunk the file's path, name and size, and saves the chunks where opts says.
// A nil opts means [DefaultChunkOptions].
//
// A file with bytes that are invalid in opts.Encoding is an *[EncodingError],
// and opts that mean nothing are an *[OptionError]. OutputFile is replaced in
// one step, when all is cut; if it is the file itself, that is [ErrSameFile].
func FileToChunks(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return DefaultPool.FileToChunks(ctx, path, opts)
}

// AsyncFileToChunks is [FileToChunks] as a future. It does not block.
func AsyncFileToChunks(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return DefaultPool.AsyncFileToChunks(ctx, path, opts)
}

// FileToChunks is [FileToChunks] on this pool.
func (p *Pool) FileToChunks(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return run(ctx, p, fileToChunks(path, opts))
}

// AsyncFileToChunks is [AsyncFileToChunks] on this pool.
func (p *Pool) AsyncFileToChunks(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return start(ctx, p, fileToChunks(path, opts))
}

func fileToChunks(path string, opts *ChunkOptions) operation[[]TextChunk] {
	return operation[[]TextChunk]{name: "chunk", path: path, do: func(t *task, _ string) ([]TextChunk, error) {
		c, err := newChunking(t, opts)
		if err != nil {
			return nil, err
		}
		return c.run([]string{path})
	}}
}

// Chunk is [FileToChunks] of a file, or of all the files of a directory that
// FileTypes and Shallow select. Chunks are in the order of their files'
// paths; IDs and totals are counted for each file.
//
// In a directory, a file that cannot be read, decoded or cut is given to
// opts.OnSkip and left out. Without OnSkip the first such file, in the order
// of paths, is Chunk's error. The same goes for directories that cannot be
// listed, which come before all files. Either way nothing is left out in
// silence.
func Chunk(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return DefaultPool.Chunk(ctx, path, opts)
}

// AsyncChunk is [Chunk] as a future. It does not block.
func AsyncChunk(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return DefaultPool.AsyncChunk(ctx, path, opts)
}

// Chunk is [Chunk] on this pool.
func (p *Pool) Chunk(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return run(ctx, p, chunk(path, opts))
}

// AsyncChunk is [AsyncChunk] on this pool.
func (p *Pool) AsyncChunk(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return start(ctx, p, chunk(path, opts))
}

func chunk(path string, opts *ChunkOptions) operation[[]TextChunk] {
	return operation[[]TextChunk]{name: "chunk", path: path, do: func(t *task, _ string) ([]TextChunk, error) {
		c, err := newChunking(t, opts)
		if err != nil {
			return nil, err
		}
		paths, err := c.inputs(path)
		if err != nil {
			return nil, err
		}
		return c.run(paths)
	}}
}

// A chunking is one Chunk or FileToChunks under way.
type chunking struct {
	task     *task
	opts     *ChunkOptions
	encoding textEncoding
	form     *chunkEncoder // of the output file, nil if there is none
	replaces *info         // the output file that there is
	output   *output       // the one that there will be
	began    bool          // it has chunks
	again    bool          // it is written again, and skips have been told
	save     *SaveOptions
	many     bool // a directory's files, which may be skipped
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
		if c.form, err = newChunkEncoder(c.opts); err != nil {
			return nil, err
		}
	}
	c.save = c.opts.Save
	if c.save == nil {
		c.save = &SaveOptions{Timestamp: true, RandomHashDigits: 4}
	}
	return c, c.save.check()
}

// inputs returns the files that path stands for.
func (c *chunking) inputs(path string) ([]string, error) {
	st, err := c.task.stat("chunk", path)
	if err != nil || !st.mode.IsDir() {
		return []string{path}, err
	}
	c.many = true
	var unlisted []SkippedFile
	w := walk{
		task:    c.task,
		shallow: c.opts.Shallow,
		keep:    newTypeFilter(c.opts.FileTypes).matches,
		failed: func(path string, err error) error {
			if c.opts.OnSkip == nil {
				return err
			}
			unlisted = append(unlisted, SkippedFile{path, err})
			return nil
		},
	}
	paths, err := w.files(path)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(unlisted, func(a, b SkippedFile) int { return strings.Compare(a.Path, b.Path) })
	for _, s := range unlisted {
		if err := c.skip(s); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// run cuts the files and saves the chunks.
func (c *chunking) run(paths []string) ([]TextChunk, error) {
	chunks, err := c.cutToOutput(paths)
	if errors.Is(err, errCannotLink) {
		c.again = true
		chunks, err = c.cutToOutput(paths)
	}
	if err != nil {
		return nil, err
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

// cutToOutput cuts the files and writes the output file, if there is one.
func (c *chunking) cutToOutput(paths []string) ([]TextChunk, error) {
	c.meter = newMeter(c.opts.Progress)
	c.meter.setTotal(len(paths))
	if c.form == nil {
		return c.cutAll(paths)
	}
	var err error
	if c.replaces, err = c.task.find(c.opts.OutputFile); err != nil {
		return nil, err
	}
	c.output, c.began = c.task.newOutput(c.opts.OutputFile), false
	c.output.memory = c.again
	defer c.output.discard()
	chunks, err := c.cutAll(paths)
	if err != nil {
		return nil, err
	}
	return chunks, c.finishOutput()
}

// A cutFile is what has become of a file.
type cutFile struct {
	chunks []TextChunk
	at     int // where its part of its batch's arena begins
	err    error
}

// cutAll reads and cuts the files, several at a time, and returns all chunks.
// What the output file is to hold of them is in the batches' arenas, each
// file's chunks with the separator that comes before them.
func (c *chunking) cutAll(paths []string) (chunks []TextChunk, err error) {
	load := func(b *batch[cutFile], i int, f *cutFile) {
		f.at = len(b.arena)
		if b.full() {
			f.err = laterError{}
			return
		}
		b.arena = c.cut(f, paths[i], aheadLimit, b.arena)
		b.bytes += f.size()
	}
	done := 0
	for b := range readAhead(c.task, len(paths), load) {
		written := 0
		for i, f := range b.items {
			path := paths[b.first+i]
			if f.err == (laterError{}) {
				if err := c.write(b.arena[written:f.at]); err != nil {
					return nil, err
				}
				written = f.at
				f.err = nil
				if err := c.write(c.cut(&f, path, anySize, nil)); err != nil {
					return nil, err
				}
			}
			if f.err != nil {
				if err := c.skip(SkippedFile{path, f.err}); err != nil {
					return nil, err
				}
			}
			chunks = append(chunks, f.chunks...)
			c.meter.add(1, f.size())
		}
		if err := c.write(b.arena[written:]); err != nil {
			return nil, err
		}
		done += len(b.items)
	}
	if done < len(paths) {
		return nil, pathError("read", paths[done], c.task.Err())
	}
	return chunks, nil
}

// write writes encoded chunks to the output file, if there is one and there
// are any.
func (c *chunking) write(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	if !c.began {
		c.began = true
		encoded = encoded[len(c.form.separator):]
		if err := c.output.write([]byte(c.form.header)); err != nil {
			return err
		}
	}
	return c.output.write(encoded)
}

// finishOutput publishes the output file.
func (c *chunking) finishOutput() error {
	end := c.form.footer
	if !c.began {
		end = c.form.header + end
	}
	if err := c.output.write([]byte(end)); err != nil {
		return err
	}
	return c.output.finish()
}

// size is the size of the file that was cut.
func (f *cutFile) size() int64 {
	if len(f.chunks) == 0 {
		return 0
	}
	return f.chunks[0].FileSize
}

// cut reads a file and cuts it. It appends to arena what the output file is to
// hold of it.
func (c *chunking) cut(f *cutFile, path string, limit int64, arena []byte) []byte {
	f.chunks, f.err = c.chunks(path, limit)
	if c.form == nil || len(f.chunks) == 0 {
		return arena
	}
	return c.form.appendChunks(append(arena, c.form.separator...), f.chunks)
}

// chunks returns the chunks of a file.
func (c *chunking) chunks(path string, limit int64) ([]TextChunk, error) {
	if c.many && (containsAny(path, c.opts.Exclude) || path == cleanPath(c.opts.OutputFile)) {
		return nil, pathError("chunk", path, ErrExcluded)
	}
	text, size, err := c.text(path, limit)
	if err != nil {
		return nil, err
	}
	chunks, err := c.opts.cut(text, c.opts.Reader == nil) // a Reader may return invalid UTF-8
	if err != nil {
		return nil, pathError("chunk", path, err)
	}
	_, name := splitPath(path)
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
	if c.isOutput(st) {
		err = c.ownOutput(path)
	}
	if err != nil {
		return "", 0, err
	}
	text, err := c.encoding.decode(path, data)
	return text, int64(len(data)), err
}

// readerText lets the user's Reader read a file. It holds a slot meanwhile,
// which what it calls with its context uses too.
func (c *chunking) readerText(path string) (string, int64, error) {
	st, err := c.task.stat("chunk", path)
	if err == nil && c.isOutput(st) {
		err = c.ownOutput(path)
	}
	if err != nil {
		return "", 0, err
	}
	t := &task{Context: c.task, pool: c.task.pool, lender: c.task.lender}
	text, err := lend(t, "chunk", path, func(ctx context.Context) (string, error) {
		return protect(func() (string, error) { return c.opts.Reader(ctx, path) })
	})
	return text, st.size, pathError("chunk", path, err)
}

// isOutput reports whether a file is the one that will be replaced, which is
// not its own input.
func (c *chunking) isOutput(st info) bool {
	return c.replaces != nil && sameFile(st, *c.replaces)
}

// ownOutput is the error of a file that isOutput.
func (c *chunking) ownOutput(path string) error {
	if c.many {
		return pathError("chunk", path, ErrExcluded)
	}
	return pathError("chunk", path, ErrSameFile)
}

// skip leaves a file out, if that is allowed, or returns the error that ends
// the operation.
func (c *chunking) skip(s SkippedFile) error {
	switch {
	case !c.many || final(c.task, s.Err):
		return s.Err
	case c.opts.OnSkip != nil:
	case errors.Is(s.Err, ErrExcluded):
		return nil
	default:
		return s.Err
	}
	if c.again {
		return nil
	}
	_, err := protect(func() (struct{}, error) {
		c.opts.OnSkip(s)
		return struct{}{}, nil
	})
	return err
}
