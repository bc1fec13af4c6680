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
// others are hard links to them, so that a large tree takes little disk.
const distinctFiles = 500

// peakOperations are the operations whose peak memory is measured: each
// reads the paths, which name the files of a tree or the tree itself.
var peakOperations = map[string]func(ctx context.Context, paths []string) error{
	"ReadFiles": readEach,
	"ConcatTo": func(ctx context.Context, paths []string) error {
		_, err := fileops.ConcatTo(ctx, io.Discard, paths, nil)
		return err
	},
}

// growTree prints the peak memory of the operations on a tree that grows to
// its largest size. Each runs in a process of its own.
func growTree(w io.Writer, in *inputs, sizes growthSizes) error {
	text, err := in.ascii(1 << 20)
	if err != nil {
		return err
	}
	dir, err := in.fresh(in.memory)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := tree{dir: dir, text: text, size: sizes.treeFile}
	fmt.Fprintf(w, "Peak memory:\n\n| | ReadFiles | ConcatTo |\n|---|--:|--:|\n")
	for _, part := range []int64{100, 10, 3, 1} {
		n := max(int(sizes.tree/part/sizes.treeFile), 1)
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
		fmt.Fprintf(w, "| a tree of %s GB in %d files | %s | %s |\n", digits(float64(n)*float64(sizes.treeFile)/1e9), n, read, concat)
	}
	return nil
}

// A tree is a directory of files of one size that can grow.
type tree struct {
	dir   string
	text  string // what its files are made of
	size  int64  // of each
	paths []string
}

// grow makes the tree one of n files.
func (t *tree) grow(n int) error {
	for i := len(t.paths); i < n; i++ {
		path := filepath.Join(t.dir, fmt.Sprintf("%04d", i/1000), fmt.Sprintf("%03d.txt", i%1000))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		var err error
		if i < distinctFiles {
			err = largeFile(path, t.text, t.size)
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

// peakOf runs an operation on the paths in a process of its own, and returns
// how much memory that took at most.
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

// printPeak is what that process does.
func printPeak(operation string, in io.Reader, out io.Writer) error {
	do, ok := peakOperations[operation]
	if !ok {
		return fmt.Errorf("no operation %q", operation)
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

// peakMemory returns the most memory this process has had, as the system
// tells it.
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
