package buckets_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/lion-agi/fileops"
	fileopsbeam "github.com/lion-agi/fileops/beam"
	_ "github.com/lion-agi/fileops/beam/buckets"
	"github.com/lion-agi/fileops/cloud"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain gives the drivers credentials, so that they do not look for others at the
// metadata service of a cloud.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "dummy", "AWS_SECRET_ACCESS_KEY": "dummysecret",
		"AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

const bucketName = "corpus"

// A lab is a server of S3 that counts requests and can answer for a bucket.
type lab struct {
	memory gofakes3.Backend
	real   http.Handler
	url    string // without a path

	mu       sync.Mutex
	fault    func(r *http.Request, n int) (status int)
	all      int
	requests map[string]int
}

func newLab(t *testing.T) *lab {
	l := &lab{memory: s3mem.New(), requests: map[string]int{}}
	require.NoError(t, l.memory.CreateBucket(bucketName))
	l.real = gofakes3.New(l.memory, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewUnstartedServer(l)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	l.url = "?use_path_style=true&endpoint=" + url.QueryEscape(server.URL)
	return l
}

func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.all++
	kind := r.Method
	if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
		kind = "LIST"
	}
	l.requests[kind]++
	status := 0
	if l.fault != nil {
		status = l.fault(r, l.all)
	}
	l.mu.Unlock()
	tag := r.Header.Get("If-Match")
	if tag != "" && l.etag(r) != "" && tag != l.etag(r) { // gofakes3 obeys it for PUT only
		status = http.StatusPreconditionFailed
	}
	if status == 0 {
		l.real.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>Status%d</Code></Error>", status)
}

func (l *lab) etag(r *http.Request) string {
	answer := httptest.NewRecorder()
	l.real.ServeHTTP(answer, httptest.NewRequest(http.MethodHead, r.URL.String(), nil))
	return answer.Header().Get("ETag")
}

func (l *lab) set(fault func(r *http.Request, n int) int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.all, l.requests = fault, 0, map[string]int{}
}

func (l *lab) put(t *testing.T, key, text string) {
	_, err := l.memory.PutObject(bucketName, key, map[string]string{}, strings.NewReader(text), int64(len(text)), nil)
	require.NoError(t, err)
}

// get returns an object.
func (l *lab) get(t *testing.T, key string) string {
	object, err := l.memory.GetObject(bucketName, key, nil)
	require.NoError(t, err)
	defer object.Contents.Close()
	data, err := io.ReadAll(object.Contents)
	require.NoError(t, err)
	return string(data)
}

func (l *lab) job(name string) fileopsbeam.Job {
	return fileopsbeam.Job{
		Source: "s3://" + bucketName + "/in" + l.url, Output: "s3://" + bucketName + "/" + name + l.url,
		PartSize: 100 << 10, Options: fileopsbeam.Options{Size: 100},
	}
}

// fill puts files, and keys that make trouble.
func (l *lab) fill(t *testing.T) (files int) {
	for i := range 100 {
		l.put(t, fmt.Sprintf("in/d%d/f%02d.txt", i%3, i), strings.Repeat("Text einer Datei. ", i))
	}
	l.put(t, "in/no-text", "\xff")
	l.put(t, "other/file", "not below the prefix")
	return 101
}

func run(ctx context.Context, job fileopsbeam.Job) (*fileopsbeam.Manifest, error) {
	parts, listed, err := fileopsbeam.Plan(fileopsbeam.ListFiles(ctx, job), job.PartSize)
	if err != nil {
		return nil, err
	}
	var results []fileopsbeam.PartResult
	for _, p := range parts {
		r, err := fileopsbeam.WritePart(ctx, job, p)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return fileopsbeam.SaveManifest(ctx, job, listed, results)
}

// lines returns the chunks of a manifest as sorted lines.
func (l *lab) lines(t *testing.T, name string, m *fileopsbeam.Manifest) (lines []string) {
	for _, p := range m.Parts {
		if p.Object != "" {
			lines = append(lines, strings.SplitAfter(strings.TrimSuffix(l.get(t, name+"/"+p.Object), "\n"), "\n")...)
		}
	}
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\n")
	}
	slices.Sort(lines)
	return lines
}

// want returns the lines that fileops alone makes of the bucket.
func (l *lab) want(t *testing.T) []string {
	files, err := cloud.Open(t.Context(), "s3://"+bucketName+"/in"+l.url)
	require.NoError(t, err)
	defer files.Close()
	var b bytes.Buffer
	pool := fileops.NewPool(fileops.PoolOptions{FS: files})
	_, err = pool.ChunkTo(t.Context(), &b, ".", &fileops.ChunkOptions{Size: 100})
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	slices.Sort(lines)
	return lines
}

func TestPartsOfBuckets(t *testing.T) {
	l := newLab(t)
	files := l.fill(t)
	want := l.want(t)
	l.set(nil)
	m, err := run(t.Context(), l.job("out"))
	require.NoError(t, err)
	assert.EqualValues(t, files, m.Files)
	assert.EqualValues(t, 1, m.Skipped)
	assert.Equal(t, want, l.lines(t, "out", m))
	assert.NotContains(t, m.Source, "endpoint", "parameters may be secrets")

	parts, objects := len(m.Parts), 0
	for _, p := range m.Parts {
		if p.Object != "" {
			objects++
		}
	}
	assert.Equal(t, map[string]int{
		"LIST": 1,
		"GET":  files + parts,       // each file, and the result of each part, which is not there
		"PUT":  objects + parts + 1, // each object by one request, its result, and the manifest
	}, l.requests)

	l.set(nil)
	again, err := run(t.Context(), l.job("out"))
	require.NoError(t, err)
	assert.Equal(t, m, again)
	assert.Equal(t, map[string]int{"LIST": 1, "GET": parts, "HEAD": objects, "PUT": 1}, l.requests)
}

// TestFaultsOfBuckets lets every eighth request fail, or one in ten the first time.
func TestFaultsOfBuckets(t *testing.T) {
	l := newLab(t)
	l.fill(t)
	want, err := run(t.Context(), l.job("plain"))
	require.NoError(t, err)
	seen := map[string]bool{}
	for name, fault := range map[string]func(r *http.Request, n int) int{
		"eighth": func(_ *http.Request, n int) int {
			if n%8 > 0 {
				return 0
			}
			return http.StatusServiceUnavailable
		},
		"first": func(r *http.Request, n int) int {
			key := r.Method + r.URL.String()
			if seen[key] || n%10 > 0 {
				return 0
			}
			seen[key] = true
			return http.StatusInternalServerError
		},
	} {
		t.Run(name, func(t *testing.T) {
			l.set(fault)
			var got *fileopsbeam.Manifest
			err := io.EOF
			for tries := 0; err != nil && tries < 20; tries++ {
				got, err = run(t.Context(), l.job(name))
			}
			require.NoError(t, err)
			l.set(nil)
			assert.Equal(t, want, got)
			assert.Equal(t, l.lines(t, "plain", want), l.lines(t, name, got))
		})
	}
}

// TestDenialsFail checks that a bucket that denies everything is not an empty corpus.
func TestDenialsFail(t *testing.T) {
	l := newLab(t)
	l.fill(t)
	job := l.job("out")
	parts, _, err := fileopsbeam.Plan(fileopsbeam.ListFiles(t.Context(), job), job.PartSize)
	require.NoError(t, err)
	l.set(func(r *http.Request, _ int) int {
		if strings.Contains(r.URL.Path, "/in/") {
			return http.StatusForbidden
		}
		return 0
	})
	_, err = fileopsbeam.WritePart(t.Context(), job, parts[0])
	require.Error(t, err)
}

// TestVersionsOfBuckets changes a file to one of the same size, in the same second.
func TestVersionsOfBuckets(t *testing.T) {
	l := newLab(t)
	l.put(t, "in/a", "before")
	l.put(t, "in/b", "stays")
	l.put(t, "in/c", "goes away")
	job := l.job("out")
	parts, listed, err := fileopsbeam.Plan(fileopsbeam.ListFiles(t.Context(), job), job.PartSize)
	require.NoError(t, err)
	require.Len(t, parts, 1)
	for _, f := range parts[0].Files {
		require.NotEmpty(t, f.Version)
	}
	l.put(t, "in/a", "after!")
	_, err = l.memory.DeleteObject(bucketName, "in/c")
	require.NoError(t, err)
	r, err := fileopsbeam.WritePart(t.Context(), job, parts[0])
	require.NoError(t, err)
	assert.Equal(t, []fileopsbeam.Skip{{Path: "a", Reason: "changed since it was listed"}, {Path: "c", Reason: "file does not exist"}}, r.Skipped)
	_, err = fileopsbeam.SaveManifest(t.Context(), job, listed, []fileopsbeam.PartResult{r})
	require.NoError(t, err)
}

func TestOtherBuckets(t *testing.T) {
	source := t.TempDir()
	require.NoError(t, os.WriteFile(source+"/a.txt", []byte("text"), 0o666))
	for _, output := range []string{"mem://", "file://" + t.TempDir()} {
		m, err := run(t.Context(), fileopsbeam.Job{Source: "file://" + source, Output: output})
		require.NoError(t, err)
		assert.EqualValues(t, 1, m.Chunks)
	}
	for _, bad := range []string{"s3://user:secret@bucket", "s3://bucket?nosuch=1", "mem://a b\x00"} {
		_, err := run(t.Context(), fileopsbeam.Job{Source: source, Output: bad})
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
	}
}
