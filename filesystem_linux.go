package fileops

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// systemFiles is the whole file system.
func systemFiles() filesystem { return &rawFiles{dir: unix.AT_FDCWD} }

// confinedFiles is what is below root. The kernel does the confining where it
// has openat2 (since 5.6, unless a sandbox forbids it), package os elsewhere.
func confinedFiles(root *os.Root) filesystem {
	if dir, err := root.Open("."); err == nil {
		raw := &rawFiles{dir: int(dir.Fd()), confined: true, keep: dir}
		if _, err := raw.stat("."); err == nil {
			return raw
		}
		dir.Close()
	}
	return &rootFiles{root: root}
}

// rawFiles are files by way of system calls: package os spends ten of them on
// what takes four, registering each file with its poller among others.
type rawFiles struct {
	dir      int      // descriptor of the directory that names are relative to
	confined bool     // no name leads outside it
	keep     *os.File // owns dir, if something other than close does
}

// A rawFile is a descriptor.
type rawFile int

// beneath confines a look-up: no "..", absolute path or link leads outside.
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS

// maxCrossings is how often a look-up is tried again because a rename ran
// across it, which openat2 says by EAGAIN. A lease on the file gives the same
// error and does not go away.
const maxCrossings = 100

// openat is the one place where paths are looked up.
func (r *rawFiles) openat(name string, flags int, perm fs.FileMode) (int, error) {
	flags |= unix.O_CLOEXEC
	for tries := 0; ; tries++ {
		var fd int
		var err error
		if r.confined {
			fd, err = unix.Openat2(r.dir, name, &unix.OpenHow{
				Flags: uint64(flags), Mode: uint64(perm), Resolve: beneath,
			})
			if err == unix.EXDEV || err == unix.ELOOP && r.leadsOut(name) {
				err = ErrEscapes
			}
			if err == unix.EAGAIN && tries < maxCrossings {
				continue
			}
		} else {
			fd, err = unix.Openat(r.dir, name, flags, uint32(perm))
		}
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// leadsOut reports whether a confined look-up that met too many links met one
// that leads outside: a link of /proc is refused as if it were a loop.
func (r *rawFiles) leadsOut(name string) bool {
	fd, err := unix.Openat2(r.dir, name, &unix.OpenHow{
		Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH,
	})
	if err == nil {
		unix.Close(fd)
	}
	return err == unix.EXDEV
}

func (r *rawFiles) open(name string) (file, error) {
	fd, err := r.openat(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return rawFile(fd), nil
}

// cachedOnly keeps a look-up to what the kernel has in memory, and to the mount
// that it begins on: opening a file of another kind of file system could hang.
// See openat2(2).
const (
	resolveCached = 0x20 // RESOLVE_CACHED
	cachedOnly    = resolveCached | unix.RESOLVE_NO_XDEV
)

// opensCached tells whether the kernel can open without waiting: since Linux
// 5.12, unless a sandbox forbids it. A root directory is always in memory.
var opensCached = sync.OnceValue(func() bool {
	fd, err := unix.Openat2(unix.AT_FDCWD, "/", &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: cachedOnly})
	if err != nil {
		return false
	}
	unix.Close(fd)
	return true
})

func (r *rawFiles) openNow(name string) (file, error) {
	if !opensCached() {
		return nil, errWouldWait
	}
	how := unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC,
		Resolve: cachedOnly,
	}
	if r.confined {
		how.Resolve |= beneath
	}
	fd, err := unix.Openat2(r.dir, name, &how)
	if err != nil {
		return nil, errWouldWait
	}
	return nowFile{rawFile(fd)}, nil
}

// A nowFile is a file of openNow.
type nowFile struct{ rawFile }

// Read implements io.Reader.
func (f nowFile) Read(b []byte) (int, error) {
	n, err := unix.Preadv2(int(f.rawFile), [][]byte{b}, -1, unix.RWF_NOWAIT)
	switch {
	case err != nil:
		return 0, errWouldWait
	case n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return n, nil
}

func (r *rawFiles) openDir(name string) (filesystem, error) {
	fd, err := r.openat(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &rawFiles{dir: fd, confined: r.confined}, nil
}

func (r *rawFiles) create(name string, perm fs.FileMode) (file, error) {
	fd, err := r.openat(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return rawFile(fd), nil
}

// hasProc tells whether open files have names, which linkFile needs.
var hasProc = sync.OnceValue(func() bool { return unix.Access("/proc/self/fd", unix.F_OK) == nil })

func (r *rawFiles) createUnnamed(perm fs.FileMode) (file, error) {
	if !hasProc() {
		return nil, errors.ErrUnsupported
	}
	fd, err := r.openat(".", unix.O_WRONLY|unix.O_TMPFILE, perm)
	switch err {
	case nil:
		return rawFile(fd), nil
	case unix.EOPNOTSUPP, unix.EISDIR, unix.ENOENT, unix.EINVAL:
		return nil, errors.ErrUnsupported
	default:
		return nil, err
	}
}

func (r *rawFiles) linkFile(f file, name string) error {
	// By descriptor it takes half the time, but only since Linux 6.10 may
	// everybody do it. ENOENT means not so, among other things.
	err := retry(func() error { return unix.Linkat(int(f.(rawFile)), "", r.dir, name, unix.AT_EMPTY_PATH) })
	if err == unix.ENOENT || err == unix.EINVAL {
		err = retry(func() error {
			return unix.Linkat(unix.AT_FDCWD, procPath(f.(rawFile)), r.dir, name, unix.AT_SYMLINK_FOLLOW)
		})
	}
	switch err {
	case unix.EPERM, unix.EXDEV, unix.ENOENT, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL:
		return errCannotLink
	}
	return err
}

// procPath names an open file.
func procPath(f rawFile) string {
	return "/proc/self/fd/" + strconv.Itoa(int(f))
}

func (r *rawFiles) stat(name string) (info, error)  { return r.statFlags(name, 0) }
func (r *rawFiles) lstat(name string) (info, error) { return r.statFlags(name, unix.O_NOFOLLOW) }

func (r *rawFiles) statFlags(name string, nofollow int) (info, error) {
	here := nofollow != 0 && name != ".." && !strings.Contains(name, "/") // so it leads nowhere else
	if r.confined && !here {
		fd, err := r.openat(name, unix.O_PATH|nofollow, 0)
		if err != nil {
			return info{}, err
		}
		defer unix.Close(fd)
		return rawFile(fd).stat()
	}
	var st unix.Stat_t
	flags := 0
	if nofollow != 0 {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	err := retry(func() error { return unix.Fstatat(r.dir, name, &st, flags) })
	return infoOf(&st), err
}

func (r *rawFiles) mkdir(name string) error {
	return retry(func() error { return unix.Mkdirat(r.dir, name, 0o777) })
}

func (r *rawFiles) link(oldName, newName string) error {
	return retry(func() error { return unix.Linkat(r.dir, oldName, r.dir, newName, 0) })
}

func (r *rawFiles) rename(oldName, newName string) error {
	return retry(func() error { return unix.Renameat(r.dir, oldName, r.dir, newName) })
}

func (r *rawFiles) renameNew(oldName, newName string) error {
	err := retry(func() error {
		return unix.Renameat2(r.dir, oldName, r.dir, newName, unix.RENAME_NOREPLACE)
	})
	if err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}

func (r *rawFiles) remove(name string) error {
	return retry(func() error { return unix.Unlinkat(r.dir, name, 0) })
}

func (r *rawFiles) setTimes(f file, _ string, accessed, modified time.Time) error {
	times := []unix.Timespec{timespec(accessed), timespec(modified)}
	err := retry(func() error {
		return unix.UtimesNanoAt(int(f.(rawFile)), "", times, unix.AT_EMPTY_PATH)
	})
	if err == unix.EINVAL || err == unix.ENOENT { // before Linux 5.8
		err = retry(func() error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, procPath(f.(rawFile)), times, 0)
		})
	}
	return err
}

func timespec(t time.Time) unix.Timespec { return unix.NsecToTimespec(t.UnixNano()) }

// sync is not retried: after a failed fsync the kernel has forgotten what was
// not written, and a second one would succeed.
func (r *rawFiles) sync() error { return unix.Fsync(r.dir) }

func (r *rawFiles) close() error {
	switch {
	case r.keep != nil:
		return r.keep.Close()
	case r.dir == unix.AT_FDCWD:
		return nil
	default:
		return unix.Close(r.dir)
	}
}

// Read implements io.Reader.
func (f rawFile) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(int(f), b)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write implements io.Writer.
func (f rawFile) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Write(int(f), b[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.ErrShortWrite
		}
		done += n
	}
	return done, nil
}

// Close closes the file. It is not retried: Linux frees the descriptor in any
// case, and another goroutine may have got its number by then.
func (f rawFile) Close() error {
	if err := unix.Close(int(f)); err != unix.EINTR {
		return err
	}
	return nil
}

func (f rawFile) stat() (info, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(int(f), &st) })
	return infoOf(&st), err
}

func (f rawFile) chmod(perm fs.FileMode) error {
	return retry(func() error { return unix.Fchmod(int(f), modeBits(perm)) })
}

// sync is not retried, see rawFiles.sync.
func (f rawFile) sync() error { return unix.Fsync(int(f)) }

func (f rawFile) cloneFrom(src file) error {
	err := retry(func() error { return unix.IoctlFileClone(int(f), int(src.(rawFile))) })
	switch err {
	case unix.EOPNOTSUPP, unix.ENOTTY, unix.EXDEV, unix.EINVAL, unix.ENOSYS, unix.EPERM:
		return errors.ErrUnsupported
	}
	return err
}

func (f rawFile) copyFrom(src file, n int64) (int64, error) {
	for {
		done, err := unix.CopyFileRange(int(src.(rawFile)), nil, int(f), nil, int(min(n, 1<<30)), 0)
		switch err {
		case nil:
			return int64(done), nil
		case unix.EINTR:
			continue
		case unix.ENOSYS, unix.EXDEV, unix.EINVAL, unix.EOPNOTSUPP, unix.EPERM, unix.EIO:
			// Not between these two file systems. EIO is what some network
			// ones say; if it is a real fault, reading shows it again.
			return 0, errors.ErrUnsupported
		default:
			return 0, err
		}
	}
}

func (f rawFile) copyAttributes(src file) error { return copyXattrs(int(f), int(src.(rawFile))) }

// retry calls fn again while a signal interrupts it.
func retry(fn func() error) error {
	for {
		if err := fn(); err != unix.EINTR {
			return err
		}
	}
}

func infoOf(st *unix.Stat_t) info {
	return info{
		mode:     fileMode(uint32(st.Mode)),
		size:     st.Size,
		accessed: st.Atim.Nano(),
		modified: st.Mtim.Nano(),
		dev:      uint64(st.Dev),
		ino:      st.Ino,
	}
}

// fileMode turns the system's mode bits into Go's.
func fileMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	switch bits & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	default:
		mode |= fs.ModeDevice
	}
	if bits&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if bits&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if bits&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

// modeBits is fileMode the other way, for permissions only.
func modeBits(mode fs.FileMode) uint32 { return uint32(mode.Perm()) }

// direntBuffers are for list: a directory of GOROOT's size fits one.
var direntBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

func (r *rawFiles) list(name string, follow bool) ([]entry, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := r.openat(name, flags, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := direntBuffers.Get().(*[32 << 10]byte)
	defer direntBuffers.Put(buf)
	var entries []entry
	for {
		n, err := unix.Getdents(fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return entries, err
		}
		entries = appendEntries(entries, buf[:n])
	}
}

// averageRecord is about how long the records of getdents64(2) are.
const averageRecord = 32

// appendEntries reads the records of getdents64(2). All names of one call
// share one string.
func appendEntries(entries []entry, records []byte) []entry {
	const reclenAt, typeAt, nameAt = 16, 18, 19
	names := string(records)
	entries = slices.Grow(entries, len(records)/averageRecord)
	for at := 0; at < len(records); {
		length := int(binary.NativeEndian.Uint16(records[at+reclenAt:]))
		name := names[at+nameAt : at+length]
		name = name[:strings.IndexByte(name, 0)]
		if name != "." && name != ".." {
			entries = append(entries, entry{name, direntKind(records[at+typeAt])})
		}
		at += length
	}
	return entries
}

func direntKind(t byte) kind {
	switch t {
	case unix.DT_REG:
		return kindFile
	case unix.DT_DIR:
		return kindDir
	case unix.DT_LNK:
		return kindLink
	case unix.DT_UNKNOWN:
		return kindUnknown
	default:
		return kindOther
	}
}
