package main

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/lion-agi/fileops"
)

// A stream writes a text of any length to a client. The answer begins with the first
// bytes. Until then it can still be an error. After the text, trailers tell how much
// is in it and which files are not.
type stream struct {
	w           http.ResponseWriter
	r           *http.Request
	contentType string
	prefix      string   // of the names of the trailers
	counts      []string // the names of the counts
	begun       bool
}

// Write implements [io.Writer].
func (s *stream) Write(p []byte) (int, error) {
	if err := s.begin(); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}

// begin begins the answer, unless it has begun. It announces the trailers: package
// net/http gives a short answer a Content-Length, and no trailers, unless it knows
// that some will come.
func (s *stream) begin() error {
	if s.begun {
		return nil
	}
	if err := begin(s.w, s.r, s.contentType); err != nil {
		return err
	}
	s.begun = true
	for _, name := range slices.Concat(s.counts, []string{skippedCount, skippedFile}) {
		s.w.Header().Add("Trailer", s.prefix+name)
	}
	return nil
}

// fail ends the answer of an operation that has failed.
func (s *stream) fail(err error) error {
	if s.begun {
		return abort(err)
	}
	return err
}

// finish ends the answer of an operation that has succeeded. The first count is that
// of the files in the text. If every file was left out, the answer is an error.
func (s *stream) finish(left skips, counts ...int) error {
	if !s.begun && counts[0] == 0 && left.count > 0 {
		return left.first[0].Err
	}
	if err := s.begin(); err != nil {
		return err
	}
	set := func(name, value string) { s.w.Header().Add(http.TrailerPrefix+s.prefix+name, value) }
	for i, name := range s.counts {
		set(name, strconv.Itoa(counts[i]))
	}
	set(skippedCount, strconv.Itoa(left.count))
	for _, skipped := range left.first {
		set(skippedFile, strconv.QuoteToASCII(skipped.Err.Error()))
	}
	return nil
}

// The names of the trailers about skipped files, after the prefix.
const (
	skippedCount = "Skipped"
	skippedFile  = "Skipped-File"
)

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
