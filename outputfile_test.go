package fileops

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// TestOutputsThatCannotBeLinked is about systems that make unnamed files and
// then cannot name them: a large output learns of that when all is written.
// Nothing is lost or reported twice.
func TestOutputsThatCannotBeLinked(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.WriteFile(l.onDisk("in/bad.txt"), []byte("\xff"), 0o666))
			var skipped []SkippedFile
			var last Progress
			o := &ChunkOptions{
				Size:       10,
				OutputFile: l.at("out/old.jsonl"),
				OnSkip:     func(s SkippedFile) { skipped = append(skipped, s) },
				Progress:   func(p Progress) { last = p },
			}
			want, err := l.pool.Chunk(t.Context(), l.at("in"), o)
			require.NoError(t, err)
			file := l.saved()["out/old.jsonl"]
			require.Equal(t, linesOf(chunked{Chunks: want}), file)

			l.resetOutputs()
			skipped = nil
			l.pool.outputs.held = 1
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "linkFile" {
					return errors.ErrUnsupported
				}
				return nil
			})
			got, err := l.pool.Chunk(t.Context(), l.at("in"), o)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, file, l.saved()["out/old.jsonl"])
			require.Len(t, skipped, 1)
			require.Equal(t, len(inputs)+1, last.Files)
			l.close()
		})
	}
}

// TestManyOutputsGrowAtOnce grows more outputs than a pool has temporary files
// for. The others stay in memory and hold no descriptor.
func TestManyOutputsGrowAtOnce(t *testing.T) {
	l := newLab(t, seams[0], PoolOptions{Workers: 8})
	l.pool.outputs.held = 1
	text := strings.Repeat("one two three\n", 10_000)
	require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(text), 0o666))
	var wg sync.WaitGroup
	for i := range 3 * openOutputs {
		wg.Go(func() {
			out := l.at("out/" + strings.Repeat("x", i+1) + ".jsonl")
			chunks, err := l.pool.Chunk(context.Background(), l.at("in"), &ChunkOptions{OutputFile: out})
			if err != nil {
				t.Error(err)
				return
			}
			got, err := os.ReadFile(out)
			if err != nil || !bytes.Equal(got, []byte(linesOf(chunked{Chunks: chunks}))) {
				t.Errorf("%s differs: %v", out, err)
			}
		})
	}
	wg.Wait()
	l.close()
	require.True(t, l.pool.outputs.open.TryAcquire(openOutputs), "all are given back")
}

// TestOutputThatCannotBeLookedAtIsNoInput checks that an input that may be the
// output file is not taken for another file.
func TestOutputThatCannotBeLookedAtIsNoInput(t *testing.T) {
	for _, s := range seams {
		l := newLab(t, s, PoolOptions{})
		output := l.at("out") + "/../out/old.txt" // as it is not listed
		for name, write := range map[string]func() error{
			"Concat": func() error {
				_, err := l.pool.Concat(t.Context(), []string{l.at("out")}, &ConcatOptions{OutputFile: output})
				return err
			},
			"Chunk": func() error {
				_, err := l.pool.Chunk(t.Context(), l.at("out"), &ChunkOptions{OutputFile: output + ".csv"})
				return err
			},
		} {
			l.resetOutputs()
			require.NoError(t, os.WriteFile(l.onDisk("out/old.txt.csv"), []byte("the old text"), 0o666))
			want := l.saved()
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "lstat" && strings.HasPrefix(c.Name, output) {
					return syscall.EIO
				}
				return nil
			})
			l.checkClear(write(), syscall.EIO)
			l.settle()
			require.Equal(t, want, l.saved(), "%s, %s", s.name, name)
		}
		l.close()
	}
}
