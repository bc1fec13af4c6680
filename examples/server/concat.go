package main

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lion-agi/fileops"
)

// maxForm is the size limit of a form that names paths.
const maxForm = 1 << 20

// concat streams the files and directories ?path= as one text. ?type= selects
// the files of directories. The trailers name the files that were left out.
func (s *service) concat(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); as[url.EscapeError](err) {
		return badParameter("path", r.URL.RawQuery, err.Error())
	} else if err != nil {
		return err
	}
	paths := r.Form["path"]
	if len(paths) == 0 {
		return badParameter("path", "", "must name at least one file or directory")
	}
	out := &stream{w: w, control: http.NewResponseController(w), stall: s.stall}
	result, err := s.pool.ConcatTo(r.Context(), out, paths, &fileops.ConcatOptions{FileTypes: fileTypes(r.Form["type"])})
	if out.begun {
		setTrailers(w.Header(), result)
		return abort(err)
	}
	if err == nil && len(result.Skipped) > 0 { // every file was left out
		err = result.Skipped[0].Err
	}
	return err
}

// fileTypes removes empty types: a form sends one for an empty field.
func fileTypes(values []string) (types []string) {
	for _, v := range values {
		if v != "" {
			types = append(types, v)
		}
	}
	return types
}

// A stream writes a text of any length to a client. The client may be slow, but
// if it takes nothing for the time stall, the connection ends.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	begun   bool
}

// Write implements [io.Writer].
func (s *stream) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", plainText)
	}
	// A ResponseWriter without a connection, as in tests, needs no deadline.
	_ = s.control.SetWriteDeadline(time.Now().Add(s.stall))
	return s.w.Write(p)
}

// skippedNamed is how many skipped files the trailers name.
const skippedNamed = 20

// setTrailers reports, after the text, which files are in it and which are not.
func setTrailers(h http.Header, result *fileops.ConcatResult) {
	if result == nil {
		return
	}
	set := func(name, value string) { h.Add(http.TrailerPrefix+name, value) }
	set("Concat-Files", strconv.Itoa(len(result.Files)))
	set("Concat-Chars", strconv.Itoa(result.Chars))
	set("Concat-Skipped", strconv.Itoa(len(result.Skipped)))
	for i, skipped := range result.Skipped {
		if i == skippedNamed {
			break
		}
		set("Concat-Skipped-File", strconv.QuoteToASCII(skipped.Err.Error()))
	}
}
