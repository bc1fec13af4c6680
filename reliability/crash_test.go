//go:build linux

package reliability

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/lion-agi/fileops"
)

// crashSize is more than the package writes in one system call.
const crashSize = 1<<20 + 1<<16

// writerCommand returns a process that runs one of the writers, in the directory
// root as its root directory unless root is empty.
func writerCommand(o operation, in inputs, dst, root string) *exec.Cmd {
	return role("write", o.name, in.src, strconv.Itoa(in.size), dst, root)
}

// performWrite is the main function of that process. It makes a mark before and
// after the operation.
func performWrite(args []string) {
	size, _ := strconv.Atoi(args[2])
	in, dst, root := newInputs(args[1], size), args[3], args[4]
	write := named(writers, args[0])
	p := fileops.NewPool(fileops.PoolOptions{})
	var err error
	if root != "" {
		err = cmp.Or(unix.Chroot(root), unix.Chdir("/"))
	}
	mark()
	if err == nil {
		err = write.run(context.Background(), p, in, dst)
	}
	mark()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A commitMethod is a way in which an atomic write gives the file its name. The
// file system refuses the requests of the better methods.
type commitMethod struct {
	name       string
	refused    []string // requests that the FUSE file system refuses; nil = use the machine's own file system
	only       string   // use only the writers with this in their names
	emptyFirst bool     // an empty file has the name before the commit
}

var commitMethods = []commitMethod{
	{name: "no name until whole"},
	{name: "temporary name, renamed", refused: []string{"tmpfile"}},
	{name: "temporary name, linked", refused: []string{"tmpfile", "rename new"}, only: "SaveToFile new"},
	{name: "temporary name, in place of an empty file", refused: []string{"tmpfile", "rename new", "link"}, only: "SaveToFile new", emptyFirst: true},
}

// TestKilledAtEachCall kills each writer before each of its system calls in turn.
// Each file is absent, old or new, and whole. Temporary files may remain, but
// their names show that they are temporary, and no operation lists them.
func TestKilledAtEachCall(t *testing.T) {
	in := makeInputs(t, t.TempDir(), crashSize)
	for _, m := range commitMethods {
		t.Run(m.name, func(t *testing.T) {
			top := t.TempDir()
			if m.refused != nil {
				top = mountHanging(t, m.refused...).dir
			}
			t.Run("operations", func(t *testing.T) { // waits for its parallel tests, before the unmount
				for i, o := range writers {
					if !strings.Contains(o.name, m.only) {
						continue
					}
					t.Run(o.name, func(t *testing.T) {
						t.Parallel()
						killAtEachCall(t, m, o, in, filepath.Join(top, strconv.Itoa(i)))
					})
				}
			})
		})
	}
}

// killAtEachCall kills a writer at each of its calls until one run succeeds.
func killAtEachCall(t *testing.T, m commitMethod, o operation, in inputs, top string) {
	fresh := func(n int) string {
		dst := filepath.Join(top, strconv.Itoa(n))
		putOld(t, dst)
		return dst
	}
	before := readTree(t, fresh(0))
	require.NoError(t, o.run(t.Context(), fileops.DefaultPool, in, fresh(0)))
	after := readTree(t, filepath.Join(top, "0"))

	var deaths []string
	for n := 1; ; n++ {
		dst := fresh(n)
		var stderr bytes.Buffer
		cmd := writerCommand(o, in, dst, "")
		cmd.Stderr = &stderr
		d, err := killAtCall(cmd, n)
		require.NoError(t, err)
		got := readTree(t, dst)
		if !d.killed() {
			require.Truef(t, d.status.Exited() && d.status.ExitStatus() == 0, "%v: %s", d.status, &stderr)
			assert.Equal(t, after, got)
			break
		}
		deaths = append(deaths, d.before)
		if m.emptyFirst {
			got.forgetEmpty(before)
		}
		if m.refused == nil && !strings.Contains(o.name, "old") {
			assert.Emptyf(t, got.temps, "killed before call %d, %s", n, d.before)
		}
		got.requireWhole(t, before, after)
		got.requireUnlisted(t, dst)
		require.NoError(t, os.RemoveAll(dst))
	}
	t.Logf("killed before %d calls: %s", len(deaths), strings.Join(deaths, " "))
	assert.Greater(t, len(deaths), 5)
}
