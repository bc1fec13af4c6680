//go:build linux

package reliability

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// An endlessFile is a file whose contents never end, behind a small size.
type endlessFile struct {
	fs.Inode
	start string // its first bytes; zeros follow
}

var (
	_ fs.NodeOpener    = (*endlessFile)(nil)
	_ fs.NodeReader    = (*endlessFile)(nil)
	_ fs.NodeGetattrer = (*endlessFile)(nil)
)

func (f *endlessFile) Open(context.Context, uint32) (fs.FileHandle, uint32, unix.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0 // else the kernel reads no more than the size
}

func (f *endlessFile) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) unix.Errno {
	out.Size, out.Mode = 5, 0o644
	return 0
}

func (f *endlessFile) Read(_ context.Context, _ fs.FileHandle, dst []byte, at int64) (fuse.ReadResult, unix.Errno) {
	clear(dst)
	if at < int64(len(f.start)) {
		copy(dst, f.start[at:])
	}
	return fuse.ReadResultData(dst), 0
}

// mountEndless mounts files that never end until the test ends.
func mountEndless(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	root := new(fs.Inode)
	server, err := fs.Mount(dir, root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "fileops", Name: "endless"},
		OnAdd: func(ctx context.Context) {
			for name, start := range map[string]string{"endless": "", "endless film": "\xff\xd8"} {
				root.AddChild(name, root.NewPersistentInode(ctx, &endlessFile{start: start}, fs.StableAttr{}), true)
			}
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Unmount()) })
	return dir
}

// The environment of the processes with little memory.
const (
	envOdd   = "FILEOPS_ODD_FILES"     // the directory of the files
	envGroup = "FILEOPS_CONTROL_GROUP" // the control group to join, "" for none
)

// littleMemory is how much such a process may take.
const littleMemory = 256 << 20

// newGroup makes a control group below the one of this process, see cgroups(7).
func newGroup(t *testing.T, limit int64) (dir string) {
	t.Helper()
	needRoot(t)
	groups, err := os.ReadFile("/proc/self/cgroup")
	require.NoError(t, err)
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) < 3:
		case slices.Contains(strings.Split(fields[1], ","), "memory"):
			dir = makeGroup(t, filepath.Join("/sys/fs/cgroup/memory", fields[2]), "memory.limit_in_bytes", limit)
		case fields[1] == "" && dir == "":
			dir = makeGroup(t, filepath.Join("/sys/fs/cgroup", fields[2]), "memory.max", limit)
		}
	}
	need(t, dir != "", "needs the controller of memory of control groups")
	return dir
}

// makeGroup makes a group below another, or returns "" if there is no controller
// of memory.
func makeGroup(t *testing.T, above, file string, limit int64) string {
	dir, err := os.MkdirTemp(above, "fileops-test-")
	if err != nil {
		return ""
	}
	t.Cleanup(func() { // it is empty when its last process has been waited for
		eventually(t, "the group is removed", func() bool { return unix.Rmdir(dir) == nil })
	})
	if os.WriteFile(filepath.Join(dir, file), fmt.Append(nil, limit), 0o644) != nil {
		return ""
	}
	os.WriteFile(filepath.Join(dir, "memory.swap.max"), []byte("0"), 0o644) // of version 2
	return dir
}

// TestNoFileEndsTheProcess runs all operations on files that do not fit the memory,
// in a process that may take little. It survives, and each call ends with the right
// error.
func TestNoFileEndsTheProcess(t *testing.T) {
	for name, limit := range map[string]func(t *testing.T){"control group": joinGroup, "address space": limitAddressSpace} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv(envAlone) == "" {
				needRoot(t)
				dir := t.TempDir()
				for name, size := range map[string]int64{"sparse": 8 << 40, "half": littleMemory / 5 * 2} {
					require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
					require.NoError(t, os.Truncate(filepath.Join(dir, name), size))
				}
				endless := mountEndless(t)
				for name, target := range map[string]string{
					"device": "/dev/zero", "endless": filepath.Join(endless, "endless"), "endless film": filepath.Join(endless, "endless film"),
				} {
					require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
				}
				t.Setenv(envOdd, dir)
				if name == "control group" {
					t.Setenv(envGroup, newGroup(t, littleMemory))
				}
			}
			if !alone(t) {
				return
			}
			limit(t)
			t.Run("odd files", readOddFiles)
			t.Run("together", readTogether)
			t.Run("sizes about the limit", readSizes)
		})
	}
}

func joinGroup(t *testing.T) {
	require.NoError(t, os.WriteFile(filepath.Join(os.Getenv(envGroup), "cgroup.procs"), []byte("0"), 0o644))
}

func limitAddressSpace(t *testing.T) {
	var pages uint64
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	_, err = fmt.Sscan(string(statm), &pages)
	require.NoError(t, err)
	limit := pages*uint64(os.Getpagesize()) + 2*littleMemory
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: limit, Max: limit}))
}

// oddErrors are the errors of each operation for each kind of file. An operation
// that is not listed has those of "".
var oddErrors = map[string]map[string]error{
	"":           {"sparse": fileops.ErrTooLarge, "device": fileops.ErrNotRegular, "endless": fileops.ErrTooLarge, "endless film": errNoText},
	"ReadBytes":  {"sparse": fileops.ErrTooLarge, "device": fileops.ErrNotRegular, "endless": fileops.ErrTooLarge, "endless film": fileops.ErrTooLarge},
	"ConcatTo":   {"sparse": context.DeadlineExceeded, "device": fileops.ErrNotRegular, "endless": context.DeadlineExceeded, "endless film": errNoText},
	"CopyFile":   {"sparse": nil, "device": fileops.ErrNotRegular, "endless": context.DeadlineExceeded, "endless film": context.DeadlineExceeded},
	"Chunk":      {"sparse": fileops.ErrTooLarge, "device": nil, "endless": fileops.ErrTooLarge, "endless film": errNoText}, // no file of a directory, so no failure
	"Chunks":     {"sparse": context.DeadlineExceeded, "device": nil, "endless": context.DeadlineExceeded, "endless film": errNoText},
	"ChunkTo":    {"sparse": context.DeadlineExceeded, "device": fileops.ErrNotRegular, "endless": context.DeadlineExceeded, "endless film": errNoText},
	"ScanFiles":  {"sparse": fileops.ErrTooLarge, "device": fileops.ErrNotRegular, "endless": fileops.ErrTooLarge, "endless film": fileops.ErrTooLarge},
	"Files":      {},
	"FileSize":   {},
	"ListFiles":  {},
	"DirToFiles": {},
}

// errNoText stands for any *EncodingError.
var errNoText = errors.New("no text")

func readOddFiles(t *testing.T) {
	for _, kind := range []string{"sparse", "device", "endless", "endless film"} {
		in := newInputs(t.TempDir(), 1000)
		require.NoError(t, os.Symlink(filepath.Join(os.Getenv(envOdd), kind), in.path("a.txt")))
		put(t, in.path("b.txt"), "b")
		put(t, in.path("sub/c.txt"), "c")
		p := newPool(t, 8)
		for _, o := range slices.Concat(readers, writers) {
			if strings.HasPrefix(o.name, "Save") {
				continue // they read no file
			}
			op, _, _ := strings.Cut(o.name, " ")
			wanted, ok := oddErrors[op]
			if !ok {
				wanted = oddErrors[""]
			}
			dst := t.TempDir()
			putOld(t, dst)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if wanted[kind] == context.DeadlineExceeded {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
			}
			err := within(t, o.name, func() error { return o.run(ctx, p, in, dst) })
			cancel()
			if wanted[kind] == errNoText {
				_, ok := errors.AsType[*fileops.EncodingError](err)
				assert.Truef(t, ok, "%s of %s: %v", o.name, kind, err)
			} else {
				assert.ErrorIsf(t, err, wanted[kind], "%s of %s", o.name, kind)
			}
			assert.Empty(t, readTemps(dst), o.name)
		}
	}
}

// readTemps lists the temporary files in a directory. The others can be large.
func readTemps(dir string) []string {
	temps, _ := filepath.Glob(filepath.Join(dir, ".fileops-*"))
	return temps
}

// readTogether reads a file ten times at once that fits the memory twice.
func readTogether(t *testing.T) {
	p := newPool(t, 16)
	for range 5 {
		futures := make([]*fileops.Future[string], 10)
		for i := range futures {
			futures[i] = p.AsyncReadFile(t.Context(), filepath.Join(os.Getenv(envOdd), "half"))
		}
		whole := 0
		for _, r := range fileops.AllSettled(t.Context(), futures...) {
			if r.Err == nil {
				whole++
			} else {
				assert.ErrorIs(t, r.Err, fileops.ErrTooLarge)
			}
		}
		if os.Getenv(envGroup) != "" { // else the address space may be in use, which the runtime never gives back
			assert.Positive(t, whole)
		}
	}
}

// readSizes reads files that leave less and less memory, and then none.
func readSizes(t *testing.T) {
	p := newPool(t, 2)
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "")
	var refused bool
	for size := int64(littleMemory / 2); size <= littleMemory; size += 4 << 20 {
		require.NoError(t, os.Truncate(path, size))
		data, err := p.ReadBytes(t.Context(), path)
		if err != nil {
			require.ErrorIs(t, err, fileops.ErrTooLarge)
			refused = true
			continue
		}
		require.Len(t, data, int(size))
	}
	require.True(t, refused)
}
