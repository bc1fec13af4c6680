// Ingest cuts a corpus into chunks on Apache Beam, by parts.
//
//	go run ./cmd/ingest -source DIR -output DIR [flags]
//
// Without --endpoint it runs on prism, Beam's own runner, in this process. With it, it
// sends the job to a prism or another runner there. "ingest -serve PORT" is a worker
// for such a runner, which finds it by
//
//	--environment_type=EXTERNAL --environment_config=HOST:PORT
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	fileopsbeam "github.com/lion-agi/fileops/beam"
	_ "github.com/lion-agi/fileops/beam/buckets" // s3://, gs:// and azblob://
)

// The exit codes of the program.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as in a shell
)

func main() {
	s := new(settings)
	s.define(flag.CommandLine)
	flag.Parse()
	quietLogs(s.verbose)
	beam.Init() // a worker that a runner has started goes on in there, and does not return
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := s.run(ctx, os.Stdout, os.Stderr)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "ingest: interrupted. The same command goes on from here.")
		os.Exit(exitInterrupted)
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(exitUsage)
	default:
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(exitFailure)
	}
}

// quietLogs silences Beam but for warnings.
func quietLogs(verbose bool) {
	if !verbose {
		log.LogLevel = "warn"
	}
}

// run carries out the flags.
func (s *settings) run(ctx context.Context, stdout, stderr io.Writer) error {
	if s.serve > 0 {
		return serve(ctx, s.serve)
	}
	if err := s.check(); err != nil {
		return err
	}
	if err := startPrism(ctx); err != nil {
		return err
	}
	began := time.Now()
	p, root := beam.NewPipelineWithRoot()
	listing, err := s.list(ctx, root)
	if err != nil {
		return err
	}
	fileopsbeam.WriteManifest(root, s.job, listing, fileopsbeam.WriteParts(root, s.job, listing))
	progress := newProgress(ctx, stderr, s.quiet)
	_, err = universal.Execute(ctx, p)
	progress.stop()
	if err != nil {
		return err
	}
	m, err := fileopsbeam.ReadManifest(ctx, s.job)
	if err == nil && !s.quiet {
		err = report(stdout, s.job.Output, m, time.Since(began))
	}
	return err
}

// serve is a worker until ctx ends.
func serve(ctx context.Context, port int) error {
	worker, err := extworker.StartLoopback(ctx, port)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return worker.Stop(context.WithoutCancel(ctx))
}

// list makes the listing of the job in the pipeline.
func (s *settings) list(ctx context.Context, root beam.Scope) (fileopsbeam.Listing, error) {
	if len(s.inventories) == 0 {
		return fileopsbeam.List(root, s.job), nil
	}
	var listed fileopsbeam.Listed
	for _, i := range s.inventories {
		one, err := i.Count(ctx, s.job.Selection)
		if err != nil {
			return fileopsbeam.Listing{}, err
		}
		listed.Files += one.Files
		listed.Bytes += one.Bytes
	}
	return fileopsbeam.FromInventory(root, s.job, listed, s.inventories...), nil
}

// useEndpoint makes the program send its job to an endpoint, and do the work itself.
func useEndpoint(endpoint string) {
	*jobopts.Endpoint = endpoint
	if *jobopts.EnvironmentType == "" {
		*jobopts.EnvironmentType = "loopback"
	}
}
