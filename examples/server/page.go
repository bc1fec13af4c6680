package main

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"pathURL": pathURL,
	"crumbs":  crumbs,
	"name":    terminal.Quote,
}).ParseFS(pageFiles, "page/*.html"))

// staticTypes are the types of the files that the pages load. A system's own table
// of types may have others, which nosniff would make unusable.
var staticTypes = map[string]string{
	"icon.svg":  "image/svg+xml",
	"script.js": "text/javascript; charset=utf-8",
	"style.css": "text/css; charset=utf-8",
}

// staticFile serves the style sheet, the script and the icon of the pages.
func staticFile(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	kind, ok := staticTypes[name]
	if !ok {
		return fs.ErrNotExist
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // they are no secret: a saved page may load them
	http.ServeFileFS(w, r, pageFiles, "page/"+name)
	return nil
}

const htmlText = "text/html; charset=utf-8"

// render returns a page. A template that fails must not send half of it.
func render(name string, data any) (*bytes.Buffer, error) {
	page := new(bytes.Buffer)
	return page, pages.ExecuteTemplate(page, name, data)
}

// writePage answers with a page.
func writePage(w http.ResponseWriter, r *http.Request, name string, data any) error {
	page, err := render(name, data)
	if err != nil {
		return err
	}
	if err := begin(w, r, htmlText); err != nil {
		return err
	}
	_, err = page.WriteTo(w)
	return abort(err)
}

// showPage writes an error as a page.
func showPage(w http.ResponseWriter, code int, message string) {
	data := map[string]any{"Title": http.StatusText(code), "Dir": "", "Message": message}
	page, err := render("error.html", data)
	if err != nil {
		showText(w, code, message)
		return
	}
	w.Header().Set("Content-Type", htmlText)
	w.WriteHeader(code)
	_, err = page.WriteTo(w)
	_ = abort(err)
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

// A page shows at most so many entries of a directory.
const shownEntries = 10_000

// browse shows a directory.
func (s *service) browse(w http.ResponseWriter, r *http.Request) error {
	dir, err := pathOf(r)
	if err != nil {
		return err
	}
	dir = strings.TrimSuffix(dir, "/")
	inRoot := cmp.Or(dir, ".")
	if r.Method == http.MethodHead {
		if err := s.lookAtDirectory(r.Context(), inRoot); err != nil {
			return err
		}
		return begin(w, r, htmlText)
	}
	dirs, err := s.directories(r.Context(), inRoot, shownEntries)
	if err != nil {
		return err
	}
	files, err := s.pool.DirToFiles(r.Context(), inRoot, &fileops.DirOptions{Shallow: true})
	if err != nil {
		return err
	}
	return writePage(w, r, "browse.html", map[string]any{
		"Title": path.Join("/", dir),
		"Dir":   dir,
		"Dirs":  below(dir, dirs),
		"Files": entries(slashedAll(files, windows)),
	})
}

// below returns a link to each name in a directory.
func below(dir string, names []string) []crumb {
	links := make([]crumb, len(names))
	for i, name := range names {
		links[i] = crumb{name, path.Join(dir, name)}
	}
	return links
}

// entries returns a link to each path.
func entries(paths []string) []crumb {
	named := make([]crumb, len(paths))
	for i, p := range paths {
		named[i] = crumb{path.Base(p), p}
	}
	return named
}
