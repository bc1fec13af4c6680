package fileops

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain fails if the tests leave goroutines or descriptors behind.
func TestMain(m *testing.M) {
	before := openDescriptors()
	code := m.Run()
	if code == 0 {
		if err := leftBehind(before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func leftBehind(before []string) error {
	if err := goleak.Find(); err != nil {
		return err
	}
	if left := newDescriptors(before); len(left) > 0 {
		return fmt.Errorf("descriptors left open: %q", left)
	}
	return nil
}

// openDescriptors lists the open descriptors of the process, as "number target",
// without those of the runtime. The list is empty where the system does not tell.
func openDescriptors() (open []string) {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		what, err := os.Readlink(dir + "/" + e.Name())
		if err == nil && !strings.HasPrefix(what, "anon_inode:") && !strings.HasSuffix(what, "/fd") {
			open = append(open, e.Name()+" "+what)
		}
	}
	return open
}

// newDescriptors returns those that are open and were not before, once those
// that are just being closed are.
func newDescriptors(before []string) (left []string) {
	for range 100 {
		left = slices.DeleteFunc(openDescriptors(), func(d string) bool { return slices.Contains(before, d) })
		if len(left) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return left
}

// checkDescriptors fails the test if, at its end, there are descriptors that
// were not open at its beginning. It is not for tests that run in parallel.
func checkDescriptors(t testing.TB) {
	t.Helper()
	before := openDescriptors()
	t.Cleanup(func() {
		if left := newDescriptors(before); len(left) > 0 {
			t.Errorf("descriptors left open: %q", left)
		}
	})
}
