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

// growthSizes are the largest sizes of the data.
type growthSizes struct {
	files    int   // in one directory tree
	file     int64 // bytes in one file
	tree     int64 // bytes in one tree
	treeFile int64 // bytes in each file of that tree
	held     int64 // bytes in the file whose peak memory is measured
	names    int   // in the tree whose names are listed
}

// quick returns sizes that take no time.
func (s growthSizes) quick() growthSizes {
	return growthSizes{
		files:    min(s.files, 1000),
		file:     min(s.file, 4<<20),
		tree:     min(s.tree, 10_000_000),
		treeFile: s.treeFile,
		held:     min(s.held, 4<<20),
		names:    min(s.names, 1000),
	}
}

// The growth begins with smallestFiles files, and with a file of smallestFile
// bytes.
const (
	smallestFiles = 1000
	smallestFile  = 1 << 20
)

// repetitions is how often each step is measured. The table has the median.
const repetitions = 5

// growth measures how the time per file and per byte, and the peak memory,
// change as the data grows. It writes a plot of the memory to a file, unless that
// is "".
func growth(w io.Writer, in *inputs, sizes growthSizes, plotFile string) error {
	if err := errors.Join(growFiles(w, in, sizes.files), growBytes(w, in, sizes.file)); err != nil {
		return err
	}
	plot, err := growTree(w, in, sizes)
	if err != nil {
		return err
	}
	if err := growNames(w, in, sizes.names); err != nil || plotFile == "" {
		return err
	}
	return os.WriteFile(plotFile, plot.svg(), 0o644)
}

// withScratch calls measure with a new directory, which it removes afterwards,
// and 1 MiB of text.
func (in *inputs) withScratch(measure func(dir, text string) error) error {
	text, err := in.asciiText(1 << 20)
	if err != nil {
		return err
	}
	dir, err := in.newDir(in.memory)
	if err != nil {
		return err
	}
	return errors.Join(measure(dir, text), os.RemoveAll(dir))
}

// A step is one operation whose growth is measured.
type step struct {
	name string
	do   func() error
}

// growFiles prints the time per file, from smallestFiles to most files.
func growFiles(w io.Writer, in *inputs, most int) error {
	defer fmt.Fprintln(w)
	return in.withScratch(func(dir, text string) error {
		t := growthTable{w: w, per: "file"}
		for n := smallestFiles; n <= most; n *= 10 {
			tree := filepath.Join(dir, strconv.Itoa(n))
			paths, err := smallFiles(tree, text, n)
			if err != nil {
				return err
			}
			err = t.row(fmt.Sprintf("%d files of 1 KiB", n), float64(n), fileSteps(tree, paths, filepath.Join(dir, "out.jsonl")))
			if err := errors.Join(err, os.RemoveAll(tree)); err != nil {
				return err
			}
		}
		return nil
	})
}

// fileSteps returns the operations on many files. paths are the files of tree,
// and out is where chunks are written to.
func fileSteps(tree string, paths []string, out string) []step {
	ctx := context.Background()
	opts := fileops.DefaultChunkOptions()
	opts.OutputFile = out
	return []step{
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
		{"ConcatTo", func() error { return concatEach(ctx, []string{tree}) }},
		{"Chunk to .jsonl", func() error { _, err := fileops.Chunk(ctx, tree, &opts); return err }},
		{"ChunkTo", func() error { _, err := fileops.ChunkTo(ctx, io.Discard, tree, nil); return err }},
	}
}

// smallFiles makes n files of 1 KiB, a thousand in each directory.
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

// growBytes prints the time per megabyte, from smallestFile to a file of most
// bytes.
func growBytes(w io.Writer, in *inputs, most int64) error {
	defer fmt.Fprintln(w)
	return in.withScratch(func(dir, text string) error {
		path := filepath.Join(dir, "file.txt")
		steps := byteSteps(path, filepath.Join(dir, "copy.txt"))
		t := growthTable{w: w, per: "MB"}
		for n := int64(smallestFile); n <= most; n *= 4 {
			if err := largeFile(path, text, n); err != nil {
				return err
			}
			if err := t.row("1 file of "+sizeName(int(n)), float64(n)/1e6, steps); err != nil {
				return err
			}
		}
		return nil
	})
}

// byteSteps returns the operations on one file and its copy.
func byteSteps(path, target string) []step {
	ctx := context.Background()
	return []step{
		{"ReadFile", func() error { _, err := fileops.ReadFile(ctx, path); return err }},
		{"ConcatTo", func() error { return concatEach(ctx, []string{path}) }},
		{"CopyFile", func() error { return errors.Join(fileops.CopyFile(ctx, path, target), os.Remove(target)) }},
		{"FileToChunks", func() error { _, err := fileops.FileToChunks(ctx, path, nil); return err }},
		{"ChunkTo", func() error { _, err := fileops.ChunkTo(ctx, io.Discard, path, nil); return err }},
	}
}

// largeFile writes a file of size bytes that repeats the text.
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

// readEach reads the files and keeps no text.
func readEach(ctx context.Context, paths []string) error {
	for r := range fileops.ReadFiles(ctx, paths) {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// concatEach concatenates the files and discards the text.
func concatEach(ctx context.Context, paths []string) error {
	_, err := fileops.ConcatTo(ctx, io.Discard, paths, nil)
	return err
}

// A growthTable prints the time per unit, one row for each size.
type growthTable struct {
	w       io.Writer
	per     string
	started bool
}

// row measures every step and prints a row of the table.
func (t *growthTable) row(name string, units float64, steps []step) error {
	if !t.started {
		t.started = true
		t.head(steps)
	}
	fmt.Fprintf(t.w, "| %s", name)
	for _, s := range steps {
		d, err := s.measure()
		if err != nil {
			return fmt.Errorf("%s of %s: %w", s.name, name, err)
		}
		fmt.Fprintf(t.w, " | %s", duration(time.Duration(float64(d)/units)))
	}
	fmt.Fprintln(t.w, " |")
	return nil
}

// head prints the head of the table.
func (t *growthTable) head(steps []step) {
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

// measure returns the median time of a step. Each repetition begins with
// garbage collected, and the last one returns its memory to the system.
func (s step) measure() (time.Duration, error) {
	defer debug.FreeOSMemory()
	var times []time.Duration
	for range repetitions {
		runtime.GC()
		start := time.Now()
		if err := s.do(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	return median(times), nil
}
