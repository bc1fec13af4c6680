package main

import (
	"net/http"
	"strconv"

	"github.com/lion-agi/fileops"
)

// A stream writes a text of any length to a client. The answer begins with the first
// bytes. Until then it can still be an error.
type stream struct {
	w     http.ResponseWriter
	begin func() error
	begun bool
}

// Write implements [io.Writer].
func (s *stream) Write(p []byte) (int, error) {
	if !s.begun {
		if err := s.begin(); err != nil {
			return 0, err
		}
		s.begun = true
	}
	return s.w.Write(p)
}

// fail ends the answer of an operation that has failed.
func (s *stream) fail(err error) error {
	if s.begun {
		return abort(err)
	}
	return err
}

// finish ends the answer of an operation that has succeeded. The trailers report,
// after the text, how much is in it and which files are not. counts has the number
// of the files that are. If every file was left out, the answer is an error.
func (s *stream) finish(prefix string, counts map[string]int, left skips) error {
	if !s.begun {
		if counts["Files"] == 0 && left.count > 0 {
			return left.first[0].Err
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	set := func(name, value string) { s.w.Header().Add(http.TrailerPrefix+prefix+"-"+name, value) }
	for name, count := range counts {
		set(name, strconv.Itoa(count))
	}
	set("Skipped", strconv.Itoa(left.count))
	for _, skipped := range left.first {
		set("Skipped-File", strconv.QuoteToASCII(skipped.Err.Error()))
	}
	return nil
}

// skippedNamed is how many skipped files the trailers name.
const skippedNamed = 20

// skips are the files that were left out of a stream. They have only the first ones,
// so that their memory does not grow with the tree.
type skips struct {
	count int
	first []fileops.SkippedFile
}

// add adds a file.
func (s *skips) add(f fileops.SkippedFile) {
	s.count++
	if s.count <= skippedNamed {
		s.first = append(s.first, f)
	}
}
