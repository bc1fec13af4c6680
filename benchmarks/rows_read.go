package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lion-agi/fileops"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// readers is how many goroutines the peers read a list of files with.
const readers = 8

// readSmall reads one file of 4 KiB again and again.
func (in *inputs) readSmall() (*contest, error) {
	path, err := in.smallFile()
	return &contest{
		ours: func() (int64, error) {
			s, err := fileops.ReadFile(context.Background(), path)
			return int64(len(s)), err
		},
		peers:     []peer{{"string(os.ReadFile)", 1.6, readString(path)}},
		maxAllocs: 3,
	}, err
}

// readSmallAsync does the same through a future, beside the synchronous peer
// and one as asynchronous.
func (in *inputs) readSmallAsync() (*contest, error) {
	path, err := in.smallFile()
	return &contest{
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
	text, err := in.ascii(4 << 10)
	if err != nil {
		return "", err
	}
	return in.file(in.disk, text)
}

// readString is the plain way to read a file as text. It checks no UTF-8.
func readString(path string) run {
	return func() (int64, error) {
		b, err := os.ReadFile(path)
		return int64(len(text(b))), err
	}
}

// text converts bytes, out of the compiler's sight: it would see that only
// the length is asked for, and not make the string at all.
//
//go:noinline
func text(b []byte) string { return string(b) }

// readLarge reads one large file of the text.
func (in *inputs) readLarge(text textMaker, target float64) func() (*contest, error) {
	return func() (*contest, error) {
		s, err := text(in.largeSize())
		if err != nil {
			return nil, err
		}
		path, err := in.file(in.disk, s)
		size := int64(len(s))
		return &contest{
			bytes: size,
			ours: func() (int64, error) {
				s, err := fileops.ReadFile(context.Background(), path)
				return int64(len(s)), err
			},
			peers: []peer{{"string(os.ReadFile), no check", target, readString(path)}},
		}, err
	}
}

// readCorpus reads every file of the corpus, nothing kept.
func (in *inputs) readCorpus() (*contest, error) { return in.readCorpusBeside(0) }

// serverHeap is what a server may hold. How often the collector runs depends
// on it: in a process that holds next to nothing, after every 4 MB read.
const serverHeap = 64 << 20

// readCorpusInServer is readCorpus in a process that holds something.
func (in *inputs) readCorpusInServer() (*contest, error) { return in.readCorpusBeside(serverHeap) }

func (in *inputs) readCorpusBeside(heap int) (*contest, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	return &contest{
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
				var n atomic.Int64
				var g errgroup.Group
				g.SetLimit(readers)
				for _, path := range c.paths {
					g.Go(func() error {
						b, err := os.ReadFile(path)
						n.Add(int64(len(b)))
						return err
					})
				}
				err := g.Wait()
				return n.Load(), err
			}},
			{fmt.Sprintf("C, %d threads: open, fstat, read, close", runtime.GOMAXPROCS(0)), 0.85, readInC(c.paths, runtime.GOMAXPROCS(0))},
			{"conc pool of 8 + os.ReadFile", 0, func() (int64, error) {
				var n atomic.Int64
				p := pool.New().WithMaxGoroutines(readers).WithErrors()
				for _, path := range c.paths {
					p.Go(func() error {
						b, err := os.ReadFile(path)
						n.Add(int64(len(b)))
						return err
					})
				}
				err := p.Wait()
				return n.Load(), err
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

// readCorpusAsync starts reading every file of the corpus at once and holds
// all their contents in the end.
func (in *inputs) readCorpusAsync() (*contest, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	return &contest{
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
