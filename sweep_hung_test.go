package fileops

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// TestHungCallsDoNotHoldCallers lets every operation hang at each of its
// calls of the seam in turn: the plain function returns when its context ends,
// and its slots stay taken until the calls come back.
func TestHungCallsDoNotHoldCallers(t *testing.T) {
	for _, s := range []seam{seams[0], ioSeam} {
		t.Run(s.name, func(t *testing.T) { hungCalls(t, s) })
	}
}

func hungCalls(t *testing.T, s seam) {
	cases := 0
	for _, tr := range s.trials() {
		t.Run(tr.name, func(t *testing.T) {
			bubbleOn(t, s, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
				calls := l.undisturbed(tr, cancellableForm).calls
				for n := 1; n <= calls; n += stride(6) {
					if tr.writes {
						l.resetOutputs()
					}
					g := l.hang(func(c vfstest.Call) bool { return c.N >= n })
					ctx, cancel := context.WithCancel(ctx)
					failed := make(chan error, 1)
					go func() {
						_, err := tr.run(ctx, l, cancellableForm)
						failed <- err
					}()
					synctest.Wait()
					began := time.Now()
					cancel()
					err := <-failed
					require.Less(t, time.Since(began), time.Second, "hung at operation %d", n)
					if err != nil {
						require.ErrorIs(t, err, context.Canceled)
					}
					synctest.Wait() // for calls that do not hang: those on the outputs of an FS
					s := l.pool.Stats()
					require.EqualValues(t, g.inside.Load(), s.Running, "slots of calls that hang, from operation %d", n)
					require.Equal(t, s.Running, s.Abandoned)
					g.Open()
					synctest.Wait()
					l.settle()
					cases++
				}
			})
		})
	}
	t.Logf("%d cases", cases)
}
