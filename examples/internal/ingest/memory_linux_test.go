//go:build linux && !race

package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// mostMemory is far above the program's need, and below that of the texts.
const mostMemory = 150 << 20

// peakMemory runs the program in a process of its own and returns its report and
// the largest size that it had in memory.
func peakMemory(t *testing.T, args ...string) (report string, peak int64) {
	var stdout, stderr bytes.Buffer
	c := child(t, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if args[1] == "-" {
		c.Stdout = nil // os.DevNull
	}
	require.NoError(t, c.Run(), "%s", &stderr)
	usage := c.ProcessState.SysUsage().(*syscall.Rusage)
	return stdout.String() + stderr.String(), int64(usage.Maxrss) << 10
}

// scratch returns a new directory in memory if there is room for so many bytes,
// else on the disk.
func scratch(t *testing.T, room int64) string {
	const shm = "/dev/shm"
	var st unix.Statfs_t
	if unix.Statfs(shm, &st) != nil || int64(st.Bavail)*int64(st.Bsize) < room {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shm, "ingest")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

const sentence = "The größte memory is 走 that needs none.\n"

// sentences returns a text of about n bytes.
func sentences(n int) []byte { return bytes.Repeat([]byte(sentence), n/len(sentence)) }

// makeTree makes a directory of texts and of files that are none.
func makeTree(t *testing.T, dir string, size int) {
	const fileSize, perDir = 32 << 10, 64
	text, none := sentences(fileSize), append(sentences(fileSize), 0xff)
	for i := range size / fileSize {
		sub := filepath.Join(dir, strconv.Itoa(i/perDir))
		if i%perDir == 0 {
			require.NoError(t, os.Mkdir(sub, 0o777))
		}
		data := text
		if i%16 == 0 {
			data = none
		}
		require.NoError(t, os.WriteFile(filepath.Join(sub, strconv.Itoa(i)), data, 0o666))
	}
}

// makeFile makes a file of sentences.
func makeFile(t *testing.T, path string, size int) {
	f, err := os.Create(path)
	require.NoError(t, err)
	text := sentences(1 << 20)
	for ; size > 0; size -= len(text) {
		_, err := f.Write(text[:min(size, len(text))/len(sentence)*len(sentence)])
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

func TestMemoryStaysFlat(t *testing.T) {
	size, small := 300<<20, 4<<20
	if testing.Short() {
		size, small = 128<<20, 1<<20
	}
	file := func(size int) func(*testing.T, string) {
		return func(t *testing.T, dir string) { makeFile(t, filepath.Join(dir, "a.txt"), size) }
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
		args []string
	}{
		{"many files", func(t *testing.T, dir string) { makeTree(t, dir, size) }, []string{"-split", "none"}},
		{"many files at their joints", func(t *testing.T, dir string) { makeTree(t, dir, size/2) }, nil},
		{"one large file", file(size), []string{"-split", "none"}},
		{"one large file in words", file(size / 2), []string{"-unit", "tokens"}},
		{"a chunk for each character", file(small), []string{"-split", "none", "-size", "1", "-overlap", "0", "-threshold", "0"}},
		{"a chunk for each word", file(small), []string{"-unit", "tokens", "-size", "1", "-overlap", "0", "-threshold", "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := scratch(t, 4*int64(size))
			in := filepath.Join(dir, "in")
			require.NoError(t, os.Mkdir(in, 0o777))
			c.make(t, in)
			var chunks []string
			for _, out := range []string{filepath.Join(dir, "out.jsonl"), "-"} {
				report, peak := peakMemory(t, append(append([]string{"-o", out, "-max-size", "0"}, c.args...), in)...)
				t.Logf("%s: %d MiB", filepath.Base(out), peak>>20)
				assert.Less(t, peak, int64(mostMemory), out)
				n, _, _ := strings.Cut(fields(report)["chunks"], " ")
				chunks = append(chunks, n)
			}
			assert.Equal(t, chunks[0], chunks[1])
			assert.NotEqual(t, "0", chunks[0])
		})
	}
}
