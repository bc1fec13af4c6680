package fileops

import (
	"cmp"
	"context"
	"io"
	"iter"
)

// Chunks calls [Pool.Chunks] on [DefaultPool].
func Chunks(ctx context.Context, path string, opts *ChunkOptions) iter.Seq2[TextChunk, error] {
	return DefaultPool.Chunks(ctx, path, opts)
}

// Chunks yields the chunks that [Pool.Chunk] returns, in the same order, while it
// reads the files. It holds some MiB, however many files there are and however
// large they are.
//
// A few workers read and cut small files ahead of the loop. A slow loop body stops
// them. Breaking out of the loop stops them too, and leaks nothing. A file of
// several MiB, or of several thousand chunks, is read twice and cut piece by piece.
// If it changes in between, the error is [ErrChanged]. A text is in memory whole if
// a Tokenizer, a Splitter, a Counter or a Reader needs it so: one such text for each
// worker, of [PoolOptions].MaxFileSize at most. So is one in another Encoding than
// utf-8 that has a U+FFFD, or bytes that are no character. The Encoding
// "auto" may read a large file once more, to find out its encoding.
//
// An error is one file's, which the chunk's FilePath names. The loop may go on. In
// a directory, opts.OnSkip gets it instead. If path cannot be found, if ctx ends, if
// opts is invalid, or if the pool refuses to go on, the error is the last thing that
// is yielded.
//
// OutputFile gets its name when the loop has run to its end without an error, and
// otherwise not at all. The files in OutputDir are written while the loop runs, and
// stay.
func (p *Pool) Chunks(ctx context.Context, path string, opts *ChunkOptions) iter.Seq2[TextChunk, error] {
	return func(yield func(TextChunk, error) bool) {
		broken := false
		give := func(c TextChunk, err error) error {
			if broken = !yield(c, err); broken {
				return errBroken
			}
			return nil
		}
		err := stream(ctx, p, &use{op: "chunk", path: path}, func(t *task) error {
			c, err := newChunking(t, opts)
			if err != nil {
				return err
			}
			c.emit = func(p cutPart) error {
				for _, f := range p.files {
					for _, chunk := range f.chunks {
						if err := give(chunk, nil); err != nil {
							return err
						}
					}
				}
				return nil
			}
			c.leaveOut = func(s SkippedFile, byRule bool) error {
				if byRule && c.many {
					return nil
				}
				return give(TextChunk{FilePath: s.Path}, s.Err)
			}
			c.stream()
			if err := c.runOn(path); err != errBroken {
				return err
			}
			return nil
		})
		if err != nil && !broken {
			yield(TextChunk{FilePath: path}, err)
		}
	}
}

// errBroken says that the loop over a sequence has been broken out of.
var errBroken = &brokenError{}

type brokenError struct{}

func (*brokenError) Error() string { return "the loop has been broken out of" }

// A ChunkResult says what [ChunkTo] has written.
type ChunkResult struct {
	Files   int           // the files that were cut
	Chunks  int           // the chunks that were written
	Chars   int           // code points of the files' texts
	Bytes   int64         // in the files
	Skipped []SkippedFile // left out, in the order of paths; empty if OnSkip was called instead
}

// ChunkTo calls [Pool.ChunkTo] on [DefaultPool].
func ChunkTo(ctx context.Context, w io.Writer, path string, opts *ChunkOptions) (*ChunkResult, error) {
	return DefaultPool.ChunkTo(ctx, w, path, opts)
}

// AsyncChunkTo calls [Pool.AsyncChunkTo] on [DefaultPool].
func AsyncChunkTo(ctx context.Context, w io.Writer, path string, opts *ChunkOptions) *Future[*ChunkResult] {
	return DefaultPool.AsyncChunkTo(ctx, w, path, opts)
}

// ChunkTo writes the chunks of [Pool.Chunk] to w as JSON lines while it reads the
// files: one [TextChunk] a line. Memory stays bounded as with [Pool.Chunks], so the
// text may be larger than memory and w may be slow. While it waits for w it holds
// none of the pool's slots. It writes at most 1 MiB at a time. An error of w ends
// it. OutputDir and OutputFile must be "".
//
// In a directory, a file that cannot be read, decoded or cut is left out and is in
// Skipped, or goes to opts.OnSkip, with everything else that is left out. A large
// file that changes while it is read may have some chunks written before.
//
// ChunkTo calls w.Write on its caller's goroutine and returns only when no Write is
// under way, so it blocks as long as w does.
func (p *Pool) ChunkTo(ctx context.Context, w io.Writer, path string, opts *ChunkOptions) (*ChunkResult, error) {
	return runInline(ctx, p, chunkTo(w, path, opts))
}

// AsyncChunkTo starts [Pool.ChunkTo] on another goroutine and returns its future.
// It does not block; ctx cancels the work. The future owns w until it is complete,
// even if an Await has given up.
func (p *Pool) AsyncChunkTo(ctx context.Context, w io.Writer, path string, opts *ChunkOptions) *Future[*ChunkResult] {
	return start(ctx, p, chunkTo(w, path, opts))
}

func chunkTo(w io.Writer, path string, opts *ChunkOptions) operation[*ChunkResult] {
	return operation[*ChunkResult]{name: "chunk to", path: path, untimed: true, do: func(t *task, _ string) (*ChunkResult, error) {
		c, err := newChunking(t, opts)
		if err != nil {
			return nil, err
		}
		if err := cmp.Or(c.opts.checkNoOutput(), checkWriter(w)); err != nil {
			return nil, err
		}
		if c.format, err = newLinesEncoder(c.opts); err != nil {
			return nil, err
		}
		c.w = w
		result := new(ChunkResult)
		c.emit = func(p cutPart) error {
			result.add(p)
			return nil
		}
		c.leaveOut = func(s SkippedFile, byRule bool) error {
			if !c.many {
				return s.Err
			}
			result.Skipped = append(result.Skipped, s)
			return nil
		}
		c.stream()
		return result, c.runOn(path)
	}}
}

// add counts a part.
func (r *ChunkResult) add(p cutPart) {
	for _, f := range p.files {
		r.Chunks += len(f.chunks)
		if f.err == nil && !f.more {
			r.Files++
			r.Chars += f.chars
			r.Bytes += f.size
		}
	}
}

// checkWriter returns an *OptionError if there is no writer.
func checkWriter(w io.Writer) error {
	if w == nil {
		return &OptionError{"w", nil, "must not be nil"}
	}
	return nil
}

// checkNoOutput returns an *OptionError for chunks that go to a writer and to files.
func (o *ChunkOptions) checkNoOutput() error {
	switch {
	case o.OutputFile != "":
		return &OptionError{"OutputFile", o.OutputFile, "ChunkTo writes to w, not to a file"}
	case o.OutputDir != "":
		return &OptionError{"OutputDir", o.OutputDir, "ChunkTo writes to w, not to files"}
	}
	return nil
}
