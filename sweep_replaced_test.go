//go:build unix

package fileops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A change is a replacement of a file or directory.
type change struct {
	name string
	make func(path, outside string) error
}

var changes = []change{
	{"vanishes", func(path, _ string) error { return nil }},
	{"a FIFO", func(path, _ string) error { return unix.Mkfifo(path, 0o666) }},
	{"a file", func(path, _ string) error { return os.WriteFile(path, []byte("replaced"), 0o666) }},
	{"a directory", func(path, _ string) error { return os.Mkdir(path, 0o777) }},
	{"a link to a file", func(path, _ string) error { return os.Symlink("deep/d.txt", path) }},
	{"a link outside", func(path, outside string) error { return os.Symlink(outside, path) }},
	{"a link to nothing", func(path, _ string) error { return os.Symlink("nothing", path) }},
	{"a link in circles", func(path, _ string) error { return os.Symlink(filepath.Base(path), path) }},
	{"a link upwards", func(path, _ string) error { return os.Symlink("..", path) }},
	{"not text", func(path, _ string) error { return os.WriteFile(path, []byte("\xff"), 0o666) }},
}

// TestReplacedUnderfoot puts something else in the place of a file between
// its listing and its opening, and of a directory before its own listing.
func TestReplacedUnderfoot(t *testing.T) {
	t.Parallel()
	cases := 0
	for _, s := range seams {
		for _, target := range []struct{ op, path string }{
			{"open", "in/sub/c.txt"}, {"list", "in/sub"}, {"stat", "in/sub/c.txt"}, {"stat", "in/link.txt"},
		} {
			for _, ch := range changes {
				for _, tr := range someOf(trials, 4) {
					if tr.writes {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s %s %s/%s", s.name, target.op, target.path, ch.name, tr.name), func(t *testing.T) {
						l := newLab(t, s, PoolOptions{})
						outside := t.TempDir()
						require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
						l.faulty.Reset(once(target.op, filepath.Base(target.path), func() {
							path := l.onDisk(target.path)
							require.NoError(t, os.RemoveAll(path))
							if ch.name == "a link outside" && target.op != "list" {
								outside = filepath.Join(outside, "secret")
							}
							require.NoError(t, ch.make(path, outside))
						}))
						inTime(t, func(ctx context.Context) {
							result, err := tr.run(ctx, l, cancellableForm)
							shown := fmt.Sprint(result, err)
							if s.confined {
								assert.NotContains(t, shown, "secret", "what is outside is revealed")
							}
							if r, ok := errors.AsType[*PanicError](err); ok {
								assert.Fail(t, "panic", "%s", r.Stack)
							}
							switch encoding, ok := errors.AsType[*EncodingError](err); {
							case ok:
								assert.NotEmpty(t, encoding.Path)
							case err != nil && tr.name != "ReadFiles": // whose trial knows its texts
								checkClear(t, err, nil)
							case err == nil && tr.account != nil && target.op == "open":
								used, skipped := tr.account(result)
								path := l.at(target.path)
								assert.True(t, slices.Contains(used, path) ||
									slices.ContainsFunc(skipped, func(s SkippedFile) bool { return s.Path == path }),
									"%s is lost: used %v, skipped %v", path, used, skipped)
							}
						})
						if t.Failed() { // what hangs is let go
							if end, err := os.OpenFile(l.onDisk(target.path), os.O_RDWR, 0); err == nil {
								defer end.Close()
							}
						}
						l.close()
					})
					if t.Failed() {
						return // the others would hang too
					}
					cases++
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}
