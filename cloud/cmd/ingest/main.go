// Ingest cuts the text files of a bucket into chunks, and writes them as JSON lines
// to a file or to standard output.
//
//	go run github.com/lion-agi/fileops/cloud/cmd/ingest [flags] URL
//
// It skips each file that is not text or cannot be read, and reports how many there
// are of each kind. With -v it reports each. It is examples/ingest for a bucket, with
// fewer flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/cloud"
)

// The exit codes of the program.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Settings are the values of the flags.
type settings struct {
	url     string
	output  string
	workers int
	verbose bool
	opts    fileops.ChunkOptions
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	if err := ingest(ctx, s, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "ingest: %q\n", err)
		if _, ok := errors.AsType[*fileops.OptionError](err); ok {
			return exitUsage
		}
		return exitFailure
	}
	return exitOK
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	var s settings
	flags := flag.NewFlagSet("ingest", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: ingest [flags] URL, such as s3://bucket/prefix?region=eu-west-1")
		flags.PrintDefaults()
	}
	flags.StringVar(&s.output, "o", "", "the `file` for the chunks, .jsonl, .csv or .json; without it they go to standard output as JSON lines")
	flags.IntVar(&s.opts.Size, "size", 1500, "the characters of a chunk")
	flags.Float64Var(&s.opts.Overlap, "overlap", 0, "the part of a chunk that the next one repeats, from 0 to 1")
	flags.IntVar(&s.workers, "workers", 64, "requests at once")
	flags.BoolVar(&s.verbose, "v", false, "report each file that is skipped")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return nil, errors.New("there must be one URL")
	}
	s.url = flags.Arg(0)
	return &s, nil
}

// ingest cuts the files and reports.
func ingest(ctx context.Context, s *settings, stdout, stderr io.Writer) (err error) {
	bucket, err := cloud.Open(ctx, s.url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bucket.Close()) }()
	pool := fileops.NewPool(fileops.PoolOptions{FS: bucket, Workers: s.workers})
	began := time.Now()
	skipped := map[string]int{}
	s.opts.OnSkip = func(f fileops.SkippedFile) {
		skipped[reason(f.Err)]++
		if s.verbose {
			fmt.Fprintf(stderr, "skipped %q: %q\n", f.Path, f.Err)
		}
	}
	chunks, err := cut(ctx, pool, s, stdout)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d chunks of %d bytes in %v\n", chunks, pool.Stats().BytesRead, time.Since(began).Round(time.Millisecond))
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		fmt.Fprintf(stderr, "skipped %d: %s\n", skipped[reason], reason)
	}
	return nil
}

// cut cuts the files and returns the number of the chunks.
func cut(ctx context.Context, pool *fileops.Pool, s *settings, stdout io.Writer) (chunks int, err error) {
	if s.output == "" {
		result, err := pool.ChunkTo(ctx, stdout, ".", &s.opts)
		if err != nil {
			return 0, err
		}
		return result.Chunks, nil
	}
	s.opts.OutputFile = s.output
	for _, err := range pool.Chunks(ctx, ".", &s.opts) {
		if err != nil {
			return 0, err
		}
		chunks++
	}
	return chunks, nil
}

// reason says why a file was skipped, in the same words for each file of a kind.
func reason(err error) string {
	if _, ok := errors.AsType[*fileops.EncodingError](err); ok {
		return "not UTF-8"
	}
	for _, known := range []error{
		fileops.ErrChanged, fileops.ErrBadEntry, fileops.ErrTooLarge, fileops.ErrExcluded, fs.ErrNotExist, fs.ErrPermission,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Sprintf("%q", err)
}
