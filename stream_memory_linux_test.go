package fileops

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// streamMost is the memory that a process may take to stream, in MiB. The figure is
// the process's own peak, with the runtime and the test.
const streamMost = 150

// TestStreamsHoldSomeMiB streams a tree and a file that are several times as large
// as the memory that a process of its own may take.
func TestStreamsHoldSomeMiB(t *testing.T) {
	if dir := os.Getenv(memoryChild); dir != "" {
		streamAll(t, dir)
		return
	}
	if raceEnabled || testing.Short() {
		t.Skip("it takes seconds, and memory of the race detector's own")
	}
	dir := tempDir(t)
	const megabyte = 1 << 20
	line := "The line of a text that is written again and again, and then again.\n"
	text := []byte(strings.Repeat(line, megabyte/len(line)+1))[:megabyte]
	for i := range 200 {
		writeTo(t, filepath.Join(dir, "tree", fmt.Sprint(i%7), fmt.Sprint(i)), text[:i*4999])
	}
	writeTo(t, filepath.Join(dir, "large"), bytes.Repeat(text, 200))
	writeTo(t, filepath.Join(dir, "large16"), bytes.Repeat(encoded(t, "utf-16-be", string(text)), 100))
	for i := range 30_000 {
		name := fmt.Sprintf("%s/many/%03d/a file with a rather long name %05d", dir, i/100, i)
		if i%100 == 0 {
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		}
		require.NoError(t, os.WriteFile(name, nil, 0o666))
	}
	requireChild(t, "TestStreamsHoldSomeMiB", dir)
}

func writeTo(t *testing.T, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, data, 0o666))
}

func streamAll(t *testing.T, dir string) {
	ctx := context.Background()
	pool := NewPool(PoolOptions{})
	within := func(name string) {
		t.Helper()
		peak := peakMiB(t)
		t.Logf("%s: %d MiB", name, peak)
		require.Less(t, peak, streamMost, name)
	}
	files := 0
	for _, err := range pool.Files(ctx, filepath.Join(dir, "many"), nil) {
		require.NoError(t, err)
		files++
	}
	require.Equal(t, 30_000, files)
	within("Files")
	for _, o := range []*ChunkOptions{nil, {Size: 1, Unit: Tokens}, {Size: 300, Unit: Tokens, Overlap: 1}, {Size: 3 << 20}} {
		for _, path := range []string{filepath.Join(dir, "tree"), filepath.Join(dir, "large")} {
			if o != nil && o.Unit == Tokens {
				path = filepath.Join(dir, "tree", "1")
			}
			_, err := pool.ChunkTo(ctx, io.Discard, path, o)
			require.NoError(t, err)
			within(fmt.Sprintf("ChunkTo of %s, %+v", filepath.Base(path), o))
		}
	}
	for _, path := range []string{filepath.Join(dir, "tree"), filepath.Join(dir, "large")} {
		o := DefaultChunkOptions()
		o.OutputFile = filepath.Join(dir, "out.jsonl")
		for _, err := range pool.Chunks(ctx, path, &o) {
			require.NoError(t, err)
		}
		within("Chunks to a file")
		_, err := pool.ConcatTo(ctx, io.Discard, []string{path}, nil)
		require.NoError(t, err)
		within("ConcatTo")
	}
	for _, name := range []string{"large", "large16"} {
		paths := []string{filepath.Join(dir, name)}
		_, err := pool.ChunkTo(ctx, io.Discard, paths[0], &ChunkOptions{Encoding: "auto"})
		require.NoError(t, err)
		_, err = pool.ConcatTo(ctx, io.Discard, paths, &ConcatOptions{Encoding: "auto"})
		require.NoError(t, err)
		within("encoding found out of " + name)
	}
	paths := func(yield func(string) bool) {
		for f := range pool.Files(ctx, filepath.Join(dir, "tree"), nil) {
			if !yield(f.Path) {
				return
			}
		}
	}
	for f := range pool.ScanFiles(ctx, paths) {
		require.NoError(t, f.Err)
	}
	within("ScanFiles")
	runtime.KeepAlive(pool)
}

// peakMiB returns the most memory that the process has taken so far, see VmHWM in
// proc_pid_status(5).
func peakMiB(t *testing.T) (mib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	_, err = fmt.Sscanf(strings.TrimSpace(rest), "%d kB", &mib)
	require.NoError(t, err)
	return mib >> 10
}
