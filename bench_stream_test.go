package fileops

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
)

// BenchmarkScanFiles reads the corpus into memory that is used again. Without
// openShort of package vfs it allocates once more for each file: 1.35 instead of
// 0.35 (Xeon, 2 cores, go1.26.8).
func BenchmarkScanFiles(b *testing.B) {
	ctx := context.Background()
	_, paths, size := corpus(b)
	bench(b, "ScanFiles", size, func() error {
		for f := range ScanFiles(ctx, slices.Values(paths)) {
			if f.Err != nil {
				return f.Err
			}
		}
		return nil
	})
	bench(b, "ReadFiles", size, func() error {
		for r := range ReadFiles(ctx, paths) {
			if r.Err != nil {
				return r.Err
			}
		}
		return nil
	})
}

// BenchmarkFiles walks over the Go distribution.
func BenchmarkFiles(b *testing.B) {
	ctx := context.Background()
	dir := goroot(b)
	for name, opts := range map[string]*DirOptions{"paths": nil, "Stat": {Stat: true}} {
		bench(b, name, 0, func() error {
			for _, err := range Files(ctx, dir, opts) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// BenchmarkChunks cuts the corpus: in a loop, as JSON lines, and piece by piece, as
// files of more than some MiB are cut.
func BenchmarkChunks(b *testing.B) {
	ctx := context.Background()
	dir, _, size := corpus(b)
	opts := DefaultChunkOptions()
	opts.FileTypes = []string{".go"}
	chunks := func(p *Pool, path string) func() error {
		return func() error {
			for _, err := range p.Chunks(ctx, path, &opts) {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	bench(b, "Chunks", size, chunks(DefaultPool, dir))
	bench(b, "ChunkTo", size, func() error { _, err := ChunkTo(ctx, io.Discard, dir, &opts); return err })
	file := benchFile(b, 64<<20)
	bench(b, "pieces", 64<<20, chunks(DefaultPool, file))
	whole := NewPool(PoolOptions{})
	whole.streamSize = anySize
	bench(b, "whole", 64<<20, chunks(whole, filepath.Clean(file)))
}

// BenchmarkSelect lists the Go distribution without a [Selection], with 200 patterns
// that match little, as large projects have them, and as git would.
func BenchmarkSelect(b *testing.B) {
	many := &Selection{}
	for i := range 50 {
		many.Exclude = append(many.Exclude, fmt.Sprintf("name%d", i), fmt.Sprintf("*.ext%d", i), fmt.Sprintf("/top/dir%d/", i), fmt.Sprintf("%c%d*b/**/c?d", 'a'+i%26, i))
	}
	ctx, dir := context.Background(), goroot(b)
	for _, c := range []struct {
		name string
		sel  *Selection
	}{{"none", nil}, {"200 rules", many}, {"git", &Selection{Git: true}}} {
		bench(b, c.name, 0, func() error {
			for _, err := range Files(ctx, dir, &DirOptions{Select: c.sel}) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
}
