package fileops

import (
	"context"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An operation of many files begins with a goroutine for each processor and
// no more, the one that writes a stream included.
func TestReadersLeaveTheProcessorsToOthers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []struct{ processors, workers, reads, streams int }{
		{1, 32, 1, 1},
		{2, 32, 2, 1},
		{4, 32, 4, 3},
		{4, 3, 3, 2},
		{4, 1, 1, 1},
	} {
		bubble(t, PoolOptions{Workers: c.workers}, func(ctx context.Context, t *testing.T, l *lab) {
			runtime.GOMAXPROCS(c.processors)
			begun := func(start func()) int {
				g := l.hang(func(c vfstest.Call) bool { return c.Op == "open" })
				done := make(chan struct{})
				go func() {
					defer close(done)
					start()
				}()
				synctest.Wait()
				n := int(g.inside.Load())
				g.Open()
				<-done
				return n
			}
			paths := []string{l.at("in/a.txt"), l.at("in/b.md"), l.at("in/sub/c.txt"), l.at("in/sub/deep/d.txt"), l.at("in/z.txt")}
			require.Equal(t, c.reads, begun(func() {
				for r := range l.pool.ReadFiles(ctx, slices.Concat(paths, paths)) {
					assert.NoError(t, r.Err)
				}
			}), "%+v", c)
			require.Equal(t, c.streams, begun(func() {
				_, err := l.pool.ConcatTo(ctx, io.Discard, paths, nil)
				assert.NoError(t, err)
			}), "%+v", c)
		})
	}
}
