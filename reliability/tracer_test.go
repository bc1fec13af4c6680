//go:build linux

package reliability

import (
	"fmt"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mutating are the system calls that change a file system, and those that open or
// close a file. A kill between two of them can show a bug.
var mutating = map[uint64]string{
	unix.SYS_CLOSE:           "close",
	unix.SYS_COPY_FILE_RANGE: "copy_file_range",
	unix.SYS_FCHMOD:          "fchmod",
	unix.SYS_FSETXATTR:       "fsetxattr",
	unix.SYS_FSYNC:           "fsync",
	unix.SYS_IOCTL:           "ioctl",
	unix.SYS_LINKAT:          "linkat",
	unix.SYS_MKDIRAT:         "mkdirat",
	unix.SYS_OPENAT:          "openat",
	unix.SYS_OPENAT2:         "openat2",
	unix.SYS_RENAMEAT:        "renameat",
	unix.SYS_RENAMEAT2:       "renameat2",
	unix.SYS_SYNC_FILE_RANGE: "sync_file_range",
	unix.SYS_UNLINKAT:        "unlinkat",
	unix.SYS_UTIMENSAT:       "utimensat",
	unix.SYS_WRITE:           "write",
}

// markCall is the system call that marks where counting begins and ends. Nothing
// else makes it.
const markCall = unix.SYS_GETPPID

// mark makes that call.
func mark() { unix.Getppid() }

// A death is how a traced process ended.
type death struct {
	before string // the next system call of a killed process; empty if it was not killed
	status unix.WaitStatus
}

// killed reports whether the tracer killed the process.
func (d death) killed() bool { return d.before != "" }

// killAtCall runs a program and kills it (SIGKILL) before its nth mutating system
// call between two marks. It counts the calls of all threads together, which
// strace(1) with --inject does not: that counts the calls of each thread.
func killAtCall(cmd *exec.Cmd, n int) (d death, err error) {
	runtime.LockOSThread() // the tracer is a thread: see ptrace(2)
	defer runtime.UnlockOSThread()
	defer func() {
		if cmd.Process != nil {
			cmd.Wait() // the process has ended, so this only waits for its output
		}
	}()
	if err := startTraced(cmd, &d.status); err != nil {
		return d, err
	}
	pid := cmd.Process.Pid
	marks, calls := 0, 0
	for tid := pid; ; {
		// If this fails, the thread was killed, and the next wait returns that.
		unix.PtraceSyscall(tid, deliverable(d.status))
		if tid, err = unix.Wait4(-1, &d.status, unix.WALL|unix.WNOTHREAD, nil); err != nil {
			return d, fmt.Errorf("wait: %w", err)
		}
		if d.status.Exited() || d.status.Signaled() {
			if tid == pid {
				return d, nil
			}
			continue
		}
		call, entered := enteredCall(tid, d.status)
		switch {
		case !entered:
		case call == markCall:
			marks++
		case marks == 1 && mutating[call] != "":
			if calls++; calls == n {
				d.before = mutating[call]
				if err := unix.Kill(pid, unix.SIGKILL); err != nil {
					return d, err
				}
			}
		}
	}
}

// startTraced starts a program as a tracee of this thread. It waits until the
// program stops before its first instruction.
func startTraced(cmd *exec.Cmd, status *unix.WaitStatus) error {
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		return err
	}
	if _, err := unix.Wait4(cmd.Process.Pid, status, 0, nil); err != nil {
		return err
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	return unix.PtraceSetOptions(cmd.Process.Pid, options)
}

// deliverable returns the signal that the stopped thread must get, or 0. The
// kernel uses SIGTRAP and SIGSTOP to notify the tracer; the thread must not get
// these.
func deliverable(status unix.WaitStatus) int {
	switch {
	case !status.Stopped(), status.StopSignal()&^0x80 == unix.SIGTRAP, status.StopSignal() == unix.SIGSTOP:
		return 0
	default:
		return int(status.StopSignal())
	}
}

// enteredCall returns the system call that a stopped thread enters. It returns
// false if the thread stopped for another reason.
func enteredCall(tid int, status unix.WaitStatus) (call uint64, ok bool) {
	if !status.Stopped() || status.StopSignal() != unix.SIGTRAP|0x80 {
		return 0, false
	}
	// struct ptrace_syscall_info of ptrace(2).
	var info struct {
		op      uint8
		_       [3]uint8
		arch    uint32
		ip, sp  uint64
		call    uint64
		details [7]uint64
	}
	const opEntry = 1
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	return info.call, errno == 0 && info.op == opEntry
}
