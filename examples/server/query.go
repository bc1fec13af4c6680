package main

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/splitters"
)

// A parameters value names the parameters that an endpoint knows. The value is
// true for those that may stand more than once.
type parameters map[string]bool

var (
	noParameters = parameters{}
	cutting      = parameters{"size": false, "overlap": false, "threshold": false, "unit": false, "split": false}

	// Of a directory the files of these types, and by these patterns of gitignore(5),
	// are taken. git=1 leaves out the files that git would ignore.
	// encoding is that of all files, or auto.
	selecting = parameters{"type": true, "include": true, "exclude": true, "git": false, "encoding": false}
)

// and returns the parameters and one more. many says that it may stand more than
// once.
func (p parameters) and(name string, many bool) parameters { return p.with(parameters{name: many}) }

// with returns the parameters of both.
func (p parameters) with(others parameters) parameters {
	all := maps.Clone(p)
	maps.Copy(all, others)
	return all
}

// strict returns an endpoint that refuses queries with an error, with unknown
// parameters, and with two values where one counts. It puts the query into the
// request's Form.
//
// The methods of [url.URL] and [http.Request] drop a parameter that they cannot
// parse. A request for a part of the files would become one for all of them.
func strict(known parameters, next endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		if r.Form, err = known.parse(r.URL.RawQuery); err != nil {
			return err
		}
		return next(w, r)
	}
}

// parse parses a query, or the body of a form.
func (p parameters) parse(query string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, badParameter("query", shortened(query), err.Error())
	}
	return values, p.check(values)
}

// check refuses unknown parameters, and two values where one counts.
func (p parameters) check(values url.Values) error {
	for name, v := range values {
		many, known := p[name]
		if !known {
			return badParameter("query", shortened(name), "has a parameter that is not known here")
		}
		if len(v) > 1 && !many {
			return badParameter(name, shortened(strings.Join(v, ", ")), "must have one value")
		}
	}
	return nil
}

// shortened returns the beginning of a value, for an error.
func shortened(value string) string {
	const limit = 200
	if len(value) <= limit {
		return value
	}
	return head(value, limit) + "…"
}

// pathParameter returns the path in a query.
func pathParameter(query url.Values, name string) (string, error) {
	path := query.Get(name)
	return path, checkName(path, windows)
}

// pathOf returns the path in the URL of a request.
func pathOf(r *http.Request) (string, error) {
	path := r.PathValue("path")
	return path, checkName(path, windows)
}

// windows says that names are those of Windows.
const windows = runtime.GOOS == "windows"

// chunkOptions reads options from a query. The package's defaults replace missing
// parameters.
func chunkOptions(query url.Values) (*fileops.ChunkOptions, error) {
	o := fileops.DefaultChunkOptions()
	var err error
	if o.Size, err = parse(query, "size", o.Size, strconv.Atoi, "must be a whole number"); err != nil {
		return nil, err
	}
	if o.Overlap, err = parse(query, "overlap", o.Overlap, parseFloat, "must be a decimal number"); err != nil {
		return nil, err
	}
	if o.Threshold, err = parse(query, "threshold", o.Threshold, strconv.Atoi, "must be a whole number"); err != nil {
		return nil, err
	}
	if o.Unit, err = parse(query, "unit", o.Unit, parseUnit, "must be chars or tokens"); err != nil {
		return nil, err
	}
	o.Splitter, err = parse(query, "split", nil, parseSplitter, "must be "+splitters.Names)
	o.Lines = o.Splitter != nil
	return &o, err
}

// parseSplitter parses the name of a splitter.
func parseSplitter(s string) (fileops.Splitter, error) {
	splitter, ok := splitters.ByName[s]
	if !ok {
		return nil, strconv.ErrSyntax
	}
	return splitter, nil
}

// selection reads from a query which files of a directory are taken.
func selection(query url.Values) (*fileops.Selection, error) {
	git, err := parse(query, "git", false, parseFlag, "must be 0 or 1")
	if err != nil {
		return nil, err
	}
	sel := &fileops.Selection{Include: filled(query["include"]), Exclude: filled(query["exclude"]), Git: git}
	_, err = fileops.ChunkText("", &fileops.ChunkOptions{Select: sel}) // checks the patterns
	return sel, err
}

// filled removes empty values: a form sends one for an empty field.
func filled(values []string) (all []string) {
	for _, v := range values {
		if v != "" {
			all = append(all, v)
		}
	}
	return all
}

// parse reads one parameter of a query. missing is its default. A form sends an
// empty value for an empty field, which is missing too.
func parse[T any](query url.Values, name string, missing T, parse func(string) (T, error), reason string) (T, error) {
	value := query.Get(name)
	if value == "" {
		return missing, nil
	}
	v, err := parse(value)
	if errors.Is(err, strconv.ErrRange) {
		reason = "is out of range"
	}
	if err != nil {
		return missing, badParameter(name, shortened(value), reason)
	}
	return v, nil
}

// parseFloat parses a decimal number. It refuses the other forms that strconv
// knows, such as NaN and 0x1p-2.
func parseFloat(s string) (float64, error) {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// parseFlag parses 0 and 1.
func parseFlag(s string) (bool, error) {
	if s != "0" && s != "1" {
		return false, strconv.ErrSyntax
	}
	return s == "1", nil
}

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

// parsePage parses the number of a page.
func parsePage(s string) (int, error) {
	page, err := strconv.Atoi(s)
	if err == nil && page < 1 {
		err = strconv.ErrSyntax
	}
	return page, err
}

// badParameter returns the error of an invalid query parameter.
func badParameter(name, value, reason string) error {
	return &fileops.OptionError{Option: name, Value: value, Reason: reason}
}
