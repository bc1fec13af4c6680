package vfs

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/lion-agi/fileops/internal/mounts"
	"golang.org/x/sys/unix"
)

// System returns the whole file system.
func System() FS { return &linuxFS{dir: unix.AT_FDCWD} }

// Confined returns the directory of root, which no name leads out of. The
// kernel confines names where it has openat2(2): since Linux 5.6, unless a
// sandbox forbids it, and not on Android. Package os does elsewhere.
func Confined(root *os.Root) FS {
	if dir, err := root.Open("."); err == nil {
		fd := int(dir.Fd())
		files := &linuxFS{dir: fd, confined: true, owner: dir, local: mounts.LocalFD(fd)}
		if _, err := files.Stat("."); err == nil {
			return files
		}
		dir.Close()
	}
	return PortableConfined(root)
}

// A linuxFS makes Linux system calls. Package os makes ten of them to read a
// file where four do: it registers each file with its poller, for example.
type linuxFS struct {
	dir      int      // descriptor of the directory that names are relative to
	confined bool     // no name leads outside it
	owner    *os.File // closes dir, if something other than Close does
	local    bool     // a confined directory on a local file system, see mounts.Local
}

// beneath confines a look-up, see openat2(2).
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS

// maxCrossings is how often a look-up is tried again after a rename ran across
// it, which openat2(2) reports by EAGAIN. A lease on the file gives the same
// error and does not go away.
const maxCrossings = 100

// openat is the one place where paths are looked up.
func (d *linuxFS) openat(name string, flags int, perm fs.FileMode) (int, error) {
	for tries := 0; ; tries++ {
		var fd int
		var err error
		if d.confined {
			fd, err = openat2(d.dir, name, flags, perm, beneath)
			if err == unix.EXDEV || err == unix.ELOOP && d.leadsOut(name) {
				err = ErrEscapes
			}
			if err == unix.EAGAIN && tries < maxCrossings {
				continue
			}
		} else {
			fd, err = openShort(d.dir, name, flags|unix.O_CLOEXEC, uint32(perm))
		}
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// openShort is openat(2) without the copy of a short name on the heap that package
// unix makes. That is the only allocation of a file that ScanFiles reads, see
// BenchmarkScanFiles.
func openShort(dir int, name string, flags int, perm uint32) (int, error) {
	var path [256]byte
	if len(name) >= len(path) || strings.IndexByte(name, 0) >= 0 {
		return unix.Openat(dir, name, flags, perm)
	}
	copy(path[:], name)
	flags |= unix.O_LARGEFILE // as package unix does
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path)), uintptr(flags), uintptr(perm), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// leadsOut reports whether a confined look-up that met too many links met one
// that leads outside: openat2(2) refuses a magic link of /proc by ELOOP too.
func (d *linuxFS) leadsOut(name string) bool {
	fd, err := openat2(d.dir, name, unix.O_PATH, 0, unix.RESOLVE_BENEATH)
	if err == nil {
		unix.Close(fd)
	}
	return err == unix.EXDEV
}

func (d *linuxFS) Path() string {
	if d.dir == unix.AT_FDCWD {
		return ""
	}
	path, _ := os.Readlink(procPath(d.dir))
	return path
}

// procPath is a path that leads to an open file, see proc_pid_fd(5).
func procPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func (d *linuxFS) Open(name string) (File, error) {
	fd, err := d.openat(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return linuxFile(fd), nil
}

func (d *linuxFS) OpenForWriting(name string) (File, error) {
	fd, err := d.openat(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return linuxFile(fd), nil
}

func (d *linuxFS) ACL(name string) ([]byte, error) {
	if err := d.requireEntries(name); err != nil {
		return nil, err
	}
	return entryACL(d.dir, name)
}

func (d *linuxFS) OpenDir(name string) (FS, error) {
	fd, err := d.openat(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &linuxFS{dir: fd, confined: d.confined}, nil
}

func (d *linuxFS) Create(name string, perm fs.FileMode) (File, error) {
	fd, err := d.openat(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return linuxFile(fd), nil
}

// hasProc reports whether open files have paths, which LinkFile needs before
// Linux 6.10.
var hasProc = sync.OnceValue(func() bool { return unix.Access("/proc/self/fd", unix.F_OK) == nil })

func (d *linuxFS) CreateUnnamed(perm fs.FileMode) (File, error) {
	if !hasProc() {
		return nil, errors.ErrUnsupported
	}
	fd, err := d.openat(".", unix.O_RDWR|unix.O_TMPFILE, perm)
	switch err {
	case nil:
		return linuxFile(fd), nil
	case unix.EOPNOTSUPP, unix.EISDIR, unix.ENOENT, unix.EINVAL: // see O_TMPFILE in open(2)
		return nil, errors.ErrUnsupported
	default:
		return nil, err
	}
}

func (d *linuxFS) LinkFile(f File, name string) error {
	if err := d.requireEntries(name); err != nil {
		return err
	}
	// A link by descriptor takes half the time of one by /proc. Before Linux
	// 6.10 it needs CAP_DAC_READ_SEARCH, and fails with ENOENT without, see
	// linkat(2).
	fd := int(f.(linuxFile))
	err := retry(func() error { return unix.Linkat(fd, "", d.dir, name, unix.AT_EMPTY_PATH) })
	if err == unix.ENOENT || err == unix.EINVAL {
		err = retry(func() error {
			return unix.Linkat(unix.AT_FDCWD, procPath(fd), d.dir, name, unix.AT_SYMLINK_FOLLOW)
		})
	}
	switch err {
	case unix.EPERM, unix.EXDEV, unix.ENOENT, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL:
		return errors.ErrUnsupported
	}
	return err
}

func (d *linuxFS) Stat(name string) (Info, error)  { return d.stat(name, 0) }
func (d *linuxFS) Lstat(name string) (Info, error) { return d.stat(name, unix.O_NOFOLLOW) }

func (d *linuxFS) stat(name string, noFollow int) (Info, error) {
	if d.confined && (noFollow == 0 || !isEntry(name)) {
		fd, err := d.openat(name, unix.O_PATH|noFollow, 0)
		if err != nil {
			return Info{}, err
		}
		defer unix.Close(fd)
		return linuxFile(fd).Stat()
	}
	var st unix.Stat_t
	flags := 0
	if noFollow != 0 {
		flags = unix.AT_SYMLINK_NOFOLLOW
	}
	err := retry(func() error { return unix.Fstatat(d.dir, name, &st, flags) })
	return infoOf(&st), err
}

// isEntry reports whether a name is that of an entry of a directory, so that
// its look-up stays in the directory unless it follows a link.
func isEntry(name string) bool { return name != ".." && !strings.Contains(name, "/") }

// requireEntries confines the system calls that, unlike openat2(2), have no
// flag for it.
func (d *linuxFS) requireEntries(names ...string) error {
	for _, name := range names {
		if d.confined && !isEntry(name) {
			return ErrEscapes
		}
	}
	return nil
}

func (d *linuxFS) Mkdir(name string) error {
	if err := d.requireEntries(name); err != nil {
		return err
	}
	return retry(func() error { return unix.Mkdirat(d.dir, name, 0o777) })
}

func (d *linuxFS) Link(oldName, newName string) error {
	if err := d.requireEntries(oldName, newName); err != nil {
		return err
	}
	return retry(func() error { return unix.Linkat(d.dir, oldName, d.dir, newName, 0) })
}

func (d *linuxFS) Rename(oldName, newName string) error {
	if err := d.requireEntries(oldName, newName); err != nil {
		return err
	}
	return retry(func() error { return unix.Renameat(d.dir, oldName, d.dir, newName) })
}

func (d *linuxFS) RenameNew(oldName, newName string) error {
	if err := d.requireEntries(oldName, newName); err != nil {
		return err
	}
	err := retry(func() error {
		return unix.Renameat2(d.dir, oldName, d.dir, newName, unix.RENAME_NOREPLACE)
	})
	if err == unix.EINVAL || err == unix.ENOSYS {
		return errors.ErrUnsupported
	}
	return err
}

func (d *linuxFS) Remove(name string) error {
	if err := d.requireEntries(name); err != nil {
		return err
	}
	return retry(func() error { return unix.Unlinkat(d.dir, name, 0) })
}

func (d *linuxFS) SetTimes(f File, _ string, accessed, modified time.Time) error {
	fd := int(f.(linuxFile))
	times := []unix.Timespec{unix.NsecToTimespec(accessed.UnixNano()), unix.NsecToTimespec(modified.UnixNano())}
	err := retry(func() error { return unix.UtimesNanoAt(fd, "", times, unix.AT_EMPTY_PATH) })
	if err == unix.EINVAL || err == unix.ENOENT { // no AT_EMPTY_PATH before Linux 5.8
		err = retry(func() error { return unix.UtimesNanoAt(unix.AT_FDCWD, procPath(fd), times, 0) })
	}
	return err
}

// Sync is not tried again: after a failed fsync(2) the kernel has forgotten the
// lost pages, and a second call would succeed.
func (d *linuxFS) Sync() error { return unix.Fsync(d.dir) }

func (d *linuxFS) Close() error {
	switch {
	case d.owner != nil:
		return d.owner.Close()
	case d.dir == unix.AT_FDCWD:
		return nil
	default:
		return unix.Close(d.dir)
	}
}

// retry calls fn again while a signal interrupts it.
func retry(fn func() error) error {
	for {
		if err := fn(); err != unix.EINTR {
			return err
		}
	}
}
