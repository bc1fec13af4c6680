package fileops

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// memoryChild tells a process of the test binary that it is a child with little
// memory, and which files to read.
const memoryChild = "FILEOPS_TEST_MEMORY"

// TestFilesLargerThanMemory runs every operation on files that do not fit the
// memory, in a process of its own, which must survive: golang/go#21455.
func TestFilesLargerThanMemory(t *testing.T) {
	if dir := os.Getenv(memoryChild); dir != "" {
		limitAddressSpace(t)
		readLargeFiles(t, dir)
		return
	}
	if raceEnabled {
		t.Skip("the race detector needs more address space")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, size := range map[string]int64{"8TiB": 8 << 40, "5GiB": 5 << 30} {
		f, err := os.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, f.Truncate(size))
		require.NoError(t, f.Close())
	}
	requireChild(t, "TestFilesLargerThanMemory", dir)
}

// readLargeFiles expects ErrTooLarge of every operation that holds a file.
func readLargeFiles(t *testing.T, dir string) {
	ctx := context.Background()
	pool := NewPool(PoolOptions{})
	for _, name := range []string{"8TiB", "5GiB"} {
		path := filepath.Join(dir, name)
		_, err := pool.ReadFile(ctx, path)
		require.ErrorIs(t, err, ErrTooLarge)
		checkClear(t, err, nil)
		_, err = pool.ReadBytes(ctx, path)
		require.ErrorIs(t, err, ErrTooLarge)
		for r := range pool.ReadFiles(ctx, []string{path}) {
			require.ErrorIs(t, r.Err, ErrTooLarge)
		}
		for _, encoding := range []string{"", "utf-16le", "latin1"} {
			_, err = pool.FileToChunks(ctx, path, &ChunkOptions{Encoding: encoding})
			require.ErrorIs(t, err, ErrTooLarge, encoding)
		}
		for _, concat := range []func(context.Context, []string, *ConcatOptions) (*ConcatResult, error){pool.Concat, pool.ConcatFiles} {
			r, err := concat(ctx, []string{path}, nil)
			require.NoError(t, err)
			require.Len(t, r.Skipped, 1)
			require.ErrorIs(t, r.Skipped[0].Err, ErrTooLarge)
		}
		size, err := pool.FileSize(ctx, path)
		require.NoError(t, err)
		require.Positive(t, size)
	}
	skipped := 0
	_, err := pool.Chunk(ctx, dir, &ChunkOptions{OnSkip: func(s SkippedFile) {
		skipped++
		require.ErrorIs(t, s.Err, ErrTooLarge)
	}})
	require.NoError(t, err)
	require.Equal(t, 2, skipped)
	require.LessOrEqual(t, pool.Stats().BytesRead, uint64(16<<20), "the files were read before they were refused")
}

// TestEndlessFiles reads files that never end, behind a size that stat tells
// small, with a limit on memory. Each ends with ErrTooLarge or its context.
func TestEndlessFiles(t *testing.T) {
	ctx := context.Background()
	pool := newPool(PoolOptions{}, endlessFiles{vfs.System()})
	path, operation, isChild := strings.Cut(os.Getenv(memoryChild), "\n")
	operations := map[string]func() error{
		"ReadFile":     func() error { _, err := pool.ReadFile(ctx, path); return err },
		"ReadBytes":    func() error { _, err := pool.ReadBytes(ctx, path); return err },
		"FileToChunks": func() error { _, err := pool.FileToChunks(ctx, path, nil); return err },
		"Concat": func() error {
			r, err := pool.Concat(ctx, []string{path}, nil)
			require.NoError(t, err)
			return r.Skipped[0].Err
		},
	}
	if isChild {
		limitAddressSpace(t)
		require.ErrorIs(t, operations[operation](), ErrTooLarge)
		return
	}
	if raceEnabled || testing.Short() {
		t.Skip("it fills a gigabyte")
	}
	path = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("small"), 0o666))
	for operation := range operations {
		t.Run(operation, func(t *testing.T) { requireChild(t, "TestEndlessFiles", path+"\n"+operation) })
	}
}

// TestReadsShareTheMemory reads several files that fit the memory one by one, but
// not together. A read that does not fit beside the others is refused before it
// begins, and fits when they are over.
func TestReadsShareTheMemory(t *testing.T) {
	dir := os.Getenv(memoryChild)
	if dir != "" {
		readTogether(t, dir)
		return
	}
	if raceEnabled || strconv.IntSize == 32 {
		t.Skip("it needs more address space")
	}
	dir = t.TempDir()
	for i := range 10 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o666))
		require.NoError(t, os.Truncate(filepath.Join(dir, fmt.Sprint(i)), shared))
	}
	requireChild(t, "TestReadsShareTheMemory", dir)
}

// shared is the size of each of these files. The child may take half as much again.
const shared = 100 << 20

func readTogether(t *testing.T, dir string) {
	debug.SetMemoryLimit(shared * 3 / 2)
	files := vfstest.New(vfs.System())
	pool := newPool(PoolOptions{Workers: 16}, files)
	ctx := t.Context()
	path := func(i int) string { return filepath.Join(dir, fmt.Sprint(i)) }

	g, reads := newGate(t), 0
	files.Reset(func(c vfstest.Call) error {
		if c.Op == "read" && c.Name == path(0) {
			if reads++; reads == 100 { // its memory is all taken, and not all filled
				g.pass()
			}
		}
		return nil
	})
	first := pool.AsyncReadFile(ctx, path(0))
	require.Eventually(t, func() bool { return g.inside.Load() > 0 }, guard, time.Millisecond)
	read := pool.Stats().BytesRead
	_, err := pool.ReadFile(ctx, path(1))
	require.ErrorIs(t, err, ErrTooLarge)
	checkClear(t, err, nil)
	require.ErrorContains(t, err, "beside other work")
	require.Equal(t, read, pool.Stats().BytesRead)
	g.Open()
	text, err := first.Result()
	require.NoError(t, err)
	require.Len(t, text, shared)
	text, first = "", nil
	for range 3 { // the memory of the last one is free
		text, err := pool.ReadFile(ctx, path(1))
		require.NoError(t, err)
		require.Len(t, text, shared)
	}

	for range 3 {
		futures := make([]*Future[[]byte], 10)
		for i := range futures {
			futures[i] = pool.AsyncReadBytes(ctx, path(i))
		}
		whole := 0
		for _, r := range AllSettled(ctx, futures...) {
			if r.Err == nil {
				require.Len(t, r.Value, shared)
				whole++
			} else {
				require.ErrorIs(t, r.Err, ErrTooLarge)
			}
		}
		require.Equal(t, 1, whole, "two of them do not fit")
	}
	require.NoError(t, pool.Close(ctx))
}

// limitAddressSpace leaves a child 4 GiB, of which the runtime reserves some.
func limitAddressSpace(t *testing.T) {
	const limit = 4 << 30
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit}))
}

// requireChild runs a test in a process of its own, which must survive.
func requireChild(t *testing.T, test, argument string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.v")
	child.Env = append(os.Environ(), memoryChild+"="+argument)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+test)
}

// endlessFiles has zeros without end in every file.
type endlessFiles struct{ vfs.FS }

func (f endlessFiles) Open(name string) (vfs.File, error) {
	opened, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return endlessFile{opened}, nil
}

func (endlessFiles) ReadCached(string, int64) ([]byte, bool) { return nil, false }

type endlessFile struct{ vfs.File }

func (endlessFile) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// filmSize is 512 MiB, and 32 MiB where the address space is small.
const filmSize = 32 << 20 << (4 * (strconv.IntSize / 64))

// TestReadingStopsAtTheFirstInvalidByte reads films: a large file that begins
// with bytes that are no text costs a read or two, in every operation.
func TestReadingStopsAtTheFirstInvalidByte(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			film, err := os.Create(l.onDisk("in/film.txt"))
			require.NoError(t, err)
			_, err = film.WriteString("\xff\xd8")
			require.NoError(t, err)
			require.NoError(t, film.Truncate(filmSize))
			require.NoError(t, film.Close())
			path := l.at("in/film.txt")
			concat := func(run func() (*ConcatResult, error)) error {
				r, err := run()
				require.NoError(t, err)
				require.Len(t, r.Skipped, 1)
				return r.Skipped[0].Err
			}
			for name, read := range map[string]func() error{
				"ReadFile":     func() error { _, err := l.pool.ReadFile(t.Context(), path); return err },
				"FileToChunks": func() error { _, err := l.pool.FileToChunks(t.Context(), path, nil); return err },
				"Chunk":        func() error { _, err := l.pool.Chunk(t.Context(), path, nil); return err },
				"ReadFiles": func() (err error) {
					for r := range l.pool.ReadFiles(t.Context(), []string{path}) {
						err = r.Err
					}
					return err
				},
				"Concat": func() error {
					return concat(func() (*ConcatResult, error) { return l.pool.Concat(t.Context(), []string{path}, nil) })
				},
				"ConcatTo": func() error {
					return concat(func() (*ConcatResult, error) { return l.pool.ConcatTo(t.Context(), io.Discard, []string{path}, nil) })
				},
			} {
				var s vfstest.Steps
				l.faulty.Reset(s.Hook)
				before := l.pool.Stats().BytesRead
				bad, ok := read().(*EncodingError)
				require.True(t, ok, name)
				require.Zero(t, bad.Offset, name)
				require.LessOrEqual(t, strings.Count(s.String(), "read"), 2, name)
				read := l.pool.Stats().BytesRead - before
				require.LessOrEqual(t, read, uint64(2<<20), name)
				require.NotZero(t, read, fmt.Sprint(name, ": the bytes read are told"))
			}
			l.close()
		})
	}
}
