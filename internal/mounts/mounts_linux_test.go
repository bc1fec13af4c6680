package mounts

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestReadAgreesWithTheKernel compares with the kernel's older list and with
// the mounts that the kernel finds by the paths.
func TestReadAgreesWithTheKernel(t *testing.T) {
	list, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skipf("no list of mounts here: %v", err)
	}
	var want []string
	for line := range strings.Lines(string(list)) {
		want = append(want, unescape(strings.Split(line, " ")[1]))
	}
	table := Read()
	require.NotEmpty(t, table.points)
	for point := range table.points {
		require.Contains(t, want, point)
		require.True(t, filepath.IsAbs(point), point)
		require.Equal(t, point, table.Point(point))
	}
	require.Equal(t, "/proc", table.Point("/proc/self/status"))
	dir, err := os.Getwd()
	require.NoError(t, err)
	dir, err = filepath.EvalSymlinks(dir)
	require.NoError(t, err)
	require.Equal(t, dir+"/", table.base)
}

func TestLocalOfTheProcess(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	root, err := os.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	want := LocalFD(int(root.Fd()))
	_, local := Read().find(dir)
	require.Equal(t, local, want)
	require.Eventually(t, func() bool { return Local(dir) == want && !process.reading.Load() }, time.Minute, time.Millisecond)
	require.False(t, Local("/proc/self/status"))
	require.False(t, Local(""))
	synctest.Test(t, func(t *testing.T) {
		require.False(t, Local(dir))
		synctest.Wait()
		require.Equal(t, want, Local(dir))
	})
}

func TestLocalFDOfOthers(t *testing.T) {
	proc, err := os.Open("/proc")
	require.NoError(t, err)
	defer proc.Close()
	require.False(t, LocalFD(int(proc.Fd())))
	require.False(t, LocalFD(-1))
}

// TestHiddenMountsOfTheKernel makes mounts in a mount namespace of its own and
// compares with the mounts that the kernel finds by the paths (statx(2)).
func TestHiddenMountsOfTheKernel(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine
		err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS)
		if err == nil {
			checkHiddenMounts(t, dir)
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skipf("no mount namespace here: %v", err)
	}
}

func checkHiddenMounts(t *testing.T, dir string) {
	ok := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	attach := func(point string) {
		ok(os.MkdirAll(dir+point, 0o777))
		ok(unix.Mount("none", dir+point, "tmpfs", 0, ""))
	}
	ok(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	attach("/moved")
	attach("/stack")
	attach("/stack/in")
	attach("/stack/in/deep")
	attach("/stack")
	attach("/stack/in/other")
	attach("/above/a/in")
	attach("/above/a/in")
	attach("/above")
	attach("/later")
	ok(os.MkdirAll(dir+"/later/in", 0o777))
	ok(unix.Mount(dir+"/moved", dir+"/later/in", "", unix.MS_MOVE, ""))

	list, err := os.ReadFile("/proc/thread-self/mountinfo")
	ok(err)
	points := make(map[string]string)
	for _, m := range parse(string(list)) {
		points[m.id] = m.point
	}
	table := NewTable(string(list), dir)
	for _, path := range []string{
		"moved", "stack", "stack/in", "stack/in/other", "above", "later", "later/in", ".",
	} {
		var st unix.Statx_t
		ok(unix.Statx(unix.AT_FDCWD, dir+"/"+path, 0, unix.STATX_MNT_ID, &st))
		want := points[strconv.FormatUint(st.Mnt_id, 10)]
		if got := table.Point(path); got != want {
			t.Errorf("%s lies on %s, not on %s", path, want, got)
		}
	}
	for _, path := range []string{"stack/in/deep", "above/a/in"} { // they are hidden
		if got, want := table.Point(path), table.Point(filepath.Dir(path)); got != want {
			t.Errorf("%s lies on %s, not on %s", path, want, got)
		}
	}
}
