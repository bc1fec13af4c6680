package fileops

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// A fault is a way in which operations at the seam fail.
type fault struct {
	name   string
	err    error // what the hook returns
	reason error // what the operation's error must be, if it has one; nil = any
	lasts  bool  // all operations fail from then on
}

var faults = []fault{
	{name: "EIO", err: syscall.EIO, reason: syscall.EIO},
	{name: "ENOSPC", err: syscall.ENOSPC, reason: syscall.ENOSPC},
	{name: "EDQUOT", err: syscall.EDQUOT, reason: syscall.EDQUOT},
	{name: "EMFILE", err: syscall.EMFILE, reason: syscall.EMFILE},
	{name: "EACCES", err: syscall.EACCES, reason: syscall.EACCES},
	{name: "EINTR", err: syscall.EINTR, reason: syscall.EINTR},
	{name: "ESTALE", err: syscall.ESTALE, reason: syscall.ESTALE},
	{name: "short", err: vfstest.ErrShort, reason: io.ErrShortWrite},
	{name: "late EIO", err: vfstest.Late{Err: syscall.EIO}},
	{name: "lasting EIO", err: syscall.EIO, reason: syscall.EIO, lasts: true},
}

// hits says which operation a fault hit.
type hits struct {
	first     vfstest.Call
	temporary bool // a temporary file could not be removed
}

// strike returns a hook that fails operation n.
func (f fault) strike(n int) (*hits, vfstest.Hook) {
	h := new(hits)
	var mayLeave atomic.Bool
	return h, func(c vfstest.Call) error {
		if c.N != n && (!f.lasts || c.N < n) {
			return nil
		}
		if c.N == n {
			h.first = c
		}
		_, isLate := f.err.(vfstest.Late)
		if c.Op == "remove" || isLate && vfs.IsTempName(c.Name) {
			mayLeave.Store(true)
			h.temporary = true
		}
		return f.err
	}
}

// TestFaultsAtEveryOperation fails each operation at the seam in turn, in each
// way, until the operation above it passes untouched.
func TestFaultsAtEveryOperation(t *testing.T) {
	for _, s := range sweptSeams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			cases := 0
			for _, tr := range s.trials() {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					for i, form := range callForms {
						want := l.undisturbed(tr, form)
						step := max(stride(37), 1+2*i) // fewer for the later forms: all are one implementation
						for _, f := range faults {
							for n := 1; l.underFault(tr, form, want, f, n); n += step {
								cases++
							}
						}
					}
				})
			}
			l.TB = t
			l.close()
			t.Logf("%d cases", cases)
		})
	}
}

// underFault runs a trial with a fault at operation n and reports whether
// there was such an operation.
func (l *lab) underFault(tr trial, form callForm, want golden, f fault, n int) bool {
	l.Helper()
	hit, h := f.strike(n)
	l.prepare(tr, h)
	result, err := tr.run(l.Context(), l, form)
	l.settle()
	where := fmt.Sprintf("%s, %s at operation %v", form, f.name, hit.first)
	defer func() {
		if l.Failed() {
			l.Logf("in the case: %s: (%v, %v)", where, result, err)
		}
	}()
	l.checkFiles(tr, want, result, err, hit.temporary)
	skips := 0
	switch {
	case err != nil:
		require.NotZero(l, hit.first.N, "an error without a fault: %v", err)
		l.checkClear(err, f.reason)
	case tr.account != nil:
		skips = l.checkAccount(tr, result, f.reason)
	}
	if err == nil && skips == 0 {
		require.Equal(l, want.result, result, "neither an error nor the whole result: %s", where)
	}
	l.faulty.Reset(nil)
	text, err2 := l.pool.ReadFile(context.Background(), l.at("in/z.txt"))
	require.NoError(l, err2)
	require.Equal(l, inputs["in/z.txt"], text)
	return hit.first.N != 0
}

// TestCancelledAtEveryOperation ends the context at each operation at the seam
// in turn, and at random moments.
func TestCancelledAtEveryOperation(t *testing.T) {
	for _, s := range sweptSeams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			random := rand.New(rand.NewPCG(1, 2))
			cases := 0
			for _, tr := range s.trials() {
				t.Run(tr.name, func(t *testing.T) {
					l.TB = t
					for _, form := range []callForm{cancellableForm, asyncForm} {
						want := l.undisturbed(tr, form)
						for n := 1; n <= want.calls; n += stride(5) {
							l.underCancel(tr, form, want, n, 0)
							cases++
						}
						for range 25 / stride(5) {
							l.underCancel(tr, form, want, 1+random.IntN(want.calls), 1+random.IntN(40))
							cases++
						}
					}
				})
			}
			l.TB = t
			l.close()
			t.Logf("%d cases", cases)
		})
	}
}

// underCancel runs a trial whose context ends at operation n, or some turns of
// the scheduler later.
func (l *lab) underCancel(tr trial, form callForm, want golden, n, later int) {
	l.Helper()
	ctx, cancel := context.WithCancel(l.Context())
	defer cancel()
	l.prepare(tr, func(c vfstest.Call) error {
		switch {
		case c.N != n:
		case later == 0:
			cancel()
		default:
			go func() {
				for range later {
					runtime.Gosched()
				}
				cancel()
			}()
		}
		return nil
	})
	result, err := tr.run(ctx, l, form)
	l.settle()
	defer func() {
		if l.Failed() {
			l.Logf("in the case: %s, cancelled at %d + %d: (%v, %v)", form, n, later, result, err)
		}
	}()
	if err != nil {
		require.ErrorIs(l, err, context.Canceled)
		l.checkClear(err, nil)
		// The function has left its work behind, which may have come to its end.
		l.checkFiles(tr, want, result, err, false)
		return
	}
	require.Equal(l, want.result, result, "neither an error nor the whole result")
	l.checkFiles(tr, want, result, nil, false)
}
