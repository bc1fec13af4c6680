package memlimit

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// limitTo leaves the process some bytes more than it needs, until the test ends.
func limitTo(t *testing.T, more int64) {
	debug.FreeOSMemory() // which the garbage of other tests would become meanwhile
	used, _ := heap()
	limit := debug.SetMemoryLimit(used + more)
	t.Cleanup(func() { debug.SetMemoryLimit(limit) })
}

// TestAvailableObeysGOMEMLIMIT sets a memory limit and takes some of it.
func TestAvailableObeysGOMEMLIMIT(t *testing.T) {
	limitTo(t, 64<<20)
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

// TestReserve reserves memory that is there only once.
func TestReserve(t *testing.T) {
	limitTo(t, 64<<20)
	require.NoError(t, Reserve(40<<20))
	require.ErrorContains(t, Reserve(40<<20), "it needs 41943040 bytes of memory, and ")
	require.NoError(t, Reserve(4<<20))
	Release(40 << 20)
	require.NoError(t, Reserve(40<<20))
	Release(40 << 20)
	Release(4 << 20)
	require.Zero(t, reserved.bytes)
	require.Error(t, Reserve(1<<50))
	require.Error(t, Reserve(unlimited))
	require.Zero(t, reserved.bytes)
}

// TestReserveFreesGarbage reserves memory that the process holds but does not use.
func TestReserveFreesGarbage(t *testing.T) {
	limitTo(t, 64<<20)
	for range 5 {
		require.NoError(t, Reserve(40<<20))
		garbage := make([]byte, 40<<20)
		Release(40 << 20)
		require.Len(t, garbage, 40<<20)
	}
}

func BenchmarkAvailable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Available()
	}
}
