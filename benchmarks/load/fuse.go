package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// lacksFUSE says what keeps the program from mounting, "" for nothing.
func lacksFUSE() string {
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

// serveFUSE is the process of a mount. It ends with its standard input. Its
// arguments are the kind and the directory.
func serveFUSE(args []string) error {
	root := &files{kind: args[0], depth: make(chan struct{}, slowDepth)}
	server, err := fs.Mount(args[1], root, &fs.Options{
		NullPermissions: true,
		MountOptions:    fuse.MountOptions{DirectMountStrict: true, FsName: "fileops", Name: args[0]},
	})
	if err != nil {
		return err
	}
	fmt.Println("mounted")
	io.Copy(io.Discard, os.Stdin)
	_ = server // which ends with the process, and all that hangs with it
	return syscall.Unmount(args[1], syscall.MNT_DETACH)
}

// files is a directory in which every name is a file.
type files struct {
	fs.Inode
	kind  string
	depth chan struct{}
}

func (f *files) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	out.Size, out.Mode = smallSize, fuse.S_IFREG|0o444
	return f.NewInode(ctx, &file{dir: f}, fs.StableAttr{Mode: fuse.S_IFREG}), 0
}

type file struct {
	fs.Inode
	dir *files
}

func (f *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Size, out.Mode = smallSize, fuse.S_IFREG|0o444
	return 0
}

func (f *file) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if f.dir.kind == hanging {
		select {}
	}
	f.dir.depth <- struct{}{}
	time.Sleep(slowOpen)
	<-f.dir.depth
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

func (f *file) Read(_ context.Context, _ fs.FileHandle, p []byte, offset int64) (fuse.ReadResult, syscall.Errno) {
	p = p[:max(0, min(int64(len(p)), smallSize-offset))]
	for i := range p {
		p[i] = 'x'
	}
	return fuse.ReadResultData(p), 0
}
