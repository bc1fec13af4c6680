package fileops

import (
	"context"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
)

// The benchmarks in this file show what each part of the engine's machinery
// gains: the same work with the part and without.

// uncachedFiles has no cached reads.
type uncachedFiles struct{ vfs.FS }

func (uncachedFiles) ReadCached(string, int64) ([]byte, bool) { return nil, false }

// BenchmarkCachedRead reads a small file for a caller who may give up, on the
// caller's goroutine and on another.
func BenchmarkCachedRead(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	path := benchFile(b, 4<<10)
	for _, c := range []struct {
		name  string
		files vfs.FS
	}{{"cached", vfs.System()}, {"goroutine", uncachedFiles{vfs.System()}}} {
		pool := newPool(PoolOptions{}, c.files)
		bench(b, c.name, 4<<10, func() error {
			_, err := pool.ReadFile(ctx, path)
			return err
		})
	}
}

// BenchmarkGrowStack reads a small file on a new goroutine, whose stack grows in
// one step at its start, or during the read.
func BenchmarkGrowStack(b *testing.B) {
	ctx := context.Background()
	path := benchFile(b, 4<<10)
	pool := NewPool(PoolOptions{})
	for _, grows := range []bool{true, false} {
		name := map[bool]string{true: "one step", false: "by itself"}[grows]
		done := make(chan error, 1)
		bench(b, name, 4<<10, func() error {
			go func() {
				if grows {
					growStack()
				}
				_, err := pool.ReadFile(ctx, path)
				done <- err
			}()
			return <-done
		})
	}
}
