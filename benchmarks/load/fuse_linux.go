package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// serveFUSE is the main function of the process that serves a mount, until its
// standard input ends. Its arguments are the kind and the directory.
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
	_ = server // no unmount by the server: it would wait for the requests that hang
	return syscall.Unmount(args[1], syscall.MNT_DETACH)
}

// files is a directory in which every name is a file of smallSize bytes.
type files struct {
	fs.Inode
	kind  string
	depth chan struct{}
}

func (f *files) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	out.Size, out.Mode = smallSize, fuse.S_IFREG|0o444
	h := fnv.New64a() // the same inode number each time, or the kernel drops its cached inode
	io.WriteString(h, name)
	return f.NewInode(ctx, &file{dir: f}, fs.StableAttr{Mode: fuse.S_IFREG, Ino: h.Sum64()}), 0
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
