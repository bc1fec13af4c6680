package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"pathURL": pathURL,
	"crumbs":  crumbs,
}).ParseFS(pageFiles, "page/*.html"))

// staticFiles serves the style sheet, the script and the icon of the pages.
func staticFiles() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // impossible: the directory is embedded
	}
	return http.FileServerFS(files)
}

// render answers with a page.
func render(w http.ResponseWriter, code int, name string, data any) error {
	var page bytes.Buffer // a template that fails must not send half a page
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, err := page.WriteTo(w)
	return abort(err)
}

// showPage writes an error as a page.
func showPage(w http.ResponseWriter, code int, message string) {
	data := map[string]any{"Title": http.StatusText(code), "Dir": "", "Message": message}
	if render(w, code, "error.html", data) != nil {
		showText(w, code, message)
	}
}

// A crumb is a link to a path: its last element and all of it.
type crumb struct{ Name, Path string }

// crumbs returns a link to each parent directory of a path and to the path.
func crumbs(path string) (way []crumb) {
	for i, name := range strings.Split(path, "/") {
		before := ""
		if i > 0 {
			before = way[i-1].Path + "/"
		}
		if name != "" {
			way = append(way, crumb{name, before + name})
		}
	}
	return way
}

// browse shows a directory.
func (s *service) browse(w http.ResponseWriter, r *http.Request) error {
	dir := strings.TrimSuffix(r.PathValue("path"), "/")
	files, err := s.pool.DirToFiles(r.Context(), cmp.Or(dir, "."), &fileops.DirOptions{Shallow: true})
	if err != nil {
		return err
	}
	dirs, err := s.directories(r.Context(), dir)
	if err != nil {
		return err
	}
	return render(w, http.StatusOK, "browse.html", map[string]any{
		"Title": path.Join("/", dir),
		"Dir":   dir,
		"Dirs":  entries(dirs),
		"Files": entries(files),
	})
}

// directories returns the paths of the directories in a directory. The package
// lists files only. So this function reads the directory itself, in one of the
// pool's slots and with its own time limit.
func (s *service) directories(ctx context.Context, dir string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return fileops.Submit(ctx, s.pool, func(context.Context) ([]string, error) {
		found, err := fs.ReadDir(s.root.FS(), path.Join(".", dir))
		var paths []string
		for _, e := range found {
			if e.IsDir() {
				paths = append(paths, path.Join(dir, e.Name()))
			}
		}
		return paths, err
	}).Await(ctx)
}

// entries returns a link to each path.
func entries(paths []string) []crumb {
	named := make([]crumb, len(paths))
	for i, p := range paths {
		named[i] = crumb{path.Base(p), p}
	}
	return named
}

// A page shows at most so much of a file, and so many of its chunks. A larger
// page would make the browser slow, and it links to the rest.
const (
	shownBytes  = 256 << 10
	shownChunks = 200
)

// view shows a file, or its chunks if the query has the size of a chunk.
func (s *service) view(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	opts, err := chunkOptions(query)
	if err != nil {
		return err
	}
	name := r.PathValue("path")
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
	if query.Has("size") {
		data["JSON"] = chunksURL(name, query)
		return viewChunks(w, text, opts, data)
	}
	data["Text"] = head(text, shownBytes)
	data["Cut"] = len(text) > shownBytes
	return render(w, http.StatusOK, "view.html", data)
}

// viewChunks shows the chunks of a text.
func viewChunks(w http.ResponseWriter, text string, opts *fileops.ChunkOptions, data map[string]any) error {
	chunks, err := fileops.ChunkText(text, opts)
	if err != nil {
		return err
	}
	data["Total"] = len(chunks)
	data["Chunks"] = colored(text, chunks, shownChunks)
	data["Cut"] = len(chunks) > shownChunks
	return render(w, http.StatusOK, "chunks.html", data)
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
// offsets of neighboring chunks show their overlap.
func colored(text string, chunks []fileops.TextChunk, limit int) []shownChunk {
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
			Before:    text[c.Start:begin],
			Own:       text[begin:end],
			After:     text[end:c.End],
			Odd:       i%2 == 1,
		}
	}
	return shown
}
