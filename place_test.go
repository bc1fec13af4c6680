package fileops_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A place is a temporary directory and a pool that works in it. The pool takes
// absolute paths or, if it is confined to the directory, paths relative to it.
type place struct {
	*fileops.Pool
	dir      string
	confined bool
	portable bool // the pool uses only package os, not the calls of this system
}

// everywhere runs a test with each kind of pool, in parallel.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	eachPlace(t, func(t *testing.T, confined, portable bool) {
		t.Parallel()
		test(t, newPlace(t, confined, portable, fileops.PoolOptions{}))
	})
}

// everywhereInTurn is everywhere for a test that changes the state of the
// process, for example its umask.
func everywhereInTurn(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	eachPlace(t, func(t *testing.T, confined, portable bool) {
		test(t, newPlace(t, confined, portable, fileops.PoolOptions{}))
	})
}

// eachPlace runs a subtest for each kind of pool.
func eachPlace(t *testing.T, test func(t *testing.T, confined, portable bool)) {
	t.Helper()
	for _, confined := range []bool{false, true} {
		for _, portable := range []bool{false, true} {
			name := map[bool]string{false: "system", true: "portable"}[portable]
			if confined {
				name += " root"
			}
			t.Run(name, func(t *testing.T) { test(t, confined, portable) })
		}
	}
}

// newPlace makes a place. The end of the test closes its pool.
func newPlace(t *testing.T, confined, portable bool, o fileops.PoolOptions) place {
	t.Helper()
	p := place{dir: t.TempDir(), confined: confined, portable: portable || confined && confinesByOS()}
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
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), hangTimeout)
		defer cancel()
		assert.NoError(t, p.Close(ctx))
	})
	return p
}

// confinesByOS reports whether package os confines every pool: Linux denies
// openat2(2) in some sandboxes, and other systems have no such call.
var confinesByOS = sync.OnceValue(func() bool {
	root, err := os.OpenRoot(".")
	if err != nil {
		panic(err)
	}
	defer root.Close()
	system, portable := vfs.Confined(root), vfs.PortableConfined(root)
	defer system.Close()
	return reflect.TypeOf(system) == reflect.TypeOf(portable)
})

// newSystemPlace makes a place whose pool uses the calls of this system and is
// not confined.
func newSystemPlace(t *testing.T, o fileops.PoolOptions) place {
	t.Helper()
	return newPlace(t, false, false, o)
}

// abs returns the absolute path of a file.
func (p place) abs(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// at returns the path by which the pool knows a file.
func (p place) at(name string) string {
	if p.confined {
		return filepath.FromSlash(name)
	}
	return p.abs(name)
}

// ats returns the paths by which the pool knows files.
func (p place) ats(names ...string) []string {
	paths := []string{}
	for _, name := range names {
		paths = append(paths, p.at(name))
	}
	return paths
}

// write writes a file, with the directories above it, and returns its path.
func (p place) write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(p.abs(name)), 0o777))
	require.NoError(t, os.WriteFile(p.abs(name), []byte(text), 0o666))
	return p.at(name)
}

// manyFiles writes n files of size bytes and returns their paths.
func (p place) manyFiles(t *testing.T, n, size int) (paths []string) {
	t.Helper()
	text := strings.Repeat("x", size)
	for i := range n {
		paths = append(paths, p.write(t, fmt.Sprintf("%04d.txt", i), text))
	}
	return paths
}

// mkdir makes a directory, with those above it, and returns its path.
func (p place) mkdir(t *testing.T, name string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.abs(name), 0o777))
	return p.at(name)
}

// symlink makes a symbolic link that contains target unchanged.
func (p place) symlink(t *testing.T, target, name string) string {
	t.Helper()
	require.NoError(t, os.Symlink(target, p.abs(name)))
	return p.at(name)
}

// mkfifo makes a FIFO. The end of the test unblocks every call that hangs in it.
func (p place) mkfifo(t *testing.T, name string) string {
	t.Helper()
	if err := exec.Command("mkfifo", p.abs(name)).Run(); err != nil {
		t.Skipf("cannot make a FIFO: %v", err)
	}
	t.Cleanup(func() {
		if f, err := os.OpenFile(p.abs(name), os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	return p.at(name)
}

// notRegular makes one file of each kind that is neither a regular file nor a
// directory. The keys of the map name the kinds.
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

// shortPath returns a path for a socket. The system limits the path of a socket
// to about 100 bytes, see unix(7).
func shortPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// text returns the contents of a file.
func (p place) text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(p.abs(name))
	require.NoError(t, err)
	return string(b)
}

// tree returns the sorted names of all files and directories in the place, with
// hidden files and temporary files.
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

// texts returns contents of sizes and characters that are easy to read wrongly.
func texts() []string {
	long := strings.Repeat("0123456789abcde\n", 3<<20/16)
	cases := []string{
		"", "a", "\x00", "\r", "a\r\nb\rc\n", "\ufeffwith a byte order mark", "\ufeff", "no newline", "\n\n\n", "é日本👩‍👩‍👧\U0010ffff\ufffd",
		strings.Repeat("日本👍é", 3<<20/12), long,
	}
	sizes := []int{4 << 10, 32 << 10, 64 << 10, 1 << 20, 2 << 20}
	if testing.Short() {
		sizes = []int{64 << 10, 1 << 20}
	}
	for _, size := range sizes {
		cases = append(cases, long[:size-1], long[:size], long[:size+1])
	}
	return cases
}

// cancelled returns a context that is cancelled.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// hangTimeout is the time after which a call counts as hung.
const hangTimeout = 20 * time.Second

// noHang returns a context for calls that must not hang. If one hangs, this test
// alone fails.
func noHang(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
	t.Cleanup(cancel)
	return ctx
}

// unlessShort returns full, or few with the flag -short.
func unlessShort(full, few int) int {
	if testing.Short() {
		return few
	}
	return full
}

// requirePathError requires that err is target, in an *fs.PathError of the
// operation op on path.
func requirePathError(t *testing.T, err, target error, op, path string) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var pathErr *fs.PathError
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, op, pathErr.Op)
	require.Equal(t, path, pathErr.Path)
}

// requireOptionError requires an *OptionError for an option.
func requireOptionError(t *testing.T, err error, option string) {
	t.Helper()
	var optionErr *fileops.OptionError
	require.ErrorAs(t, err, &optionErr)
	require.Equal(t, option, optionErr.Option)
}

// requireEncodingError requires an *EncodingError that equals want.
func requireEncodingError(t *testing.T, err error, want fileops.EncodingError) {
	t.Helper()
	var encodingErr *fileops.EncodingError
	require.ErrorAs(t, err, &encodingErr)
	require.Equal(t, want, *encodingErr)
}

// progressLog returns a callback for Progress and a function that returns the
// last report. The callback requires that one goroutine calls it at a time and
// that no number shrinks.
func progressLog(t *testing.T) (report func(fileops.Progress), last func() fileops.Progress) {
	var inside atomic.Int32
	var latest fileops.Progress
	calls := 0
	report = func(p fileops.Progress) {
		if inside.Add(1) != 1 {
			t.Error("two goroutines call Progress at once")
		}
		defer inside.Add(-1)
		if p.Files < latest.Files || p.Bytes < latest.Bytes || p.Total != 0 && p.Files > p.Total {
			t.Errorf("progress goes back from %+v to %+v", latest, p)
		}
		latest = p
		calls++
	}
	return report, func() fileops.Progress {
		require.Positive(t, calls)
		return latest
	}
}
