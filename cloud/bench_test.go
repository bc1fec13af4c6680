package cloud

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// BenchmarkLatency reads the files of a bucket that answers after 20 ms. A reader
// that waits for nothing else makes workers/20 ms of them.
func BenchmarkLatency(b *testing.B) {
	const latency = 20 * time.Millisecond
	const files = 10_000
	server := httptest.NewServer(slowBucket(files, latency))
	defer server.Close()
	for _, workers := range []int{16, 64, 256} {
		for _, op := range []struct {
			name string
			run  func(pool *fileops.Pool) error
		}{
			{"ChunkTo", func(pool *fileops.Pool) error {
				_, err := pool.ChunkTo(b.Context(), io.Discard, ".", nil)
				return err
			}},
			{"ScanFiles", func(pool *fileops.Pool) error {
				return scan(b, pool)
			}},
		} {
			b.Run(fmt.Sprintf("%s/workers=%d", op.name, workers), func(b *testing.B) {
				pool := newPool(b, fileops.PoolOptions{FS: open(b, s3URL(server.URL), nil), Workers: workers})
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, op.run(pool))
				}
				rate := float64(files*b.N) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "files/s")
				b.ReportMetric(rate/(float64(workers)/latency.Seconds()), "of-ideal")
			})
		}
	}
}

func scan(b *testing.B, pool *fileops.Pool) error {
	var failed error
	paths := func(yield func(string) bool) {
		for f, err := range pool.Files(b.Context(), ".", nil) {
			if failed = err; err != nil || !yield(f.Path) {
				return
			}
		}
	}
	for f := range pool.ScanFiles(b.Context(), paths) {
		if f.Err != nil {
			return f.Err
		}
	}
	return failed
}

// slowBucket serves files of 4 KiB, whose names are their numbers.
func slowBucket(files int, latency time.Duration) http.Handler {
	text := make([]byte, 4<<10)
	for i := range text {
		text[i] = 'a'
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		if !r.URL.Query().Has("list-type") {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
			w.Write(text)
			return
		}
		from, _ := strconv.Atoi(r.URL.Query().Get("continuation-token"))
		to := min(files, from+pageSize)
		io.WriteString(w, "<ListBucketResult>")
		if to < files {
			fmt.Fprintf(w, "<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", to)
		}
		for i := from; i < to; i++ {
			fmt.Fprintf(w, `<Contents><Key>%06d</Key><Size>4096</Size><ETag>"1"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`, i)
		}
		io.WriteString(w, "</ListBucketResult>")
	})
}
