package fileops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPoolsThatNewPoolHasNotMade uses the zero Pool: each operation is an
// *OptionError, and nothing panics or waits.
func TestPoolsThatNewPoolHasNotMade(t *testing.T) {
	t.Parallel()
	refusesAll(t, context.Background(), new(Pool), "Pool")
	p := new(Pool)
	assert.Zero(t, p.Stats())
	assert.Empty(t, p.Running())
	requireOption(t, p.Close(t.Context()), "Pool")
}

// TestNilContexts gives no context. A server that recovers from the panic of one
// request must be able to close its pool afterwards.
func TestNilContexts(t *testing.T) {
	t.Parallel()
	var none context.Context
	p := NewPool(PoolOptions{})
	refusesAll(t, none, p, "ctx")
	requireOption(t, p.Close(none), "ctx")
	require.NoError(t, p.Close(t.Context()))

	f := Submit(t.Context(), nil, func(context.Context) (int, error) { return 1, nil })
	_, err := f.Await(none)
	requireOption(t, err, "ctx")
	_, err = All(none, f)
	requireOption(t, err, "ctx")
	_, err = Any(none, f)
	requireOption(t, err, "ctx")
	requireOption(t, AllSettled(none, f)[0].Err, "ctx")
	for _, r := range AsCompleted(none, f, f) {
		requireOption(t, r.Err, "ctx")
	}
	_, err = f.Result()
	require.NoError(t, err)
}

// refusesAll calls every operation of a pool in every form. Each gives an
// *OptionError.
func refusesAll(t *testing.T, ctx context.Context, p *Pool, option string) {
	t.Helper()
	chunks := []TextChunk{{}}
	paths := []string{"a", "b"}
	for _, call := range []func() error{
		func() error { _, err := p.ReadFile(ctx, "a"); return err },
		func() error { _, err := p.AsyncReadFile(ctx, "a").Result(); return err },
		func() error { _, err := p.ReadBytes(ctx, "a"); return err },
		func() error { _, err := p.AsyncReadBytes(ctx, "a").Result(); return err },
		func() error { return p.CopyFile(ctx, "a", "b") },
		func() error { _, err := p.AsyncCopyFile(ctx, "a", "b").Result(); return err },
		func() error { _, err := p.FileSize(ctx, "a"); return err },
		func() error { _, err := p.AsyncFileSize(ctx, "a").Result(); return err },
		func() error { _, err := p.ListFiles(ctx, "a", ""); return err },
		func() error { _, err := p.AsyncListFiles(ctx, "a", "").Result(); return err },
		func() error { _, err := p.DirToFiles(ctx, "a", nil); return err },
		func() error { _, err := p.AsyncDirToFiles(ctx, "a", nil).Result(); return err },
		func() error { _, err := p.SaveToFile(ctx, "", "a", "b", nil); return err },
		func() error { _, err := p.AsyncSaveToFile(ctx, "", "a", "b", nil).Result(); return err },
		func() error { _, err := p.SaveChunks(ctx, chunks, "a", nil); return err },
		func() error { _, err := p.AsyncSaveChunks(ctx, chunks, "a", nil).Result(); return err },
		func() error { _, err := p.Concat(ctx, paths, nil); return err },
		func() error { _, err := p.AsyncConcat(ctx, paths, nil).Result(); return err },
		func() error { _, err := p.ConcatFiles(ctx, paths, nil); return err },
		func() error { _, err := p.AsyncConcatFiles(ctx, paths, nil).Result(); return err },
		func() error { _, err := p.ConcatTo(ctx, io.Discard, paths, nil); return err },
		func() error { _, err := p.AsyncConcatTo(ctx, io.Discard, paths, nil).Result(); return err },
		func() error { _, err := p.FileToChunks(ctx, "a", nil); return err },
		func() error { _, err := p.AsyncFileToChunks(ctx, "a", nil).Result(); return err },
		func() error { _, err := p.Chunk(ctx, "a", nil); return err },
		func() error { _, err := p.AsyncChunk(ctx, "a", nil).Result(); return err },
		func() error { _, err := p.ChunkTo(ctx, io.Discard, "a", nil); return err },
		func() error { _, err := p.AsyncChunkTo(ctx, io.Discard, "a", nil).Result(); return err },
		func() (err error) {
			for _, err = range p.Chunks(ctx, "a", nil) {
			}
			return err
		},
		func() (err error) {
			for _, err = range p.Files(ctx, "a", nil) {
			}
			return err
		},
		func() (err error) {
			n := 0
			for r := range p.ReadFiles(ctx, paths) {
				err, n = r.Err, n+1
			}
			assert.Equal(t, len(paths), n)
			return err
		},
		func() (err error) {
			for f := range p.ScanFiles(ctx, func(yield func(string) bool) { yield("a") }) {
				err = f.Err
			}
			return err
		},
		func() error {
			_, err := Submit(ctx, p, func(context.Context) (int, error) { return 0, nil }).Result()
			return err
		},
	} {
		requireOption(t, call(), option)
	}
}

// requireOption checks that an error is about an option.
func requireOption(t *testing.T, err error, option string) {
	t.Helper()
	wrong, ok := errors.AsType[*OptionError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, option, wrong.Option)
}

// TestNilWriters gives no writer. A success would say that all has been written.
func TestNilWriters(t *testing.T) {
	t.Parallel()
	ctx, path := t.Context(), t.TempDir()
	_, err := ChunkTo(ctx, nil, path, nil)
	requireOption(t, err, "w")
	_, err = AsyncChunkTo(ctx, nil, path, nil).Result()
	requireOption(t, err, "w")
	_, err = ConcatTo(ctx, nil, []string{path}, nil)
	requireOption(t, err, "w")
	_, err = AsyncConcatTo(ctx, nil, []string{path}, nil).Result()
	requireOption(t, err, "w")
}

// TestCallbacksThatChangeTheOptions lets callbacks change the options of the operation
// that calls them, to values that would end the process in a worker. The operation
// goes on with those that it was given.
func TestCallbacksThatChangeTheOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 40 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.txt", i)), []byte("some words to be cut"), 0o666))
	}
	ctx := t.Context()
	p := NewPool(PoolOptions{Workers: 1})
	cuts := map[string]func(o *ChunkOptions) (int, error){
		"Chunk": func(o *ChunkOptions) (int, error) {
			chunks, err := p.Chunk(ctx, dir, o)
			return len(chunks), err
		},
		"AsyncChunk": func(o *ChunkOptions) (int, error) {
			chunks, err := p.AsyncChunk(ctx, dir, o).Result()
			return len(chunks), err
		},
		"Chunks": func(o *ChunkOptions) (n int, err error) {
			for _, err := range p.Chunks(ctx, dir, o) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		},
		"ChunkTo": func(o *ChunkOptions) (int, error) {
			r, err := p.ChunkTo(ctx, io.Discard, dir, o)
			if err != nil {
				return 0, err
			}
			return r.Chunks, nil
		},
		"ChunkText": func(o *ChunkOptions) (int, error) {
			chunks, err := ChunkText("some words to be cut", o)
			return len(chunks), err
		},
	}
	for name, cut := range cuts {
		for _, callback := range []string{"OnSkip", "Progress", "Tokenizer", "Splitter"} {
			newOptions := func(change func(o *ChunkOptions)) *ChunkOptions {
				o := &ChunkOptions{Size: 2, Exclude: []string{"/01"}, Select: &Selection{Include: []string{"*.txt", "*.none"}}, OnSkip: func(SkippedFile) {}}
				switch callback {
				case "OnSkip":
					o.OnSkip = func(SkippedFile) { change(o) }
				case "Progress":
					o.Progress = func(Progress) { change(o) }
				case "Tokenizer":
					o.Unit = Tokens
					o.Tokenizer = func(text string) []string { change(o); return strings.Fields(text) }
				case "Splitter":
					o.Splitter = func(_, text string) iter.Seq[Boundary] {
						change(o)
						return func(yield func(Boundary) bool) { _ = yield(Boundary{At: 5}) && yield(Boundary{At: 11}) }
					}
				}
				return o
			}
			want, err := cut(newOptions(func(*ChunkOptions) {}))
			require.NoError(t, err, name)
			got, err := cut(newOptions(func(o *ChunkOptions) {
				if o.Select != nil {
					*o.Select = Selection{MaxSize: -1}
				}
				*o = ChunkOptions{Size: -1, Overlap: 7, Unit: -1, OutputFile: "none/out", Encoding: "none"}
			}))
			require.NoError(t, err, "%s, %s", name, callback)
			require.Equal(t, want, got, "%s, %s", name, callback)
		}
	}
	var o *DirOptions
	skipped := 0
	o = &DirOptions{Select: &Selection{Include: []string{"*1.txt", "*.none"}}, OnSkip: func(SkippedFile) {
		if skipped++; skipped == 1 {
			*o.Select = Selection{Exclude: []string{"*"}}
			*o = DirOptions{}
		}
	}}
	files, err := p.DirToFiles(ctx, dir, o)
	require.NoError(t, err)
	require.Len(t, files, 4)
	require.Equal(t, 37, skipped) // 36 files and a pattern that matches none
}

// A badHandler is a Handler of package slog that calls a function for each record.
type badHandler struct{ bad func() }

func (badHandler) Enabled(context.Context, slog.Level) bool    { return true }
func (h badHandler) Handle(context.Context, slog.Record) error { h.bad(); return nil }
func (h badHandler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h badHandler) WithGroup(string) slog.Handler             { return h }

// TestHandlersOfLoggersThatPanic logs to a Handler that panics or exits. The results
// are the same as without it, in every form, and the pool can be closed.
func TestHandlersOfLoggersThatPanic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	for _, bad := range []func(){func() { panic("bad") }, runtime.Goexit} {
		p := NewPool(PoolOptions{Logger: slog.New(badHandler{bad})})
		for _, form := range callForms {
			text, err := call(t.Context(), form,
				func(ctx context.Context) (string, error) { return p.ReadFile(ctx, path) },
				func(ctx context.Context) *Future[string] { return p.AsyncReadFile(ctx, path) })
			require.NoError(t, err)
			require.Equal(t, "text", text)
			_, err = call(t.Context(), form,
				func(ctx context.Context) ([]string, error) { return p.ListFiles(ctx, path, "") },
				func(ctx context.Context) *Future[[]string] { return p.AsyncListFiles(ctx, path, "") })
			require.ErrorIs(t, err, syscall.ENOTDIR)
		}
		for _, err := range p.Chunks(t.Context(), dir, nil) {
			require.NoError(t, err)
		}
		require.NoError(t, p.Close(t.Context()))
	}
}
