package ingest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/splitters"
)

// settings are the values of the command line.
type settings struct {
	dir            string
	opts           fileops.ChunkOptions
	sel            fileops.Selection
	more           Units  // beside chars and tokens
	unit           string // one of these, "" for another
	splitter       string // its name, "" for the default
	noIgnore       bool
	hidden         bool
	toStdout       bool // there is no output file
	workers        uint
	quiet, verbose bool
}

const usage = `Usage: ingest [flags] [DIR]

Cuts the text files in DIR into chunks and writes them to one file. Without DIR
it reads the current directory. It leaves out what git would ignore, what .ignore
files name, hidden files, files above 16 MiB, and files that are no text, and says
so. Patterns are those of .gitignore files: "*.log", "/build/", "!keep.log".

With "-o -" it writes JSON lines to standard output and the report to standard
error. Do not redirect that to a file in DIR, which would be read, too.

Flags:
`

// parse reads the command line. If it returns no settings, the program ends with
// the exit code that it returns.
func parse(args []string, stdout, stderr io.Writer, more Units) (*settings, int) {
	s := &settings{more: more, dir: ".", opts: fileops.DefaultChunkOptions(), sel: fileops.Selection{MaxSize: 16 << 20}}
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
	f.Func("split", "cut at the joints of `auto`, text, markdown or code, or none: anywhere (default auto; none with -unit tokens)", s.setSplitter)
	f.Float64Var(&o.Overlap, "overlap", o.Overlap, "overlap of neighboring chunks, as a fraction of the size, from 0 to 1")
	f.IntVar(&o.Threshold, "threshold", o.Threshold, "with -split none, join a last chunk of at most this length to the one before")
	f.Func("unit", "count in `chars` (the default), tokens, which are words"+s.orMore(), s.setUnit)
	listVar(f, &o.FileTypes, "types", "read only files with these suffixes, a `list` such as .md,.txt")
	listVar(f, &s.sel.Include, "include", "read only files that match one of this `list` of patterns")
	listVar(f, &s.sel.Exclude, "exclude", "leave out files and directories that match one of this `list` of patterns; ! takes back")
	f.BoolVar(&s.noIgnore, "no-ignore", false, "read files that git or an .ignore file leaves out")
	f.BoolVar(&s.hidden, "hidden", false, "read files and directories whose names begin with a dot")
	f.BoolVar(&s.sel.FollowLinks, "follow", false, "enter directories that links lead to")
	f.Func("max-size", "leave out files larger than this `size`, in bytes or with K, M, G; 0 means none (default 16M)", s.setMaxSize)
	f.BoolVar(&o.Shallow, "shallow", false, "do not enter the directories in DIR")
	f.StringVar(&o.Encoding, "encoding", "auto", "the `name` of the files' encoding; auto finds it out, if that can be done for certain")
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
		count, ok := s.more[name]
		if !ok {
			return errors.New("must be " + listed(append([]string{"chars", "tokens"}, slices.Sorted(maps.Keys(s.more))...)))
		}
		s.unit, s.opts.Counter = name, count()
	}
	return nil
}

// orMore lists the units of other programs.
func (s *settings) orMore() string {
	if len(s.more) == 0 {
		return ""
	}
	return ", or " + listed(slices.Sorted(maps.Keys(s.more)))
}

// listed joins names: "a, b or c".
func listed(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// setSplitter chooses the splitter by its name.
func (s *settings) setSplitter(name string) error {
	if _, ok := splitters.ByName[name]; !ok {
		return errors.New("must be " + splitters.Names)
	}
	s.splitter = name
	return nil
}

// split sets the splitter, by default one that suits the unit.
func (s *settings) split() {
	if s.splitter == "" {
		s.splitter = "auto"
		if s.opts.Unit == fileops.Tokens { // words have no joints
			s.splitter = "none"
		}
	}
	s.opts.Splitter = splitters.ByName[s.splitter]
	s.opts.Lines = s.opts.Splitter != nil
}

// setMaxSize sets the size of the largest file that is read.
func (s *settings) setMaxSize(value string) error {
	shift := map[string]int{"K": 10, "M": 20, "G": 30}[value[max(0, len(value)-1):]]
	number := value
	if shift > 0 {
		number = value[:len(value)-1]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return errors.New("must be a number of bytes, such as 500000, 64K or 16M")
	}
	s.sel.MaxSize = n << shift
	return nil
}

// selection completes the selection of files.
func (s *settings) selection() *fileops.Selection {
	sel := s.sel
	sel.SkipHidden = !s.hidden
	if s.noIgnore {
		sel.Exclude = append([]string{".git"}, sel.Exclude...) // never text of the user's
	} else {
		sel.Git, sel.IgnoreFiles = true, []string{".ignore"}
	}
	return &sel
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
	s.split()
	if s.toStdout = s.opts.OutputFile == "-"; s.toStdout {
		s.opts.OutputFile = ""
	}
	return nil
}
