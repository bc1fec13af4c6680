package vfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A cachedPlace is a directory on a disk from which System and Confined can read
// cached files.
type cachedPlace struct{ place }

func eachCached(t *testing.T, test func(t *testing.T, p cachedPlace)) {
	for _, s := range seams[:2] {
		t.Run(s.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir()) // tmpfs refuses such reads
			require.NoError(t, err)
			requireCachedReads(t, dir)
			test(t, cachedPlace{newPlace(t, s, dir)})
		})
	}
}

// requireCachedReads skips a test if the kernel or the file system of a
// directory has no cached reads.
func requireCachedReads(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "probe")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	defer os.Remove(path)
	const resolveCached = 0x20
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC, Resolve: resolveCached}
	fd, err := unix.Openat2(unix.AT_FDCWD, path, &how)
	if err != nil {
		t.Skipf("no cached look-ups here: %v", err)
	}
	defer unix.Close(fd)
	if _, err := unix.Preadv2(fd, [][]byte{make([]byte, 4)}, 0, unix.RWF_NOWAIT); err != nil {
		t.Skipf("no cached reads here: %v", err)
	}
	if !mounts.LocalFD(fd) {
		t.Skip("this file system may ask others")
	}
}

// readCached calls ReadCached with the list of mounts at hand, so that only the
// file decides.
func (p cachedPlace) readCached(t *testing.T, path string, limit int64) (string, bool) {
	t.Helper()
	require.Eventually(t, func() bool { return mounts.Local(p.dir) }, time.Minute, time.Millisecond)
	data, ok := p.ReadCached(path, limit)
	if !ok {
		require.Nil(t, data)
	}
	return string(data), ok
}

// requireCached checks that a file can be read by a cached read if it has been
// read before. The kernel may drop a file from its cache, and it refuses to look
// up a link whose time of access it has to set.
func (p cachedPlace) requireCached(t *testing.T, path string, limit int64, want string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		if got, ok := p.readCached(t, path, limit); ok {
			require.Equal(t, want, got)
			return
		}
		f, err := p.Open(path)
		require.NoError(t, err)
		require.Equal(t, want, readAll(t, f))
		require.True(t, time.Now().Before(end), "%s is never cached", path)
	}
}

func TestReadCached(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		require.NoError(t, os.MkdirAll(p.disk("a/b"), 0o777))
		for _, size := range []int{1, 4095, 4096, 4097, 100_000} {
			text := numbered(size)
			p.write(t, "a/b/f", text)
			p.requireCached(t, p.at("a/b/f"), 1<<20, text)
			p.requireCached(t, p.at("a/b/f"), int64(size), text)
			p.requireCached(t, p.at("a/../a/b/f"), int64(size), text)
			_, ok := p.readCached(t, p.at("a/b/f"), int64(size-1))
			require.False(t, ok, "it is larger than the limit")
		}
	})
}

func TestReadCachedRefuses(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		p.write(t, "f", "text")
		p.write(t, "empty", "")
		p.write(t, "secret", "secret")
		require.NoError(t, os.Chmod(p.disk("secret"), 0))
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		require.NoError(t, unix.Mkfifo(p.disk("fifo"), 0o666))
		for link, target := range map[string]string{
			"dangling": "nowhere", "loop": "loop", "fifolink": "fifo", "status": "/proc/self/status", "proc": "/proc",
		} {
			require.NoError(t, os.Symlink(target, p.disk(link)))
		}
		for _, path := range []string{
			"", ".", "none", "none/f", "f/x", "f/", "empty", "dir", "fifo", "fifolink", "dangling", "loop", "status", "proc/self/status",
			"nul\x00", strings.Repeat("n", 300), strings.Repeat("n/", 3000), "dir/../empty",
			"/proc/self/status", "/dev/null", "/dev/zero", "/sys/kernel/notes",
		} {
			_, ok := p.readCached(t, p.at(path), 1<<20)
			require.False(t, ok, "%.20q", path)
		}
		for _, limit := range []int64{-1, 0, 3} {
			_, ok := p.readCached(t, p.at("f"), limit)
			require.False(t, ok)
		}
		if os.Getuid() != 0 {
			_, ok := p.readCached(t, p.at("secret"), 1<<20)
			require.False(t, ok)
		}
	})
}

// TestReadCachedFollowsLinksInside checks that only a confined look-up follows
// links, and none that lead outside.
func TestReadCachedFollowsLinksInside(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		outside := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(outside, "f"), []byte("secret"), 0o666))
		require.NoError(t, os.Mkdir(p.disk("dir"), 0o777))
		p.write(t, "dir/f", "text")
		links := map[string]string{"link": "dir/f", "dirlink": "dir", "out": outside, "outfile": filepath.Join(outside, "f")}
		for link, target := range links {
			require.NoError(t, os.Symlink(target, p.disk(link)))
		}
		p.requireCached(t, p.at("dir/f"), 100, "text")
		for _, path := range []string{"link", "dirlink/f"} {
			if p.confined {
				p.requireCached(t, path, 100, "text")
				continue
			}
			_, ok := p.readCached(t, p.at(path), 100)
			require.False(t, ok, path)
		}
		up := "../" + filepath.Base(p.dir) + "/dir/f"
		for _, path := range []string{"out/f", "outfile", up, filepath.Join(outside, "f"), p.disk("dir/f"), "dir/../../" + up[3:]} {
			if p.confined || strings.HasPrefix(path, "out") {
				_, ok := p.readCached(t, p.at(path), 100)
				require.False(t, ok, path)
			}
		}
	})
}

func TestReadCachedLeavesNothingOpen(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		p.write(t, "f", "text")
		p.requireCached(t, p.at("f"), 100, "text")
		before := openDescriptors(t)
		for range 100 {
			p.ReadCached(p.at("f"), 100)
			p.ReadCached(p.at("f"), 1)
			p.ReadCached(p.at("."), 100)
		}
		// The list of mounts may be open at the moment.
		require.InDelta(t, before, openDescriptors(t), 50)
	})
}

// TestReadCachedOfDirectories checks that the directories of OpenDir, which are
// for writing, have no cached reads.
func TestReadCachedOfDirectories(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		p.write(t, "f", "text")
		p.requireCached(t, p.at("f"), 100, "text")
		_, ok := p.sub(t).ReadCached("f", 100)
		require.False(t, ok)
	})
}

// TestReadCachedOfChangingFile reads a file that another goroutine truncates and
// writes. Each byte is from the text or was not written yet.
func TestReadCachedOfChangingFile(t *testing.T) {
	eachCached(t, func(t *testing.T, p cachedPlace) {
		text := []byte(numbered(64 << 10))
		sizes := []int{4096, 64 << 10, 1, 20_000}
		p.write(t, "f", string(text[:sizes[0]]))
		f, err := os.OpenFile(p.disk("f"), os.O_RDWR, 0)
		require.NoError(t, err)
		stop, stopped := make(chan struct{}), make(chan error)
		go func() {
			var err error
			for i := 0; err == nil; i++ {
				select {
				case <-stop:
					stopped <- nil
					return
				default:
				}
				size := sizes[i%len(sizes)]
				if err = f.Truncate(int64(size)); err == nil {
					_, err = f.WriteAt(text[:size], 0)
				}
			}
			stopped <- err
		}()
		for read := 0; read < 500; runtime.Gosched() {
			data, ok := p.readCached(t, p.at("f"), 1<<20)
			if !ok {
				continue
			}
			read++
			for i := range data {
				if data[i] != text[i] && data[i] != 0 {
					t.Errorf("a byte %d at %d of %d, which the file never had", data[i], i, len(data))
					break
				}
			}
		}
		close(stop)
		require.NoError(t, <-stopped)
		require.NoError(t, f.Close())
	})
}

// TestReadCachedStaysOnItsMount mounts a directory below that of a confined seam,
// in a mount namespace of its own. A mount may have any kind of file system, so
// no file on it is read.
func TestReadCachedStaysOnItsMount(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	requireCachedReads(t, dir)
	for _, sub := range []string{"place/dir", "place/mount"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, sub, "f"), []byte("text"), 0o666))
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS)
		if err == nil {
			err = readBelowMount(filepath.Join(dir, "place"))
		} else {
			err = errors.Join(errNoNamespace, err)
		}
		done <- err
	}()
	err = <-done
	if errors.Is(err, errNoNamespace) {
		t.Skip(err)
	}
	require.NoError(t, err)
}

var errNoNamespace = errors.New("no mount namespace here")

// readBelowMount mounts dir on mount, both below place, and reads from both.
func readBelowMount(place string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(place+"/dir", place+"/mount", "", unix.MS_BIND, ""); err != nil {
		return err
	}
	root, err := os.OpenRoot(place)
	if err != nil {
		return err
	}
	defer root.Close()
	files := vfs.Confined(root)
	defer files.Close()
	for range 1000 {
		if _, ok := files.ReadCached("dir/f", 100); !ok {
			continue // the kernel may drop a file from its cache
		}
		if _, ok := files.ReadCached("mount/f", 100); ok {
			return errors.New("it read below another mount")
		}
		f, err := files.Open("mount/f")
		if err != nil {
			return err
		}
		return f.Close()
	}
	return errors.New("nothing is cached")
}
