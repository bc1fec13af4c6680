package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/lion-agi/fileops"
)

// growthSizes says how far the data grows.
type growthSizes struct {
	files    int   // in one directory tree
	file     int64 // bytes in one file
	tree     int64 // bytes in one tree
	treeFile int64 // bytes in each of that tree's files
}

// quick returns sizes that take no time.
func (s growthSizes) quick() growthSizes {
	return growthSizes{
		files:    min(s.files, 1000),
		file:     min(s.file, 4<<20),
		tree:     min(s.tree, 10_000_000),
		treeFile: s.treeFile,
	}
}

// smallestFiles and smallestFile are where the growth begins.
const (
	smallestFiles = 1000
	smallestFile  = 1 << 20
)

// times is how often each step is repeated; the median counts.
const times = 5

// growth measures how the time of each file and each byte changes as their
// number grows, and how the peak memory does.
func growth(w io.Writer, in *inputs, sizes growthSizes) error {
	return errors.Join(growFiles(w, in, sizes.files), growBytes(w, in, sizes.file), growTree(w, in, sizes))
}

// A step is one operation whose growth is measured.
type step struct {
	name string
	do   func() error
}

// growFiles prints the time per file, from smallestFiles to most files.
func growFiles(w io.Writer, in *inputs, most int) error {
	text, err := in.ascii(1 << 20)
	if err != nil {
		return err
	}
	dir, err := in.fresh(in.memory)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out.jsonl")
	t := growthTable{w: w, per: "file"}
	defer fmt.Fprintln(w)
	for n := smallestFiles; n <= most; n *= 10 {
		tree := filepath.Join(dir, strconv.Itoa(n))
		paths, err := smallFiles(tree, text, n)
		if err != nil {
			return err
		}
		ctx := context.Background()
		opts := fileops.DefaultChunkOptions()
		opts.OutputFile = out
		err = t.row(fmt.Sprintf("%d files of 1 KiB", n), float64(n), []step{
			{"ListFiles", func() error { _, err := fileops.ListFiles(ctx, tree, ""); return err }},
			{"ReadFiles", func() error { return readEach(ctx, paths) }},
			{"AsyncReadFile, all", func() error {
				futures := make([]*fileops.Future[string], len(paths))
				for i, path := range paths {
					futures[i] = fileops.AsyncReadFile(ctx, path)
				}
				_, err := fileops.All(ctx, futures...)
				return err
			}},
			{"ConcatTo", func() error { _, err := fileops.ConcatTo(ctx, io.Discard, []string{tree}, nil); return err }},
			{"Chunk to .jsonl", func() error { _, err := fileops.Chunk(ctx, tree, &opts); return err }},
		})
		if err := errors.Join(err, os.RemoveAll(tree)); err != nil {
			return err
		}
	}
	return nil
}

// smallFiles makes n files of 1 KiB, a thousand in a directory.
func smallFiles(tree, text string, n int) (paths []string, err error) {
	for i := range n {
		dir := filepath.Join(tree, fmt.Sprintf("%04d", i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, err
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("%03d.txt", i%1000))
		if err := os.WriteFile(path, []byte(text[:1<<10]), 0o644); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// growBytes prints the time per byte, from smallestFile to a file of most
// bytes.
func growBytes(w io.Writer, in *inputs, most int64) error {
	text, err := in.ascii(1 << 20)
	if err != nil {
		return err
	}
	dir, err := in.fresh(in.memory)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, target := filepath.Join(dir, "file.txt"), filepath.Join(dir, "copy.txt")
	ctx := context.Background()
	t := growthTable{w: w, per: "MB"}
	defer fmt.Fprintln(w)
	for n := int64(smallestFile); n <= most; n *= 4 {
		if err := largeFile(path, text, n); err != nil {
			return err
		}
		err := t.row("1 file of "+sizeName(int(n)), float64(n)/1e6, []step{
			{"ReadFile", func() error { _, err := fileops.ReadFile(ctx, path); return err }},
			{"ConcatTo", func() error { _, err := fileops.ConcatTo(ctx, io.Discard, []string{path}, nil); return err }},
			{"CopyFile", func() error { return errors.Join(fileops.CopyFile(ctx, path, target), os.Remove(target)) }},
			{"FileToChunks", func() error { _, err := fileops.FileToChunks(ctx, path, nil); return err }},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// largeFile writes size bytes to a file, the text again and again.
func largeFile(path, text string, size int64) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for size > 0 {
		n := min(size, int64(len(text)))
		if _, err := io.WriteString(file, text[:n]); err != nil {
			return err
		}
		size -= n
	}
	return nil
}

// readEach reads the files and keeps none.
func readEach(ctx context.Context, paths []string) error {
	for r := range fileops.ReadFiles(ctx, paths) {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// A growthTable prints the time per unit of one size after the other.
type growthTable struct {
	w       io.Writer
	per     string
	started bool
}

// row measures every step and prints a row of it.
func (t *growthTable) row(name string, units float64, steps []step) error {
	if !t.started {
		t.started = true
		fmt.Fprintf(t.w, "Time per %s:\n\n|", t.per)
		for _, s := range steps {
			fmt.Fprintf(t.w, " | %s", s.name)
		}
		fmt.Fprint(t.w, " |\n|---|")
		for range steps {
			fmt.Fprint(t.w, "--:|")
		}
		fmt.Fprintln(t.w)
	}
	fmt.Fprintf(t.w, "| %s", name)
	for _, s := range steps {
		var ds []time.Duration
		for range times {
			runtime.GC()
			start := time.Now()
			if err := s.do(); err != nil {
				return fmt.Errorf("%s of %s: %w", s.name, name, err)
			}
			ds = append(ds, time.Since(start))
		}
		debug.FreeOSMemory()
		fmt.Fprintf(t.w, " | %s", duration(time.Duration(float64(median(ds))/units)))
	}
	fmt.Fprintln(t.w, " |")
	return nil
}
