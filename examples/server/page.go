package main

import (
	"bytes"
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

// staticFiles serves what the pages link to.
func staticFiles() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the directory is compiled in
	}
	return http.FileServerFS(files)
}

// render answers with a page.
func render(w http.ResponseWriter, code int, name string, data any) error {
	var page bytes.Buffer // so that a template that fails leaves no half page
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, err := page.WriteTo(w)
	return abort(err)
}

// showPage writes an error for people.
func showPage(w http.ResponseWriter, code int, message string) {
	data := map[string]any{"Title": http.StatusText(code), "Dir": "", "Message": message}
	if render(w, code, "error.html", data) != nil {
		showText(w, code, message)
	}
}

// A crumb is one directory on the way to a path, or the path itself.
type crumb struct{ Name, Path string }

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
	files, err := s.pool.DirToFiles(r.Context(), dir, &fileops.DirOptions{Shallow: true})
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
// lists files only, so this is a call of our own under the pool's bound, with
// a time limit of our own.
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

// entries names paths by their last element.
func entries(paths []string) []crumb {
	named := make([]crumb, len(paths))
	for i, p := range paths {
		named[i] = crumb{path.Base(p), p}
	}
	return named
}

// What a page shows of a file and of its chunks. A browser is no place for
// more; the rest is a link away.
const (
	shownBytes  = 256 << 10
	shownChunks = 200
)

// view shows a file or, if the query says how to cut, its chunks.
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
	if !query.Has("size") {
		data["Text"] = head(text, shownBytes)
		data["Cut"] = len(text) > shownBytes
		return render(w, http.StatusOK, "view.html", data)
	}
	chunks, err := fileops.ChunkText(text, opts)
	if err != nil {
		return err
	}
	data["Total"] = len(chunks)
	data["Chunks"] = colored(text, chunks, shownChunks)
	data["Cut"] = len(chunks) > shownChunks
	data["JSON"] = chunksURL(name, query)
	return render(w, http.StatusOK, "chunks.html", data)
}

// chunksURL returns where a program gets the chunks that a page shows.
func chunksURL(name string, query url.Values) string {
	query.Set("path", name)
	return "/chunks?" + query.Encode()
}

// head returns at most n bytes of a text, whole characters.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// A shownChunk is a chunk in three parts: what it shares with the chunk
// before, what is its own, and what it shares with the chunk after.
type shownChunk struct {
	fileops.TextChunk
	Before, Own, After string
	// Odd tells the colors of neighboring overlaps apart: what a chunk shares
	// with the next has the same color in both.
	Odd bool
}

// colored divides the first chunks of a text, at most limit, by what their
// offsets say that they share.
func colored(text string, chunks []fileops.TextChunk, limit int) []shownChunk {
	shown := make([]shownChunk, min(len(chunks), limit))
	for i := range shown {
		c := chunks[i]
		begin, end := c.Start, c.End
		if i > 0 { // between words that no chunk shares there is a gap
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
