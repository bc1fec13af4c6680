package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// lacksFUSE returns the reason why the program cannot mount a file system, or "".
func lacksFUSE() string {
	if runtime.GOOS != "linux" {
		return "mounting needs Linux"
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return "mounting needs /dev/fuse"
	}
	if os.Geteuid() != 0 {
		return "mounting needs root"
	}
	return ""
}

// The kinds of mounts differ in how they open a file.
const (
	hanging = "hanging" // open never returns
	slow    = "slow"    // open takes slowOpen, and slowDepth opens run at once
)

const (
	slowOpen  = 5 * time.Millisecond
	slowDepth = 16
)

// mount mounts a file system on the directory mount of the tree. A process of
// its own serves it, so that this process cannot hang.
func (b *bench) mount(kind string) (unmount func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.tree.dir, "mount")
	cmd := exec.Command(self, "fuse", kind, dir)
	cmd.Stderr = os.Stderr
	// The threads that read requests from the kernel could occupy every
	// processor of a small machine.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=32")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	unmount = func() error {
		stdin.Close()
		return cmd.Wait()
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("mount: %w", err), unmount())
	}
	return unmount, nil
}
