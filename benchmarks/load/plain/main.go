// Plain is examples/server written without the package: each handler calls
// package os itself. Its headers and its connection timeouts are the same. Below
// /static/ it serves the files with http.FileServer.
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

// serve serves the files below root until the server fails.
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

// secure sets the same headers as examples/server.
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

// plain serves the files below a directory.
type plain struct{ dir string }

// path returns the path of the file that a request names.
func (p plain) path(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fs.ErrPermission
	}
	return filepath.Join(p.dir, name), nil
}

// text reads the file that a request names.
func (p plain) text(name string) ([]byte, error) {
	path, err := p.path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err == nil && !utf8.Valid(data) {
		err = fmt.Errorf("%s is not text", name)
	}
	return data, err
}

// read answers with a file.
func (p plain) read(w http.ResponseWriter, r *http.Request) {
	data, err := p.text(r.PathValue("path"))
	if failed(w, err) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data)
}

// save writes the body to a file, which is not an atomic write.
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

// concat answers with the files below a directory. Errors end the answer early.
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

// A chunk has the fields of a chunk of examples/server.
type chunk struct {
	Text  string `json:"chunk_content"`
	ID    int    `json:"chunk_id"`
	Total int    `json:"total_chunks"`
	Size  int    `json:"chunk_size"`
	Path  string `json:"file_path"`
	Bytes int    `json:"file_size"`
}

// chunks answers with the chunks of a file.
func (p plain) chunks(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("path")
	data, err := p.text(name)
	if failed(w, err) {
		return
	}
	answer, err := json.Marshal(map[string]any{"chunks": cut(name, data)})
	if failed(w, err) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer)
}

// cut cuts the text of a file into chunks.
func cut(name string, data []byte) (all []chunk) {
	const size, overlap = 1500, 75
	text := []rune(string(data))
	for start := 0; start < len(text); start += size {
		part := string(text[max(0, start-overlap):min(len(text), start+size+overlap)])
		all = append(all, chunk{Text: part, ID: len(all) + 1, Size: utf8.RuneCountInString(part), Path: name, Bytes: len(data)})
	}
	for i := range all {
		all[i].Total = len(all)
	}
	return all
}

// stats answers with the number of goroutines.
func (p plain) stats(w http.ResponseWriter, r *http.Request) {
	json.NewEncoder(w).Encode(map[string]int{"Goroutines": runtime.NumGoroutine()})
}

// failed writes an error to the client. It reports whether there is one.
func failed(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	return err != nil
}
