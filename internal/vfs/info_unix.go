//go:build unix

package vfs

import (
	"os"
	"syscall"
)

// addSystem adds to an Info the facts that package os has only in the system's
// form.
func addSystem(info *Info, fi os.FileInfo) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		info.dev, info.ino = uint64(st.Dev), uint64(st.Ino)
		info.Owner, info.Group = st.Uid, st.Gid
		info.Sparse = takesLess(int64(st.Blocks), info.Size)
	}
}

// takesLess reports whether a file takes less space than its size. Blocks have
// 512 bytes, whatever the block size of the file system, see inode(7).
func takesLess(blocks, size int64) bool { return blocks < (size+511)/512 }
