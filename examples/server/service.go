package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
)

// The types of the answers.
const (
	plainText = "text/plain; charset=utf-8"
	asJSON    = "application/json"
	jsonLines = "application/x-ndjson"
)

// listFiles answers with the paths of the files below ?dir= that end in ?ext=.
func (s *service) listFiles(w http.ResponseWriter, r *http.Request) error {
	dir, err := pathParameter(r.Form, "dir")
	if err != nil {
		return err
	}
	dir = cmp.Or(dir, ".")
	if r.Method == http.MethodHead {
		if _, err := noFiles.ListFiles(r.Context(), ".", r.Form.Get("ext")); err != nil {
			return err
		}
		if err := s.lookAtDirectory(r.Context(), dir); err != nil {
			return err
		}
		return begin(w, r, asJSON)
	}
	if err := s.checkCrowd(r.Context(), []string{dir}); err != nil {
		return err
	}
	paths, err := s.pool.ListFiles(r.Context(), dir, r.Form.Get("ext"))
	if err != nil {
		return err
	}
	return writePaths(w, r, slashedAll(paths, windows))
}

// readFile answers with a file of text.
func (s *service) readFile(w http.ResponseWriter, r *http.Request) error {
	path, err := pathOf(r)
	if err != nil {
		return err
	}
	var text string
	var size int64
	if r.Method == http.MethodHead {
		size, err = s.lookAtFile(r.Context(), path)
	} else {
		text, err = s.pool.ReadFile(r.Context(), path)
		size = int64(len(text))
	}
	if err != nil {
		return err
	}
	if err := begin(w, r, plainText); err != nil {
		return err
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, err = io.WriteString(w, text)
	return abort(err)
}

// saveFile saves the body. With ?overwrite=1 it may replace a file.
func (s *service) saveFile(w http.ResponseWriter, r *http.Request) error {
	path, err := pathOf(r)
	if err != nil {
		return err
	}
	overwrite, err := parse(r.Form, "overwrite", false, strconv.ParseBool, "must be 0 or 1")
	if err != nil {
		return err
	}
	if err := s.checkSave(r, path); err != nil {
		return err
	}
	text, err := readBody(w, r, s.maxSize)
	if err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return badParameter("body", "", "must be UTF-8 text")
	}
	onlyNew := hasAny(r.Header.Values("If-None-Match"))
	saved, err := s.pool.SaveToFile(r.Context(), text, "", path, &fileops.SaveOptions{Overwrite: overwrite && !onlyNew})
	if onlyNew && errors.Is(err, fs.ErrExist) { // made after checkSave looked
		return checkConditions(r, true)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", pathURL("/file/", slashed(saved, windows)))
	if !overwrite || onlyNew { // otherwise the file may not be new
		w.WriteHeader(http.StatusCreated)
	}
	return nil
}

// checkSave evaluates the preconditions of a save, before the body is read.
func (s *service) checkSave(r *http.Request, path string) error {
	if len(r.Header.Values("If-Match")) == 0 && len(r.Header.Values("If-None-Match")) == 0 {
		return nil
	}
	exists, err := s.exists(r.Context(), path)
	if err != nil {
		return err
	}
	return checkConditions(r, exists)
}

// readBody reads a body of at most limit bytes. It refuses a longer one before it
// reads it, if the header tells the length: a client that expects 100-continue
// then need not send it (RFC 9110, section 10.1.1).
func readBody(w http.ResponseWriter, r *http.Request, limit int64) (string, error) {
	if r.ContentLength > limit {
		return "", &http.MaxBytesError{Limit: limit}
	}
	var text strings.Builder
	if _, err := io.Copy(&text, http.MaxBytesReader(w, r.Body, limit)); err != nil {
		return "", bodyError{err}
	}
	return text.String(), nil
}

// stats answers with the state of the pool.
func (s *service) stats(w http.ResponseWriter, r *http.Request) error {
	data, err := json.Marshal(struct {
		fileops.Stats
		Goroutines int
	}{s.pool.Stats(), runtime.NumGoroutine()})
	if err != nil {
		return err
	}
	if err := begin(w, r, asJSON); err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return abort(err)
}

// writePaths answers with a JSON object that has a list of paths. It writes one at a
// time, so that the whole encoding is never in memory.
func writePaths(w http.ResponseWriter, r *http.Request, paths []string) error {
	if err := begin(w, r, asJSON); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 32<<10)
	out.WriteString(`{"files":[`)
	for i, path := range paths {
		data, err := json.Marshal(path)
		if err != nil {
			return abort(err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(data)
	}
	out.WriteString("]}\n")
	return abort(out.Flush())
}

// pathURL returns the URL of a path below a prefix.
func pathURL(prefix, path string) string {
	return (&url.URL{Path: prefix + path}).String()
}
