package memlimit

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAvailableObeysGOMEMLIMIT sets a memory limit and takes some of it.
func TestAvailableObeysGOMEMLIMIT(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(used() + 64<<20))
	before := Available()
	require.LessOrEqual(t, before, int64(64<<20))
	held := make([]byte, 32<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	require.Less(t, Available(), before-16<<20)
	require.NotZero(t, held[0])
	debug.SetMemoryLimit(1)
	require.Zero(t, Available())
}

func BenchmarkAvailable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Available()
	}
}
