//go:build linux

package reliability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// guard is how long a test waits for what must happen but may take its time.
// Only a hang is longer.
const guard = 20 * time.Second

// What the environment of a process of these tests says.
const (
	envAll       = "FILEOPS_ALL_TESTS"             // 1: a skip is a failure
	envNamespace = "FILEOPS_NAMESPACE"             // set in the mount namespace of the tests' own
	envRole      = "FILEOPS_ROLE"                  // which of roles the process plays, if it is no test
	envAlone     = "FILEOPS_ALONE"                 // the test that the process was started for
	exe          = "/proc/self/exe"                // this program
	tempPattern  = `^\.fileops-[0-9a-f]{16}\.tmp$` // what temporary files are called
)

// roles are what a process of this program can be besides a test: they are
// given the program's arguments.
var roles = map[string]func(args []string){
	"fuse":  serveFUSE,
	"write": performWrite,
}

func TestMain(m *testing.M) {
	if play := roles[os.Getenv(envRole)]; play != nil {
		play(os.Args[1:])
		os.Exit(0)
	}
	ownNamespace()
	os.Exit(m.Run())
}

// ownNamespace starts the program again, as the same process, in a mount
// namespace of its own, so that no mount outlives it.
func ownNamespace() {
	if os.Geteuid() != 0 || os.Getenv(envNamespace) != "" {
		return
	}
	runtime.LockOSThread() // the namespace is the thread's until it becomes the process
	defer runtime.UnlockOSThread()
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err == nil {
		os.Setenv(envNamespace, "1")
		err = unix.Exec(exe, os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "no mount namespace of our own:", err)
}

// role is a command that runs this program in a role.
func role(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), envRole+"="+name)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return cmd
}

// alone reports whether the test has a process to itself. If not, it runs it
// in one, and the caller should return.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(envAlone) == t.Name() {
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*guard)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), envAlone+"="+t.Name())
	out, err := cmd.CombinedOutput()
	t.Logf("in a process of its own:\n%s", out)
	require.NoError(t, err)
	return false
}

// needRoot skips the test if it is not root's.
func needRoot(t *testing.T) {
	t.Helper()
	need(t, os.Geteuid() == 0, "needs root")
	need(t, os.Getenv(envNamespace) != "", "needs a mount namespace")
}

// needProgram skips the test if a program is missing.
func needProgram(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	need(t, false, "needs the program "+name)
	return ""
}

// need skips the test unless ok, or fails it if nothing may be skipped.
func need(t *testing.T, ok bool, reason string) {
	t.Helper()
	switch {
	case ok:
	case os.Getenv(envAll) == "1":
		t.Fatal("must not skip: " + reason)
	default:
		t.Skip(reason)
	}
}

// mount mounts a file system until the test ends and returns where.
func mount(t *testing.T, fsType, options string) string {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("none", dir, fsType, 0, options))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// newPool makes a pool. When the test ends nothing may be in flight on it, and
// nothing be left that was not there before.
func newPool(t *testing.T, workers int) *fileops.Pool {
	t.Helper()
	noLeaks(t)
	p := fileops.NewPool(fileops.PoolOptions{Workers: workers})
	t.Cleanup(func() { drain(t, p) })
	return p
}

// noLeaks checks when the test ends that it has left no goroutine and no
// descriptor.
func noLeaks(t *testing.T) {
	t.Helper()
	before, open := goleak.IgnoreCurrent(), descriptors(t)
	t.Cleanup(func() {
		goleak.VerifyNone(t, before)
		assert.ElementsMatch(t, open, descriptors(t), "descriptors")
	})
}

// drain closes a pool, which must not take long.
func drain(t *testing.T, p *fileops.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	assert.NoError(t, p.Close(ctx))
}

// descriptors returns what the process has open, besides what the tests'
// libraries and the runtime may open at any time.
func descriptors(t *testing.T) (open []string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, fd := range fds {
		target, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:") || strings.HasSuffix(target, "/fd") {
			continue // the directory read above, or the network poller's
		}
		open = append(open, fd.Name()+" "+target)
	}
	return open
}

// threads returns how many threads the process has.
func threads(t *testing.T) (n int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, after, _ := bytes.Cut(status, []byte("\nThreads:"))
	_, err = fmt.Sscan(string(after), &n)
	require.NoError(t, err)
	return n
}

// eventually waits for what must happen.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		require.Less(t, time.Since(began), guard, what)
	}
}

// within calls a function that may hang if there is a bug.
func within[T any](t *testing.T, what string, f func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case v := <-done:
		return v
	case <-time.After(guard):
		require.FailNow(t, "hung", what)
		panic("unreachable")
	}
}

// requireFault checks an error that the system gave below dir: it names an
// operation and a path and leads to its reason.
func requireFault(t *testing.T, err error, dir string, reasons ...error) {
	t.Helper()
	require.Error(t, err)
	named, ok := errors.AsType[*fs.PathError](err)
	require.Truef(t, ok, "%T is no *fs.PathError: %v", err, err)
	assert.NotEmpty(t, named.Op)
	assert.Truef(t, named.Path == dir || strings.HasPrefix(named.Path, dir+"/"), "%v is not about %s", err, dir)
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			return
		}
	}
	assert.Failf(t, "wrong reason", "%v is none of %v", err, reasons)
}

// A tree is the files below a directory: their modes and contents by name.
// Temporary files are apart.
type tree struct {
	files map[string]string
	temps []string
}

var tempName = regexp.MustCompile(tempPattern)

// readTree reads the files below a directory, without the package under test.
func readTree(t *testing.T, dir string) tree {
	t.Helper()
	result := tree{files: map[string]string{}}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if tempName.MatchString(d.Name()) {
			result.temps = append(result.temps, path)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		result.files[name] = info.Mode().String() + "\n" + string(data)
		return err
	}))
	return result
}

// requireWhole checks that each file is as it was before, or as it is after:
// absent or there, old or new, and whole.
func (got tree) requireWhole(t *testing.T, before, after tree) {
	t.Helper()
	for name, text := range got.files {
		old, wasThere := before.files[name]
		next, willBe := after.files[name]
		if wasThere && text == old || willBe && text == next {
			continue
		}
		require.Failf(t, "torn file", "%s has %s, neither the old %s nor the new %s",
			name, brief(text), brief(old), brief(next))
	}
	for name := range before.files {
		require.Contains(t, got.files, name, "the old file is gone")
	}
}

// forgetEmpty leaves out files that are new and empty.
func (got tree) forgetEmpty(before tree) {
	for name, text := range got.files {
		if _, data, _ := strings.Cut(text, "\n"); data == "" && before.files[name] == "" {
			delete(got.files, name)
		}
	}
}

// brief describes a file's mode and contents.
func brief(text string) string {
	mode, data, ok := strings.Cut(text, "\n")
	if !ok {
		return "nothing"
	}
	return fmt.Sprintf("%s, %d bytes %.20q", mode, len(data), data)
}

// requireUnlisted checks that no operation takes temporary files for results.
func (got tree) requireUnlisted(t *testing.T, dir string) {
	t.Helper()
	if len(got.temps) == 0 {
		return
	}
	ctx := context.Background()
	listed, err := fileops.ListFiles(ctx, dir, "")
	require.NoError(t, err)
	found, err := fileops.DirToFiles(ctx, dir, nil)
	require.NoError(t, err)
	joined, err := fileops.Concat(ctx, []string{dir}, nil)
	require.NoError(t, err)
	for _, temp := range got.temps {
		require.NotContains(t, listed, temp)
		require.NotContains(t, found, temp)
		require.NotContains(t, joined.Files, temp)
	}
}
