// Package memlimit tells how much more memory the process can take before it is
// killed or fails. A Go program that cannot get memory ends with a fatal error,
// which no caller can recover from, so the question comes first.
package memlimit

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
)

// smallAddressSpace is the part of a 32-bit address space in which a process can
// hope for one large piece of memory.
const smallAddressSpace = 1 << 30

// Available returns how many more bytes the process can take: the least of the
// bounds that the system, its container and GOMEMLIMIT set. A bound that cannot
// be read does not count. On systems other than Linux only GOMEMLIMIT and the
// address space of 32-bit systems are known.
//
// Available reads some small files of /proc and /sys and takes some hundred
// microseconds, so it is for large amounts only. The answer holds for the moment: other
// goroutines and processes take memory too.
func Available() int64 {
	used := used()
	available := debug.SetMemoryLimit(-1) - used // math.MaxInt64 if there is none
	if strconv.IntSize == 32 {
		available = min(available, smallAddressSpace-used)
	}
	return max(0, min(available, systemAvailable(used)))
}

// used returns the memory that the Go runtime has from the system.
func used() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// unlimited is the answer of a bound that does not exist.
const unlimited = math.MaxInt64
