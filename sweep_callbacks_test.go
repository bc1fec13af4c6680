package fileops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
	{"Guess", true, func(ctx context.Context, l *lab, bad func()) error {
		require.NoError(l, os.WriteFile(l.onDisk("in/a.txt"), []byte("caf\xe9"), 0o666))
		defer os.WriteFile(l.onDisk("in/a.txt"), []byte(inputs["in/a.txt"]), 0o666)
		_, err := l.pool.Chunk(ctx, l.at("in/a.txt"), &ChunkOptions{Encoding: "auto", Guess: func([]byte) string { bad(); return "" }})
		return err
	}},
	{"Tokenizer of ChunkText", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := ChunkText("text", &ChunkOptions{Unit: Tokens, Tokenizer: func(string) []string { bad(); return nil }})
		return err
	}},
	{"Splitter", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Splitter: badSplitter(bad), OutputFile: l.at("out/old.jsonl")})
		return err
	}},
	{"Sequence of a Splitter", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := collect(l.pool.Chunks(ctx, l.at("in"), &ChunkOptions{Splitter: func(string, string) iter.Seq[Boundary] {
			return func(yield func(Boundary) bool) { yield(Boundary{At: 1}); bad() }
		}}))
		return err
	}},
	{"Splitter of ChunkText", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := ChunkText("text", &ChunkOptions{Splitter: badSplitter(bad)})
		return err
	}},
	{"Counter", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.FileToChunks(ctx, l.at("in/a.txt"), &ChunkOptions{Counter: countFunc(func(string) int { bad(); return 1 })})
		return err
	}},
	{"Counter of ChunkTo", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.ChunkTo(ctx, io.Discard, l.at("in/a.txt"), &ChunkOptions{Counter: countFunc(func(string) int { bad(); return 1 })})
		return err
	}},
	{"Counter of ChunkText", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := ChunkText("text", &ChunkOptions{Counter: prefixCounter{func(string) int { bad(); return 1 }}})
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
	{"OnSkip of Files", true, func(ctx context.Context, l *lab, bad func()) error {
		if err := os.Symlink(".", l.onDisk("in/loop")); err != nil {
			return err
		}
		defer os.Remove(l.onDisk("in/loop"))
		_, err := collect(l.pool.Files(ctx, l.at("in"), &DirOptions{OnSkip: func(SkippedFile) { bad() }}))
		return err
	}},
	{"Progress of Files", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := collect(l.pool.Files(ctx, l.at("in"), &DirOptions{Progress: func(Progress) { bad() }}))
		return err
	}},
	{"Reader of Chunks", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := collect(l.pool.Chunks(ctx, l.at("in"), &ChunkOptions{Reader: badReader(bad), OutputFile: l.at("out/old.jsonl")}))
		return err
	}},
	{"Tokenizer of ChunkTo", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.ChunkTo(ctx, io.Discard, l.at("in/a.txt"), &ChunkOptions{Unit: Tokens, Tokenizer: func(string) []string { bad(); return nil }})
		return err
	}},
	{"OnSkip of Chunks", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := collect(l.pool.Chunks(ctx, l.at("in"), &ChunkOptions{
			Reader: func(context.Context, string) (string, error) { return "", errSample },
			OnSkip: func(SkippedFile) { bad() },
		}))
		return err
	}},
	{"Write of AsyncChunkTo", true, func(ctx context.Context, l *lab, bad func()) error {
		_, err := l.pool.AsyncChunkTo(ctx, writerFunc(func(p []byte) (int, error) { bad(); return len(p), nil }), l.at("in"), nil).Await(ctx)
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

func badSplitter(bad func()) Splitter {
	return func(string, string) iter.Seq[Boundary] { bad(); return nil }
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

// loops are the streams on a lab's files. Each calls body for each thing.
var loops = map[string]func(ctx context.Context, l *lab, body func()){
	"Files": func(ctx context.Context, l *lab, body func()) {
		for range l.pool.Files(ctx, l.at("in"), nil) {
			body()
		}
	},
	"ScanFiles": func(ctx context.Context, l *lab, body func()) {
		for range l.pool.ScanFiles(ctx, slices.Values(l.paths([]string{"in/a.txt", "in/z.txt"}))) {
			body()
		}
	},
	"Chunks": func(ctx context.Context, l *lab, body func()) {
		o := &ChunkOptions{Size: 5, OutputFile: l.at("out/old.jsonl")}
		for range l.pool.Chunks(ctx, l.at("in"), o) {
			body()
		}
	},
}

// TestPanicsInLoops panics, and calls Goexit, in the body of each loop, at the first
// and at a later thing. The panic is the loop's, and nothing is left.
func TestPanicsInLoops(t *testing.T) {
	for name, loop := range loops {
		for later := range 2 {
			t.Run(name, func(t *testing.T) {
				bubble(t, PoolOptions{}, func(ctx context.Context, t *testing.T, l *lab) {
					for _, bad := range []func(){explode, runtime.Goexit} {
						n := 0
						var wg sync.WaitGroup
						var value any
						wg.Go(func() {
							defer func() { value = recover() }()
							loop(ctx, l, func() {
								if n++; n > later {
									bad()
								}
							})
						})
						wg.Wait()
						if n > 0 && value != nil {
							require.Equal(t, errSample, value)
						}
						require.Equal(t, later+1, n)
						synctest.Wait()
						l.settle()
						require.Equal(t, outputs, l.saved())
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
		require.ErrorContains(t, concatTo(func(p []byte) (int, error) { return len(p) + 1, nil }), "invalid write")

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
