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

// guard is how long a test waits for something that must happen. Only a hang takes
// longer.
const guard = 20 * time.Second

// Environment variables of the processes of these tests.
const (
	envAll       = "FILEOPS_ALL_TESTS" // 1: a skip is a failure
	envNamespace = "FILEOPS_NAMESPACE" // set if the process has its own mount namespace
	envRole      = "FILEOPS_ROLE"      // the key in roles, if the process is not a test
	envAlone     = "FILEOPS_ALONE"     // the test that has this process to itself
)

const exe = "/proc/self/exe" // this program

// roles are the main functions of processes that are not tests. They get the
// program's arguments.
var roles = map[string]func(args []string){
	"fuse":  serveFUSE,
	"write": performWrite,
}

func TestMain(m *testing.M) {
	if run := roles[os.Getenv(envRole)]; run != nil {
		run(os.Args[1:])
		os.Exit(0)
	}
	ownNamespace()
	os.Exit(m.Run())
}

// ownNamespace executes the program again in a mount namespace of its own, so
// that no mount outlives the process.
func ownNamespace() {
	if os.Geteuid() != 0 || os.Getenv(envNamespace) != "" {
		return
	}
	runtime.LockOSThread() // unshare(2) changes this thread only, and execve(2) keeps its namespace
	defer runtime.UnlockOSThread()
	err := unix.Unshare(unix.CLONE_NEWNS)
	if err == nil {
		err = unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	}
	if err == nil {
		os.Setenv(envNamespace, "1")
		err = unix.Exec(exe, os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "cannot make a mount namespace:", err)
}

// role returns a command that runs this program in one of its roles.
func role(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), envRole+"="+name)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return cmd
}

// alone reports whether the test has a process to itself. If it has not, alone
// runs the test in a new process, and the caller must return.
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

// needRoot skips the test if the user is not root.
func needRoot(t *testing.T) {
	t.Helper()
	need(t, os.Geteuid() == 0, "needs root")
	need(t, os.Getenv(envNamespace) != "", "needs a mount namespace")
}

// needProgram returns the path of a program. It skips the test if it is missing.
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

// need skips the test unless ok. If no test may skip, it fails the test instead.
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

// mount mounts a file system until the test ends. It returns the directory.
func mount(t *testing.T, fsType, options string) string {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("none", dir, fsType, 0, options))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// newPool makes a pool. When the test ends, the pool must have no operation in
// flight, and there must be no new goroutine and no new descriptor.
func newPool(t *testing.T, workers int) *fileops.Pool {
	t.Helper()
	noLeaks(t)
	p := fileops.NewPool(fileops.PoolOptions{Workers: workers})
	t.Cleanup(func() { closePool(t, p) })
	return p
}

// noLeaks checks, when the test ends, that there is no new goroutine and no new
// descriptor.
func noLeaks(t *testing.T) {
	t.Helper()
	before, open := goleak.IgnoreCurrent(), descriptors(t)
	t.Cleanup(func() {
		goleak.VerifyNone(t, before)
		assert.ElementsMatch(t, open, descriptors(t), "descriptors")
	})
}

// closePool closes a pool, which must not take long.
func closePool(t *testing.T, p *fileops.Pool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	assert.NoError(t, p.Close(ctx))
}

// descriptors returns the open descriptors of the process, without those that the
// runtime may open at any time.
func descriptors(t *testing.T) (open []string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, fd := range fds {
		target, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:") || strings.HasSuffix(target, "/fd") {
			continue // the directory that this loop reads, or the network poller
		}
		open = append(open, fd.Name()+" "+target)
	}
	return open
}

// threads returns the number of threads of the process.
func threads(t *testing.T) (n int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, after, _ := bytes.Cut(status, []byte("\nThreads:"))
	_, err = fmt.Sscan(string(after), &n)
	require.NoError(t, err)
	return n
}

// eventually waits until ok returns true, which must happen.
func eventually(t *testing.T, event string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) {
		require.Less(t, time.Since(began), guard, event)
	}
}

// within calls a function that hangs if there is a bug.
func within[T any](t *testing.T, call string, f func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case v := <-done:
		return v
	case <-time.After(guard):
		require.FailNow(t, "hung", call)
		panic("unreachable")
	}
}

// requireFault checks an error of a system call below dir. The error names an
// operation and a path, and wraps one of the reasons.
func requireFault(t *testing.T, err error, dir string, reasons ...error) {
	t.Helper()
	require.Error(t, err)
	named, ok := errors.AsType[*fs.PathError](err)
	require.Truef(t, ok, "%T is not an *fs.PathError: %v", err, err)
	assert.NotEmpty(t, named.Op)
	assert.Truef(t, named.Path == dir || strings.HasPrefix(named.Path, dir+"/"), "%v is not about %s", err, dir)
	for _, reason := range reasons {
		if errors.Is(err, reason) {
			return
		}
	}
	assert.Failf(t, "wrong reason", "%v is none of %v", err, reasons)
}

// A tree holds the files below a directory.
type tree struct {
	files map[string]string // the modes and contents by name
	temps []string          // the paths of temporary files, which are not in files
}

// tempName matches the names of temporary files.
var tempName = regexp.MustCompile(`^\.fileops-[0-9a-f]{16}\.tmp$`)

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

// requireWhole checks that each file is the same as before or the same as after:
// absent, old or new, and whole.
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

// forgetEmpty removes new and empty files from the tree.
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

// requireUnlisted checks that no operation lists or reads temporary files.
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
