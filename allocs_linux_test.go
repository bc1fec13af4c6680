package fileops

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A small read allocates its text, a name for the system and its books, and
// a future besides that its goroutine's start: see "How fast" in the README.
func TestSmallReadsAllocateLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates too")
	}
	path := filepath.Join(t.TempDir(), "small")
	require.NoError(t, os.WriteFile(path, make([]byte, 4<<10), 0o666))
	ctx := context.Background()
	for _, c := range []struct {
		name string
		most float64
		read func() (string, error)
	}{
		{"ReadFile", 3, func() (string, error) { return ReadFile(ctx, path) }},
		{"AsyncReadFile", 6, func() (string, error) { return AsyncReadFile(ctx, path).Await(ctx) }},
	} {
		allocs := testing.AllocsPerRun(500, func() {
			if _, err := c.read(); err != nil {
				t.Error(err)
			}
		})
		require.LessOrEqual(t, allocs, c.most, c.name)
	}
}
