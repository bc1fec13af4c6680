// Plain is examples/server as one writes it without the package: each handler
// makes its calls where it stands. Headers and time limits of connections are
// the same. It also serves the files by http.FileServer, below /static/.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
	"unicode/utf8"
)

func main() {
	root := flag.String("root", ".", "serve the files below this `directory`")
	addr := flag.String("addr", "127.0.0.1:8080", "listen on this `address`; port 0 picks a free one")
	flag.Parse()
	if err := serve(*root, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "plain:", err)
		os.Exit(1)
	}
}

func serve(root, addr string) error {
	p := plain{dir: root}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /file/{path...}", p.read)
	mux.HandleFunc("PUT /file/{path...}", p.save)
	mux.HandleFunc("GET /concat", p.concat)
	mux.HandleFunc("GET /chunks", p.chunks)
	mux.HandleFunc("GET /stats", p.stats)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServer(http.Dir(p.dir))))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(secure(mux)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
	fmt.Printf("serving %s on http://%s/\n", p.dir, listener.Addr())
	return server.Serve(listener)
}

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

type plain struct{ dir string }

// path is where a request's file is.
func (p plain) path(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fs.ErrPermission
	}
	return filepath.Join(p.dir, name), nil
}

// text reads a request's file.
func (p plain) text(name string) ([]byte, error) {
	path, err := p.path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err == nil && !utf8.Valid(data) {
		err = fmt.Errorf("%s is no text", name)
	}
	return data, err
}

func (p plain) read(w http.ResponseWriter, r *http.Request) {
	data, err := p.text(r.PathValue("path"))
	if failed(w, err) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

func (p plain) save(w http.ResponseWriter, r *http.Request) {
	path, err := p.path(r.PathValue("path"))
	if failed(w, err) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if failed(w, err) {
		return
	}
	failed(w, os.WriteFile(path, body, 0o666))
}

func (p plain) concat(w http.ResponseWriter, r *http.Request) {
	dir, err := p.path(r.FormValue("path"))
	if failed(w, err) {
		return
	}
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err = fmt.Fprintf(w, "---\n%s\n---\n\n", path); err == nil {
			_, err = io.Copy(w, f)
		}
		return err
	})
}

// A chunk has the fields of examples/server's.
type chunk struct {
	Text  string `json:"chunk_content"`
	ID    int    `json:"chunk_id"`
	Total int    `json:"total_chunks"`
	Size  int    `json:"chunk_size"`
	Path  string `json:"file_path"`
	Bytes int    `json:"file_size"`
}

func (p plain) chunks(w http.ResponseWriter, r *http.Request) {
	const size, overlap = 1500, 75
	name := r.FormValue("path")
	data, err := p.text(name)
	if failed(w, err) {
		return
	}
	text := []rune(string(data))
	var all []chunk
	for start := 0; start < len(text); start += size {
		part := string(text[max(0, start-overlap):min(len(text), start+size+overlap)])
		all = append(all, chunk{Text: part, ID: len(all) + 1, Size: utf8.RuneCountInString(part), Path: name, Bytes: len(data)})
	}
	for i := range all {
		all[i].Total = len(all)
	}
	answer, err := json.Marshal(map[string]any{"chunks": all})
	if failed(w, err) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer)
}

func (p plain) stats(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(map[string]int{"Goroutines": runtime.NumGoroutine()})
}

func failed(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	return err != nil
}
