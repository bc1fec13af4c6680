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

// lacksFUSE says what keeps the program from mounting, "" for nothing.
func lacksFUSE() string {
	if runtime.GOOS != "linux" {
		return "it takes Linux"
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return "there is no /dev/fuse"
	}
	if os.Geteuid() != 0 {
		return "mounting needs root"
	}
	return ""
}

// What opening a file of a mount does.
const (
	hanging = "hanging" // does not come back
	slow    = "slow"    // takes some time, and only so many are served at once
)

const (
	slowOpen  = 5 * time.Millisecond
	slowDepth = 16
)

// mount mounts a file system on a directory of the tree. It is a process of
// its own, so that nothing of this one hangs.
func (b *bench) mount(kind string) (unmount func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.tree.dir, "mount")
	cmd := exec.Command(self, "fuse", kind, dir)
	cmd.Stderr = os.Stderr
	// With few processors its own reads of requests could hold all of them up.
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
