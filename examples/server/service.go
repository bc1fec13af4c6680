package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
)

// A service answers requests about the files below a root.
type service struct {
	pool    *fileops.Pool
	root    *os.Root
	log     *slog.Logger
	maxSize int64
	timeout time.Duration
	stall   time.Duration
}

// newHandler returns the handler of every URL. pool must be confined to root.
func newHandler(pool *fileops.Pool, root *os.Root, set *settings, log *slog.Logger) http.Handler {
	s := &service{
		pool:    pool,
		root:    root,
		log:     log,
		maxSize: set.pool.MaxFileSize,
		timeout: set.pool.Timeout,
		stall:   set.stall,
	}
	mux := http.NewServeMux()
	api := func(pattern string, e endpoint) { mux.Handle(pattern, s.answer(e, showText)) }
	api("GET /files", s.listFiles)
	api("GET /file/{path...}", s.readFile)
	api("PUT /file/{path...}", s.saveFile)
	api("GET /concat", s.concat)
	api("POST /concat", s.concat)
	api("GET /chunks", s.chunks)
	api("GET /stats", s.stats)
	page := func(pattern string, e endpoint) { mux.Handle(pattern, s.answer(e, showPage)) }
	page("GET /{$}", s.browse)
	page("GET /browse/{path...}", s.browse)
	page("GET /view/{path...}", s.view)
	mux.Handle("GET /static/", http.StripPrefix("/static/", staticFiles()))

	// A page of another site must not save files through its visitor's browser.
	return http.NewCrossOriginProtection().Handler(secure(mux))
}

// secure sets the headers that keep a browser from running a file as a script.
// The server does not trust the files.
func secure(next http.Handler) http.Handler {
	headers := http.Header{
		"Content-Security-Policy": {"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), headers)
		next.ServeHTTP(w, r)
	})
}

// listFiles answers with the paths of the files below ?dir= that end in ?ext=.
func (s *service) listFiles(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	paths, err := s.pool.ListFiles(r.Context(), cmp.Or(query.Get("dir"), "."), query.Get("ext"))
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"files": paths})
}

// readFile answers with a file of text.
func (s *service) readFile(w http.ResponseWriter, r *http.Request) error {
	text, err := s.pool.ReadFile(r.Context(), r.PathValue("path"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", plainText)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, err = io.WriteString(w, text)
	return abort(err)
}

const plainText = "text/plain; charset=utf-8"

// saveFile saves the body. With ?overwrite=1 it may replace a file.
func (s *service) saveFile(w http.ResponseWriter, r *http.Request) error {
	overwrite, err := parse(r.URL.Query(), "overwrite", false, strconv.ParseBool, "must be 0 or 1")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.maxSize))
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	if !utf8.Valid(body) {
		return badParameter("body", "", "must be UTF-8 text")
	}
	path, err := s.pool.SaveToFile(r.Context(), string(body), "", r.PathValue("path"), &fileops.SaveOptions{Overwrite: overwrite})
	if err != nil {
		return err
	}
	w.Header().Set("Location", pathURL("/file/", path))
	if !overwrite { // with overwrite, the file may not be new
		w.WriteHeader(http.StatusCreated)
	}
	return nil
}

// chunks answers with the chunks of the file ?path=.
func (s *service) chunks(w http.ResponseWriter, r *http.Request) error {
	opts, err := chunkOptions(r.URL.Query())
	if err != nil {
		return err
	}
	chunks, err := s.pool.FileToChunks(r.Context(), r.URL.Query().Get("path"), opts)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return abort(writeChunks(w, chunks))
}

// writeChunks writes chunks as JSON, one at a time, so that the whole encoding is
// never in memory. json.Marshal would also validate the output of MarshalJSON.
func writeChunks(w io.Writer, chunks []fileops.TextChunk) error {
	out := bufio.NewWriterSize(w, 32<<10)
	out.WriteString(`{"chunks":[`)
	for i, c := range chunks {
		if i > 0 {
			out.WriteByte(',')
		}
		data, err := c.MarshalJSON()
		if err != nil {
			return err
		}
		out.Write(data)
	}
	out.WriteString("]}\n")
	return out.Flush()
}

// stats answers with the state of the pool.
func (s *service) stats(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, struct {
		fileops.Stats
		Goroutines int
	}{s.pool.Stats(), runtime.NumGoroutine()})
}

// chunkOptions reads options from a query. The package's defaults replace missing
// parameters.
func chunkOptions(query url.Values) (*fileops.ChunkOptions, error) {
	o := fileops.DefaultChunkOptions()
	var err error
	if o.Size, err = parse(query, "size", o.Size, strconv.Atoi, "must be a whole number"); err != nil {
		return nil, err
	}
	if o.Overlap, err = parse(query, "overlap", o.Overlap, parseFloat, "must be a number"); err != nil {
		return nil, err
	}
	if o.Threshold, err = parse(query, "threshold", o.Threshold, strconv.Atoi, "must be a whole number"); err != nil {
		return nil, err
	}
	o.Unit, err = parse(query, "unit", o.Unit, parseUnit, "must be chars or tokens")
	return &o, err
}

// parse reads one parameter of a query. missing is its default.
func parse[T any](query url.Values, name string, missing T, parse func(string) (T, error), reason string) (T, error) {
	value := query.Get(name)
	if value == "" {
		return missing, nil
	}
	v, err := parse(value)
	if err != nil {
		return missing, badParameter(name, value, reason)
	}
	return v, nil
}

// parseFloat parses a number.
func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// parseUnit parses the name of a unit.
func parseUnit(s string) (fileops.Unit, error) {
	switch s {
	case "chars":
		return fileops.Chars, nil
	case "tokens":
		return fileops.Tokens, nil
	}
	return 0, strconv.ErrSyntax
}

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(data, '\n'))
	return abort(err)
}

// abort ends a request whose answer has begun and cannot be finished. The
// connection breaks, so that the client sees that the answer is not whole.
func abort(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// pathURL returns the URL of a path below a prefix.
func pathURL(prefix, path string) string {
	return (&url.URL{Path: prefix + path}).String()
}
