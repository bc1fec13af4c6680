package main

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
)

// A page shows at most so much of a file, and so many of its chunks. A larger
// page would make the browser slow, and it links to the rest.
const (
	shownBytes  = 256 << 10
	shownChunks = 200
)

// view shows a file, or its chunks if the query has the size of a chunk.
func (s *service) view(w http.ResponseWriter, r *http.Request) error {
	opts, err := chunkOptions(r.Form)
	if err != nil {
		return err
	}
	name, err := pathOf(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return s.lookAtView(w, r, name, opts)
	}
	text, err := s.pool.ReadFile(r.Context(), name)
	if err != nil {
		return err
	}
	data := map[string]any{
		"Title":   path.Base(name),
		"Path":    name,
		"Dir":     strings.TrimPrefix(path.Dir(name), "."),
		"Options": opts,
		"Tokens":  opts.Unit == fileops.Tokens,
		"Chars":   utf8.RuneCountInString(text),
	}
	if r.Form.Has("size") {
		data["JSON"] = chunksURL(name, r.Form)
		return s.viewChunks(w, r, text, opts, data)
	}
	data["Text"] = head(text, shownBytes)
	data["Cut"] = len(text) > shownBytes
	return writePage(w, r, "view.html", data)
}

// lookAtView answers a HEAD request. It checks the options and the file but does
// not read it.
func (s *service) lookAtView(w http.ResponseWriter, r *http.Request, name string, opts *fileops.ChunkOptions) error {
	if _, err := fileops.ChunkText("", opts); err != nil && r.Form.Has("size") {
		return err
	}
	if _, err := s.lookAtFile(r.Context(), name); err != nil {
		return err
	}
	return begin(w, r, htmlText)
}

// viewChunks shows the chunks of a text.
func (s *service) viewChunks(w http.ResponseWriter, r *http.Request, text string, opts *fileops.ChunkOptions, data map[string]any) error {
	if err := checkChunks(text, opts, s.maxChunks); err != nil {
		return err
	}
	chunks, err := fileops.ChunkText(text, opts)
	if err != nil {
		return err
	}
	beginning := head(text, shownBytes)
	shown := shownOf(chunks, len(beginning))
	data["Total"] = len(chunks)
	data["Chunks"] = colored(beginning, chunks, shown)
	data["Cut"] = shown < len(chunks) || shown > 0 && chunks[shown-1].End > len(beginning)
	return writePage(w, r, "chunks.html", data)
}

// shownOf returns how many of the chunks a page shows, if it shows the first bytes
// of their text.
func shownOf(chunks []fileops.TextChunk, bytes int) int {
	shown := 0
	for shown < min(len(chunks), shownChunks) && chunks[shown].Start < bytes {
		shown++
	}
	return shown
}

// chunksURL returns the URL of the chunks of a page as JSON.
func chunksURL(name string, query url.Values) string {
	query.Set("path", name)
	return "/chunks?" + query.Encode()
}

// head returns at most the first n bytes of a text. It cuts no character.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// A shownChunk is a chunk in three parts. Before is also in the previous chunk,
// After is also in the next one, and Own is in this chunk only.
type shownChunk struct {
	fileops.TextChunk
	Before, Own, After string
	// Odd selects the colors. An overlap has the same color in both of its chunks,
	// and the next overlap has another one.
	Odd bool
}

// colored divides the first chunks of a text, at most limit, into three parts. The
// offsets of neighboring chunks show their overlap. text may be only the beginning
// of the text that was cut.
func colored(text string, chunks []fileops.TextChunk, limit int) []shownChunk {
	part := func(start, end int) string { return text[min(start, len(text)):min(end, len(text))] }
	shown := make([]shownChunk, min(len(chunks), limit))
	for i := range shown {
		c := chunks[i]
		begin, end := c.Start, c.End
		if i > 0 { // max, because chunks of words without an overlap have a gap
			begin = max(begin, chunks[i-1].End)
		}
		if i+1 < len(chunks) {
			end = min(end, chunks[i+1].Start)
		}
		shown[i] = shownChunk{
			TextChunk: c,
			Before:    part(c.Start, begin),
			Own:       part(begin, end),
			After:     part(end, c.End),
			Odd:       i%2 == 1,
		}
	}
	return shown
}
