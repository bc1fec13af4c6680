package fileopsbeam

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A simulated store answers each request after a delay, and no more than rate requests
// a second. It has files of one size, and it keeps the objects that are put.
type simulated struct {
	files, size int
	delay       time.Duration
	rate        float64 // 0 means no bound

	mu       sync.Mutex
	next     time.Time // when the rate has room for another request
	requests int
	objects  map[string][]byte
}

// request waits as long as a request takes.
func (s *simulated) request() {
	s.mu.Lock()
	s.requests++
	wait := time.Duration(0)
	if s.rate > 0 {
		now := time.Now()
		if s.next.Before(now) {
			s.next = now
		}
		wait = s.next.Sub(now)
		s.next = s.next.Add(time.Duration(float64(time.Second) / s.rate))
	}
	s.mu.Unlock()
	time.Sleep(wait + s.delay)
}

func (s *simulated) Get(_ context.Context, name string) ([]byte, error) {
	s.request()
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.objects[name]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (s *simulated) Size(ctx context.Context, name string) (int64, error) {
	data, err := s.Get(ctx, name)
	return int64(len(data)), err
}

func (s *simulated) Put(_ context.Context, name string, content io.ReadSeeker, _ int64) error {
	s.request()
	data, err := io.ReadAll(content)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[name] = data
	return err
}

// Open opens a file, whose text says its name.
func (s *simulated) Open(name string) (fs.File, error) {
	s.request()
	text := bytes.Repeat([]byte(name+"\n"), 1+s.size/(len(name)+1))[:s.size]
	return &simulatedFile{bytes.NewReader(text), simulatedInfo{partEntry(name), int64(s.size)}}, nil
}

func (s *simulated) Stat(string) (fs.FileInfo, error) { return topInfo{}, nil }

// ReadTree lists a page of a thousand files.
func (s *simulated) ReadTree(_, token string) (entries []fs.DirEntry, next string, err error) {
	s.request()
	from, _ := strconv.Atoi(token)
	to := min(from+1000, s.files)
	for i := from; i < to; i++ {
		entries = append(entries, simulatedEntry{partEntry(fmt.Sprintf("f%09d.txt", i)), int64(s.size)})
	}
	if to < s.files {
		next = strconv.Itoa(to)
	}
	return entries, next, nil
}

type simulatedFile struct {
	*bytes.Reader
	info simulatedInfo
}

func (f *simulatedFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *simulatedFile) Close() error               { return nil }

type simulatedEntry struct {
	partEntry
	size int64
}

func (e simulatedEntry) Info() (fs.FileInfo, error) {
	return simulatedInfo(e), nil
}

type simulatedInfo struct {
	partEntry
	size int64
}

func (i simulatedInfo) Size() int64        { return i.size }
func (i simulatedInfo) Mode() fs.FileMode  { return 0 }
func (i simulatedInfo) ModTime() time.Time { return time.Time{} }
func (i simulatedInfo) Sys() any           { return nil }

// simulations are the stores of the URLs "simulated://NAME".
var simulations sync.Map

func init() {
	get := func(url string) *simulated {
		s, _ := simulations.Load(url)
		return s.(*simulated)
	}
	RegisterSource("simulated", func(_ context.Context, url string) (fs.FS, error) { return get(url), nil })
	RegisterStore("simulated", func(_ context.Context, url string) (Store, error) { return get(url), nil })
}

// A plan is what the cost model of docs/SCALE.md is about.
type plan struct {
	files, size, parts int
	parallel, workers  int // parts at once, and files of a part at once
	delay              time.Duration
	rate               float64
}

// requests is how many there are: pages of a listing, one for each file, and three for
// each part and one for the manifest.
func (p plan) requests() int { return (p.files+999)/1000 + p.files + 3*p.parts + 1 }

// seconds is how long they take. CPU time is apart.
func (p plan) seconds() float64 {
	delay := p.delay.Seconds()
	list := float64((p.files+999)/1000) * delay
	inPart := math.Ceil(float64(p.files)/float64(p.parts)/float64(p.workers)) + 3
	byDelay := math.Ceil(float64(p.parts)/float64(p.parallel)) * inPart * delay
	if p.rate == 0 {
		return list + byDelay + delay
	}
	return list + max(byDelay, float64(p.requests())/p.rate) + delay
}

// TestCostModel runs jobs over simulated stores. Time is that of a synctest bubble, so
// the machine does not matter.
func TestCostModel(t *testing.T) {
	for name, p := range map[string]plan{
		"bound by delay":    {files: 10_000, size: 4000, parallel: 2, workers: 32, delay: 20 * time.Millisecond},
		"a slow store":      {files: 10_000, size: 4000, parallel: 2, workers: 32, delay: 200 * time.Millisecond},
		"bound by the rate": {files: 10_000, size: 4000, parallel: 4, workers: 32, delay: 20 * time.Millisecond, rate: 1000},
		"few workers":       {files: 3000, size: 4000, parallel: 4, workers: 4, delay: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			url := "simulated://" + name
			s := &simulated{files: p.files, size: p.size, delay: p.delay, rate: p.rate, objects: map[string][]byte{}}
			simulations.Store(url, s)
			job := Job{Source: url + "/in", Output: url + "/out", PartSize: 16 << 20, Workers: p.workers}
			simulations.Store(job.Source, s)
			simulations.Store(job.Output, s)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p.parts = runParallel(t, job, p.parallel)
				measured := time.Since(began).Seconds()
				assert.Equal(t, p.requests(), s.requests)
				assert.InEpsilon(t, p.seconds(), measured, 0.1)
				t.Logf("%d parts, %d requests, %.2f s, predicted %.2f s", p.parts, s.requests, measured, p.seconds())
			})
		})
	}
}

// runParallel does a job with some parts at once. It returns the number of parts.
func runParallel(t *testing.T, job Job, parallel int) int {
	parts, listed, err := Plan(ListFiles(t.Context(), job), job.PartSize)
	require.NoError(t, err)
	results := make([]PartResult, len(parts))
	var all sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i, part := range parts {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			var err error
			results[i], err = WritePart(t.Context(), job, part)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	_, err = SaveManifest(t.Context(), job, listed, results)
	require.NoError(t, err)
	return len(parts)
}
