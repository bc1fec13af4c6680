package fileops

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// TestFilesListSomeDirectoriesAhead stops in a loop until nothing moves. By then
// the walk has listed some directories ahead, and no more than it may hold.
func TestFilesListSomeDirectoriesAhead(t *testing.T) {
	bubble(t, PoolOptions{Workers: 4}, func(ctx context.Context, t *testing.T, l *lab) {
		const dirs = 2 * aheadDirs
		for i := range dirs {
			require.NoError(t, os.MkdirAll(l.onDisk(fmt.Sprintf("in/%03d", i)), 0o777))
			require.NoError(t, os.WriteFile(l.onDisk(fmt.Sprintf("in/%03d/file", i)), nil, 0o666))
		}
		var lists atomic.Int64
		l.faulty.Reset(func(c vfstest.Call) error {
			if c.Op == "list" {
				lists.Add(1)
			}
			return nil
		})
		done := 0
		for _, err := range l.pool.Files(ctx, l.at("in"), nil) {
			require.NoError(t, err)
			if done++; done%100 == 1 && done < dirs {
				synctest.Wait()
				require.LessOrEqual(t, lists.Load(), int64(done+aheadDirs+1))
				require.Greater(t, lists.Load(), int64(min(done+aheadDirs/2, dirs)))
				require.Zero(t, l.pool.Stats().Running, "a loop holds no slot")
			}
		}
		require.EqualValues(t, dirs+3, lists.Load(), "each directory is listed once")
		require.Equal(t, dirs+len(inputs), done)
	})
}

// TestManyNamesStopTheWalkAhead lists directories of many names: no further ahead
// than aheadItems.
func TestManyNamesStopTheWalkAhead(t *testing.T) {
	bubble(t, PoolOptions{Workers: 4}, func(ctx context.Context, t *testing.T, l *lab) {
		require.NoError(t, os.WriteFile(l.onDisk("in/!"), nil, 0o666)) // comes first
		const perDir = 2000
		for i := range aheadItems * 5 / 4 / perDir {
			dir := l.onDisk(fmt.Sprintf("in/%03d", i))
			require.NoError(t, os.MkdirAll(dir, 0o777))
			for n := range perDir {
				require.NoError(t, os.Symlink(".", fmt.Sprintf("%s/%d", dir, n)))
			}
		}
		var lists atomic.Int64
		l.faulty.Reset(func(c vfstest.Call) error {
			if c.Op == "list" {
				lists.Add(1)
			}
			return nil
		})
		for _, err := range l.pool.Files(ctx, l.at("in"), nil) {
			require.NoError(t, err)
			synctest.Wait()
			break
		}
		require.LessOrEqual(t, lists.Load(), int64(aheadItems/perDir+8))
	})
}
