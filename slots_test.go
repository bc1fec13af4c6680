package fileops

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMixedOperationsNeitherDeadlockNorExceedTheirSlots(t *testing.T) {
	for _, s := range seams {
		eachWorkerCount(t, func(t *testing.T, workers int) {
			l := newLab(t, s, PoolOptions{Workers: workers})
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			l.faulty.Reset(func(vfstest.Call) error {
				runtime.Gosched()
				return nil
			})
			var wg sync.WaitGroup
			for i := range 8 {
				for _, tr := range trials {
					if tr.needsLab() {
						continue
					}
					for _, form := range callForms {
						wg.Go(func() {
							_, err := tr.run(ctx, l, form)
							assert.NoError(t, err, tr.name)
						})
					}
				}
				wg.Go(func() {
					dir := l.at(fmt.Sprintf("out/%d", i))
					_, err := l.pool.SaveChunks(ctx, sampleChunks, dir, &SaveOptions{NewDir: true, Sync: true})
					assert.NoError(t, err)
					_, err = l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{
						Size: 5, OutputFile: dir + "/all.jsonl", OutputDir: dir + "/each",
						Reader: func(ctx context.Context, path string) (string, error) {
							return l.pool.AsyncReadFile(ctx, path).Await(ctx)
						},
					})
					assert.NoError(t, err)
					assert.NoError(t, l.pool.CopyFile(ctx, l.at("in/a.txt"), dir))
				})
			}
			wg.Wait()
			_, most := l.faulty.Called()
			assert.LessOrEqual(t, most, workers, "operations in flight")
			l.close()
		})
	}
}

// TestEveryCallIsMadeInASlot runs every operation alone, undisturbed and with
// a failure at each of its calls, and looks whether a slot is held at each.
func TestEveryCallIsMadeInASlot(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{Workers: 1})
			outside := map[string]string{}
			for _, tr := range trials {
				for n, hit := 0, true; hit; n += stride(3) {
					hit = n == 0
					l.prepare(tr, func(c vfstest.Call) error {
						if l.pool.Stats().Running == 0 {
							outside[c.Op] = fmt.Sprintf("%s, failing at %d: %v", tr.name, n, c)
						}
						if c.N == n {
							hit = true
							return syscall.EIO
						}
						return nil
					})
					tr.run(t.Context(), l, asyncForm)
					l.settle()
				}
			}
			assert.Empty(t, outside)
			l.close()
		})
	}
}

func TestSlotsAreGivenInOrderOfSubmission(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		_, held := l.occupied(ctx)
		var order []int // guarded by the slot
		var futures []*Future[int]
		for i := range 1000 {
			futures = append(futures, Submit(ctx, l.pool, func(context.Context) (int, error) {
				order = append(order, i)
				return i, nil
			}))
		}
		held.Open()
		values, err := All(ctx, futures...)
		require.NoError(t, err)
		require.True(t, slices.IsSorted(order), "%v", order)
		require.Equal(t, order, values)
	})
}

func TestCancelledWaitLeavesItsPlace(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1, MaxPending: 2}, func(ctx context.Context, t *testing.T, l *lab) {
		path := l.at("in/a.txt")
		_, held := l.occupied(ctx)
		for range 10 {
			ctx, cancel := context.WithCancel(ctx)
			f := l.pool.AsyncReadFile(ctx, path)
			synctest.Wait()
			require.Equal(t, 1, l.pool.Stats().Waiting)
			cancel()
			_, err := f.Result()
			checkClear(t, err, context.Canceled)
			require.Zero(t, l.pool.Stats().Waiting)
		}
		first, second := l.pool.AsyncReadFile(ctx, path), l.pool.AsyncReadFile(ctx, path)
		require.False(t, first.isDone() || second.isDone(), "places were lost")
		held.Open()
		_, err := All(ctx, first, second)
		require.NoError(t, err)
	})
}
