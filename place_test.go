package fileops_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// A place is a directory and a pool that works there: by whole paths or, if it
// is confined to the directory, by paths relative to it.
type place struct {
	*fileops.Pool
	dir      string
	confined bool
	portable bool // not by this system's own vfs.FS
}

// everywhere runs a test on each filesystem there is.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for _, confined := range []bool{false, true} {
		for _, portable := range []bool{false, true} {
			name := map[bool]string{false: "system", true: "portable"}[portable]
			if confined {
				name += " root"
			}
			t.Run(name, func(t *testing.T) { test(t, newPlace(t, confined, portable, fileops.PoolOptions{})) })
		}
	}
}

func newPlace(t *testing.T, confined, portable bool, o fileops.PoolOptions) place {
	t.Helper()
	p := place{dir: t.TempDir(), confined: confined, portable: portable}
	if confined {
		root, err := os.OpenRoot(p.dir)
		require.NoError(t, err)
		t.Cleanup(func() { root.Close() })
		o.Root = root
	}
	if portable {
		p.Pool = fileops.NewPortablePool(o)
	} else {
		p.Pool = fileops.NewPool(o)
	}
	return p
}

// abs returns a file's whole path.
func (p place) abs(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// at returns a file's path as the pool takes it.
func (p place) at(name string) string {
	if p.confined {
		return filepath.FromSlash(name)
	}
	return p.abs(name)
}

func (p place) ats(names ...string) []string {
	paths := []string{}
	for _, name := range names {
		paths = append(paths, p.at(name))
	}
	return paths
}

// write makes a file and returns its path as the pool takes it.
func (p place) write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(p.abs(name)), 0o777))
	require.NoError(t, os.WriteFile(p.abs(name), []byte(text), 0o666))
	return p.at(name)
}

// manyFiles writes n files of a size and returns their paths.
func (p place) manyFiles(t *testing.T, n, size int) (paths []string) {
	t.Helper()
	text := strings.Repeat("x", size)
	for i := range n {
		paths = append(paths, p.write(t, fmt.Sprintf("%04d.txt", i), text))
	}
	return paths
}

func (p place) mkdir(t *testing.T, name string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.abs(name), 0o777))
	return p.at(name)
}

// symlink makes a link to a target, which is taken as it is.
func (p place) symlink(t *testing.T, target, name string) string {
	t.Helper()
	require.NoError(t, os.Symlink(target, p.abs(name)))
	return p.at(name)
}

// mkfifo makes a FIFO that lets go of whoever is stuck in it, at the end.
func (p place) mkfifo(t *testing.T, name string) string {
	t.Helper()
	if err := exec.Command("mkfifo", p.abs(name)).Run(); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	t.Cleanup(func() {
		if f, err := os.OpenFile(p.abs(name), os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	return p.at(name)
}

// notRegular makes one of everything that is neither a file nor, as the key
// says, a directory.
func (p place) notRegular(t *testing.T) map[string]string {
	t.Helper()
	listener, err := net.Listen("unix", shortPath(t))
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	require.NoError(t, os.Rename(listener.Addr().String(), p.abs("socket")))
	paths := map[string]string{
		"fifo":         p.mkfifo(t, "fifo"),
		"link to fifo": p.symlink(t, "fifo", "link"),
		"socket":       p.at("socket"),
	}
	if !p.confined {
		paths["device"] = os.DevNull
	}
	return paths
}

// shortPath returns the path for a socket, which must not be long.
func shortPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func (p place) text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(p.abs(name))
	require.NoError(t, err)
	return string(b)
}

// tree returns the names of all that is in the directory, hidden and
// temporary files too, in order.
func (p place) tree(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if path != p.dir {
			name, _ := filepath.Rel(p.dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	require.NoError(t, err)
	slices.Sort(names)
	return names
}

// texts are contents at which a reader may stumble.
func texts() []string {
	long := strings.Repeat("0123456789abcde\n", 3<<20/16)
	cases := []string{
		"", "a", "\x00", "\r", "a\r\nb\rc\n", "\ufeffwith a mark", "\ufeff", "no newline", "\n\n\n", "é日本👩‍👩‍👧\U0010ffff\ufffd",
		strings.Repeat("日本👍é", 3<<20/12), long,
	}
	for _, size := range []int{4 << 10, 32 << 10, 64 << 10, 1 << 20, 2 << 20} {
		cases = append(cases, long[:size-1], long[:size], long[:size+1])
	}
	return cases
}

// ended returns a context that is no more.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// patient returns a context for calls that must not hang. It makes a hang a
// failure of one test, not of all.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// requirePathError requires an error of an operation on a path.
func requirePathError(t *testing.T, err, target error, op, path string) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var pathErr *fs.PathError
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, op, pathErr.Op)
	require.Equal(t, path, pathErr.Path)
}

func requireOptionError(t *testing.T, err error, option string) {
	t.Helper()
	var optionErr *fileops.OptionError
	require.ErrorAs(t, err, &optionErr)
	require.Equal(t, option, optionErr.Option)
}

func requireEncodingError(t *testing.T, err error, want fileops.EncodingError) {
	t.Helper()
	var encodingErr *fileops.EncodingError
	require.ErrorAs(t, err, &encodingErr)
	require.Equal(t, want, *encodingErr)
}

// progressLog returns a callback that requires what is promised of progress,
// and a function that returns the last report.
func progressLog(t *testing.T) (report func(fileops.Progress), last func() fileops.Progress) {
	var inside atomic.Int32
	var now fileops.Progress
	calls := 0
	report = func(p fileops.Progress) {
		if inside.Add(1) != 1 {
			t.Error("called by two goroutines at once")
		}
		defer inside.Add(-1)
		if p.Files < now.Files || p.Bytes < now.Bytes || p.Total != 0 && p.Files > p.Total {
			t.Errorf("%+v after %+v", p, now)
		}
		now = p
		calls++
	}
	return report, func() fileops.Progress {
		require.Positive(t, calls)
		return now
	}
}
