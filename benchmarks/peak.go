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
)

// distinctFiles is how many files of a tree have contents of their own. The
// others are hard links to them, so that a large tree needs little disk space.
const distinctFiles = 500

// peakOperations are the operations whose peak memory is measured. Each gets
// the paths of a tree's files, or the path of the tree.
var peakOperations = map[string]func(ctx context.Context, paths []string) error{
	"ReadFiles": readEach,
	"ConcatTo":  concatEach,
}

// growTree prints the peak memory of the operations on a tree that grows to
// its largest size. Each operation runs in a process of its own.
func growTree(w io.Writer, in *inputs, sizes growthSizes) error {
	return in.withScratch(func(dir, text string) error {
		t := tree{dir: dir, text: text, fileSize: sizes.treeFile}
		fmt.Fprintf(w, "Peak memory:\n\n| | ReadFiles | ConcatTo |\n|---|--:|--:|\n")
		for _, divisor := range []int64{100, 10, 3, 1} {
			n := max(int(sizes.tree/divisor/sizes.treeFile), 1)
			if err := t.printPeaks(w, n); err != nil {
				return err
			}
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

// printPeaks makes a tree of n files and prints the peak memory of the
// operations on it.
func (t *tree) printPeaks(w io.Writer, n int) error {
	if err := t.grow(n); err != nil {
		return err
	}
	read, err := peakOf("ReadFiles", t.paths)
	if err != nil {
		return err
	}
	concat, err := peakOf("ConcatTo", []string{t.dir})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| a tree of %s GB in %d files | %s | %s |\n", digits(float64(n)*float64(t.fileSize)/1e9), n, read, concat)
	return nil
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

// peakOf runs an operation on the paths in a process of its own and returns
// that process' peak memory.
func peakOf(operation string, paths []string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(self, "-peak", operation)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// printPeak is the main function of the process that peakOf starts.
func printPeak(operation string, in io.Reader, out io.Writer) error {
	do, ok := peakOperations[operation]
	if !ok {
		return fmt.Errorf("unknown operation %q", operation)
	}
	var paths []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		paths = append(paths, lines.Text())
	}
	if err := errors.Join(lines.Err(), do(context.Background(), paths)); err != nil {
		return err
	}
	fmt.Fprintln(out, peakMemory())
	return nil
}

// peakMemory returns this process' peak resident memory: VmHWM of
// proc_pid_status(5).
func peakMemory() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "n/a"
	}
	for line := range strings.Lines(string(b)) {
		var kB int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kB); n == 1 {
			return fmt.Sprintf("%d MiB", kB>>10)
		}
	}
	return "n/a"
}
