package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/coder"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipelinepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	fileopsbeam "github.com/lion-agi/fileops/beam"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// startPrism starts prism in this process, unless there is an endpoint.
func startPrism(ctx context.Context) error {
	if *jobopts.JobName == "" { // progress finds the job by its name
		*jobopts.JobName = fmt.Sprintf("ingest-%d-%d", os.Getpid(), time.Now().UnixNano())
	}
	if *jobopts.Endpoint != "" {
		return nil
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	if _, err := prism.CreateJobServer(ctx, prism.Options{Port: port}); err != nil {
		return err
	}
	useEndpoint(fmt.Sprintf("localhost:%d", port))
	return nil
}

// freePort returns a port that is free now. Prism tells nobody which one it takes.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// A progress prints the counters of the running job.
type progress struct {
	w       io.Writer
	cancel  context.CancelFunc
	done    sync.WaitGroup
	printed bool
}

// progressPause is how often the counters are asked for.
const progressPause = time.Second

// newProgress prints the progress of a job until stop. quiet prints none.
func newProgress(ctx context.Context, w io.Writer, quiet bool) *progress {
	p := &progress{w: w}
	ctx, p.cancel = context.WithCancel(ctx)
	if quiet {
		return p
	}
	p.done.Go(func() {
		connection, err := grpc.NewClient(*jobopts.Endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return
		}
		defer connection.Close()
		client := jobpb.NewJobServiceClient(connection)
		for tick := time.NewTicker(progressPause); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return
			case <-tick.C:
				p.print(ctx, client)
			}
		}
	})
	return p
}

// stop ends the printing.
func (p *progress) stop() {
	p.cancel()
	p.done.Wait()
	if p.printed {
		fmt.Fprintln(p.w)
	}
}

// print prints a line over the last one. A runner without counters has no progress.
func (p *progress) print(ctx context.Context, client jobpb.JobServiceClient) {
	counters, err := countersOf(ctx, client, *jobopts.JobName)
	if err != nil || len(counters) == 0 {
		return
	}
	fmt.Fprintf(p.w, "\r%s of %s files, %s skipped, %s parts (%s reused), %s chunks, %s MB ",
		grouped(counters[fileopsbeam.CounterFilesDone]), grouped(counters[fileopsbeam.CounterFilesListed]),
		grouped(counters[fileopsbeam.CounterSkipped]), grouped(counters[fileopsbeam.CounterPartsDone]),
		grouped(counters[fileopsbeam.CounterPartsReused]), grouped(counters[fileopsbeam.CounterChunks]),
		grouped(counters[fileopsbeam.CounterBytesRead]/1e6))
	p.printed = true
}

// countersOf returns the counters of a job by name. They count tries.
func countersOf(ctx context.Context, client jobpb.JobServiceClient, name string) (map[string]int64, error) {
	jobs, err := client.GetJobs(ctx, &jobpb.GetJobsRequest{})
	if err != nil {
		return nil, err
	}
	counters := map[string]int64{}
	for _, job := range jobs.GetJobInfo() {
		if job.GetJobName() != name {
			continue
		}
		metrics, err := client.GetJobMetrics(ctx, &jobpb.GetJobMetricsRequest{JobId: job.GetJobId()})
		if err != nil {
			return nil, err
		}
		addCounters(counters, metrics.GetMetrics().GetAttempted())
		committed := map[string]int64{}
		addCounters(committed, metrics.GetMetrics().GetCommitted())
		for name, n := range committed { // prism drops what is committed from what is attempted
			counters[name] = max(counters[name], n)
		}
	}
	return counters, nil
}

// addCounters adds the values of this package's counters.
func addCounters(counters map[string]int64, infos []*pipelinepb.MonitoringInfo) {
	for _, info := range infos {
		if info.GetUrn() != sumURN || info.GetLabels()["NAMESPACE"] != fileopsbeam.CounterNamespace {
			continue
		}
		if n, err := coder.DecodeVarInt(bytes.NewReader(info.GetPayload())); err == nil {
			counters[info.GetLabels()["NAME"]] += n
		}
	}
}

// sumURN is what Beam's model calls a counter.
const sumURN = "beam:metric:user:sum_int64:v1"
