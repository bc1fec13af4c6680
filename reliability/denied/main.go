//go:build linux

// The program denied runs another program below a seccomp filter that denies
// openat2(2): the call fails with ENOSYS, as on kernels before Linux 5.6 and in
// the sandboxes of older container runtimes. Its use is "denied program
// arguments", so "go test -exec denied" runs tests that way.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: denied program arguments"))
	}
	program, err := exec.LookPath(os.Args[1])
	if err != nil {
		fail(err)
	}
	runtime.LockOSThread() // prctl(2) changes this thread only, and execve(2) keeps its filter
	if err := deny(unix.SYS_OPENAT2); err != nil {
		fail(err)
	}
	fail(unix.Exec(program, os.Args[1:], os.Environ()))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "denied:", err)
	os.Exit(1)
}

// deny makes a system call fail with ENOSYS, see seccomp(2). The filter does not
// look at the architecture, because openat2(2) has one number on all that Go
// knows.
func deny(call uint32) error {
	const numberAt = 0 // the number of the call is the first field of struct seccomp_data
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
