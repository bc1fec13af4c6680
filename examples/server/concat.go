package main

import (
	"cmp"
	"io/fs"
	"mime"
	"net/http"

	"github.com/lion-agi/fileops"
)

// maxForm is the size limit of a form that names paths.
const maxForm = 1 << 20

var concatParameters = selecting.and("path", true)

// concatForm is concat for a form in the body. The query may have parameters too.
func (s *service) concatForm(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxForm)
	if err != nil {
		return err
	}
	if err := checkForm(r, body); err != nil {
		return err
	}
	form, err := concatParameters.parse(body)
	if err != nil {
		return err
	}
	for name, values := range r.Form { // those of the form come first, as in net/http
		form[name] = append(form[name], values...)
	}
	r.Form = form
	if err := concatParameters.check(form); err != nil { // one value of the form and another one of the query
		return err
	}
	return s.concat(w, r)
}

// checkForm refuses a body that is no form (RFC 9110, section 15.5.16).
func checkForm(r *http.Request, body string) error {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if body != "" && media != "application/x-www-form-urlencoded" {
		return &statusError{http.StatusUnsupportedMediaType, "the body must be application/x-www-form-urlencoded"}
	}
	return nil
}

// concat streams the files and directories ?path= as one text. The parameters of
// selecting choose the files of directories. The trailers name the files that were
// left out.
func (s *service) concat(w http.ResponseWriter, r *http.Request) error {
	paths := r.Form["path"]
	if len(paths) == 0 {
		return badParameter("path", "", "must name at least one file or directory")
	}
	for i, path := range paths {
		if err := checkName(path, windows); err != nil {
			return err
		}
		paths[i] = cmp.Or(path, ".") // an empty path stands for the root
	}
	sel, err := selection(r.Form)
	if err != nil {
		return err
	}
	opts := &fileops.ConcatOptions{FileTypes: filled(r.Form["type"]), Select: sel, Encoding: r.Form.Get("encoding")}
	if r.Method == http.MethodHead {
		if _, err := noFiles.Concat(r.Context(), nil, opts); err != nil {
			return err
		}
		return s.lookAtConcat(w, r, paths)
	}
	if err := s.checkCrowd(r.Context(), paths); err != nil {
		return err
	}
	out := &stream{w: w, r: r, contentType: plainText, prefix: "Concat-", counts: []string{"Files", "Chars"}}
	result, err := s.pool.ConcatTo(r.Context(), out, paths, opts)
	if err != nil {
		return out.fail(err)
	}
	var left skips
	for _, skipped := range result.Skipped {
		left.add(skipped)
	}
	return out.finish(left, len(result.Files), result.Chars)
}

// lookAtConcat answers a HEAD request. It looks for a path that exists, but it
// reads nothing.
func (s *service) lookAtConcat(w http.ResponseWriter, r *http.Request, paths []string) error {
	var first error
	for _, path := range paths {
		info, err := s.look(r.Context(), path)
		if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "read", Path: path, Err: fileops.ErrNotRegular}
		}
		if err == nil {
			return begin(w, r, plainText)
		}
		if first == nil {
			first = err
		}
	}
	return first
}
