package main

import (
	"cmp"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/splitters"
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
	if r.Form.Has("size") {
		return s.viewChunks(w, r, name, opts)
	}
	if r.Form.Has("page") {
		return badParameter("page", shortened(r.Form.Get("page")), "needs a size: only chunks have pages")
	}
	if r.Method == http.MethodHead {
		if _, err := s.lookAtFile(r.Context(), name); err != nil {
			return err
		}
		return begin(w, r, htmlText)
	}
	text, err := s.pool.ReadFile(r.Context(), name)
	if err != nil {
		return err
	}
	data := viewData(name, opts, r.Form.Get("split"))
	data["Chars"] = utf8.RuneCountInString(text)
	data["Text"] = head(text, shownBytes)
	data["Cut"] = len(text) > shownBytes
	return writePage(w, r, "view.html", data)
}

// viewData returns the values that the pages of a file and of its chunks share.
func viewData(name string, opts *fileops.ChunkOptions, splitter string) map[string]any {
	return map[string]any{
		"Title":   path.Base(name),
		"Path":    name,
		"Dir":     strings.TrimPrefix(path.Dir(name), "."),
		"Options": opts,
		"Tokens":  opts.Unit == fileops.Tokens,
		"Split":   cmp.Or(splitter, "auto"),
		"Splits":  slices.Sorted(maps.Keys(splitters.ByName)),
	}
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
