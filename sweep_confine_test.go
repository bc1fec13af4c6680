//go:build linux || darwin || freebsd || netbsd

package fileops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const (
	asSource    confinedUse = iota // follows it, links and all
	asTarget                       // gives its last name to a new file
	asName                         // as asTarget, but it must be local by its spelling
	asNameBelow                    // as asName, in a directory of its own
	asText                         // makes no path of it, or only part of a name
)

// attack runs an operation on a hostile name, with limited patience, and
// returns its error or, if it has none, that of the name it skipped.
func (j *jail) attack(op confinedOp, f callForm, name string) error {
	j.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	what := fmt.Sprintf("%s of %q (%s)", op.name, name, f)
	result, err := op.run(ctx, j.pool, f, name)
	require.NotErrorIs(j, err, context.DeadlineExceeded, "%s hangs", what)
	require.NoError(j, panicked(err), what)
	j.checkDiscreet(name, result, err, what)
	if r, ok := result.(*ConcatResult); ok && err == nil && len(r.Skipped) > 0 {
		err = r.Skipped[0].Err
	}
	return err
}

// A hazard is the danger of a hostile name.
type hazard int

const (
	escapes hazard = iota // leads outside
	leaves                // is a link that leads outside: may be replaced, not followed
	stays                 // does not lead outside, strange as it may be
)

// checkRefused checks that an operation refused a name if it had to, and only
// then.
func checkRefused(t testing.TB, op confinedOp, h hostileName, name string, err error, attack string) {
	t.Helper()
	refused := errors.Is(err, ErrEscapes)
	_, misspelled := errors.AsType[*OptionError](err)
	local := filepath.IsLocal(name)
	switch {
	case op.use == asName && local && strings.Contains(name, ".."): // links on the way do not count
	case op.use == asText, h.hazard == stays, op.use == asNameBelow && local:
		assert.False(t, refused, "%s: %v", attack, err)
	case op.use == asSource:
		assert.True(t, refused, "%s: %v", attack, err)
	case h.hazard == escapes:
		assert.True(t, refused || misspelled, "%s: %v", attack, err)
	}
}

// errorClass returns the kind of an error, without its wording.
func errorClass(err error) string {
	if err == nil {
		return "success"
	}
	for _, class := range []error{ErrEscapes, ErrNotRegular, ErrSameFile, ErrExcluded, fs.ErrNotExist, fs.ErrExist} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	if _, ok := errors.AsType[*OptionError](err); ok {
		return "option"
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return fmt.Sprintf("%T", err)
}

// TestConfinement gives hostile names to every operation of confined pools.
func TestConfinement(t *testing.T) {
	require.GreaterOrEqual(t, len(hostileNames), 200)
	outcomes := make([][]string, len(jailers)) // of every call, alike in all jails
	t.Run("jails", func(t *testing.T) {
		for i, jailer := range jailers {
			t.Run(jailer.name, func(t *testing.T) {
				t.Parallel()
				outcomes[i] = attackAll(t, newJail(t, jailer.pool))
			})
		}
	})
	for i := range jailers[1:] {
		require.Len(t, outcomes[i+1], len(outcomes[0]))
		for n, outcome := range outcomes[0] {
			assert.Equal(t, outcome, outcomes[i+1][n], "%s and %s", jailers[0].name, jailers[i+1].name)
		}
	}
}

// attackAll makes every call with every name and returns the outcomes.
func attackAll(t *testing.T, j *jail) (outcomes []string) {
	for _, h := range someOf(hostileNames, 6) {
		name := j.spell(h.name)
		j.plant(h.tree)
		for _, op := range confinedOps {
			for _, f := range []callForm{cancellableForm, asyncForm} {
				attack := fmt.Sprintf("%s of %.100q with %q", op.name, h.name, h.tree)
				written := j.pool.Stats().BytesWritten
				err := j.attack(op, f, name)
				checkRefused(t, op, h, name, err, attack)
				outcomes = append(outcomes, attack+": "+errorClass(err))
				if err == nil && j.pool.Stats().BytesWritten > written {
					j.plant(h.tree)
				}
			}
		}
		j.checkUntouched(fmt.Sprintf("%.100q with %q", h.name, h.tree))
	}
	t.Logf("%d calls", len(outcomes))
	return outcomes
}

// TestConfinementOfMagicLinks confines pools to a directory of the kernel's, where
// a link may lead elsewhere than its text says.
func TestConfinementOfMagicLinks(t *testing.T) {
	const process = "/proc/self"
	if _, err := os.Readlink(process + "/root"); err != nil {
		t.Skipf("no magic links here: %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), secretName+".txt"))
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(secretText)
	require.NoError(t, err)
	names := []string{
		"root", "root/", "root/etc/passwd", "root/..", "root" + file.Name(), "cwd", "cwd/go.mod", "exe",
		fmt.Sprintf("fd/%d", file.Fd()), fmt.Sprintf("task/%d/root/etc/passwd", os.Getpid()), "ns/mnt",
	}
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := &jail{TB: t, base: filepath.Dir(file.Name()), pool: jailer.pool(openRoot(t, process))}
			defer func() { assert.NoError(t, j.pool.Close(context.Background())) }()
			for _, op := range confinedOps {
				if op.use != asSource {
					continue
				}
				for _, name := range names {
					err := j.attack(op, asyncForm, name)
					if p, ok := errors.AsType[*fs.PathError](err); ok && p.Path == "in.txt" {
						continue // which is in other jails
					}
					if strings.HasPrefix(name, "ns/") { // whose link is no path at all
						assert.Error(t, err)
						continue
					}
					require.ErrorIs(t, err, ErrEscapes, "%s of %s", op.name, name)
				}
			}
		})
	}
}

// TestConfinementOfTrees looks at a whole jail full of links that lead
// outside.
func TestConfinementOfTrees(t *testing.T) {
	t.Parallel()
	const tree = "out -> ..; vault -> ../vault; key.txt -> ../vault/key.txt; abs -> {base}/vault; abs.txt -> {base}/vault/key.txt; " +
		"back -> {base}/root; d/up -> ../..; d/root -> /; d/key.txt -> ../key.txt; chain.txt -> key.txt; missing.txt -> ../missing; " +
		"loop.txt -> loop.txt; self -> .; fifo.txt -> ../vault/fifo; zero.txt -> /dev/zero; mine.txt -> d/in.txt; more -> d; socket.txt="
	files := []string{"d/in.txt", "in.txt", "mine.txt", "saved/old.txt"}
	size := int64(len("inside d") + len("inside") + len("inside d") + len("old"))
	links := []string{"abs", "abs.txt", "back", "chain.txt", "d/key.txt", "d/root", "d/up", "fifo.txt", "key.txt", "missing.txt", "out", "vault", "zero.txt"}
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := newJail(t, jailer.pool)
			j.plant(tree)
			for _, f := range callForms {
				j.requireTree(f, files, size, links)
			}
			j.checkUntouched("looking at the tree")
		})
	}
}

// requireTree checks that every operation on the whole jail sees the files and
// no others, and reports the links if they are named.
func (j *jail) requireTree(f callForm, files []string, size int64, links []string) {
	j.Helper()
	ctx := context.Background()
	listed, err := j.pool.ListFiles(ctx, ".", "")
	require.NoError(j, err)
	require.Equal(j, files, listed)
	listed, err = j.pool.DirToFiles(ctx, ".", &DirOptions{FileTypes: []string{".txt"}})
	require.NoError(j, err)
	require.Equal(j, files, listed)
	counted, err := j.pool.FileSize(ctx, ".")
	require.NoError(j, err)
	require.Equal(j, size, counted)

	result, err := call(ctx, f,
		func(ctx context.Context) (*ConcatResult, error) { return j.pool.Concat(ctx, append(links, "."), nil) },
		func(ctx context.Context) *Future[*ConcatResult] {
			return j.pool.AsyncConcat(ctx, append(links, "."), nil)
		})
	require.NoError(j, err)
	joined := result.(*ConcatResult)
	require.Equal(j, files, joined.Files)
	var skipped, inside []string
	for _, s := range joined.Skipped {
		if errors.Is(s.Err, ErrEscapes) {
			skipped = append(skipped, s.Path)
		} else {
			inside = append(inside, s.Path)
		}
	}
	require.Equal(j, links, skipped)
	require.Equal(j, []string{"loop.txt", "more", "self", "socket.txt"}, inside)
	j.checkDiscreet(".", joined, nil, "Concat")

	chunks, err := j.pool.Chunk(ctx, ".", nil)
	require.NoError(j, err)
	var cut []string
	for _, c := range chunks {
		cut = append(cut, c.FilePath)
	}
	require.Equal(j, files, cut)
}

// TestConfinementWhileLinksSwap attacks with names that lead inside at one
// moment and outside at the next.
func TestConfinementWhileLinksSwap(t *testing.T) {
	t.Parallel()
	// The things that each name stands for, in turn.
	swaps := map[string][]string{
		"swap":      {"dir", "-> ../vault", "dir", "-> d", "-> {base}/vault", "|", "-> ../missing"},
		"way":       {"dir", "-> d", "dir", "-> ../vault"},
		"d/e":       {"dir", "-> ..", "-> ../..", "-> ../../vault"},
		"file.txt":  {"file", "-> ../vault/key.txt", "file", "-> in.txt", "|", "-> {base}/vault/hush.txt"},
		"file.json": {"file", "-> ../vault/c.json", "dir"},
	}
	names := []string{
		".", "swap", "swap/", "swap/key.txt", "swap/new/file.txt", "swap/../vault/key.txt", "swap/../in.txt",
		"way/e/key.txt", "way/e/../key.txt", "d/e", "d/e/key.txt", "d/e/../../vault/key.txt", "file.txt", "file.json",
	}
	rounds := 3 / stride(3)
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := newJail(t, jailer.pool)
			var swapping sync.WaitGroup
			var stop atomic.Bool
			swapped := 0
			swapping.Go(func() {
				for !stop.Load() {
					for name, states := range swaps {
						j.swap(name, j.spell(states[swapped/len(swaps)%len(states)]))
						swapped++
					}
				}
			})
			defer swapping.Wait()
			defer stop.Store(true)
			outcomes := map[string]int{}
			for range rounds {
				for _, op := range confinedOps {
					for _, name := range names {
						for _, f := range callForms {
							outcomes[errorClass(j.attack(op, f, name))]++
						}
					}
				}
			}
			stop.Store(true)
			swapping.Wait()
			j.checkUntouched("swapping links")
			t.Logf("%d swaps, calls: %v", swapped, outcomes)
		})
	}
}

// swap makes a name in the jail stand for something else, with hardly a moment
// in between.
func (j *jail) swap(name, state string) {
	path, next := filepath.Join(j.root, name), filepath.Join(j.root, ".next")
	os.RemoveAll(next)
	target, isLink := strings.CutPrefix(state, "-> ")
	switch {
	case isLink:
		os.Symlink(target, next)
	case state == "|":
		unix.Mkfifo(next, 0o666)
	case state == "dir":
		os.MkdirAll(filepath.Join(next, "e"), 0o777)
		for _, file := range []string{"key.txt", "c.json", "chunk_1.json", "e/key.txt"} {
			os.WriteFile(filepath.Join(next, file), []byte("inside"), 0o666)
		}
	default:
		os.WriteFile(next, []byte("inside"), 0o666)
	}
	os.RemoveAll(path)
	os.Rename(next, path)
}

// A hostileName is a name to attack with, and the files that are planted for it.
type hostileName struct {
	hazard
	name string
	tree string // see jail.plant
}

// repeated returns n times a string, then the end.
func repeated(what string, n int, end string) string { return strings.Repeat(what, n) + end }

var hostileNames = []hostileName{
	// Up and out, by spelling alone.
	{escapes, "..", ""},
	{escapes, "../", ""},
	{escapes, "..//", ""},
	{escapes, "../.", ""},
	{escapes, "./..", ""},
	{escapes, ".//..//", ""},
	{escapes, "../..", ""},
	{escapes, "../../../../../../../../..", ""},
	{escapes, "../vault", ""},
	{escapes, "../vault/", ""},
	{escapes, "../vault/key.txt", ""},
	{escapes, "../vault//key.txt", ""},
	{escapes, "../vault/./key.txt", ""},
	{escapes, "../vault/key.txt/", ""},
	{escapes, "../vault/new.txt", ""},
	{escapes, "../vault/new/dir/file.txt", ""},
	{escapes, "../vault/fifo", ""},
	{escapes, "../key.txt", ""},
	{escapes, "../new.txt", ""},
	{escapes, "../missing/../vault/key.txt", ""},
	{escapes, "../root", ""},
	{escapes, "../root/in.txt", ""}, // and back in
	{escapes, "../root/../vault/key.txt", ""},
	{escapes, "../root-twin/key.txt", ""},
	{escapes, "./../vault/key.txt", ""},
	{escapes, "././.././vault/key.txt", ""},
	{escapes, "d/../..", ""},
	{escapes, "d/../../", ""},
	{escapes, "d/../../vault", ""},
	{escapes, "d/../../vault/key.txt", ""},
	{escapes, "d//..//..//vault//key.txt", ""},
	{escapes, "./d/./.././../vault/key.txt", ""},
	{escapes, "d/../d/../../vault/key.txt", ""},
	{escapes, "d/e/../../../vault/key.txt", "d/e/"},
	{escapes, "d/../../root/in.txt", ""},
	{escapes, repeated("../", 1000, "vault/key.txt"), ""},
	{escapes, repeated("./", 1000, "../vault/key.txt"), ""},
	{escapes, repeated("d/../", 4, "../vault/key.txt"), ""},
	{escapes, "../vault/key.txt\n", ""},
	{escapes, "../\xff\xfe", ""},
	{escapes, "../vault/key.json", ""},
	{escapes, "../vault/c.json", ""},

	// Absolute.
	{escapes, "/", ""},
	{escapes, "//", ""},
	{escapes, "///", ""},
	{escapes, "/.", ""},
	{escapes, "/..", ""},
	{escapes, "/etc/passwd", ""},
	{escapes, "//etc/passwd", ""},
	{escapes, "/etc/../etc/passwd", ""},
	{escapes, "/tmp", ""},
	{escapes, "/dev/null", ""},
	{escapes, "/dev/zero", ""},
	{escapes, "/dev/stdin", ""},
	{escapes, "/dev/fd/0", ""},
	{escapes, "/dev/tty", ""},
	{escapes, "/proc/self/environ", ""},
	{escapes, "/proc/self/root", ""},
	{escapes, "/proc/self/root/etc/passwd", ""},
	{escapes, "/proc/self/cwd", ""},
	{escapes, "/proc/self/fd/0", ""},
	{escapes, "/proc/self/mem", ""},
	{escapes, "/in.txt", ""},
	{escapes, "/d/in.txt", ""},
	{escapes, "{base}", ""},
	{escapes, "{base}/vault", ""},
	{escapes, "{base}/vault/key.txt", ""},
	{escapes, "{base}/vault/new.txt", ""},
	{escapes, "{base}/vault/c.json", ""},
	{escapes, "{base}/root", ""}, // even if it leads inside
	{escapes, "{base}/root/", ""},
	{escapes, "{base}/root/in.txt", ""},
	{escapes, "{base}/root/new.txt", ""},
	{escapes, "{base}/root/../vault/key.txt", ""},
	{escapes, "/proc/self/root{base}/vault/key.txt", ""},
	{escapes, "/{base}/vault/key.txt", ""},

	// Links that lead outside, on the way or at the end.
	{leaves, "out", "out -> .."},
	{leaves, "out/", "out -> .."},
	{leaves, "out", "out -> ../"},
	{leaves, "out", "out -> ../vault"},
	{leaves, "out/", "out -> ../vault"},
	{escapes, "out/.", "out -> ../vault"},
	{escapes, "out/key.txt", "out -> ../vault"},
	{escapes, "out/new.txt", "out -> ../vault"},
	{escapes, "out/new/dir/file.txt", "out -> ../vault"},
	{escapes, "out/c.json", "out -> ../vault"},
	{escapes, "out/fifo", "out -> ../vault"},
	{escapes, "out/vault/key.txt", "out -> .."},
	{escapes, "out/root/in.txt", "out -> .."},
	{escapes, "out/../in.txt", "out -> ../vault"}, // as the system reads it
	{escapes, "out/saved/../key.txt", "out -> ../vault"},
	{leaves, "key", "key -> ../vault/key.txt"},
	{leaves, "key.json", "key.json -> ../vault/c.json"},
	{leaves, "key/", "key -> ../vault/key.txt"},
	{leaves, "link", "link -> ../vault/fifo"},
	{leaves, "link", "link -> ../shared.txt"},
	{leaves, "link", "link -> ../vault/missing"},
	{leaves, "link.json", "link.json -> ../vault/missing.json"},
	{leaves, "link", "link -> ../missing/../vault/key.txt"},
	{leaves, "link", "link -> ../root/in.txt"},
	{leaves, "link", "link -> d/../../vault/key.txt"},
	{leaves, "link", "link -> ./d/.././../vault"},
	{leaves, "link", "link -> /"},
	{leaves, "link/", "link -> /"},
	{escapes, "link/etc/passwd", "link -> /"},
	{leaves, "link", "link -> /etc/passwd"},
	{leaves, "link", "link -> //etc//passwd"},
	{leaves, "link", "link -> /dev/null"},
	{leaves, "link", "link -> /dev/zero"},
	{leaves, "link", "link -> /dev/stdin"},
	{leaves, "link", "link -> /proc/self/environ"},
	{leaves, "link", "link -> /proc/self/root"},
	{escapes, "link/etc/passwd", "link -> /proc/self/root"},
	{escapes, "link/../vault/key.txt", "link -> /proc/self/cwd"},
	{leaves, "link", "link -> /proc/self/fd/0"},
	{leaves, "link", "link -> /missing"},
	{leaves, "link", "link -> {base}/vault"},
	{escapes, "link/key.txt", "link -> {base}/vault"},
	{leaves, "link", "link -> {base}/vault/key.txt"},
	{leaves, "link", "link -> {base}/root"}, // even if it leads inside
	{escapes, "link/in.txt", "link -> {base}/root"},
	{leaves, "link", "link -> {base}/root/in.txt"},
	{leaves, "d/link", "d/link -> ../../vault/key.txt"},
	{escapes, "d/link/key.txt", "d/link -> ../../vault"},
	{escapes, "d/../d/link/key.txt", "d/link -> ../../vault"},
	{leaves, "a", "a -> b; b -> c; c -> ../vault/key.txt"},
	{escapes, "a/key.txt", "a -> b; b -> c; c -> ../vault"},
	{escapes, "a/vault/key.txt", "a -> d/b; d/b -> ../c; c -> .."},
	{escapes, "a/b/key.txt", "a -> d; d/b -> ../../vault"},
	{escapes, "a/vault/key.txt", "a -> x/..; x -> ../vault"},
	{leaves, "a", "a -> b/key.txt; b -> ../vault"},
	{leaves, "a", "a -> b/../key.txt; b -> ../vault"},
	{escapes, "self/../vault/key.txt", "self -> ."},
	{escapes, "self/self/../vault/key.txt", "self -> ."},
	{escapes, "d/e/../../vault/key.txt", "d/e -> ."},
	{escapes, "d/e/../../vault/key.txt", "d/e -> ../x; x/"},
	{escapes, "deep/../../vault/key.txt", "deep -> x; x/"},
	{leaves, "l\u0307nk", "l\u0307nk -> ../vault"},
	{leaves, "..\\vault", "..\\vault -> ../vault/key.txt"},
	{leaves, "...", "... -> ../vault/key.txt"},
	{escapes, ".../key.txt", "... -> ../vault"},
	{leaves, " ", "  -> ../vault/key.txt"},

	// Links that stay inside, or lead nowhere.
	{stays, "link", "link -> in.txt"},
	{stays, "link/", "link -> in.txt"},
	{stays, "link", "link -> ./d/../in.txt"},
	{stays, "link", "link -> d"},
	{stays, "link/in.txt", "link -> d"},
	{stays, "link/../in.txt", "link -> d"},
	{stays, "link/../in.txt", "link -> d/e; d/e/"},
	{stays, "link/in.txt", "link -> ."},
	{stays, "link/link/link/in.txt", "link -> ."},
	{stays, "d/link", "d/link -> .."},
	{stays, "d/link/d/link/in.txt", "d/link -> .."},
	{stays, "link", "link -> missing"},
	{stays, "link/new.txt", "link -> missing"},
	{stays, "link", "link -> missing/../in.txt"},
	{stays, "loop", "loop -> loop"},
	{stays, "loop/", "loop -> loop"},
	{stays, "loop/in.txt", "loop -> loop"},
	{stays, "loop", "loop -> ./loop"},
	{stays, "loop", "loop -> loop/loop"},
	{stays, "ping", "ping -> pong; pong -> ping"},
	{stays, "ping/in.txt", "ping -> pong/x; pong -> ping/y"},
	{stays, "d/ping", "d/ping -> ../pong; pong -> d/ping"},
	{stays, "a", "a -> b; b -> c; c -> e; e -> f; f -> in.txt"},
	{stays, "link", "link -> fifo; fifo|"},
	{stays, "link", "link -> in.txt/"},

	// Things that are no files, and files with two names.
	{stays, "fifo", "fifo|"},
	{stays, "fifo/", "fifo|"},
	{stays, "fifo/key.txt", "fifo|"},
	{stays, "fifo.json", "fifo.json|"},
	{stays, "socket", "socket="},
	{stays, "socket/key.txt", "socket="},
	{stays, "null", "null!"},
	{stays, "null/key.txt", "null!"},
	{stays, "null.json", "null.json!"},
	{stays, "shared", "shared#"},
	{stays, "shared.json", "shared.json#"},
	{stays, "d/key.txt", "d/key.txt#"},
	{stays, "d", "d/key.txt#; d/c.json#; d/chunk_1.json#"},

	// Odd spellings of files inside.
	{stays, "", ""},
	{stays, ".", ""},
	{stays, "./", ""},
	{stays, "./.", ""},
	{stays, ".//.", ""},
	{stays, "d", ""},
	{stays, "d/", ""},
	{stays, "d//", ""},
	{stays, "d/.", ""},
	{stays, "d/..", ""},
	{stays, "d/../", ""},
	{stays, "d/../.", ""},
	{stays, "d//in.txt", ""},
	{stays, "./d/./in.txt", ""},
	{stays, "d/../in.txt", ""},
	{stays, "d/../d/../d/in.txt", ""},
	{stays, "in.txt", ""},
	{stays, "in.txt/", ""},
	{stays, "in.txt//", ""},
	{stays, "in.txt/.", ""},
	{stays, "in.txt/key.txt", ""},
	{stays, "missing", ""},
	{stays, "missing/", ""},
	{stays, "missing/in.txt", ""},
	{stays, ".fileops-0123456789abcdef.tmp", ""},
	{stays, "~", ""},
	{stays, "~/in.txt", ""},
	{stays, "~root/in.txt", ""},
	{stays, "$HOME/in.txt", ""},
	{stays, "$(id)", ""},
	{stays, "`id`", ""},
	{stays, "|id", ""},
	{stays, "*", ""},
	{stays, "d/*", ""},
	{stays, "[a-z]", ""},
	{stays, "-rf", ""},
	{stays, "--", ""},
	{stays, "%s%s%n", ""},

	// Characters that look like dots and slashes.
	{stays, "...", ""},
	{stays, "....", ""},
	{stays, ".../in.txt", ""},
	{stays, "....//vault/key.txt", ""},
	{stays, ".. ", ""},
	{stays, " ..", ""},
	{stays, ".. /vault/key.txt", ""},
	{stays, ". ./vault/key.txt", ""},
	{stays, "..;/vault/key.txt", ""},
	{stays, "..\n/vault/key.txt", ""},
	{stays, "..\t/vault/key.txt", ""},
	{stays, "..\r/vault/key.txt", ""},
	{stays, "..\u200b/vault/key.txt", ""}, // zero-width space
	{stays, "\u200b../vault/key.txt", ""},
	{stays, ".\u200d./vault/key.txt", ""}, // zero-width joiner
	{stays, ".\u034f./vault/key.txt", ""}, // combining grapheme joiner
	{stays, "\ufeff../vault/key.txt", ""}, // byte order mark
	{stays, "..\u0338/vault/key.txt", ""}, // combining solidus
	{stays, "\u202e../vault/key.txt", ""}, // right-to-left override
	{stays, "\u202etxt.yek/tluav/..", ""},
	{stays, "\uff0e\uff0e/vault/key.txt", ""}, // fullwidth full stops
	{stays, "..\uff0fvault\uff0fkey.txt", ""}, // fullwidth solidus
	{stays, "..\u2215vault\u2215key.txt", ""}, // division slash
	{stays, "..\u2044vault\u2044key.txt", ""}, // fraction slash
	{stays, "..\u29f8vault\u29f8key.txt", ""}, // big solidus
	{stays, "\u2025/vault/key.txt", ""},       // two dot leader
	{stays, "\u2024\u2024/vault/key.txt", ""}, // one dot leaders
	{stays, "\ufe52\ufe52/vault/key.txt", ""}, // small full stops
	{stays, "\u3002\u3002/vault/key.txt", ""}, // ideographic full stops
	{stays, "\u06d4\u06d4/vault/key.txt", ""}, // Arabic full stops
	{stays, "%2e%2e/vault/key.txt", ""},
	{stays, "%2e%2e%2fvault%2fkey.txt", ""},
	{stays, "%252e%252e%252fvault", ""},
	{stays, "..%2fvault%2fkey.txt", ""},
	{stays, "..%c0%afvault", ""},
	{stays, "..%5cvault", ""},
	{stays, "&#46;&#46;/vault", ""},
	{stays, "\xc0\xae\xc0\xae/vault/key.txt", ""},         // overlong dots
	{stays, "..\xc0\xafvault\xc0\xafkey.txt", ""},         // overlong slashes
	{stays, "..\xe0\x80\xafvault", ""},                    // longer ones
	{stays, "\xf0\x80\x80\xae\xf0\x80\x80\xae/vault", ""}, // and dots
	{stays, ".\x80./vault/key.txt", ""},
	{stays, "..\xff/vault/key.txt", ""},
	{stays, "\xff\xfe\x2e\x2e", ""},
	{stays, "\xed\xa0\x80", ""}, // half a surrogate
	{stays, "caf\u00e9", ""},
	{stays, "cafe\u0301", ""},
	{stays, "\u0130\u0131\u017f\u212a", ""}, // letters that fold to others
	{stays, "in.txt\u0000", ""},
	{stays, "\x00", ""},
	{stays, "\x00/../vault/key.txt", ""},
	{stays, "in.txt\x00/../../vault/key.txt", ""},
	{stays, "d\x00/../in.txt", ""},
	{stays, "a\nb", ""},
	{stays, "\x1b[2J", ""},
	{stays, "\x7f", ""},
	{stays, "\r", ""},

	// Names with a meaning on other systems.
	{stays, `..\vault\key.txt`, ""},
	{stays, `..\..\`, ""},
	{stays, `d\..\..\vault\key.txt`, ""},
	{stays, `\`, ""},
	{stays, `\\server\share\key.txt`, ""},
	{stays, `\\?\C:\key.txt`, ""},
	{stays, `\\.\PhysicalDrive0`, ""},
	{stays, "C:", ""},
	{stays, `C:\key.txt`, ""},
	{stays, "C:/key.txt", ""},
	{stays, "C:key.txt", ""},
	{stays, "NUL", ""},
	{stays, "nul.txt", ""},
	{stays, "CON", ""},
	{stays, "con.json", ""},
	{stays, "AUX .txt", ""},
	{stays, "COM1", ""},
	{stays, "LPT\u00b9", ""},
	{stays, "CONIN$", ""},
	{stays, "in.txt:stream", ""},
	{stays, "in.txt::$DATA", ""},
	{stays, "in.txt.", ""},
	{stays, "in.txt ", ""},
	{stays, "in.txt. . .", ""},
	{stays, " in.txt", ""},
	{stays, "IN.TXT", ""},
	{stays, "INTXT~1", ""},
	{stays, "file:in.txt", ""},

	// Long.
	{stays, repeated("n", 255, ""), ""},
	{stays, repeated("n", 256, ""), ""},
	{stays, repeated("\u00e9", 127, ""), ""},
	{stays, repeated("\u00e9", 128, ""), ""},
	{stays, repeated("n", 4096, ""), ""},
	{stays, repeated("n", 100_000, ""), ""},
	{stays, repeated(repeated("n", 255, "/"), 15, "in.txt"), ""},
	{stays, repeated("d/../", 5, "in.txt"), ""},
	{stays, repeated("./", 2000, "in.txt"), ""},
	{stays, repeated("d", 1, repeated("/", 2000, "in.txt")), ""},
}
