package fileops

import (
	"context"
	"io/fs"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
