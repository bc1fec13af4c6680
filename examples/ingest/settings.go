package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/lion-agi/fileops"
)

// settings are what the command line asks for.
type settings struct {
	dir            string
	opts           fileops.ChunkOptions
	workers        uint
	quiet, verbose bool
}

const usage = `Usage: ingest [flags] [DIR]

Cuts the text files in DIR (the current directory unless given) into chunks
and writes them to one file.

Flags:
`

// parse reads the command line. Without settings the program ends there, with
// the code that is returned instead.
func parse(args []string, stdout, stderr io.Writer) (*settings, int) {
	s := &settings{dir: ".", opts: fileops.DefaultChunkOptions()}
	s.opts.Exclude = []string{filepath.FromSlash(".git/")}
	f := s.flags()
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if err == nil {
		err = s.takeDir(f.Args())
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "ingest: %v\nRun it with -help for the flags.\n", err)
		return nil, exitUsage
	}
	return s, exitOK
}

func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("ingest", flag.ContinueOnError)
	o := &s.opts
	f.StringVar(&o.OutputFile, "o", "chunks.jsonl", "write the chunks to `FILE`: .jsonl, .json or .csv")
	f.IntVar(&o.Size, "size", o.Size, "length of a chunk, in units")
	f.Float64Var(&o.Overlap, "overlap", o.Overlap, "what neighbours share, as a fraction of the size, from 0 to 1")
	f.IntVar(&o.Threshold, "threshold", o.Threshold, "a last chunk of at most this length joins the one before")
	f.Func("unit", "count in `chars` (the default) or tokens, which are words", s.setUnit)
	listVar(f, &o.FileTypes, "types", "read only files with these suffixes, a `list` such as .md,.txt")
	listVar(f, &o.Exclude, "exclude", "leave out files whose path contains one of this `list`; unless given, it is .git/")
	f.BoolVar(&o.Shallow, "shallow", false, "do not enter the directories in DIR")
	f.StringVar(&o.Encoding, "encoding", "utf-8", "the files' encoding, by its WHATWG or IANA `name`")
	f.UintVar(&s.workers, "workers", 0, "read this many files at once; 0 leaves it to the package")
	f.BoolVar(&s.quiet, "quiet", false, "print errors only")
	f.BoolVar(&s.verbose, "v", false, "list every file that is skipped")
	return f
}

func (s *settings) setUnit(name string) error {
	switch name {
	case "chars":
		s.opts.Unit = fileops.Chars
	case "tokens":
		s.opts.Unit = fileops.Tokens
	default:
		return errors.New("must be chars or tokens")
	}
	return nil
}

// listVar defines a flag of values with commas between them.
func listVar(f *flag.FlagSet, list *[]string, name, usage string) {
	f.Func(name, usage, func(values string) error {
		*list = nil
		for value := range strings.SplitSeq(values, ",") {
			if value = strings.TrimSpace(value); value != "" {
				*list = append(*list, value)
			}
		}
		return nil
	})
}

func (s *settings) takeDir(args []string) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("one directory at a time, and after the flags: %s", strings.Join(args, " "))
	case s.opts.OutputFile == "":
		return errors.New("-o needs a file to write to")
	case len(args) == 1:
		s.dir = args[0]
	}
	return nil
}
