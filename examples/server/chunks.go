package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math"
	"net/http"

	"github.com/lion-agi/fileops"
)

// chunks streams the chunks of the file or directory ?path= as JSON lines. The
// parameters of selecting choose the files of a directory. The trailers name the files
// that were left out.
func (s *service) chunks(w http.ResponseWriter, r *http.Request) error {
	path, err := pathParameter(r.Form, "path")
	if err != nil {
		return err
	}
	opts, err := chunkOptions(r.Form)
	if err != nil {
		return err
	}
	opts.FileTypes, opts.Encoding = filled(r.Form["type"]), r.Form.Get("encoding")
	if opts.Select, err = selection(r.Form); err != nil {
		return err
	}
	info, err := s.lookAtChunks(r.Context(), path, opts)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return begin(w, r, jsonLines)
	}
	if info.IsDir() {
		if err := s.checkTree(r.Context(), path, opts); err != nil {
			return err
		}
	}
	var left skips
	opts.OnSkip = left.add
	out := &stream{w: w, r: r, contentType: jsonLines, prefix: "Chunk-", counts: []string{"Files", "Count", "Chars"}}
	result, err := s.pool.ChunkTo(r.Context(), out, path, opts)
	if err != nil {
		return out.fail(err)
	}
	return out.finish(left, result.Files, result.Chunks, result.Chars)
}

// lookAtChunks checks the options and returns the information on a file or directory
// that could be cut. It reads nothing.
func (s *service) lookAtChunks(ctx context.Context, path string, opts *fileops.ChunkOptions) (fs.FileInfo, error) {
	if _, err := fileops.ChunkText("", opts); err != nil {
		return nil, err
	}
	info, err := s.look(ctx, path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return info, nil
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "chunk", Path: path, Err: fileops.ErrNotRegular}
	}
	return info, s.checkChunks(path, info.Size(), opts)
}

// chunkBytes is how many bytes a chunk has at most for each character of size: a
// character has up to four, and the last chunk of a text has up to two and a half
// times size characters, with its overlap and a tail that is no longer than threshold.
const chunkBytes = 10

// checkChunks returns an error if a chunk of a file could be larger than
// -max-file-size. The package holds one chunk of a stream in memory whole. A chunk
// of words has no bound, because a word may be as long as its file.
func (s *service) checkChunks(path string, size int64, opts *fileops.ChunkOptions) error {
	longest := s.maxSize / chunkBytes
	chars := cmp.Or(opts.Size, fileops.DefaultChunkOptions().Size)
	if s.maxSize == 0 || size <= s.maxSize || opts.Splitter == nil && opts.Unit == fileops.Chars && int64(chars) <= longest {
		return nil
	}
	return fmt.Errorf("chunk %s: %w: it can only be cut with unit=chars, split=none and a size of at most %d", path, fileops.ErrTooLarge, longest)
}

// checkTree returns an error if the files below a directory cannot be cut with a
// bounded memory.
func (s *service) checkTree(ctx context.Context, dir string, opts *fileops.ChunkOptions) error {
	if err := s.checkCrowd(ctx, []string{dir}); err != nil {
		return err
	}
	if s.checkChunks(dir, math.MaxInt64, opts) == nil { // whatever the sizes of the files
		return nil
	}
	found := s.pool.Files(ctx, dir, &fileops.DirOptions{FileTypes: opts.FileTypes, Select: opts.Select, Stat: true, IgnoreErrors: true})
	for file, err := range found {
		if err == nil {
			err = s.checkChunks(slashed(file.Path, windows), file.Size, opts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
