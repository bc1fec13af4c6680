package fileops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bubble runs a test of the engine where synctest.Wait tells when everything
// that can happen has happened, and where what would hang for ever takes an
// hour that is over at once: ctx ends then.
func bubble(t *testing.T, opts PoolOptions, test func(ctx context.Context, t *testing.T, l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		checkDescriptors(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		l := newLab(t, seams[0], opts)
		l.pool.slots.reserve.read = func() mounts.Table { return mounts.Table{} } // nothing hangs, for the engine
		t.Cleanup(func() {
			cancel()
			l.close()
		})
		test(ctx, t, l)
	})
}

// A gate holds whoever passes until it is opened.
type gate struct {
	open   chan struct{}
	Open   func()
	inside atomic.Int32
}

func newGate(t testing.TB) *gate {
	g := &gate{open: make(chan struct{})}
	g.Open = sync.OnceFunc(func() { close(g.open) })
	t.Cleanup(g.Open)
	return g
}

func (g *gate) pass() {
	g.inside.Add(1)
	<-g.open
	g.inside.Add(-1)
}

// hang makes the operations at the seam that match pass the gate first.
func (l *lab) hang(match func(vfstest.Call) bool) *gate {
	g := newGate(l)
	l.faulty.Reset(func(c vfstest.Call) error {
		if match(c) {
			g.pass()
		}
		return nil
	})
	return g
}

func anyCall(vfstest.Call) bool { return true }

func callOn(part string) func(vfstest.Call) bool {
	return func(c vfstest.Call) bool { return strings.Contains(c.Name, part) }
}

// occupied starts a Submit that holds a slot until the gate opens.
func (l *lab) occupied(ctx context.Context) (*Future[int], *gate) {
	g := newGate(l)
	f := Submit(ctx, l.pool, func(context.Context) (int, error) {
		g.pass()
		return 1, nil
	})
	synctest.Wait()
	return f, g
}

var workerCounts = []int{1, 2, 32}

func eachWorkerCount(t *testing.T, test func(t *testing.T, workers int)) {
	for _, n := range workerCounts {
		t.Run(fmt.Sprintf("%d workers", n), func(t *testing.T) { test(t, n) })
	}
}

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
					if tr.writes { // to files that others would find
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
				for n, hit := 0, true; hit; n++ {
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

func TestSubmitNestsDeep(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			var nest func(ctx context.Context, depth int) (string, error)
			nest = func(ctx context.Context, depth int) (string, error) {
				if depth == 0 {
					return l.pool.ReadFile(ctx, l.at("in/a.txt"))
				}
				return Submit(ctx, l.pool, func(ctx context.Context) (string, error) { return nest(ctx, depth-1) }).Await(ctx)
			}
			text, err := nest(ctx, 300)
			require.NoError(t, err)
			require.Equal(t, inputs["in/a.txt"], text)
			_, most := l.faulty.Called()
			require.Equal(t, 1, most)
		})
	})
}

func TestEverythingWorksInsideSubmit(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			const callers = 3
			var fs []*Future[int]
			for range callers {
				fs = append(fs, Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
					n := 0
					for _, tr := range trials {
						for _, form := range callForms {
							if tr.writes {
								continue
							}
							if _, err := tr.run(ctx, l, form); err != nil {
								return n, fmt.Errorf("%s: %w", tr.name, err)
							}
							n++
						}
					}
					return n, nil
				}))
			}
			counts, err := All(ctx, fs...)
			require.NoError(t, err)
			require.Positive(t, counts[0])
			_, most := l.faulty.Called()
			require.LessOrEqual(t, most, min(workers, callers), "children borrow their parent's slot")
		})
	})
}

func TestReadersCallBackIntoThePool(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			reader := func(ctx context.Context, path string) (string, error) {
				r, err := l.pool.Concat(ctx, []string{l.at("in")}, nil)
				if err != nil {
					return "", err
				}
				return Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
					text, err := l.pool.ReadFile(ctx, path)
					return text + r.Text, err
				}).Await(ctx)
			}
			chunks, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Reader: reader})
			require.NoError(t, err)
			require.Len(t, chunks, len(inputs))
			_, most := l.faulty.Called()
			require.LessOrEqual(t, most, workers)
		})
	})
}

func TestThousandsOfFuturesAtOnce(t *testing.T) {
	const n = 10_000
	eachWorkerCount(t, func(t *testing.T, workers int) {
		l := newLab(t, seams[0], PoolOptions{Workers: workers})
		ctx, cancel := context.WithTimeout(t.Context(), guard)
		defer cancel()
		fs := make([]*Future[string], n)
		names := []string{"in/a.txt", "in/b.md", "in/z.txt"}
		for i := range fs {
			fs[i] = l.pool.AsyncReadFile(ctx, l.at(names[i%3]))
		}
		texts, err := All(ctx, fs...)
		require.NoError(t, err)
		for i, text := range texts {
			require.Equal(t, inputs[names[i%3]], text)
		}
		_, most := l.faulty.Called()
		require.LessOrEqual(t, most, workers)
		l.close()
		require.EqualValues(t, n, l.pool.Stats().Done)
	})
}

func TestTwoPoolsInsideEachOther(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, a *lab) {
		b := newPool(PoolOptions{Workers: 1}, a.faulty)
		defer b.Close(ctx)
		text, err := Submit(ctx, a.pool, func(ctx context.Context) (string, error) {
			return Submit(ctx, b, func(ctx context.Context) (string, error) {
				return Submit(ctx, a.pool, func(ctx context.Context) (string, error) {
					return b.ReadFile(ctx, a.at("in/a.txt"))
				}).Await(ctx)
			}).Await(ctx)
		}).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

// A function that has returned lends nothing any more, but the one around it
// does.
func TestContextOfAFinishedSubmitInsideAnother(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		text, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
			inner, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
			if err != nil {
				return "", err
			}
			return l.pool.ReadFile(inner, l.at("in/a.txt"))
		}).Await(ctx)
		require.NoError(t, err, "deadlocked until its context ended")
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestContextOfAFinishedSubmitTakesARegularSlot(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		_, held := l.occupied(ctx)
		f := l.pool.AsyncReadFile(old, l.at("in/a.txt"))
		synctest.Wait()
		require.False(t, f.isDone(), "went past the slots")
		require.Equal(t, 1, l.pool.Stats().Waiting)
		held.Open()
		text, err := f.Await(ctx)
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestContextOfAFinishedSubmitIsNoWayIntoAClosedPool(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		require.NoError(t, l.pool.Close(ctx))
		l.faulty.Reset(nil)
		_, err = l.pool.ReadFile(old, l.at("in/a.txt"))
		assert.ErrorIs(t, err, ErrClosed)
		_, err = l.pool.AsyncReadFile(old, l.at("in/a.txt")).Result()
		assert.ErrorIs(t, err, ErrClosed)
		calls, _ := l.faulty.Called()
		assert.Zero(t, calls, "the closed filesystem was used: its directory's descriptor may be another file's by now")
	})
}

func TestContextOfAFinishedSubmitDoesNotPassMaxPending(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1, MaxPending: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		old, err := Submit(ctx, l.pool, func(ctx context.Context) (context.Context, error) { return ctx, nil }).Await(ctx)
		require.NoError(t, err)
		_, held := l.occupied(ctx)
		waiting := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		_, err = l.pool.ReadFile(old, l.at("in/a.txt"))
		assert.ErrorIs(t, err, ErrOverloaded)
		held.Open()
		_, err = waiting.Await(ctx)
		require.NoError(t, err)
	})
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

func TestOverload(t *testing.T) {
	for _, maxPending := range []int{1, 3, 100} {
		bubble(t, PoolOptions{Workers: 1, MaxPending: maxPending}, func(ctx context.Context, t *testing.T, l *lab) {
			path := l.at("in/a.txt")
			_, held := l.occupied(ctx)
			var waiting []*Future[string]
			for range maxPending {
				waiting = append(waiting, l.pool.AsyncReadFile(ctx, path))
				require.False(t, waiting[len(waiting)-1].isDone())
			}
			for i := range 5 { // refused there and then
				f := l.pool.AsyncReadFile(ctx, path)
				require.True(t, f.isDone(), "not decided at once")
				_, err := f.Result()
				checkClear(t, err, ErrOverloaded)
				_, err = l.pool.Concat(context.Background(), []string{path}, nil)
				checkClear(t, err, ErrOverloaded)
				for r := range l.pool.ReadFiles(ctx, []string{path}) {
					checkClear(t, r.Err, ErrOverloaded)
				}
				require.EqualValues(t, 3*(i+1), l.pool.Stats().Refused)
			}
			require.Equal(t, maxPending, l.pool.Stats().Waiting)
			held.Open()
			_, err := All(ctx, waiting...)
			require.NoError(t, err)
			synctest.Wait()
			_, err = l.pool.ReadFile(ctx, path)
			require.NoError(t, err, "there is room again")
		})
	}
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

// TestHungCallsDoNotHoldCallers lets every operation hang at each of its
// calls of the seam in turn: the plain function returns when its context ends,
// and its slots stay taken until the calls come back.
func TestHungCallsDoNotHoldCallers(t *testing.T) {
	cases := 0
	for _, tr := range trials {
		t.Run(tr.name, func(t *testing.T) {
			bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
				calls := l.undisturbed(tr, cancellableForm).calls
				for n := 1; n <= calls; n++ {
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

func TestStats(t *testing.T) {
	bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
		path := l.at("in/a.txt")
		size := uint64(len(inputs["in/a.txt"]))
		require.Equal(t, Stats{Workers: 2}, l.pool.Stats())

		g := l.hang(callOn("a.txt"))
		var futures []*Future[string]
		for range 5 {
			futures = append(futures, l.pool.AsyncReadFile(ctx, path))
		}
		synctest.Wait()
		s := l.pool.Stats()
		require.Equal(t, Stats{Workers: 2, Running: 2, Waiting: 3, Active: 5}, s)
		running := l.pool.slots.running()
		require.Len(t, running, 2)
		for _, r := range running {
			require.Equal(t, "read", r.Op)
			require.Equal(t, path, r.Path)
		}
		time.Sleep(time.Minute)
		g.Open()
		_, err := All(ctx, futures...)
		require.NoError(t, err)
		s = l.pool.Stats()
		require.EqualValues(t, 5, s.Done)
		require.EqualValues(t, 5*size, s.BytesRead)
		require.Equal(t, 2*time.Minute, s.RunTime)
		require.Equal(t, 3*time.Minute, s.WaitTime)

		_, err = l.pool.ReadFile(ctx, l.at("in/none"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = l.pool.SaveToFile(ctx, "12345", l.at("out"), "five", nil)
		require.NoError(t, err)
		require.NoError(t, l.pool.CopyFile(ctx, path, l.at("out/copy")))
		s = l.pool.Stats()
		require.EqualValues(t, 8, s.Done)
		require.EqualValues(t, 1, s.Failed)
		require.EqualValues(t, 6*size, s.BytesRead)
		require.EqualValues(t, 5+size, s.BytesWritten)
		require.Zero(t, s.Running+s.Waiting+s.Active)
	})
}

func TestStatsCountOperationsNotTheirHelpers(t *testing.T) {
	bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(callOn("in"))
		f := l.pool.AsyncConcat(ctx, []string{l.at("in")}, nil)
		synctest.Wait()
		require.Equal(t, 1, l.pool.Stats().Active)
		g.Open()
		_, err := f.Await(ctx)
		require.NoError(t, err)
	})
}

func TestStatsCountGoexitAsAFailure(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		_, err := Submit(ctx, l.pool, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Await(ctx)
		require.Error(t, err)
		s := l.pool.Stats()
		require.EqualValues(t, 1, s.Done)
		require.EqualValues(t, 1, s.Failed)
	})
}

func TestWhatIsCancelledWhileItWaitsIsCountedAndLogged(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	bubble(t, PoolOptions{Workers: 1, Logger: logger}, func(ctx context.Context, t *testing.T, l *lab) {
		_, held := l.occupied(ctx)
		given, cancel := context.WithCancel(ctx)
		f := l.pool.AsyncReadFile(given, l.at("in/a.txt"))
		synctest.Wait()
		cancel()
		_, err := f.Result()
		require.ErrorIs(t, err, context.Canceled)
		s := l.pool.Stats()
		assert.EqualValues(t, 1, s.Done)
		assert.EqualValues(t, 1, s.Failed)
		assert.Contains(t, log.String(), l.at("in/a.txt"))
		held.Open()
	})
}

func TestAbandoned(t *testing.T) {
	abandoned := func(l *lab) int {
		synctest.Wait()
		return l.pool.Stats().Abandoned
	}
	t.Run("by the context of its submission", func(t *testing.T) {
		bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
			g := l.hang(anyCall)
			given, cancel := context.WithCancel(ctx)
			f := l.pool.AsyncReadFile(given, l.at("in/a.txt"))
			require.Zero(t, abandoned(l))
			cancel()
			require.Equal(t, 1, abandoned(l))
			require.True(t, l.pool.slots.running()[0].Abandoned)
			require.Equal(t, 1, l.pool.Stats().Running, "the slot is held")
			require.False(t, f.isDone())
			g.Open()
			f.Result()
			require.Zero(t, abandoned(l))
		})
	})
	t.Run("by an Await given up", func(t *testing.T) {
		bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
			g := l.hang(anyCall)
			f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
			short, cancel := context.WithCancel(ctx)
			go f.Await(short)
			require.Zero(t, abandoned(l))
			cancel()
			require.Equal(t, 1, abandoned(l))
			again := make(chan string)
			go func() {
				text, _ := f.Await(ctx)
				again <- text
			}()
			require.Zero(t, abandoned(l), "somebody waits again")
			g.Open()
			require.Equal(t, inputs["in/a.txt"], <-again)
		})
	})
	for name, wait := range map[string]func(f *Future[string]){
		"Await without an end": func(f *Future[string]) { f.Await(context.Background()) },
		"Result":               func(f *Future[string]) { f.Result() },
		"All":                  func(f *Future[string]) { All(context.Background(), f) },
	} {
		t.Run("not while somebody waits in "+name, func(t *testing.T) {
			bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
				g := l.hang(anyCall)
				f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
				short, cancel := context.WithCancel(ctx)
				go f.Await(short)
				go wait(f)
				synctest.Wait()
				cancel()
				assert.Zero(t, abandoned(l))
				g.Open()
			})
		})
	}
}

func TestClose(t *testing.T) {
	t.Run("waits", func(t *testing.T) {
		bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
			g := l.hang(callOn("a.txt"))
			running, waiting := l.pool.AsyncReadFile(ctx, l.at("in/a.txt")), l.pool.AsyncReadFile(ctx, l.at("in/z.txt"))
			synctest.Wait()
			closed := [3]chan error{}
			for i := range closed {
				closed[i] = make(chan error, 1)
				go func() { closed[i] <- l.pool.Close(ctx) }()
			}
			synctest.Wait()
			for _, c := range closed {
				require.Empty(t, c, "closed with work under way")
			}
			_, err := l.pool.ReadFile(ctx, l.at("in/z.txt"))
			checkClear(t, err, ErrClosed)
			f := Submit(ctx, l.pool, func(context.Context) (int, error) { return 0, nil })
			require.True(t, f.isDone())
			_, err = f.Result()
			require.ErrorIs(t, err, ErrClosed)
			for r := range l.pool.ReadFiles(ctx, []string{"a", "b"}) {
				checkClear(t, r.Err, ErrClosed)
			}
			require.EqualValues(t, 3, l.pool.Stats().Refused)
			g.Open()
			_, err = All(ctx, running, waiting)
			require.NoError(t, err, "what was begun is finished")
			for _, c := range closed {
				require.NoError(t, <-c)
			}
		})
	})
	t.Run("reports what is stuck", func(t *testing.T) {
		bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
			path := l.at("in/a.txt")
			g := l.hang(callOn("a.txt"))
			given, cancel := context.WithCancel(ctx)
			f := l.pool.AsyncReadFile(given, path)
			s := Submit(ctx, l.pool, func(ctx context.Context) (string, error) { return l.pool.ReadFile(ctx, path) })
			synctest.Wait()
			cancel()
			for range 2 {
				short, end := context.WithTimeout(ctx, time.Second)
				err := l.pool.Close(short)
				end()
				var stuck *StuckError
				require.ErrorAs(t, err, &stuck)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Len(t, stuck.Running, 2)
				abandoned := 0
				for _, r := range stuck.Running {
					require.Equal(t, "read", r.Op)
					require.Equal(t, path, r.Path)
					require.GreaterOrEqual(t, r.For, time.Second)
					if r.Abandoned {
						abandoned++
					}
				}
				require.Equal(t, 1, abandoned)
				require.ErrorContains(t, err, "read "+path)
			}
			ended, end := context.WithCancel(ctx)
			end()
			require.Error(t, l.pool.Close(ended))
			g.Open()
			require.NoError(t, l.pool.Close(ctx))
			require.NoError(t, l.pool.Close(ended), "closed is closed")
			f.Result()
			s.Result()
		})
	})
	t.Run("lets children of Submit finish", func(t *testing.T) {
		bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
			g := newGate(t)
			parent := Submit(ctx, l.pool, func(ctx context.Context) ([]string, error) {
				g.pass()
				var fs []*Future[string]
				for range 5 {
					fs = append(fs, l.pool.AsyncReadFile(ctx, l.at("in/a.txt")))
				}
				return All(ctx, fs...)
			})
			left := make(chan *Future[string], 1) // nobody waits for it
			leaver := Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
				left <- l.pool.AsyncReadFile(ctx, l.at("in/z.txt"))
				return 0, nil
			})
			synctest.Wait()
			closed := make(chan error)
			go func() { closed <- l.pool.Close(ctx) }()
			synctest.Wait()
			g.Open()
			require.NoError(t, <-closed)
			texts, err := parent.Await(ctx)
			require.NoError(t, err)
			require.Len(t, texts, 5)
			_, err = leaver.Await(ctx)
			require.NoError(t, err)
			_, err = (<-left).Await(ctx)
			require.NoError(t, err)
		})
	})
	for _, s := range seams {
		t.Run("twice, "+s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			_, err := l.pool.ReadFile(t.Context(), l.at("in/a.txt"))
			require.NoError(t, err)
			for range 3 {
				require.NoError(t, l.pool.Close(t.Context()))
			}
			require.Empty(t, l.faulty.Audit())
		})
	}
}

func TestAwait(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(anyCall)
		f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		ended, cancel := context.WithCancel(ctx)
		other := make(chan Result[string], 1)
		go func() {
			text, err := f.Await(ctx)
			other <- Result[string]{text, err}
		}()
		cancel()
		_, err := f.Await(ended)
		require.Equal(t, context.Canceled, err)
		late, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = f.Await(late)
		require.Equal(t, context.DeadlineExceeded, err)
		synctest.Wait()
		require.Empty(t, other, "another waiter's end is not ours")
		g.Open()
		require.Equal(t, Result[string]{inputs["in/a.txt"], nil}, <-other)
		<-f.Done()
		for range 100 { // a finished result wins over an ended context
			text, err := f.Await(ended)
			require.NoError(t, err)
			require.Equal(t, inputs["in/a.txt"], text)
		}
		text, err := f.Result()
		require.NoError(t, err)
		require.Equal(t, inputs["in/a.txt"], text)
	})
}

func TestChan(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		g := l.hang(anyCall)
		f := l.pool.AsyncReadFile(ctx, l.at("in/a.txt"))
		before, unread := f.Chan(), f.Chan()
		_ = unread
		synctest.Wait()
		require.Empty(t, before)
		g.Open()
		<-f.Done()
		for _, ch := range []<-chan Result[string]{before, f.Chan()} {
			r, ok := <-ch
			require.True(t, ok)
			require.Equal(t, Result[string]{inputs["in/a.txt"], nil}, r)
			_, ok = <-ch
			require.False(t, ok, "one result, then closed")
		}
	})
}

// controlled makes futures that complete when told to.
func (l *lab) controlled(ctx context.Context, n int) (fs []*Future[int], complete []func(int, error)) {
	for range n {
		result := make(chan Result[int], 1)
		fs = append(fs, Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
			select {
			case r := <-result:
				return r.Value, r.Err
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}))
		complete = append(complete, func(v int, err error) {
			result <- Result[int]{v, err}
			synctest.Wait()
		})
	}
	synctest.Wait()
	return fs, complete
}

var errSample = errors.New("sample")

func TestAll(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		values, err := All[int](ctx)
		require.NoError(t, err)
		require.Empty(t, values)

		fs, complete := l.controlled(ctx, 3)
		for _, i := range []int{2, 0, 1} {
			complete[i](10*i, nil)
		}
		values, err = All(ctx, fs...)
		require.NoError(t, err)
		require.Equal(t, []int{0, 10, 20}, values)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		values, err = All(ended, append(fs, fs[0])...)
		require.NoError(t, err, "all were complete")
		require.Equal(t, []int{0, 10, 20, 0}, values)

		fs, complete = l.controlled(ctx, 3)
		_, err = All(ended, fs...)
		require.Equal(t, context.Canceled, err)
		complete[2](0, errSample)
		values, err = All(ctx, fs...) // the others are not done
		require.Equal(t, errSample, err)
		require.Nil(t, values)
		complete[0](1, nil)
		complete[1](2, errors.New("later"))
		_, err = fs[0].Await(ctx)
		require.NoError(t, err, "they went on")
	})
}

func TestAllSettled(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		require.Empty(t, AllSettled[int](ctx))
		fs, complete := l.controlled(ctx, 3)
		complete[1](5, nil)
		complete[2](0, errSample)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.Equal(t, []Result[int]{{0, context.Canceled}, {5, nil}, {0, errSample}}, AllSettled(ended, fs...))
		complete[0](7, nil)
		require.Equal(t, []Result[int]{{7, nil}, {5, nil}, {0, errSample}}, AllSettled(ctx, fs...))
	})
}

func TestAny(t *testing.T) {
	bubble(t, PoolOptions{Workers: 8}, func(ctx context.Context, t *testing.T, l *lab) {
		var option *OptionError
		_, err := Any[int](ctx)
		require.ErrorAs(t, err, &option)

		fs, complete := l.controlled(ctx, 3)
		complete[0](0, errSample)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err = Any(ended, fs...)
		require.ErrorIs(t, err, errSample)
		require.ErrorIs(t, err, context.Canceled)
		complete[2](9, nil)
		for _, c := range []context.Context{ctx, ended} {
			v, err := Any(c, fs...)
			require.NoError(t, err)
			require.Equal(t, 9, v)
		}
		complete[1](0, nil)

		fs, complete = l.controlled(ctx, 3)
		for _, i := range []int{2, 1, 0} {
			complete[i](0, fmt.Errorf("error %d", i))
		}
		_, err = Any(ctx, fs...)
		require.EqualError(t, err, "error 0\nerror 1\nerror 2")
	})
}

func TestAsCompleted(t *testing.T) {
	collect := func(ctx context.Context, fs []*Future[int]) (order []int, results []Result[int]) {
		for i, r := range AsCompleted(ctx, fs...) {
			order = append(order, i)
			results = append(results, r)
		}
		return order, results
	}
	bubble(t, PoolOptions{Workers: 16}, func(ctx context.Context, t *testing.T, l *lab) {
		order, _ := collect(ctx, nil)
		require.Empty(t, order)

		fs, complete := l.controlled(ctx, 5)
		complete[3](3, nil)
		complete[1](0, errSample)
		type seen struct {
			order   []int
			results []Result[int]
		}
		done := make(chan seen)
		go func() {
			order, results := collect(ctx, fs)
			done <- seen{order, results}
		}()
		synctest.Wait()
		for _, i := range []int{4, 0, 2} {
			complete[i](i, nil)
		}
		s := <-done
		require.Equal(t, []int{1, 3, 4, 0, 2}, s.order)
		require.Equal(t, []Result[int]{{0, errSample}, {3, nil}, {4, nil}, {0, nil}, {2, nil}}, s.results)

		// An ended context yields each index once, finished results first.
		fs, complete = l.controlled(ctx, 5)
		complete[4](4, nil)
		complete[2](2, nil)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		order, results := collect(ended, fs)
		require.Equal(t, []int{2, 4, 0, 1, 3}, order)
		require.Equal(t, Result[int]{4, nil}, results[1])
		require.Equal(t, Result[int]{0, context.Canceled}, results[2])

		// A context that ends in the middle.
		short, cancel := context.WithCancel(ctx)
		defer cancel()
		order = nil
		for i := range AsCompleted(short, fs...) {
			order = append(order, i)
			cancel()
		}
		require.Len(t, order, 5)
		slices.Sort(order)
		require.Equal(t, []int{0, 1, 2, 3, 4}, order)

		for i := range AsCompleted(ctx, fs...) { // break leaves all as it is
			require.Equal(t, 2, i)
			break
		}
		for _, i := range []int{0, 1, 3} {
			require.False(t, fs[i].isDone())
			complete[i](i, nil)
		}
		order, _ = collect(ctx, append(fs, fs[0]))
		require.Equal(t, []int{0, 1, 2, 3, 4, 5}, order)
	})
}

// Whoever asks a future that hangs again and again, a health check for one,
// must not make it grow.
func TestGivenUpWaitsLeaveNothingBehind(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		fs, complete := l.controlled(ctx, 1)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for range 100 {
			_, err := All(ended, fs...)
			require.Error(t, err)
			_, err = Any(ended, fs...)
			require.Error(t, err)
			for range AsCompleted(ended, fs...) {
				break
			}
		}
		fs[0].mu.Lock()
		left := len(fs[0].watchers)
		fs[0].mu.Unlock()
		complete[0](0, nil)
		require.Less(t, left, 10, "functions to call that nobody needs")
	})
}

// A callback is a place where a user's function is called.
type callback struct {
	name   string
	goexit bool // runtime.Goexit in it is contained too
	call   func(ctx context.Context, l *lab, bad func()) error
}

var callbacks = []callback{
	{"Submit", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := Submit(ctx, l.pool, func(context.Context) (int, error) { bad(); return 0, nil }).Await(ctx)
		return err
	}},
	{"Submit in Submit", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := Submit(ctx, l.pool, func(ctx context.Context) (int, error) {
			return Submit(ctx, l.pool, func(context.Context) (int, error) { bad(); return 0, nil }).Await(ctx)
		}).Await(ctx)
		return err
	}},
	{"Reader of FileToChunks", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.FileToChunks(ctx, l.at("in/a.txt"), &ChunkOptions{Reader: badReader(bad)})
		return err
	}},
	{"Reader of Chunk", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.AsyncChunk(ctx, l.at("in"), &ChunkOptions{Reader: badReader(bad), OutputFile: l.at("out/old.jsonl")}).Await(ctx)
		return err
	}},
	{"Reader of Chunk with OnSkip", true, func(ctx context.Context, l *lab, bad func()) error {
		var errs []error
		_, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{
			Reader: badReader(bad),
			OnSkip: func(s SkippedFile) { errs = append(errs, s.Err) },
		})
		if err != nil || len(errs) != len(inputs) {
			return fmt.Errorf("%d skipped, %w", len(errs), err)
		}
		return errors.Join(errs...)
	}},
	{"Tokenizer", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Unit: Tokens, Tokenizer: func(string) []string { bad(); return nil }})
		return err
	}},
	{"Tokenizer of ChunkText", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := ChunkText("text", &ChunkOptions{Unit: Tokens, Tokenizer: func(string) []string { bad(); return nil }})
		return err
	}},
	{"OnSkip", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{
			Reader: func(context.Context, string) (string, error) { return "", errSample },
			OnSkip: func(SkippedFile) { bad() },
		})
		return err
	}},
	{"Progress of DirToFiles", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.DirToFiles(ctx, l.at("in"), &DirOptions{Progress: func(Progress) { bad() }})
		return err
	}},
	{"Progress of Chunk", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Progress: func(Progress) { bad() }})
		return err
	}},
	{"Progress of Concat", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.Concat(ctx, []string{l.at("in")}, &ConcatOptions{Progress: func(Progress) { bad() }})
		return err
	}},
	{"Write of AsyncConcatTo", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.AsyncConcatTo(ctx, writerFunc(func(p []byte) (int, error) { bad(); return len(p), nil }), []string{l.at("in")}, nil).Await(ctx)
		return err
	}},
	{"Write of ConcatTo", false, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.ConcatTo(ctx, writerFunc(func(p []byte) (int, error) { bad(); return len(p), nil }), []string{l.at("in")}, nil)
		return err
	}},
}

func badReader(bad func()) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { bad(); return "", nil }
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

func explode() { panic(errSample) }

func TestPanicsInCallbacks(t *testing.T) {
	for _, cb := range callbacks {
		for _, workers := range workerCounts {
			t.Run(fmt.Sprintf("%s, %d workers", cb.name, workers), func(t *testing.T) {
				bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
					check := func(err, value error, function string) {
						t.Helper()
						var p *PanicError
						require.ErrorAs(t, err, &p)
						require.Equal(t, value, p.Value)
						require.ErrorIs(t, err, value)
						require.Contains(t, string(p.Stack), function)
						synctest.Wait()
						l.settle()
						text, err := l.pool.ReadFile(ctx, l.at("in/a.txt"))
						require.NoError(t, err, "the pool works")
						require.Equal(t, inputs["in/a.txt"], text)
						require.Equal(t, outputs, l.saved())
					}
					check(cb.call(ctx, l, explode), errSample, "explode")
					if cb.goexit {
						check(cb.call(ctx, l, runtime.Goexit), ErrGoexit, "Goexit")
					}
				})
			})
		}
	}
}

// A panic in the body of a loop is the loop's, not ours.
func TestPanicInALoopOverReadFiles(t *testing.T) {
	for _, last := range []bool{false, true} {
		bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
			paths := []string{l.at("in/a.txt"), l.at("in/z.txt")}
			require.PanicsWithError(t, errSample.Error(), func() {
				for r := range l.pool.ReadFiles(ctx, paths) {
					if !last || r.Index == 1 {
						explode()
					}
				}
			})
			synctest.Wait()
			l.settle()
		})
	}
}

func TestGoexitInALoopOverReadFiles(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		var wg sync.WaitGroup
		wg.Go(func() {
			for range l.pool.ReadFiles(ctx, []string{l.at("in/a.txt"), l.at("in/z.txt")}) {
				runtime.Goexit()
			}
		})
		wg.Wait()
		synctest.Wait()
		l.settle()
	})
}

func TestBreakingOutOfReadFiles(t *testing.T) {
	eachWorkerCount(t, func(t *testing.T, workers int) {
		bubble(t, PoolOptions{Workers: workers}, func(ctx context.Context, t *testing.T, l *lab) {
			paths := slices.Repeat([]string{l.at("in/a.txt")}, 500)
			for stop := range 40 {
				n := 0
				for r := range l.pool.ReadFiles(ctx, paths) {
					require.NoError(t, r.Err)
					if n++; n > 7*stop {
						break
					}
				}
				synctest.Wait()
				l.settle()
			}
			calls, _ := l.faulty.Called()
			require.Less(t, calls, 40*500*3, "it read on")
		})
	})
}

func TestBadWriters(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		paths := []string{l.at("in")}
		concatTo := func(w writerFunc) error {
			for _, async := range []bool{false, true} {
				var err error
				if async {
					_, err = l.pool.AsyncConcatTo(ctx, w, paths, nil).Await(ctx)
				} else {
					_, err = l.pool.ConcatTo(ctx, w, paths, nil)
				}
				require.Error(t, err)
				synctest.Wait()
				l.settle()
				if async {
					return err
				}
			}
			return nil
		}
		require.ErrorIs(t, concatTo(func([]byte) (int, error) { return 0, errSample }), errSample)
		require.ErrorContains(t, concatTo(func(p []byte) (int, error) { return len(p) - 1, nil }), "short write")
		require.ErrorContains(t, concatTo(func(p []byte) (int, error) { return -1, nil }), "short write")

		// One that calls back into the pool, which has a single slot.
		var b bytes.Buffer
		w := writerFunc(func(p []byte) (int, error) {
			if _, err := l.pool.ReadFile(ctx, l.at("in/a.txt")); err != nil {
				return 0, err
			}
			return b.Write(p)
		})
		_, err := l.pool.ConcatTo(ctx, w, paths, nil)
		require.NoError(t, err)
		whole, err := l.pool.Concat(ctx, paths, nil)
		require.NoError(t, err)
		require.Equal(t, whole.Text, b.String())

		// One that blocks holds none of the pool's slots.
		g := newGate(t)
		f := l.pool.AsyncConcatTo(ctx, writerFunc(func(p []byte) (int, error) { g.pass(); return len(p), nil }), paths, nil)
		synctest.Wait()
		require.EqualValues(t, 1, g.inside.Load())
		require.Zero(t, l.pool.Stats().Running)
		_, err = l.pool.ReadFile(ctx, l.at("in/a.txt"))
		require.NoError(t, err)
		g.Open()
		_, err = f.Await(ctx)
		require.NoError(t, err)
	})
}

func TestReadersThatFail(t *testing.T) {
	bubble(t, PoolOptions{Workers: 1}, func(ctx context.Context, t *testing.T, l *lab) {
		read := func(context.Context, string) (string, error) { return "", errSample }
		_, err := l.pool.FileToChunks(ctx, l.at("in/a.txt"), &ChunkOptions{Reader: read})
		checkClear(t, err, errSample)
		var skipped []SkippedFile
		chunks, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Reader: read, OnSkip: func(s SkippedFile) { skipped = append(skipped, s) }})
		require.NoError(t, err)
		require.Empty(t, chunks)
		require.Len(t, skipped, len(inputs))
		for _, s := range skipped {
			checkClear(t, s.Err, errSample)
		}

		// One that blocks for ever holds its slot, and nobody's caller.
		g := newGate(t)
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = l.pool.Chunk(short, l.at("in"), &ChunkOptions{Reader: func(context.Context, string) (string, error) {
			g.pass()
			return "", nil
		}})
		checkClear(t, err, context.DeadlineExceeded)
		s := l.pool.Stats()
		require.Equal(t, 1, s.Running)
		require.Equal(t, 1, s.Abandoned)
		g.Open()
		synctest.Wait()
		l.settle()
	})
}

func TestSubmitHasNoPool(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	text, err := Submit(t.Context(), nil, func(ctx context.Context) (string, error) { return ReadFile(ctx, path) }).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, "text", text)
}

func TestContextsThatHaveEnded(t *testing.T) {
	bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for _, tr := range trials {
			for _, form := range []callForm{cancellableForm, asyncForm} {
				l.faulty.Reset(nil)
				_, err := tr.run(ended, l, form)
				require.ErrorIs(t, err, context.Canceled, tr.name)
				calls, _ := l.faulty.Called()
				require.Zero(t, calls, tr.name)
			}
		}
	})
}

// Descriptors that others than the pool hold are not waited for without end,
// though the function that asks holds a slot all the while.
func TestNoDescriptorsInsideSubmit(t *testing.T) {
	bubble(t, PoolOptions{Workers: 2}, func(ctx context.Context, t *testing.T, l *lab) {
		l.faulty.Reset(func(c vfstest.Call) error {
			if c.Op == "open" {
				return syscall.EMFILE
			}
			return nil
		})
		_, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
			return l.pool.ReadFile(ctx, l.at("in/a.txt"))
		}).Await(ctx)
		require.ErrorIs(t, err, syscall.EMFILE)
	})
}
