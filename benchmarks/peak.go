package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lion-agi/fileops"
)

// distinctFiles is how many files of a tree have contents of their own. The
// others are hard links to them, so that a large tree needs little disk space.
const distinctFiles = 500

// A peakOperation is an operation whose peak memory is measured, in a process of
// its own.
type peakOperation struct {
	name string
	list bool  // it gets the paths of the files, not the path of the tree
	most int64 // the largest tree that it is run on, 0 for any
	run  func(ctx context.Context, paths []string) error
}

// heldTree is the size of the largest tree that Chunk, which holds all chunks, is
// run on.
const heldTree = 2e9

var peakOperations = []peakOperation{
	{name: "ReadFiles", list: true, run: readEach},
	{name: "ConcatTo", run: concatEach},
	{name: "ChunkTo", run: func(ctx context.Context, paths []string) error {
		_, err := fileops.ChunkTo(ctx, io.Discard, paths[0], nil)
		return err
	}},
	{name: "Chunks", run: func(ctx context.Context, paths []string) error {
		for _, err := range fileops.Chunks(ctx, paths[0], nil) {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{name: "Chunk", most: heldTree, run: func(ctx context.Context, paths []string) error {
		_, err := fileops.Chunk(ctx, paths[0], nil)
		return err
	}},
}

// filesOperation walks over a tree. It is measured on trees of empty files.
var filesOperation = peakOperation{name: "Files", run: func(ctx context.Context, paths []string) error {
	for _, err := range fileops.Files(ctx, paths[0], nil) {
		if err != nil {
			return err
		}
	}
	return nil
}}

// growTree prints the peak memory of the operations on a tree that grows to its
// largest size, and on one file of that kind. It returns a plot.
func growTree(w io.Writer, in *inputs, sizes growthSizes) (plot *memoryPlot, err error) {
	plot = new(memoryPlot)
	err = in.withScratch(func(dir, text string) error {
		t := tree{dir: filepath.Join(dir, "tree"), text: text, fileSize: sizes.treeFile}
		fmt.Fprint(w, "Peak memory in MiB:\n\n|")
		for _, o := range peakOperations {
			fmt.Fprintf(w, " | %s", o.name)
		}
		fmt.Fprintf(w, " |\n|---%s|\n", strings.Repeat("|--:", len(peakOperations)))
		for _, divisor := range []int64{100, 30, 10, 6, 3, 1} {
			n := max(int(sizes.tree/divisor/sizes.treeFile), 1)
			if err := t.grow(n); err != nil {
				return err
			}
			size := float64(n) * float64(sizes.treeFile)
			name := fmt.Sprintf("a tree of %s GB in %d files", digits(size/1e9), n)
			if err := plot.measure(w, name, size, t.dir, t.paths); err != nil {
				return err
			}
		}
		file := filepath.Join(dir, "file.txt")
		if err := largeFile(file, text, sizes.held); err != nil {
			return err
		}
		name := fmt.Sprintf("1 file of %s GB", digits(float64(sizes.held)/1e9))
		return new(memoryPlot).measure(w, name, float64(sizes.held), file, []string{file})
	})
	return plot, err
}

// growNames prints the peak memory of Files on trees of more and more names.
func growNames(w io.Writer, in *inputs, most int) error {
	fmt.Fprintf(w, "\nPeak memory of Files in MiB:\n\n| names | |\n|--:|--:|\n")
	return in.withScratch(func(dir, _ string) error {
		t := tree{dir: dir}
		for _, n := range []int{most / 100, most / 8, most} {
			if err := t.grow(n); err != nil {
				return err
			}
			peak, err := peakOf(filesOperation, []string{dir})
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "| %d | %d |\n", n, peak)
		}
		return nil
	})
}

// A tree is a directory of files of one size. It can grow.
type tree struct {
	dir      string
	text     string // the contents of the files, repeated
	fileSize int64
	paths    []string
}

// grow adds files until the tree has n of them.
func (t *tree) grow(n int) error {
	for i := len(t.paths); i < n; i++ {
		path := filepath.Join(t.dir, fmt.Sprintf("%04d", i/1000), fmt.Sprintf("%03d.txt", i%1000))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		var err error
		if i < distinctFiles {
			err = largeFile(path, t.text, t.fileSize)
		} else {
			err = os.Link(t.paths[i%distinctFiles], path)
		}
		if err != nil {
			return err
		}
		t.paths = append(t.paths, path)
	}
	return nil
}

// peakOf runs an operation on the paths in a process of its own and returns that
// process' peak memory, in MiB.
func peakOf(o peakOperation, paths []string) (mib int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, "-peak", o.name)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(out), &mib)
	return mib, err
}

// printPeak is the main function of the process that peakOf starts.
func printPeak(operation string, in io.Reader, out io.Writer) error {
	for _, o := range append(peakOperations, filesOperation) {
		if o.name != operation {
			continue
		}
		var paths []string
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			paths = append(paths, lines.Text())
		}
		if err := errors.Join(lines.Err(), o.run(context.Background(), paths)); err != nil {
			return err
		}
		mib, err := peakMemory()
		fmt.Fprintln(out, mib)
		return err
	}
	return fmt.Errorf("unknown operation %q", operation)
}

// peakMemory returns this process' peak resident memory in MiB: VmHWM of
// proc_pid_status(5).
func peakMemory() (mib int, err error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kB int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kB); n == 1 {
			return kB >> 10, nil
		}
	}
	return 0, errors.New("the system does not tell the peak memory")
}
