package fileopsbeam

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/lion-agi/fileops"
)

// A Job names the source, the way to cut it, and the output. It marshals to JSON, and
// so it crosses to the machines that do the work.
type Job struct {
	// Source is a directory of the system, or the URL of a source whose scheme is
	// registered: see [RegisterSource]. All workers must see the same files there.
	Source string `json:"source"`

	// Output is a directory of the system, or the URL of a store whose scheme is
	// registered: see [RegisterStore]. All workers must share it. It must not lie
	// in Source.
	Output string `json:"output"`

	// Format is the format of the parts: "jsonl", which "" means, or "parquet".
	Format string `json:"format,omitempty"`

	// PartSize is about how many bytes a part reads at most. Large parts make few
	// requests, and small ones lose little when a worker fails. 0 means 32 MiB.
	PartSize int64 `json:"part_size,omitempty"`

	// Workers is how many files of a part are read at once. 0 means
	// [fileops.DefaultWorkers].
	Workers int `json:"workers,omitempty"`

	Selection Selection `json:"selection"`
	Options   Options   `json:"options"`
}

// Selection says which files of the source are cut. The fields are those of
// [fileops.ChunkOptions].
type Selection struct {
	FileTypes []string `json:"file_types,omitempty"`
	Shallow   bool     `json:"shallow,omitempty"`
	Exclude   []string `json:"exclude,omitempty"`

	// Select has no effect on an [Inventory].
	Select *fileops.Selection `json:"select,omitempty"`
}

// Options says how a text is cut. It is [fileops.ChunkOptions] as plain data:
// functions are chosen by the name that they are registered with.
type Options struct {
	Unit       string          `json:"unit,omitempty"` // "chars", which "" means, or "tokens"
	Size       int             `json:"size,omitempty"`
	Overlap    float64         `json:"overlap,omitempty"`
	Threshold  int             `json:"threshold,omitempty"`
	DropShort  bool            `json:"drop_short,omitempty"`
	Tokenizer  string          `json:"tokenizer,omitempty"` // see [RegisterTokenizer]
	KeepTokens bool            `json:"keep_tokens,omitempty"`
	Splitter   string          `json:"splitter,omitempty"` // see [RegisterSplitter]
	Counter    string          `json:"counter,omitempty"`  // see [RegisterCounter]
	MinSize    int             `json:"min_size,omitempty"`
	Lines      bool            `json:"lines,omitempty"`
	Encoding   string          `json:"encoding,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"` // an object
}

// DefaultOptions returns the options that a nil *fileops.ChunkOptions stands for.
func DefaultOptions() Options {
	d := fileops.DefaultChunkOptions()
	return Options{Size: d.Size, Overlap: d.Overlap, Threshold: d.Threshold}
}

// The formats of the parts.
const (
	formatJSONL   = "jsonl"
	formatParquet = "parquet"
)

// format returns the format that Format stands for.
func (j *Job) format() string {
	if j.Format == "" {
		return formatJSONL
	}
	return j.Format
}

// Check returns a *[fileops.OptionError] if the job is one that no worker can do.
func (j *Job) Check() error {
	if j.Source == "" {
		return &fileops.OptionError{Option: "Source", Value: j.Source, Reason: "must not be empty"}
	}
	if j.Output == "" {
		return &fileops.OptionError{Option: "Output", Value: j.Output, Reason: "must not be empty"}
	}
	if f := j.format(); f != formatJSONL && f != formatParquet {
		return &fileops.OptionError{Option: "Format", Value: f, Reason: `must be "jsonl" or "parquet"`}
	}
	if j.PartSize < 0 {
		return &fileops.OptionError{Option: "PartSize", Value: j.PartSize, Reason: "must not be negative"}
	}
	if err := checkScheme("Source", j.Source, sources.has); err != nil {
		return err
	}
	if err := checkScheme("Output", j.Output, stores.has); err != nil {
		return err
	}
	if isBelow(j.Output, j.Source) {
		return &fileops.OptionError{Option: "Output", Value: j.Output, Reason: "must not lie in Source: the next run would cut the chunks of this one"}
	}
	return j.checkOptions()
}

// checkOptions checks the options of fileops by their use on nothing.
func (j *Job) checkOptions() error {
	opts, err := j.Options.chunkOptions()
	if err != nil {
		return err
	}
	opts.FileTypes, opts.Exclude, opts.Select = j.Selection.FileTypes, j.Selection.Exclude, j.Selection.Select
	nothing := fileops.NewPool(fileops.PoolOptions{FS: &partFS{source: &source{}}})
	_, err = nothing.ChunkTo(context.Background(), io.Discard, ".", opts)
	return err
}

// checkScheme returns an error for a URL whose scheme is not registered, or that has
// credentials.
func checkScheme(option, place string, has func(string) bool) error {
	scheme := schemeOf(place)
	if scheme != "" && hasUser(place) {
		return &fileops.OptionError{Option: option, Value: scheme + "://", Reason: "has credentials, which would cross to the workers and into logs"}
	}
	if scheme != "" && !has(scheme) {
		return &fileops.OptionError{Option: option, Value: place, Reason: "has a scheme that this program does not know"}
	}
	return nil
}

// hasUser reports whether a URL has a user, and so perhaps a password.
func hasUser(url string) bool {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return strings.Contains(host, "@")
}

// schemeOf returns the scheme of a URL, "" for a directory of the system.
func schemeOf(place string) string {
	scheme, _, found := strings.Cut(place, "://")
	if !found {
		return ""
	}
	return scheme
}

// isBelow reports whether a place is, or lies in, another one.
func isBelow(place, top string) bool {
	if schemeOf(place) != schemeOf(top) {
		return false
	}
	if schemeOf(place) == "" {
		place, top = absolute(place), absolute(top)
	} else {
		place, _, _ = strings.Cut(place, "?")
		top, _, _ = strings.Cut(top, "?")
	}
	return strings.HasPrefix(filepath.ToSlash(place)+"/", strings.TrimSuffix(filepath.ToSlash(top), "/")+"/")
}

// absolute returns the real path of a directory, as far as there is one.
func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// chunkOptions returns the options with the functions in place of their names.
func (o *Options) chunkOptions() (*fileops.ChunkOptions, error) {
	opts := &fileops.ChunkOptions{
		Size: o.Size, Overlap: o.Overlap, Threshold: o.Threshold,
		DropShort: o.DropShort, KeepTokens: o.KeepTokens, MinSize: o.MinSize, Lines: o.Lines, Encoding: o.Encoding,
	}
	switch o.Unit {
	case "", "chars":
	case "tokens":
		opts.Unit = fileops.Tokens
	default:
		return nil, &fileops.OptionError{Option: "Unit", Value: o.Unit, Reason: `must be "chars" or "tokens"`}
	}
	if len(o.Metadata) > 0 {
		var values map[string]json.RawMessage // a float64 would not keep the digits of a number
		if err := json.Unmarshal(o.Metadata, &values); err != nil {
			return nil, &fileops.OptionError{Option: "Metadata", Value: string(o.Metadata), Reason: fmt.Sprint("must be a JSON object: ", err)}
		}
		opts.Metadata = make(map[string]any, len(values))
		for key, value := range values {
			opts.Metadata[key] = value
		}
	}
	return opts, o.setFunctions(opts)
}

// setFunctions sets the functions that have names.
func (o *Options) setFunctions(opts *fileops.ChunkOptions) (err error) {
	if o.Tokenizer != "" {
		opts.Tokenizer, err = tokenizers.get(o.Tokenizer)
	}
	if o.Splitter != "" && err == nil {
		opts.Splitter, err = splitters.get(o.Splitter)
	}
	if o.Counter != "" && err == nil {
		var counter func() fileops.Counter
		if counter, err = counters.get(o.Counter); err == nil {
			opts.Counter = counter()
		}
	}
	return err
}
