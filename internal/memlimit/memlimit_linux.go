package memlimit

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// arenaSize is the unit in which the Go runtime takes address space: heapArenaBytes
// in its malloc.go. It takes up to one more to align the first.
const arenaSize = 4 << 20 << (4 * (strconv.IntSize / 64))

// inOnePiece is a cautious guess at the part of the heap's idle address space that
// is in one piece: an eighth. The runtime never gives address space back, so a
// process that once had much could have no more otherwise.
const inOnePiece = 8

// systemAvailable returns the least of the bounds of the machine, of the control
// groups and of setrlimit(2), for a process that uses so much already.
func systemAvailable(used, idle int64) int64 {
	mapped, filled := processMemory(readFile("/proc/self/statm"))
	available := machineAvailable(readFile("/proc/meminfo"))
	if available < unlimited {
		available -= max(0, used-filled) // the system gives a page when it is first written to
	}
	for _, limit := range groupLimits(readFile("/proc/self/cgroup"), readFile) {
		available = min(available, limit-used)
	}
	for _, resource := range []int{unix.RLIMIT_AS, unix.RLIMIT_DATA} {
		var limit unix.Rlimit
		if unix.Getrlimit(resource, &limit) == nil && limit.Cur < unlimited {
			fresh := int64(limit.Cur) - mapped - 2*arenaSize
			available = min(available, max(fresh, idle/inOnePiece))
		}
	}
	return available
}

// processMemory reads /proc/self/statm, see proc_pid_statm(5). It returns the size
// of the address space and of the pages in memory that are no file's.
func processMemory(statm string) (mapped, filled int64) {
	var resident, shared int64
	fmt.Sscan(statm, &mapped, &resident, &shared)
	page := int64(os.Getpagesize())
	return mapped * page, (resident - shared) * page
}

// readFile returns the contents of a file of the kernel, "" if there is none.
func readFile(name string) string {
	data, _ := os.ReadFile(name)
	return string(data)
}

// number parses a decimal number. Anything else, such as "max", is unlimited.
func number(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return unlimited
	}
	return n
}

// machineAvailable returns MemAvailable of proc_meminfo(5): the free memory and
// the memory that the kernel can free.
func machineAvailable(meminfo string) int64 {
	for line := range strings.Lines(meminfo) {
		if value, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if kib := number(strings.TrimSuffix(strings.TrimSpace(value), " kB")); kib < unlimited>>10 {
				return kib << 10
			}
		}
	}
	return unlimited
}

// groupLimits returns the limits of the control groups of the process and of the
// groups above them, in version 2 and 1 of the interface. See cgroups(7) and
// memory.max in the kernel's Documentation/admin-guide/cgroup-v2.rst.
func groupLimits(groups string, read func(string) string) (limits []int64) {
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		mount, file := "/sys/fs/cgroup", "memory.max"
		if fields[1] != "" { // a hierarchy of version 1
			mount, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
			if !strings.Contains(","+fields[1]+",", ",memory,") {
				continue
			}
		}
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			limits = append(limits, number(read(path.Join(mount, group, file))))
			if group == "/" {
				break
			}
		}
	}
	return limits
}
