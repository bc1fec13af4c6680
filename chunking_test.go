package fileops

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// TestProgressCountsNoDirectory cuts a directory of which a part cannot be listed.
// That part is skipped, and is no file that is done.
func TestProgressCountsNoDirectory(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			defer l.close()
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "list" && filepath.Base(c.Name) == "deep" {
					return syscall.EACCES
				}
				return nil
			})
			var skipped []SkippedFile
			var done Progress
			_, err := l.pool.Chunk(t.Context(), l.at("in"), &ChunkOptions{
				OnSkip:   func(s SkippedFile) { skipped = append(skipped, s) },
				Progress: func(p Progress) { done = p },
			})
			require.NoError(t, err)
			require.Len(t, skipped, 1)
			require.ErrorIs(t, skipped[0].Err, syscall.EACCES)
			require.Equal(t, len(inputs)-1, done.Files, "the file in it is not found")
		})
	}
}
