// Ingest cuts the text files of a directory into chunks for a search index or
// a language model, and writes them to one file.
//
//	go run ./examples/ingest [flags] [DIR]
//
// Without DIR it reads the current directory. It skips each file that is not
// text, and reports the file and the reason.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// The exit codes of the program.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as in a shell
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, code := parse(args, stdout, stderr)
	if s == nil {
		return code
	}
	r, err := ingest(ctx, s, stderr)
	if err != nil {
		return fail(ctx, err, stderr)
	}
	if !s.quiet {
		r.print(stdout, s.verbose)
	}
	return exitOK
}

// fail reports an error and returns its exit code.
func fail(ctx context.Context, err error, stderr io.Writer) int {
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "ingest: interrupted")
		if stuck, ok := errors.AsType[*fileops.StuckError](err); ok {
			complain(stderr, stuck)
		}
		return exitInterrupted
	}
	complain(stderr, err)
	if _, ok := errors.AsType[*fileops.OptionError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// complain prints an error. Anybody may have chosen the names in it.
func complain(stderr io.Writer, err error) {
	for _, line := range terminal.Lines(err) {
		fmt.Fprintln(stderr, "ingest:", line)
	}
}

// closeTime is how long an interrupted run waits until its operations have
// removed their temporary files. Only a hung disk takes longer.
const closeTime = 2 * time.Second

// ingest cuts the files with one call of Chunk.
func ingest(ctx context.Context, s *settings, stderr io.Writer) (*report, error) {
	pool := fileops.NewPool(fileops.PoolOptions{Workers: int(s.workers)})
	meter := newMeter(stderr, s.quiet)
	began := time.Now()
	r := &report{source: s.dir, output: s.opts.OutputFile, earlier: earlierOutputs(s.dir, s.opts.OutputFile)}

	opts := s.opts
	opts.Exclude = slices.Concat(opts.Exclude, otherFormats(s.dir, r.earlier, r.output))
	opts.OnSkip = r.skip
	opts.Progress = func(p fileops.Progress) {
		r.done = p
		meter.show(p)
	}
	if opts.Unit == fileops.Tokens {
		opts.Tokenizer = r.tokenize
	}
	chunks, err := pool.Chunk(ctx, s.dir, &opts)

	meter.clear()
	if err := errors.Join(err, closePool(pool)); err != nil {
		return nil, err
	}
	r.took = time.Since(began)
	r.count(chunks)
	return r, nil
}

// closePool closes the pool and waits at most closeTime.
func closePool(pool *fileops.Pool) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return pool.Close(ctx)
}
