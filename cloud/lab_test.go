package cloud

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain gives the drivers credentials, so that they do not look for others at
// the metadata service of a cloud, and fails if the tests leave goroutines behind.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED":       "true",
		"AWS_ACCESS_KEY_ID":               "dummy",
		"AWS_SECRET_ACCESS_KEY":           "dummysecret",
		"AWS_REGION":                      "us-east-1",
		"AWS_CONFIG_FILE":                 os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE":     os.DevNull,
		"AZURE_STORAGE_ACCOUNT":           "dummy",
		"AZURE_STORAGE_SAS_TOKEN":         "sv=1&sig=dummysignature",
		"AZURE_STORAGE_IS_LOCAL_EMULATOR": "true",
		"AZURE_STORAGE_PROTOCOL":          "http",
	} {
		os.Setenv(name, value)
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"), // starts in an init of Google's client
	)
}

const bucketName = "bucket"

// A lab is a server of S3 with one bucket, that counts requests and can fail.
type lab struct {
	t      testing.TB
	url    string // of the bucket
	memory gofakes3.Backend
	real   http.Handler

	mu       sync.Mutex
	fault    func(w http.ResponseWriter, r *http.Request) (answered bool)
	requests map[string]int
}

func newLab(t testing.TB) *lab {
	l := &lab{t: t, memory: s3mem.New(), requests: map[string]int{}}
	require.NoError(t, l.memory.CreateBucket(bucketName))
	l.real = gofakes3.New(l.memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewUnstartedServer(http.HandlerFunc(l.serve))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	l.url = s3URL(server.URL)
	return l
}

// s3URL is the URL of the bucket at an endpoint. A %s stands for the prefix.
func s3URL(endpoint string) string {
	return "s3://" + bucketName + "?use_path_style=true&endpoint=" + url.QueryEscape(endpoint)
}

func (l *lab) serve(w http.ResponseWriter, r *http.Request) {
	kind := r.Method
	if r.URL.Query().Has("list-type") {
		kind = "LIST"
	}
	l.mu.Lock()
	l.requests[kind]++
	fault := l.fault
	l.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	if tag := r.Header.Get("If-Match"); tag != "" && tag != l.etag(r) { // gofakes3 obeys it for PUT only
		writeError(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	l.real.ServeHTTP(w, r)
}

func (l *lab) etag(r *http.Request) string {
	head := httptest.NewRequest(http.MethodHead, r.URL.String(), nil)
	answer := httptest.NewRecorder()
	l.real.ServeHTTP(answer, head)
	return answer.Header().Get("ETag")
}

func writeError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as the test asks</Message></Error>", code)
}

// fails makes requests fail from now on.
func (l *lab) fails(fault func(w http.ResponseWriter, r *http.Request) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// take returns the requests since the last take.
func (l *lab) take() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.requests
	l.requests = map[string]int{}
	return taken
}

func (l *lab) put(key, text string) {
	_, err := l.memory.PutObject(bucketName, key, map[string]string{
		"Last-Modified": time.Now().UTC().Format(http.TimeFormat),
	}, strings.NewReader(text), int64(len(text)), nil)
	require.NoError(l.t, err)
}

// quick are options whose pauses take no time.
var quick = &Options{Backoff: time.Nanosecond}

// open opens the bucket.
func (l *lab) open(opts *Options) *FS { return open(l.t, l.url, opts) }

func open(t testing.TB, url string, opts *Options) *FS {
	files, err := OpenWith(t.Context(), url, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	return files
}

// newPool makes a pool that must be idle at the end of the test.
func newPool(t testing.TB, opts fileops.PoolOptions) *fileops.Pool {
	pool := fileops.NewPool(opts)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, pool.Close(ctx))
	})
	return pool
}

// corpus are the files of a tree, in the order of paths.
var corpus = map[string]string{
	"a.txt":           "one two three\n",
	"d-x.txt":         "comes before what is in d\n",
	"d/a.txt":         strings.Repeat("a line of text\n", 400),
	"d/b.md":          "# Überschrift\n\näöü €\n",
	"d/deep/er/c.txt": "deep",
	"d0.txt":          "comes after what is in d\n",
	"empty.txt":       "",
	"large.txt":       strings.Repeat("0123456789abcdef ", 300_000), // 5 MB: a pool cuts it piece by piece
	"no text.bin":     "\xff\xfe\x00",
	"with space.txt":  "x",
	"z/ümläut+&.txt":  "y",
}

// onDisk writes the corpus to a directory.
func onDisk(t testing.TB) string {
	dir := t.TempDir()
	for name, text := range corpus {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	return dir
}
