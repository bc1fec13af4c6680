// Package ingest is the program of examples/ingest. Programs that count in more
// units share it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
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
	exitClosedPipe  = 141 // 128 + SIGPIPE
	exitTerminated  = 143 // 128 + SIGTERM
)

// Units are counters by their names, for the flag -unit. A counter is made when it is
// asked for.
type Units map[string]func() fileops.Counter

// Main runs the program with the arguments of the process, and ends the process. It
// knows these units beside the program's own.
func Main(more Units) {
	terminal.ReturnClosedPipes()
	os.Exit(run(untilSignal(), os.Args[1:], os.Stdout, os.Stderr, more))
}

// errTerminated is the cause of a context that SIGTERM has ended, by which service
// managers and containers stop a program.
var errTerminated = errors.New("terminated")

// untilSignal returns a context that Ctrl-C and SIGTERM end, so that the run removes
// its temporary files. A second signal ends the program at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals)
		if received == syscall.SIGTERM {
			cancel(errTerminated)
		} else {
			cancel(nil)
		}
	}()
	return ctx
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, more Units) int {
	s, code := parse(args, stdout, stderr, more)
	if s == nil {
		return code
	}
	r, err := ingest(ctx, s, stdout, stderr)
	if err == nil && !s.quiet {
		err = r.print()
	}
	if err != nil {
		return fail(ctx, err, stderr)
	}
	return exitOK
}

// fail reports an error and returns its exit code. A closed pipe is how the reader
// says that it has enough, so it is not reported.
func fail(ctx context.Context, err error, stderr io.Writer) int {
	if ctx.Err() != nil {
		code, how := exitInterrupted, "interrupted"
		if context.Cause(ctx) == errTerminated {
			code, how = exitTerminated, "terminated"
		}
		fmt.Fprintln(stderr, "ingest:", how)
		if stuck, ok := errors.AsType[*fileops.StuckError](err); ok && len(stuck.Running) > 0 {
			complain(stderr, stuck)
		}
		return code
	}
	if terminal.IsClosedPipe(err) {
		return exitClosedPipe
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
// removed their temporary files and written their last line. Only a hung disk, or
// a pipe that nobody reads, takes longer.
const closeTime = 2 * time.Second

// ingest cuts the files and writes the chunks.
func ingest(ctx context.Context, s *settings, stdout, stderr io.Writer) (*report, error) {
	pool := fileops.NewPool(fileops.PoolOptions{Workers: int(s.workers)})
	m := newMeter(stderr, func() uint64 { return pool.Stats().BytesRead })
	to := stdout // for the report
	if s.toStdout {
		to = stderr
	}
	r := newReport(s, to, m)
	linesMix := s.toStdout && terminal.Width(stdout) > 0
	if !s.quiet && !linesMix {
		m.start()
	}
	err := cut(ctx, pool, s, r, stdout)
	m.stop()
	r.took = time.Since(m.began)
	return r, errors.Join(err, closePool(pool))
}

// cut cuts the files and counts in r.
func cut(ctx context.Context, pool *fileops.Pool, s *settings, r *report, stdout io.Writer) error {
	opts := s.opts
	opts.Select = s.selection()
	opts.Exclude = otherFormats(s.dir, r.earlier, opts.OutputFile)
	opts.OnSkip = r.skip
	opts.Progress = r.progress
	if s.toStdout {
		// A write to a pipe that nobody reads blocks. Await ends with ctx nevertheless.
		result, err := pool.AsyncChunkTo(ctx, stdout, s.dir, &opts).Await(ctx)
		if err != nil {
			return err
		}
		r.chunks, r.chars = result.Chunks, result.Chars
		return nil
	}
	for c, err := range pool.Chunks(ctx, s.dir, &opts) {
		if err != nil {
			return err
		}
		r.add(c, opts.Unit)
	}
	return nil
}

// closePool closes the pool and waits at most closeTime.
func closePool(pool *fileops.Pool) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return pool.Close(ctx)
}
