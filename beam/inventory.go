package fileopsbeam

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Inventory is a file that lists files, such as an S3 Inventory: for a corpus that
// takes hours to list. It is read as a stream, on the worker that it gets to.
type Inventory struct {
	// File is the path of the list on the system. A name that ends in .jsonl has a
	// [File] a line as JSON. Any other one has comma-separated values. Either may be
	// compressed, with .gz at the end of the name.
	File string `json:"file"`

	// Columns are the names of the columns: path, size, etag and modified. Other
	// names are ignored. nil means path, size, etag.
	Columns []string `json:"columns,omitempty"`

	// Prefix is what each path must begin with to be a file of the source. It is cut
	// off. The prefix of the URL of a bucket belongs here.
	Prefix string `json:"prefix,omitempty"`

	// Escaped says that paths are escaped as in the query of a URL. So they are in
	// the inventories of S3.
	Escaped bool `json:"escaped,omitempty"`
}

// Count returns how many files of a selection an inventory has. It reads all of it.
func (i Inventory) Count(ctx context.Context, selection Selection) (listed Listed, err error) {
	for f, err := range i.Files(ctx, selection) {
		if err != nil {
			return Listed{}, err
		}
		listed.add(f)
	}
	return listed, nil
}

// Files yields the files of an inventory. An error ends the sequence.
func (i Inventory) Files(ctx context.Context, selection Selection) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		if err := i.each(ctx, &selection, func(f File) bool { return yield(f, nil) }); err != nil {
			yield(File{}, fmt.Errorf("inventory %s: %w", i.File, err))
		}
	}
}

func (i *Inventory) each(ctx context.Context, selection *Selection, yield func(File) bool) error {
	file, err := os.Open(i.File)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = bufio.NewReaderSize(file, 1<<20)
	name, zipped := strings.CutSuffix(i.File, ".gz")
	if zipped {
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	}
	next, err := i.newReader(r, strings.HasSuffix(name, ".jsonl"))
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		f, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		below, ok := strings.CutPrefix(f.Path, i.Prefix)
		f.Path = below
		if ok && selection.selects(below) && !yield(f) {
			return nil
		}
	}
	return ctx.Err()
}

// newReader returns a function that reads the next file.
func (i *Inventory) newReader(r io.Reader, lines bool) (next func() (File, error), err error) {
	if lines {
		d := json.NewDecoder(r)
		return func() (f File, err error) {
			err = d.Decode(&f)
			return f, err
		}, nil
	}
	columns := i.Columns
	if columns == nil {
		columns = []string{"path", "size", "etag"}
	}
	t := &table{csv: csv.NewReader(r), escaped: i.Escaped}
	t.csv.ReuseRecord = true
	t.csv.FieldsPerRecord = len(columns)
	t.path, t.size = slices.Index(columns, "path"), slices.Index(columns, "size")
	t.etag, t.modified = slices.Index(columns, "etag"), slices.Index(columns, "modified")
	if t.path < 0 || t.size < 0 {
		return nil, errors.New("needs the columns path and size")
	}
	return t.next, nil
}

// A table is an inventory of comma-separated values. The numbers of columns that it
// lacks are -1.
type table struct {
	csv                        *csv.Reader
	path, size, etag, modified int
	escaped                    bool
	begun                      bool
}

func (t *table) next() (File, error) {
	row, err := t.csv.Read()
	if err == nil && !t.begun && row[t.path] == "path" { // a line of names
		row, err = t.csv.Read()
	}
	t.begun = true
	if err != nil {
		return File{}, err
	}
	f := File{Path: strings.Clone(row[t.path])}
	if t.escaped {
		if f.Path, err = url.QueryUnescape(f.Path); err != nil {
			return File{}, t.malformed(err)
		}
	}
	if f.Size, err = strconv.ParseInt(row[t.size], 10, 64); err != nil {
		return File{}, t.malformed(err)
	}
	if t.etag >= 0 {
		f.Version = quotedTag(row[t.etag])
	}
	if t.modified >= 0 && row[t.modified] != "" {
		if f.Modified, err = time.Parse(time.RFC3339, row[t.modified]); err != nil {
			return File{}, t.malformed(err)
		}
	}
	return f, nil
}

// malformed returns the error of a line.
func (t *table) malformed(err error) error {
	line, _ := t.csv.FieldPos(0)
	return fmt.Errorf("line %d: %w", line, err)
}

// quotedTag returns an ETag with its quotes, as RFC 9110 has it. Inventories of S3 leave
// them out.
func quotedTag(tag string) string {
	if tag == "" {
		return ""
	}
	return `"` + strings.Trim(tag, `"`) + `"`
}
