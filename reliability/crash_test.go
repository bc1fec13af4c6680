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

// crashSize makes texts be written in two parts.
const crashSize = 1<<20 + 1<<16

// writer is a process that does one of the writers. root is all that it sees
// of the machine, "" for everything.
func writer(o operation, in inputs, dst, root string) *exec.Cmd {
	return role("write", o.name, in.src, strconv.Itoa(in.size), dst, root)
}

// performWrite is that process. It does it between two marks.
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

// A way to publish is a file system that leaves the package no better one.
type way struct {
	name    string
	refused []string // by FUSE; nil is the machine's own file system
	only    string   // writers with this in their names
	claims  bool     // an empty file may have the name for a moment
}

var ways = []way{
	{name: "no name until whole"},
	{name: "temporary name, renamed", refused: []string{"tmpfile"}},
	{name: "temporary name, linked", refused: []string{"tmpfile", "rename new"}, only: "SaveToFile new"},
	{name: "temporary name, in place of an empty file", refused: []string{"tmpfile", "rename new", "link"}, only: "SaveToFile new", claims: true},
}

// All writers, killed before each of their system calls in turn: each file is
// absent, old or new, and whole. What is left behind is called so that it is
// known for what it is, and never listed.
func TestKilledAtEachCall(t *testing.T) {
	in := makeInputs(t, t.TempDir(), crashSize)
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			top := t.TempDir()
			if w.refused != nil {
				top = mountHanging(t, w.refused...).dir
			}
			t.Run("operations", func(t *testing.T) { // in parallel, before the mount goes
				for i, o := range writers {
					if !strings.Contains(o.name, w.only) {
						continue
					}
					t.Run(o.name, func(t *testing.T) {
						t.Parallel()
						sweep(t, w, o, in, filepath.Join(top, strconv.Itoa(i)))
					})
				}
			})
		})
	}
}

// sweep kills a writer at each of its calls until one run gets through.
func sweep(t *testing.T, w way, o operation, in inputs, top string) {
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
		cmd := writer(o, in, dst, "")
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
		if w.claims {
			got.forgetEmpty(before)
		}
		if w.refused == nil && !strings.Contains(o.name, "old") {
			assert.Emptyf(t, got.temps, "killed before call %d, %s", n, d.before)
		}
		got.requireWhole(t, before, after)
		got.requireUnlisted(t, dst)
		require.NoError(t, os.RemoveAll(dst))
	}
	t.Logf("killed before %d calls: %s", len(deaths), strings.Join(deaths, " "))
	assert.Greater(t, len(deaths), 5)
}
