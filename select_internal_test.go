package fileops

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// TestExcludedDirectoryIsNotOpened looks at the calls of a walk: none is for a
// directory that a rule leaves out, however large it may be, and with rules alone
// none is for a file.
func TestExcludedDirectoryIsNotOpened(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.WriteFile(l.onDisk("in/.gitignore"), []byte("/sub/\n"), 0o666))
			for _, sel := range []*Selection{{Exclude: []string{"sub"}}, {Git: true}, {Git: true, FollowLinks: true}, {IgnoreFiles: []string{".gitignore"}}} {
				var mu sync.Mutex
				var lists []string
				l.faulty.Reset(func(c vfstest.Call) error {
					mu.Lock()
					defer mu.Unlock()
					require.NotContains(t, c.Name, "sub", c.Op)
					if c.Op == "list" {
						lists = append(lists, c.Name)
					}
					return nil
				})
				files, err := l.pool.DirToFiles(t.Context(), l.at("in"), &DirOptions{Select: sel})
				l.faulty.Reset(nil)
				require.NoError(t, err)
				require.False(t, slices.ContainsFunc(files, func(path string) bool { return strings.Contains(path, "sub") }))
				require.Equal(t, []string{l.at("in")}, lists)
			}
			l.close()
		})
	}
}
