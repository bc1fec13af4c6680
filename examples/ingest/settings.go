package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/lion-agi/fileops"
)

// settings are the values of the command line.
type settings struct {
	dir            string
	opts           fileops.ChunkOptions
	toStdout       bool // there is no output file
	workers        uint
	quiet, verbose bool
}

const usage = `Usage: ingest [flags] [DIR]

Cuts the text files in DIR into chunks and writes them to one file. Without DIR
it reads the current directory. With "-o -" it writes JSON lines to standard
output and the report to standard error. Do not redirect that to a file in DIR,
which would be read, too.

Flags:
`

// parse reads the command line. If it returns no settings, the program ends with
// the exit code that it returns.
func parse(args []string, stdout, stderr io.Writer) (*settings, int) {
	s := &settings{dir: ".", opts: fileops.DefaultChunkOptions()}
	s.opts.Exclude = []string{".git/"}
	f := s.flags()
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if err == nil {
		err = s.takeArgs(f.Args())
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, exitOK
	}
	if err != nil {
		complain(stderr, err)
		fmt.Fprintln(stderr, "Run it with -help for the flags.")
		return nil, exitUsage
	}
	return s, exitOK
}

// flags defines the flags.
func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("ingest", flag.ContinueOnError)
	o := &s.opts
	f.StringVar(&o.OutputFile, "o", "chunks.jsonl", "write the chunks to `FILE`: .jsonl, .json or .csv; - is standard output")
	f.IntVar(&o.Size, "size", o.Size, "length of a chunk, in units")
	f.Float64Var(&o.Overlap, "overlap", o.Overlap, "overlap of neighboring chunks, as a fraction of the size, from 0 to 1")
	f.IntVar(&o.Threshold, "threshold", o.Threshold, "join a last chunk of at most this length to the one before")
	f.Func("unit", "count in `chars` (the default) or tokens, which are words", s.setUnit)
	listVar(f, &o.FileTypes, "types", "read only files with these suffixes, a `list` such as .md,.txt")
	listVar(f, &o.Exclude, "exclude", "leave out files and directories whose path in DIR contains one of this `list` (default .git/)")
	f.BoolVar(&o.Shallow, "shallow", false, "do not enter the directories in DIR")
	f.StringVar(&o.Encoding, "encoding", "utf-8", "the WHATWG or IANA `name` of the files' encoding")
	f.UintVar(&s.workers, "workers", 0, "read this many files at once; 0 means the package's default")
	f.BoolVar(&s.quiet, "quiet", false, "print errors only")
	f.BoolVar(&s.verbose, "v", false, "list every file that is skipped")
	return f
}

// setUnit sets the unit by its name.
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

// listVar defines a flag whose value is a list with commas.
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

// takeArgs takes the directory from the arguments after the flags, and completes
// the settings.
func (s *settings) takeArgs(args []string) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("one directory at a time, and after the flags: %s", strings.Join(args, " "))
	case s.opts.OutputFile == "":
		return errors.New("-o needs a file to write to")
	case len(args) == 1:
		s.dir = args[0]
	}
	if s.toStdout = s.opts.OutputFile == "-"; s.toStdout {
		s.opts.OutputFile = ""
	}
	return nil
}
