package vfs

import (
	"sync"

	"github.com/lion-agi/fileops/internal/mounts"
	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/sys/unix"
)

// ReadCached looks a name up with RESOLVE_CACHED and reads with RWF_NOWAIT, see
// openat2(2) and preadv2(2): both fail rather than wait for a disk.
//
// Between the two the file system's own open runs, which on a network or FUSE
// file system asks a server. So only files on local file systems are opened. A
// confined look-up stays on the mount of its directory (RESOLVE_NO_XDEV). Any
// other look-up follows no symbolic link (RESOLVE_NO_SYMLINKS), so that the
// spelling of the path tells the mount.
func (d *linuxFS) ReadCached(name string, limit int64) (data []byte, ok bool) {
	var resolve uint64 = resolveCached
	switch {
	case !opensCached():
		return nil, false
	case d.confined && d.local:
		resolve |= beneath | unix.RESOLVE_NO_XDEV
	case d.dir == unix.AT_FDCWD && mounts.Local(name):
		resolve |= unix.RESOLVE_NO_SYMLINKS
	default:
		return nil, false
	}
	fd, err := openat2(d.dir, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0, resolve)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	return readCached(fd, limit)
}

// resolveCached is RESOLVE_CACHED, which package unix lacks.
const resolveCached = 0x20

// opensCached reports whether the kernel has RESOLVE_CACHED: since Linux 5.12,
// where openat2 works. A root directory is always in memory.
var opensCached = sync.OnceValue(func() bool {
	fd, err := openat2(unix.AT_FDCWD, "/", unix.O_PATH, 0, resolveCached)
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
})

// readCached reads a whole file, which must be regular, not empty and of the
// size that fstat(2) returned.
func readCached(fd int, limit int64) (data []byte, ok bool) {
	st, err := linuxFile(fd).Stat()
	if err != nil || !st.Mode.IsRegular() || st.Size == 0 || st.Size > limit {
		return nil, false
	}
	data = textscan.Uninitialized(int(st.Size) + 1) // the last byte shows that a file has grown
	for done := 0; ; {
		n, err := unix.Preadv2(fd, [][]byte{data[done:]}, -1, unix.RWF_NOWAIT)
		if err != nil || n == 0 {
			return nil, false
		}
		if done += n; int64(done) == st.Size {
			return data[:done], true
		}
		if done == len(data) {
			return nil, false
		}
	}
}
