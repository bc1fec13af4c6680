package main

import (
	"encoding/json"
	"flag"
	"strings"

	fileopsbeam "github.com/lion-agi/fileops/beam"
)

// settings are the values of the program's own flags. Beam has more.
type settings struct {
	job            fileopsbeam.Job
	inventories    []fileopsbeam.Inventory
	columns        []string
	prefix         string
	escaped        bool
	metadata       string
	serve          int
	quiet, verbose bool
}

// A usageError reports a command line that makes no sense.
type usageError struct{ error }

// define defines the flags.
func (s *settings) define(f *flag.FlagSet) {
	j, o := &s.job, &s.job.Options
	*o = fileopsbeam.DefaultOptions()
	f.StringVar(&j.Source, "source", "", "cut the files of this `directory or URL`")
	f.StringVar(&j.Output, "output", "", "write the parts and the manifest to this `directory or URL`")
	f.StringVar(&j.Format, "format", "jsonl", "the format of the parts: jsonl or parquet")
	f.Int64Var(&j.PartSize, "part-size", 0, "about how many bytes a part reads at most; 0 means 32 MiB")
	f.IntVar(&j.Workers, "workers", 0, "read this many files of a part at once; 0 means the default of fileops")
	f.StringVar(&o.Unit, "unit", "chars", "count in chars or tokens")
	f.IntVar(&o.Size, "size", o.Size, "length of a chunk, in units")
	f.Float64Var(&o.Overlap, "overlap", o.Overlap, "overlap of neighboring chunks, as a fraction of the size, from 0 to 1")
	f.IntVar(&o.Threshold, "threshold", o.Threshold, "join a last chunk of at most this length to the one before")
	f.StringVar(&o.Tokenizer, "tokenizer", "", "count the tokens of the tokenizer that is registered with this `name`; words by default")
	f.StringVar(&o.Splitter, "splitter", "", "cut where the splitter with this `name` says: by-name, text, markdown, code or code-go")
	f.StringVar(&o.Counter, "counter", "", "count in the units of the counter with this `name`, such as o200k; code points by default")
	f.IntVar(&o.MinSize, "min-size", 0, "the least length of a chunk, with a splitter; 0 means half of the size")
	f.StringVar(&o.Encoding, "encoding", "", "the WHATWG or IANA `name` of the files' encoding; utf-8 by default; auto finds it out")
	f.StringVar(&s.metadata, "metadata", "", "give all chunks the keys of this JSON `object`")
	listVar(f, &j.Selection.FileTypes, "types", "read only files with these suffixes, a `list` such as .md,.txt")
	listVar(f, &j.Selection.Exclude, "exclude", "leave out files whose path contains one of this `list`, such as /.git/")
	f.BoolVar(&j.Selection.Shallow, "shallow", false, "do not enter directories")
	f.Func("inventory", "read the list of files from this `FILE`, instead of listing the source; may be repeated", func(file string) error {
		s.inventories = append(s.inventories, fileopsbeam.Inventory{File: file})
		return nil
	})
	listVar(f, &s.columns, "columns", "the columns of the inventories, a `list` (default path,size,etag)")
	f.StringVar(&s.prefix, "prefix", "", "what the paths of the inventories begin with before the path below the source")
	f.BoolVar(&s.escaped, "escaped", false, "the paths of the inventories are escaped like URLs, as those of S3 are")
	f.IntVar(&s.serve, "serve", 0, "be a worker on this `port`, for --environment_type=EXTERNAL")
	f.BoolVar(&s.quiet, "quiet", false, "print errors only")
	f.BoolVar(&s.verbose, "v", false, "print what Beam logs")
}

// listVar defines a flag whose value is a list with commas.
func listVar(f *flag.FlagSet, list *[]string, name, usage string) {
	f.Func(name, usage, func(values string) error {
		*list = strings.Split(values, ",")
		return nil
	})
}

// check completes the job and checks it.
func (s *settings) check() error {
	if s.metadata != "" {
		s.job.Options.Metadata = json.RawMessage(s.metadata)
	}
	for i := range s.inventories {
		inventory := &s.inventories[i]
		inventory.Columns, inventory.Prefix, inventory.Escaped = s.columns, s.prefix, s.escaped
	}
	if err := s.job.Check(); err != nil {
		return usageError{err}
	}
	return nil
}
