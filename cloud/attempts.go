package cloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"
)

// Attempts counts the requests that are made for one thing.
type attempts struct {
	opts *Options
	made int
}

func (s *store) newAttempts() *attempts { return &attempts{opts: &s.opts} }

// each makes a request until it succeeds, fails for good, or has failed too often.
// It ends the request's watch, unless the request keeps it.
func (a *attempts) each(ctx context.Context, request func(w *watch) error) error {
	for {
		w := newWatch(ctx, a.opts.Timeout)
		err := w.during(func() error { return request(w) })
		if !w.kept {
			w.end()
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !mayPass(err) || !a.again(ctx):
			return errorOf(err)
		}
	}
}

// doublings is how often a pause is doubled.
const doublings = 6

// again waits before another attempt. It reports false if there were enough of them
// or if the context ends.
func (a *attempts) again(ctx context.Context) bool {
	if a.made++; a.made >= a.opts.Attempts {
		return false
	}
	pause := a.opts.Backoff << min(a.made-1, doublings)
	timer := time.NewTimer(pause - rand.N(pause/2+1)) // so that clients that failed together do not come together
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A watch cancels a request that gets no answer for too long.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limit  time.Duration
	kept   bool
}

func newWatch(ctx context.Context, limit time.Duration) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	return &watch{ctx: noRetriesOfAzure(ctx), cancel: cancel, limit: limit}
}

// keep says that the request lasts, because its body is being read.
func (w *watch) keep() *watch {
	w.kept = true
	return w
}

// end ends the request.
func (w *watch) end() { w.cancel(context.Canceled) }

// during makes a call that must return in time.
func (w *watch) during(call func() error) error {
	late := fmt.Errorf("no answer for %v: %w", w.limit, os.ErrDeadlineExceeded)
	timer := time.AfterFunc(w.limit, func() { w.cancel(late) })
	defer timer.Stop()
	err := call()
	if err != nil && context.Cause(w.ctx) == late {
		return late
	}
	return err
}
