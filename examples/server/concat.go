package main

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lion-agi/fileops"
)

// maxForm is how large a form may be that names what to join.
const maxForm = 1 << 20

// concat streams the files and directories ?path= joined to one text, of
// directories only the files of ?type=. What was left out is in the trailers.
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
	if err == nil && len(result.Skipped) > 0 { // and nothing else: that is the answer
		err = result.Skipped[0].Err
	}
	return err
}

// fileTypes leaves out the empty one, which a form's empty field sends.
func fileTypes(values []string) (types []string) {
	for _, v := range values {
		if v != "" {
			types = append(types, v)
		}
	}
	return types
}

// A stream is a client that is being sent a text of any length. It may be
// slow, but a client that takes nothing at all is broken off.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	begun   bool
}

func (s *stream) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", plainText)
	}
	// Where there is no connection to set a deadline on, none is needed.
	_ = s.control.SetWriteDeadline(time.Now().Add(s.stall))
	return s.w.Write(p)
}

// skippedNamed is how many of the files left out the trailers name.
const skippedNamed = 20

// setTrailers tells, behind a text, what is in it and what is not.
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
