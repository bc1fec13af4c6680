package memlimit

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// A memoryStatus is Microsoft's MEMORYSTATUSEX.
type memoryStatus struct {
	length        uint32
	load          uint32
	totalPhysical uint64
	freePhysical  uint64
	totalCommit   uint64
	freeCommit    uint64
	totalAddress  uint64
	freeAddress   uint64
	freeExtended  uint64
}

var globalMemoryStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

// systemAvailable returns how much the process can commit. Windows gives no memory
// that it could not keep, in pages of memory and of the page files together, and
// package runtime ends a process that gets none. See ullAvailPageFile and
// ullAvailVirtual in Microsoft's documentation of MEMORYSTATUSEX.
func systemAvailable(_, _ int64) int64 {
	status := memoryStatus{length: uint32(unsafe.Sizeof(memoryStatus{}))}
	if ok, _, _ := globalMemoryStatus.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return unlimited
	}
	return int64(min(status.freeCommit, status.freeAddress, unlimited))
}
