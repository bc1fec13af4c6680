package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
)

// chunks answers with the chunks of the file ?path=.
func (s *service) chunks(w http.ResponseWriter, r *http.Request) error {
	path, err := pathParameter(r.Form, "path")
	if err != nil {
		return err
	}
	opts, err := chunkOptions(r.Form)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return s.lookAtChunks(w, r, path, opts)
	}
	opts.Reader = func(ctx context.Context, path string) (string, error) {
		text, err := s.pool.ReadFile(ctx, path)
		if err == nil {
			err = checkChunks(text, opts, s.maxChunks)
		}
		return text, err
	}
	chunks, err := s.pool.FileToChunks(r.Context(), path, opts)
	if err != nil {
		return err
	}
	for i := range chunks {
		chunks[i].FilePath = slashed(chunks[i].FilePath, windows)
	}
	return writeList(w, r, "chunks", chunks, writeChunk)
}

// writeChunk writes a chunk as JSON. It encodes a long text in pieces: as JSON a text
// can be six times as long. json.Marshal would also validate what MarshalJSON returns.
func writeChunk(w io.Writer, c fileops.TextChunk) error {
	const before = `{"chunk_content":"`
	text := c.Text
	c.Text = ""
	empty, err := c.MarshalJSON()
	if err != nil {
		return err
	}
	after := empty[len(before):]
	io.WriteString(w, before)
	for text != "" {
		c.Text = head(text, pieceSize)
		text = text[len(c.Text):]
		piece, err := c.MarshalJSON()
		if err != nil {
			return err
		}
		w.Write(piece[len(before) : len(piece)-len(after)])
	}
	_, err = w.Write(after)
	return err
}

// lookAtChunks answers a HEAD request. It checks the options and the file but does
// not read it.
func (s *service) lookAtChunks(w http.ResponseWriter, r *http.Request, path string, opts *fileops.ChunkOptions) error {
	if _, err := fileops.ChunkText("", opts); err != nil {
		return err
	}
	if _, err := s.lookAtFile(r.Context(), path); err != nil {
		return err
	}
	return begin(w, r, asJSON)
}

// checkChunks returns an error if the options would cut a text into more than limit
// chunks. A chunk takes some 150 bytes of memory besides its text, so chunks of one
// character would take a hundred times the memory of their file.
func checkChunks(text string, opts *fileops.ChunkOptions, limit int) error {
	size := cmp.Or(opts.Size, fileops.DefaultChunkOptions().Size)
	if size < 0 || len(text)/size < limit { // a negative size is the package's to refuse
		return nil
	}
	if units := unitsIn(text, opts.Unit); (units-1)/size < limit {
		return nil
	}
	return badParameter("size", strconv.Itoa(opts.Size), fmt.Sprintf("makes more than %d chunks of this file", limit))
}

// unitsIn returns the length of a text.
func unitsIn(text string, unit fileops.Unit) (units int) {
	if unit == fileops.Chars {
		return utf8.RuneCountInString(text)
	}
	for range strings.FieldsSeq(text) {
		units++
	}
	return units
}
