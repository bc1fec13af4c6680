//go:build linux

package reliability

import (
	"fmt"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mutating are the system calls by which an operation changes a file system,
// or gives up or gains a hold on it: the points where its death might show.
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
	unix.SYS_UNLINKAT:        "unlinkat",
	unix.SYS_UTIMENSAT:       "utimensat",
	unix.SYS_WRITE:           "write",
}

// markCall is the system call that marks where counting begins and ends. It is
// made for nothing else.
const markCall = unix.SYS_GETPPID

func mark() { unix.Getppid() }

// A death is how a traced process ended.
type death struct {
	before string // the system call that it was about to make when it was killed
	status unix.WaitStatus
}

func (d death) killed() bool { return d.before != "" }

// killAtCall runs a program and kills it (SIGKILL) as it is about to make its
// nth mutating system call between two marks, whichever of its threads that
// is. strace's inject does the like but counts each thread's calls apart.
func killAtCall(cmd *exec.Cmd, n int) (d death, err error) {
	runtime.LockOSThread() // which is what the kernel takes for the tracer
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr.Ptrace = true
	if err := cmd.Start(); err != nil {
		return d, err
	}
	defer cmd.Wait() // there is nothing to wait for any more, but its output
	pid := cmd.Process.Pid
	if _, err := unix.Wait4(pid, &d.status, 0, nil); err != nil {
		return d, err
	}
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return d, err
	}
	marks, calls := 0, 0
	for tid := pid; ; {
		// Errors mean that the thread has been killed, as the next wait says.
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

// deliverable returns the signal that a stop is about and that the thread
// should get: not those by which the kernel tells the tracer something.
func deliverable(status unix.WaitStatus) int {
	switch {
	case !status.Stopped(), status.StopSignal()&^0x80 == unix.SIGTRAP, status.StopSignal() == unix.SIGSTOP:
		return 0
	default:
		return int(status.StopSignal())
	}
}

// enteredCall returns the system call that a stopped thread is about to make,
// and false if it was stopped for another reason.
func enteredCall(tid int, status unix.WaitStatus) (call uint64, ok bool) {
	if !status.Stopped() || status.StopSignal() != unix.SIGTRAP|0x80 {
		return 0, false
	}
	// ptrace_syscall_info of ptrace(2).
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
