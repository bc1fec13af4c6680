package fileops

import (
	"cmp"
	"context"
)

// DirOptions says which files of a directory [DirToFiles] returns. nil means the
// zero value: all of them.
type DirOptions struct {
	// FileTypes are the suffixes of the files wanted, ".txt"; nil means all.
	// They are compared as Python's Path.suffix: the last one counts, ".env"
	// and "a." have none, and "" matches files without one. A type that no file
	// can have, such as "*.txt" or ".tar.gz", is an *OptionError.
	FileTypes []string
	// Select says, by patterns, which of these files are wanted; nil means all.
	Select *Selection
	// Shallow leaves out the directories below the directory.
	Shallow bool
	// IgnoreErrors leaves out directories that cannot be listed. Without it
	// the first one is an error.
	IgnoreErrors bool
	// OnSkip is called for everything in the directory that is left out, in the
	// order of paths: the files and directories that Select leaves out
	// ([ExcludedError]), links to directories ([ErrNotFollowed]), links that lead
	// nowhere (the error of the link), FIFOs, sockets and devices
	// ([ErrNotRegular]), directories that another program removes at the moment
	// (on Windows), and what IgnoreErrors leaves out. It is not called for
	// files of other types, for directories with Shallow, and for this
	// package's temporary files. It is called by one goroutine at a time, while
	// files are found. A panic in it is returned as a *PanicError.
	OnSkip func(SkippedFile)
	// Stat fills in the fields of a [File] besides its Path. It costs a system
	// call a file. DirToFiles has no use for it.
	Stat bool
	// Progress is called with the number of files found so far: by one
	// goroutine at a time, at most some twenty times a second, and once at the
	// end. nil means never.
	Progress func(Progress)
}

// DirToFiles calls [Pool.DirToFiles] on [DefaultPool].
func DirToFiles(ctx context.Context, dir string, opts *DirOptions) ([]string, error) {
	return DefaultPool.DirToFiles(ctx, dir, opts)
}

// AsyncDirToFiles calls [Pool.AsyncDirToFiles] on [DefaultPool].
func AsyncDirToFiles(ctx context.Context, dir string, opts *DirOptions) *Future[[]string] {
	return DefaultPool.AsyncDirToFiles(ctx, dir, opts)
}

// DirToFiles returns the paths of the regular files in dir, and in the
// directories below it unless opts says otherwise. Paths begin with dir and are
// sorted. It finds files as [Pool.ListFiles] does, which selects by the end of
// the name where DirToFiles selects by suffix. It gives the files and directories
// that it leaves out to opts.OnSkip. It blocks until it is done or ctx ends.
func (p *Pool) DirToFiles(ctx context.Context, dir string, opts *DirOptions) ([]string, error) {
	return run(ctx, p, dirToFiles(dir, opts))
}

// AsyncDirToFiles starts [Pool.DirToFiles] and returns its future. It does not
// block; ctx cancels the work.
func (p *Pool) AsyncDirToFiles(ctx context.Context, dir string, opts *DirOptions) *Future[[]string] {
	return start(ctx, p, dirToFiles(dir, opts))
}

func dirToFiles(dir string, opts *DirOptions) operation[[]string] {
	return operation[[]string]{name: "list", path: dir, do: func(t *task, _ string) (paths []string, err error) {
		paths = []string{}
		var failed error
		err = t.eachFile(dir, opts, true, func(f File, err error) bool {
			paths, failed = append(paths, f.Path), err
			return err == nil
		})
		if err = cmp.Or(failed, err); err != nil {
			return nil, err
		}
		return paths, nil
	}}
}

// FileToChunks calls [Pool.FileToChunks] on [DefaultPool].
func FileToChunks(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return DefaultPool.FileToChunks(ctx, path, opts)
}

// AsyncFileToChunks calls [Pool.AsyncFileToChunks] on [DefaultPool].
func AsyncFileToChunks(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return DefaultPool.AsyncFileToChunks(ctx, path, opts)
}

// FileToChunks reads a file, cuts its text as [ChunkText] does, gives each chunk
// the file's path, name and size, and saves the chunks where opts says. nil opts
// mean [DefaultChunkOptions].
//
// A file with bytes that are invalid in opts.Encoding is an *[EncodingError],
// and a meaningless option is an *[OptionError]. OutputFile is replaced in one
// step, when all is cut; if it is the file itself, the error is [ErrSameFile].
// FileToChunks blocks until it is done or ctx ends.
func (p *Pool) FileToChunks(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return run(ctx, p, fileToChunks(path, opts))
}

// AsyncFileToChunks starts [Pool.FileToChunks] and returns its future. It does
// not block; ctx cancels the work.
func (p *Pool) AsyncFileToChunks(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return start(ctx, p, fileToChunks(path, opts))
}

func fileToChunks(path string, opts *ChunkOptions) operation[[]TextChunk] {
	return operation[[]TextChunk]{name: "chunk", path: path, do: func(t *task, _ string) ([]TextChunk, error) {
		c, err := newChunking(t, opts)
		if err != nil {
			return nil, err
		}
		return c.collect(func() error {
			if err := c.findOutput(); err != nil {
				return err
			}
			return c.run(&listFeed[source]{[]source{{path: path}}})
		})
	}}
}

// Chunk calls [Pool.Chunk] on [DefaultPool].
func Chunk(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return DefaultPool.Chunk(ctx, path, opts)
}

// AsyncChunk calls [Pool.AsyncChunk] on [DefaultPool].
func AsyncChunk(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return DefaultPool.AsyncChunk(ctx, path, opts)
}

// Chunk is [Pool.FileToChunks] of a file, or of all the files of a directory
// that FileTypes and Shallow select. Chunks are in the order of their files'
// paths. IDs and totals are counted for each file.
//
// In a directory, a file that cannot be read, decoded or cut, and a directory that
// cannot be listed, is given to opts.OnSkip and left out. Without OnSkip the first
// one, in the order of paths, is Chunk's error.
//
// OnSkip also gets everything that Chunk leaves out by a rule, which is never an
// error: what Exclude matches, the output file, the files that earlier runs have
// saved in OutputDir, links to directories, links that lead nowhere, FIFOs,
// sockets and devices, and, on Windows, directories that another program removes
// at the moment. So nothing is left out silently, except files of other
// types and, with Shallow, directories.
func (p *Pool) Chunk(ctx context.Context, path string, opts *ChunkOptions) ([]TextChunk, error) {
	return run(ctx, p, chunk(path, opts))
}

// AsyncChunk starts [Pool.Chunk] and returns its future. It does not block; ctx
// cancels the work.
func (p *Pool) AsyncChunk(ctx context.Context, path string, opts *ChunkOptions) *Future[[]TextChunk] {
	return start(ctx, p, chunk(path, opts))
}

func chunk(path string, opts *ChunkOptions) operation[[]TextChunk] {
	return operation[[]TextChunk]{name: "chunk", path: path, do: func(t *task, _ string) ([]TextChunk, error) {
		c, err := newChunking(t, opts)
		if err != nil {
			return nil, err
		}
		return c.collect(func() error { return c.runOn(path) })
	}}
}

// collect returns all chunks of a run.
func (c *chunking) collect(run func() error) ([]TextChunk, error) {
	c.emit = func(p cutPart) error {
		for _, f := range p.files {
			c.all = append(c.all, f.chunks...)
		}
		return nil
	}
	c.leaveOut = func(s SkippedFile, byRule bool) error {
		if byRule && c.many {
			return nil
		}
		return s.Err
	}
	if err := run(); err != nil {
		return nil, err
	}
	return c.all, nil
}

// ChunkText cuts text into chunks of opts.Size code points or tokens and
// returns them in order. A nil opts means [DefaultChunkOptions].
//
// With a Splitter or a Counter, the text is cut at boundaries, as
// [ChunkOptions].Splitter says. The Splitter gets the path "". Otherwise chunk i,
// counted from 0, covers the units from i*Size to (i+1)*Size. The
// overlap extends it by half of the overlap past both ends, as far as there is
// text. The units that remain at the end are a chunk of their own if there are
// more than opts.Threshold of them. From the third chunk on, the overlap before
// them counts too. Otherwise they join the chunk before. An empty text, or a
// text without tokens, has no chunks.
//
// A code point is one step of a range loop over text. Each byte that is not
// valid UTF-8 therefore counts as one, and stays as it is.
//
// ChunkText reads no files and saves none. It uses Metadata and the options that
// say how to cut. The error is an *OptionError if any of opts is invalid, used
// or not, or a *PanicError if the Tokenizer, the Splitter or the Counter panics.
//
// ChunkText may be called from many goroutines at once. It does not block unless
// one of these does. For a text of several MiB and for tens of thousands of
// chunks, the Unit Chars uses more than one processor. All calls in the process
// together add at most GOMAXPROCS-1 goroutines for this, whatever their number:
// a call that gets no further goroutine works alone. Those callbacks run on a
// goroutine of their own.
func ChunkText(text string, opts *ChunkOptions) ([]TextChunk, error) {
	opts = opts.orDefault()
	if opts.Tokenizer != nil || opts.atBoundaries() || opts.Metadata != nil { // otherwise nothing calls back
		opts = opts.own()
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	return opts.cut("", text, false)
}

// check returns an *OptionError if an option is invalid.
func (o *ChunkOptions) check() error {
	if err := o.checkCut(); err != nil {
		return err
	}
	if o.OutputFile != "" {
		if _, err := formatOf(o.OutputFile); err != nil {
			return err
		}
	}
	if o.Save != nil {
		if err := o.Save.check(); err != nil {
			return err
		}
	}
	_, encodingErr := newTextEncoding(o.Encoding, o.Guess)
	_, metadataErr := metadataFields(o.Metadata, o.usedKeys())
	return cmp.Or(checkTypes(o.FileTypes), checkExclude(o.Exclude), o.Select.check(), encodingErr, metadataErr)
}

// cut is ChunkText for options that have been checked. The path is the one that the
// Splitter gets. valid says that text is known to be valid UTF-8.
func (o *ChunkOptions) cut(path, text string, valid bool) (chunks []TextChunk, err error) {
	if o.atBoundaries() && text != "" {
		chunks, err = protect(func() ([]TextChunk, error) { return cutAtBoundaries(path, text, o, valid), nil })
		chunks = o.dropShort(chunks)
	} else {
		chunks, err = cut(text, o, valid, o.guardedTokenizer())
	}
	if o.Lines {
		new(lineNumberer).number(text, 0, chunks)
	}
	return chunks, err
}

// guardedTokenizer returns a function that calls the Tokenizer and returns a
// panic in it as an error. It returns nil if there is no Tokenizer.
func (o *ChunkOptions) guardedTokenizer() func(string) ([]string, error) {
	if o.Tokenizer == nil {
		return nil
	}
	return func(text string) ([]string, error) {
		return protect(func() ([]string, error) { return o.Tokenizer(text), nil })
	}
}
