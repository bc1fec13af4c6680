package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lion-agi/fileops"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// readers is how many goroutines a peer uses to read a list of files.
const readers = 8

// readSmall reads one file of 4 KiB again and again.
func (in *inputs) readSmall() (*comparison, error) {
	path, err := in.smallFile()
	return &comparison{
		ours: func() (int64, error) {
			s, err := fileops.ReadFile(context.Background(), path)
			return int64(len(s)), err
		},
		peers:     []peer{{"string(os.ReadFile)", 1.6, readString(path)}},
		maxAllocs: 3,
	}, err
}

// readSmallAsync does the same through a future. One peer is synchronous, the
// other one starts a goroutine.
func (in *inputs) readSmallAsync() (*comparison, error) {
	path, err := in.smallFile()
	return &comparison{
		ours: func() (int64, error) {
			ctx := context.Background()
			s, err := fileops.AsyncReadFile(ctx, path).Await(ctx)
			return int64(len(s)), err
		},
		peers: []peer{
			{"string(os.ReadFile), synchronous", 1.2, readString(path)},
			{"go + channel + os.ReadFile", 0, func() (int64, error) {
				type result struct {
					b   []byte
					err error
				}
				done := make(chan result, 1)
				go func() {
					b, err := os.ReadFile(path)
					done <- result{b, err}
				}()
				r := <-done
				return int64(len(r.b)), r.err
			}},
		},
		maxAllocs: 6,
	}, err
}

// smallFile makes a file of 4 KiB on disk.
func (in *inputs) smallFile() (string, error) {
	text, err := in.asciiText(4 << 10)
	if err != nil {
		return "", err
	}
	return in.newFile(in.disk, text)
}

// readString returns a run that reads a file as a string. It does not check
// UTF-8.
func readString(path string) run {
	return func() (int64, error) {
		b, err := os.ReadFile(path)
		return int64(len(text(b))), err
	}
}

// text converts bytes to a string. It is not inlined: the compiler would see
// that only the length is used, and would not make the string.
//
//go:noinline
func text(b []byte) string { return string(b) }

// readLarge reads one large file of the text.
func (in *inputs) readLarge(text textMaker, target float64) func() (*comparison, error) {
	return func() (*comparison, error) {
		s, err := text(in.largeSize())
		if err != nil {
			return nil, err
		}
		path, err := in.newFile(in.disk, s)
		size := int64(len(s))
		return &comparison{
			bytes: size,
			ours: func() (int64, error) {
				s, err := fileops.ReadFile(context.Background(), path)
				return int64(len(s)), err
			},
			peers: []peer{{"string(os.ReadFile), no check", target, readString(path)}},
		}, err
	}
}

// readCorpus reads every file of the corpus and keeps no text.
func (in *inputs) readCorpus() (*comparison, error) { return in.readCorpusWithHeap(0) }

// serverHeap is the live heap of a typical server. The garbage collector runs
// when the heap has doubled, but not below 4 MB. So a process with a small heap
// collects garbage after every 4 MB that it has read
// (https://go.dev/doc/gc-guide#GOGC).
const serverHeap = 64 << 20

// readCorpusInServer does the same in a process with a larger heap.
func (in *inputs) readCorpusInServer() (*comparison, error) { return in.readCorpusWithHeap(serverHeap) }

// readCorpusWithHeap reads every file of the corpus in a process that holds heap
// bytes.
func (in *inputs) readCorpusWithHeap(heap int) (*comparison, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	return &comparison{
		files: len(c.paths),
		heap:  heap,
		ours: func() (n int64, err error) {
			for r := range fileops.ReadFiles(context.Background(), c.paths) {
				if r.Err != nil {
					return 0, r.Err
				}
				n += int64(len(r.Text))
			}
			return n, nil
		},
		peers: []peer{
			{"errgroup(8) + os.ReadFile", 1.8, func() (int64, error) {
				var g errgroup.Group
				g.SetLimit(readers)
				return readWith(c.paths, g.Go, g.Wait)
			}},
			{fmt.Sprintf("C, %d threads: open, fstat, read, close", runtime.GOMAXPROCS(0)), 0.85, readInC(c.paths, runtime.GOMAXPROCS(0))},
			{"conc pool of 8 + os.ReadFile", 0, func() (int64, error) {
				p := pool.New().WithMaxGoroutines(readers).WithErrors()
				return readWith(c.paths, p.Go, p.Wait)
			}},
			{"os.ReadFile in a loop", 0, func() (n int64, err error) {
				for _, path := range c.paths {
					b, err := os.ReadFile(path)
					if err != nil {
						return 0, err
					}
					n += int64(len(b))
				}
				return n, nil
			}},
		},
	}, nil
}

// scanCorpus reads every file of the corpus and looks at the bytes only.
func (in *inputs) scanCorpus() (*comparison, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	return &comparison{
		files: len(c.paths),
		ours: func() (n int64, err error) {
			for f := range fileops.ScanFiles(context.Background(), slices.Values(c.paths)) {
				if f.Err != nil {
					return 0, f.Err
				}
				n += int64(len(f.Data))
			}
			return n, nil
		},
		peers: []peer{
			{fmt.Sprintf("C, %d threads: open, fstat, read, close", runtime.GOMAXPROCS(0)), 0.9, readInC(c.paths, runtime.GOMAXPROCS(0))},
			{"errgroup(8) + os.ReadFile", 0, func() (int64, error) {
				var g errgroup.Group
				g.SetLimit(readers)
				return readWith(c.paths, g.Go, g.Wait)
			}},
		},
	}, nil
}

// readWith reads the files on the goroutines of a group or pool.
func readWith(paths []string, start func(func() error), wait func() error) (int64, error) {
	var n atomic.Int64
	for _, path := range paths {
		start(func() error {
			b, err := os.ReadFile(path)
			n.Add(int64(len(b)))
			return err
		})
	}
	err := wait()
	return n.Load(), err
}

// readCorpusAsync starts the reads of every file of the corpus at once, and
// holds all contents at the end.
func (in *inputs) readCorpusAsync() (*comparison, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	return &comparison{
		files: len(c.paths),
		ours: func() (n int64, err error) {
			ctx := context.Background()
			futures := make([]*fileops.Future[string], len(c.paths))
			for i, path := range c.paths {
				futures[i] = fileops.AsyncReadFile(ctx, path)
			}
			for _, f := range futures {
				s, err := f.Await(ctx)
				if err != nil {
					return 0, err
				}
				n += int64(len(s))
			}
			return n, nil
		},
		peers: []peer{{"unbounded goroutines + os.ReadFile", 1.3, func() (n int64, err error) {
			var wg sync.WaitGroup
			contents := make([][]byte, len(c.paths))
			errs := make([]error, len(c.paths))
			for i, path := range c.paths {
				wg.Go(func() { contents[i], errs[i] = os.ReadFile(path) })
			}
			wg.Wait()
			for _, b := range contents {
				n += int64(len(b))
			}
			return n, errors.Join(errs...)
		}}},
	}, nil
}
