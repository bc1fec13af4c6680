package memlimit

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestMachineAvailable(t *testing.T) {
	require.Equal(t, int64(2048<<10), machineAvailable("MemTotal:  4096 kB\nMemAvailable:    2048 kB\nSwap: 1 kB\n"))
	require.Equal(t, int64(unlimited), machineAvailable("MemTotal: 4096 kB\n"))
	require.Equal(t, int64(unlimited), machineAvailable("MemAvailable: much kB\n"))
	require.Equal(t, int64(unlimited), machineAvailable(""))
}

func TestProcessMemory(t *testing.T) {
	page := int64(os.Getpagesize())
	mapped, filled := processMemory("1000 300 100 5 0 200 0\n")
	require.Equal(t, []int64{1000 * page, 200 * page}, []int64{mapped, filled})
	mapped, filled = processMemory("")
	require.Zero(t, mapped+filled)

	debug.FreeOSMemory()
	_, before := processMemory(readFile("/proc/self/statm"))
	held, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	require.NoError(t, err)
	defer unix.Munmap(held)
	_, empty := processMemory(readFile("/proc/self/statm"))
	for i := 0; i < len(held); i += os.Getpagesize() {
		held[i] = 1
	}
	_, full := processMemory(readFile("/proc/self/statm"))
	require.Less(t, empty-before, int64(16<<20))
	require.Greater(t, full-before, int64(48<<20))
}

func TestGroupLimits(t *testing.T) {
	files := map[string]string{
		"/sys/fs/cgroup/a/b/memory.max":                    "1000\n",
		"/sys/fs/cgroup/a/memory.max":                      "max\n",
		"/sys/fs/cgroup/memory/c/memory.limit_in_bytes":    "3000\n",
		"/sys/fs/cgroup/memory/memory.limit_in_bytes":      "9223372036854771712\n",
		"/sys/fs/cgroup/cpu/memory.limit_in_bytes":         "1\n",
		"/sys/fs/cgroup/memory/cpu/memory.limit_in_bytes":  "1\n",
		"/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes":  "1\n",
		"/sys/fs/cgroup/memory/other/memory.limit_in_byte": "1\n",
	}
	read := func(name string) string { return files[name] }
	require.Equal(t, []int64{1000, unlimited, unlimited}, groupLimits("0::/a/b\n", read))
	require.Equal(t, []int64{3000, 9223372036854771712}, groupLimits("4:cpu,cpuacct:/cpu\n3:hugetlb,memory:/c\nnonsense\n", read))
	require.Equal(t, []int64{unlimited}, groupLimits("0::/\n", read))
	require.Empty(t, groupLimits("", read))
}

func TestAvailableIsWithinTheMachine(t *testing.T) {
	total := machineAvailable(readFile("/proc/meminfo"))
	require.Positive(t, Available())
	require.Less(t, Available(), total+1<<30)
}
