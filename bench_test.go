package fileops

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/sysmon"
	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// The benchmarks come in threes: the plain function, its async form, and the
// same work with the standard library. The module in benchmarks/ measures
// against other packages.

// benchFile makes a file of size bytes of text.
func benchFile(b *testing.B, size int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "file.txt")
	text := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog.\n"), size/45+1)[:size]
	require.NoError(b, os.WriteFile(path, text, 0o666))
	return path
}

// goroot is where the Go distribution is.
func goroot(b *testing.B) string {
	b.Helper()
	dir, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(b, err)
	return strings.TrimSpace(string(dir))
}

// corpus lists the Go distribution's own source: many small files.
func corpus(b *testing.B) (dir string, paths []string, size int64) {
	b.Helper()
	dir = filepath.Join(goroot(b), "src")
	paths, err := ListFiles(context.Background(), dir, "go")
	require.NoError(b, err)
	require.NotEmpty(b, paths)
	for _, path := range paths {
		st, err := os.Stat(path)
		require.NoError(b, err)
		size += st.Size()
	}
	return dir, paths, size
}

// bench runs fn as a sub-benchmark over size bytes.
func bench(b *testing.B, name string, size int64, fn func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(size)
		for b.Loop() {
			if err := fn(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

var benchSizes = []struct {
	name string
	size int
}{{"4KiB", 4 << 10}, {"64KiB", 64 << 10}, {"64MiB", 64 << 20}}

func BenchmarkReadFile(b *testing.B) {
	ctx := context.Background()
	for _, s := range benchSizes {
		path := benchFile(b, s.size)
		bench(b, s.name+"/sync", int64(s.size), func() error {
			_, err := ReadFile(ctx, path)
			return err
		})
		cancellable, cancel := context.WithCancel(ctx)
		bench(b, s.name+"/sync-cancellable", int64(s.size), func() error {
			_, err := ReadFile(cancellable, path)
			return err
		})
		cancel()
		bench(b, s.name+"/async", int64(s.size), func() error {
			_, err := AsyncReadFile(ctx, path).Await(ctx)
			return err
		})
		bench(b, s.name+"/std", int64(s.size), func() error {
			data, err := os.ReadFile(path)
			sink = string(data)
			return err
		})
	}
}

// sink keeps the compiler from dropping the standard library's conversion.
var sink string

func BenchmarkReadBytes(b *testing.B) {
	ctx := context.Background()
	path := benchFile(b, 4<<10)
	bench(b, "sync", 4<<10, func() error { _, err := ReadBytes(ctx, path); return err })
	bench(b, "async", 4<<10, func() error { _, err := AsyncReadBytes(ctx, path).Await(ctx); return err })
	bench(b, "std", 4<<10, func() error { _, err := os.ReadFile(path); return err })
}

func BenchmarkReadMany(b *testing.B) {
	ctx := context.Background()
	_, paths, size := corpus(b)
	bench(b, "ReadFiles", size, func() error {
		for r := range ReadFiles(ctx, paths) {
			if r.Err != nil {
				return r.Err
			}
		}
		return nil
	})
	bench(b, "futures", size, func() error {
		futures := make([]*Future[string], len(paths))
		for i, path := range paths {
			futures[i] = AsyncReadFile(ctx, path)
		}
		_, err := All(ctx, futures...)
		return err
	})
	bench(b, "std-errgroup", size, func() error {
		var group errgroup.Group
		group.SetLimit(8)
		texts := make([]string, len(paths))
		for i, path := range paths {
			group.Go(func() error {
				data, err := os.ReadFile(path)
				texts[i] = string(data)
				return err
			})
		}
		return group.Wait()
	})
}

// BenchmarkWorkers is where DefaultWorkers comes from: files in the page
// cache, and storage that takes a millisecond to open one.
func BenchmarkWorkers(b *testing.B) {
	ctx := context.Background()
	_, paths, _ := corpus(b)
	read := func(b *testing.B, pool *Pool, paths []string) {
		futures := make([]*Future[string], len(paths))
		for b.Loop() {
			for i, path := range paths {
				futures[i] = pool.AsyncReadFile(ctx, path)
			}
			_, err := All(ctx, futures...)
			require.NoError(b, err)
		}
		b.ReportMetric(float64(len(paths)*b.N)/b.Elapsed().Seconds(), "files/s")
	}
	for _, workers := range []int{1, 2, 4, 8, 16, 32, 64, 128} {
		b.Run(fmt.Sprintf("cached/%d", workers), func(b *testing.B) {
			read(b, NewPool(PoolOptions{Workers: workers}), paths)
		})
	}
	for _, workers := range []int{1, 4, 16, 32, 64, 128} {
		b.Run(fmt.Sprintf("1ms/%d", workers), func(b *testing.B) {
			read(b, newPool(PoolOptions{Workers: workers}, slowFiles{vfs.System(), time.Millisecond}), paths[:500])
		})
	}
}

// slowFiles are files that take some time to open, in a system call.
type slowFiles struct {
	vfs.FS
	takes time.Duration
}

func (s slowFiles) Open(name string) (vfs.File, error) {
	sysmon.Block(s.takes)
	return s.FS.Open(name)
}

func (s slowFiles) ReadCached(string, int64) ([]byte, bool) { return nil, false }

// BenchmarkSlowStorage has 64 clients read from storage that takes 5 ms to
// open a file while the program computes for a while, which lets the runtime's
// monitor fall asleep until slow calls wake it.
func BenchmarkSlowStorage(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, paths, _ := corpus(b)
	const clients, reads = 64, 10
	pool := newPool(PoolOptions{Workers: DefaultWorkers}, slowFiles{vfs.System(), 5 * time.Millisecond})
	for b.Loop() {
		var group sync.WaitGroup
		computed := time.Now().Add(100 * time.Millisecond)
		for range runtime.GOMAXPROCS(0) {
			group.Go(func() {
				for time.Now().Before(computed) {
				}
			})
		}
		for i := range clients {
			group.Go(func() {
				for _, path := range paths[i*reads : (i+1)*reads] {
					if _, err := pool.ReadFile(ctx, path); err != nil {
						b.Error(err)
					}
				}
			})
		}
		group.Wait()
	}
	b.ReportMetric(float64(clients*reads*b.N)/b.Elapsed().Seconds(), "files/s")
}

func BenchmarkCopyFile(b *testing.B) {
	ctx := context.Background()
	for _, s := range benchSizes {
		src := benchFile(b, s.size)
		dst := filepath.Join(b.TempDir(), "copy")
		bench(b, s.name+"/sync", int64(s.size), func() error { return CopyFile(ctx, src, dst) })
		bench(b, s.name+"/async", int64(s.size), func() error {
			_, err := AsyncCopyFile(ctx, src, dst).Await(ctx)
			return err
		})
		bench(b, s.name+"/std", int64(s.size), func() error { return stdCopy(src, dst) })
	}
}

func stdCopy(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}

func BenchmarkFileSize(b *testing.B) {
	ctx := context.Background()
	path := benchFile(b, 1)
	bench(b, "file/sync", 0, func() error { _, err := FileSize(ctx, path); return err })
	bench(b, "file/async", 0, func() error { _, err := AsyncFileSize(ctx, path).Await(ctx); return err })
	bench(b, "file/std", 0, func() error { _, err := os.Stat(path); return err })
	dir, _, _ := corpus(b)
	bench(b, "tree/sync", 0, func() error { _, err := FileSize(ctx, dir); return err })
	bench(b, "tree/std", 0, func() error {
		var total int64
		return filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			st, err := d.Info()
			total += st.Size()
			return err
		})
	})
}

func BenchmarkListFiles(b *testing.B) {
	ctx := context.Background()
	dir := goroot(b)
	bench(b, "sync", 0, func() error { _, err := ListFiles(ctx, dir, ""); return err })
	bench(b, "async", 0, func() error { _, err := AsyncListFiles(ctx, dir, "").Await(ctx); return err })
	bench(b, "std", 0, func() error {
		var paths []string
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths = append(paths, path)
			}
			return err
		})
		slices.Sort(paths)
		return err
	})
}

func BenchmarkDirToFiles(b *testing.B) {
	ctx := context.Background()
	dir := filepath.Join(goroot(b), "src")
	opts := &DirOptions{FileTypes: []string{".go"}}
	bench(b, "sync", 0, func() error { _, err := DirToFiles(ctx, dir, opts); return err })
	bench(b, "async", 0, func() error { _, err := AsyncDirToFiles(ctx, dir, opts).Await(ctx); return err })
}

func BenchmarkSaveToFile(b *testing.B) {
	ctx := context.Background()
	dir, text := b.TempDir(), strings.Repeat("x", 4<<10)
	opts := &SaveOptions{Overwrite: true}
	bench(b, "sync", 4<<10, func() error { _, err := SaveToFile(ctx, text, dir, "a.txt", opts); return err })
	bench(b, "async", 4<<10, func() error {
		_, err := AsyncSaveToFile(ctx, text, dir, "b.txt", opts).Await(ctx)
		return err
	})
	bench(b, "std-temp-rename", 4<<10, func() error {
		return stdReplace(filepath.Join(dir, "c.txt"), []byte(text))
	})
}

func stdReplace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "tmp")
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func BenchmarkSaveChunks(b *testing.B) {
	ctx := context.Background()
	chunks, err := ChunkText(strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 30_000), nil)
	require.NoError(b, err)
	dir := b.TempDir()
	opts := &SaveOptions{Overwrite: true}
	bench(b, "sync", 0, func() error { _, err := SaveChunks(ctx, chunks, dir, opts); return err })
	bench(b, "async", 0, func() error { _, err := AsyncSaveChunks(ctx, chunks, dir, opts).Await(ctx); return err })
	bench(b, "std-temp-rename", 0, func() error {
		for i := range chunks {
			data, err := json.MarshalIndent(&chunks[i], "", "  ")
			if err != nil {
				return err
			}
			if err := stdReplace(filepath.Join(dir, fmt.Sprintf("std_%d.json", i)), data); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkConcat(b *testing.B) {
	ctx := context.Background()
	dir, paths, size := corpus(b)
	opts := &ConcatOptions{FileTypes: []string{".go"}}
	bench(b, "Concat/sync", size, func() error { _, err := Concat(ctx, []string{dir}, opts); return err })
	bench(b, "Concat/async", size, func() error { _, err := AsyncConcat(ctx, []string{dir}, opts).Await(ctx); return err })
	bench(b, "ConcatFiles/sync", size, func() error { _, err := ConcatFiles(ctx, []string{dir}, opts); return err })
	bench(b, "ConcatFiles/async", size, func() error {
		_, err := AsyncConcatFiles(ctx, []string{dir}, opts).Await(ctx)
		return err
	})
	out, err := os.Create(filepath.Join(b.TempDir(), "out"))
	require.NoError(b, err)
	defer out.Close()
	bench(b, "ConcatTo/sync", size, func() error {
		_, err := ConcatTo(ctx, rewound(out), []string{dir}, opts)
		return err
	})
	bench(b, "ConcatTo/async", size, func() error {
		_, err := AsyncConcatTo(ctx, rewound(out), []string{dir}, opts).Await(ctx)
		return err
	})
	bench(b, "std", size, func() error {
		w := rewound(out)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if _, err := w.Write(data); err != nil {
				return err
			}
		}
		return nil
	})
}

func rewound(f *os.File) *os.File {
	f.Seek(0, io.SeekStart)
	f.Truncate(0)
	return f
}

func BenchmarkFileToChunks(b *testing.B) {
	ctx := context.Background()
	for _, s := range benchSizes {
		path := benchFile(b, s.size)
		bench(b, s.name+"/sync", int64(s.size), func() error { _, err := FileToChunks(ctx, path, nil); return err })
		bench(b, s.name+"/async", int64(s.size), func() error {
			_, err := AsyncFileToChunks(ctx, path, nil).Await(ctx)
			return err
		})
	}
}

func BenchmarkChunk(b *testing.B) {
	ctx := context.Background()
	dir, _, size := corpus(b)
	opts := DefaultChunkOptions()
	opts.FileTypes = []string{".go"}
	opts.OutputFile = filepath.Join(b.TempDir(), "chunks.jsonl")
	opts.OnSkip = func(s SkippedFile) { b.Log(s.Err) }
	bench(b, "sync", size, func() error { _, err := Chunk(ctx, dir, &opts); return err })
	bench(b, "async", size, func() error { _, err := AsyncChunk(ctx, dir, &opts).Await(ctx); return err })
}

func BenchmarkSubmit(b *testing.B) {
	ctx := context.Background()
	empty := func(context.Context) (int, error) { return 0, nil }
	bench(b, "Submit", 0, func() error { _, err := Submit(ctx, nil, empty).Await(ctx); return err })
	bench(b, "std-go-channel", 0, func() error {
		ch := make(chan Result[int], 1)
		go func() {
			v, err := empty(ctx)
			ch <- Result[int]{v, err}
		}()
		return (<-ch).Err
	})
}

func BenchmarkStats(b *testing.B) {
	bench(b, "idle", 0, func() error { DefaultPool.Stats(); return nil })
}
