// Package memlimit tells how much more memory the process can take before it is
// killed or fails. A Go program that cannot get memory ends with a fatal error,
// which no caller can recover from, so the question comes first.
package memlimit

import (
	"fmt"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
)

// smallAddressSpace is the part of a 32-bit address space in which a process can
// hope for one large piece of memory.
const smallAddressSpace = 1 << 30

// reserved is the memory that callers of Reserve are about to take. The runtime
// does not count it yet.
var reserved struct {
	sync.Mutex
	bytes int64
}

// Reserve sets size bytes aside. The caller takes them from the system and then
// calls [Release]. It fails if the process cannot take so much beside the
// memory that is in use and that others have reserved. Before it fails it frees
// the memory that the process does not use any more, if that can help.
func Reserve(size int64) error {
	reserved.Lock()
	defer reserved.Unlock()
	free := Available() - reserved.bytes
	if used, _ := heap(); size > free && size-free <= used {
		debug.FreeOSMemory()
		free = Available() - reserved.bytes
	}
	if size > free {
		return fmt.Errorf("it needs %d bytes of memory, and %d are free beside other work", size, max(0, free))
	}
	reserved.bytes += size
	return nil
}

// Release ends a reservation of size bytes.
func Release(size int64) {
	reserved.Lock()
	defer reserved.Unlock()
	reserved.bytes -= size
}

// Available returns how many more bytes the process can take: the least of the
// bounds that the system, its container and GOMEMLIMIT set. A bound that cannot
// be read does not count.
//
// On Linux, Available reads some small files of /proc and /sys and takes about a
// hundred microseconds, so it is for large amounts only. The answer holds for the
// moment: other goroutines and processes take memory too.
func Available() int64 {
	used, idle := heap()
	available := debug.SetMemoryLimit(-1) - used // math.MaxInt64 if there is none
	if strconv.IntSize == 32 {
		available = min(available, smallAddressSpace-used)
	}
	return max(0, min(available, systemAvailable(used, idle)))
}

// heap returns the memory that the Go runtime has from the system, and the address
// space that it keeps for its heap and does not use.
func heap() (used, idle int64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	total, released, free := int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64()), int64(samples[2].Value.Uint64())
	return total - released, released + free
}

// unlimited is the answer of a bound that does not exist.
const unlimited = math.MaxInt64
