package fileops

import (
	"archive/zip"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkFS chunks and reads the corpus by the system's calls, and from an
// [fs.FS]: an os.DirFS, and a zip that holds it compressed.
func BenchmarkFS(b *testing.B) {
	ctx := context.Background()
	dir, paths, size := corpus(b)
	opts := DefaultChunkOptions()
	opts.FileTypes = []string{".go"}
	run := func(name string, p *Pool, dir string, paths []string) {
		bench(b, "ChunkTo/"+name, size, func() error { _, err := p.ChunkTo(ctx, io.Discard, dir, &opts); return err })
		bench(b, "ScanFiles/"+name, size, func() error {
			for f := range p.ScanFiles(ctx, slices.Values(paths)) {
				if f.Err != nil {
					return f.Err
				}
			}
			return nil
		})
	}
	var below []string
	for _, path := range paths {
		name, err := filepath.Rel(dir, path)
		require.NoError(b, err)
		below = append(below, filepath.ToSlash(name))
	}
	run("system", DefaultPool, dir, paths)
	for name, files := range map[string]fs.FS{"os.DirFS": os.DirFS(dir), "zip": zipOf(b, dir, below)} {
		run(name, NewPool(PoolOptions{FS: files}), ".", below)
	}
}

func zipOf(b *testing.B, dir string, names []string) fs.FS {
	b.Helper()
	path := filepath.Join(b.TempDir(), "corpus.zip")
	f, err := os.Create(path)
	require.NoError(b, err)
	w := zip.NewWriter(f)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(b, err)
		to, err := w.Create(name)
		require.NoError(b, err)
		_, err = to.Write(data)
		require.NoError(b, err)
	}
	require.NoError(b, w.Close())
	require.NoError(b, f.Close())
	r, err := zip.OpenReader(path)
	require.NoError(b, err)
	b.Cleanup(func() { r.Close() })
	return r
}
