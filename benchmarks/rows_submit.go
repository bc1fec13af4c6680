package main

import (
	"context"

	"github.com/lion-agi/fileops"
	"github.com/sourcegraph/conc"
)

// submit runs an empty function on another goroutine and waits for it.
func (in *inputs) submit() (*comparison, error) {
	return &comparison{
		ours: func() (int64, error) {
			ctx := context.Background()
			return fileops.Submit(ctx, fileops.DefaultPool, func(context.Context) (int64, error) {
				return 1, nil
			}).Await(ctx)
		},
		peers: []peer{
			{"go + channel", 0.7, func() (int64, error) {
				done := make(chan int64, 1)
				go func() { done <- 1 }()
				return <-done, nil
			}},
			{"conc.WaitGroup, which catches panics too", 0, func() (n int64, err error) {
				var wg conc.WaitGroup
				wg.Go(func() { n = 1 })
				wg.Wait()
				return n, nil
			}},
		},
	}, nil
}
