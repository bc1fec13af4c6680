package fileops

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// mountQuotas keep one hung mount from taking all of a pool's slots: on each
// mount besides the root file system only so many operations may be in flight
// that a quarter of the workers, and from two workers on at least one, stays
// free for the rest. Which mount a path lies on is told by its spelling and
// the kernel's list of mounts, since any system call that could tell might
// hang itself; so a symbolic link counts for the mount that it lies on.
type mountQuotas struct {
	base    string // the directory that relative paths begin at, "" = the process's
	baseNow bool   // files below base may be read now
	limit   int64  // operations in flight on one mount, 0 = no quotas

	mu     sync.Mutex
	quotas map[string]*mountQuota // by mount point
}

// A mountQuota bounds the operations in flight on a mount.
type mountQuota struct{ *semaphore.Weighted }

func newMountQuotas(workers int) *mountQuotas {
	m := &mountQuotas{quotas: make(map[string]*mountQuota)}
	if workers > 1 {
		m.limit = int64(workers - (workers+3)/4)
	}
	return m
}

// setBase sets the directory that paths are relative to.
func (m *mountQuotas) setBase(dir string) {
	m.base = dir
	m.baseNow = dir != "" && currentMounts().readsNow(dir)
}

// readsNow reports whether a file may be opened and read at once if it is in
// memory: whether its file system is of a kind of which the kernel then asks
// nobody else. It is told by where the way to the file begins, for the mount
// that is there is the only one that openNow looks at.
func (m *mountQuotas) readsNow(path string) bool {
	now := m.baseNow
	if m.base == "" {
		mounts := currentMounts()
		now = mounts.dirNow
		if filepath.IsAbs(path) {
			now = mounts.rootNow
		}
	}
	return now && m.of(path) == nil
}

// of returns the quota that an operation on path needs, nil for none.
func (m *mountQuotas) of(path string) *mountQuota {
	if m.limit == 0 || path == "" {
		return nil
	}
	mounts := currentMounts()
	if len(mounts.points) == 0 {
		return nil
	}
	switch {
	case filepath.IsAbs(path):
		path = filepath.Clean(path)
	case m.base != "":
		path = filepath.Join(m.base, path)
	default:
		path = filepath.Join(mounts.workingDir, path)
	}
	point := mountOf(path, mounts.points)
	if point == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	quota := m.quotas[point]
	if quota == nil {
		quota = &mountQuota{semaphore.NewWeighted(m.limit)}
		m.quotas[point] = quota
	}
	return quota
}

// quotas are those that an operation on two paths needs.
type quotas [2]*mountQuota

// ofBoth returns the quotas that an operation on path and, unless it is "",
// other needs. If it needs one, that is the first.
func (m *mountQuotas) ofBoth(path, other string) quotas {
	a, b := m.of(path), m.of(other)
	switch {
	case a == nil:
		return quotas{b}
	case a == b:
		return quotas{a}
	default:
		return quotas{a, b}
	}
}

// release gives the quotas back.
func (qs quotas) release() {
	for _, q := range qs {
		if q != nil {
			q.Release(1)
		}
	}
}

// mountOf returns the longest of the mount points that path lies below, ""
// for none.
func mountOf(path string, points []string) (longest string) {
	for _, point := range points {
		if len(point) > len(longest) && isBelow(path, point) {
			longest = point
		}
	}
	return longest
}

// isBelow reports whether path lies below a mount point or is the point.
func isBelow(path, point string) bool {
	below, ok := strings.CutPrefix(path, point)
	return ok && (below == "" || below[0] == '/' || point == "/")
}

// inMemory are the file systems of Linux's own, which do not hang.
var inMemory = []string{
	"bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl",
	"hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "securityfs",
	"selinuxfs", "sysfs", "tmpfs", "tracefs",
}

// local are the file systems of Linux that ask nobody else when a file is
// opened and that can read what is in memory without waiting for the rest,
// which tmpfs, of all, cannot.
var local = []string{"btrfs", "ext2", "ext3", "ext4", "f2fs", "xfs"}

// A mount is a mount point and the type of the file system there.
type mount struct{ point, fsType string }

// mounts is what the kernel tells of mounts.
type mounts struct {
	read            time.Duration // when, on the clock
	all             []mount
	points          []string // those that have quotas: neither the root's nor in memory
	workingDir      string
	rootNow, dirNow bool // readsNow of the root and of the working directory
}

// readMounts asks the kernel.
func readMounts() *mounts {
	m := &mounts{all: listMounts(), workingDir: workingDir()}
	for _, mount := range m.all {
		if mount.point != "/" && !slices.Contains(inMemory, mount.fsType) {
			m.points = append(m.points, mount.point)
		}
	}
	m.rootNow, m.dirNow = m.readsNow("/"), m.readsNow(m.workingDir)
	return m
}

// readsNow reports whether the mount of a directory is of a local file system,
// as mountQuotas.readsNow has it.
func (m *mounts) readsNow(dir string) bool {
	var of mount
	for _, mount := range m.all { // of two on one point the later hides the other
		if len(mount.point) >= len(of.point) && isBelow(dir, mount.point) {
			of = mount
		}
	}
	return slices.Contains(local, of.fsType)
}

// mountsMaxAge is how old the list of mounts may be.
const mountsMaxAge = time.Second

// lastMounts is what was read last.
var lastMounts atomic.Pointer[mounts]

// currentMounts reads the kernel's list again, a matter of microseconds, when
// it is old.
func currentMounts() *mounts {
	now := clock()
	last := lastMounts.Load()
	if last == nil || now < last.read || now > last.read+mountsMaxAge {
		last = readMounts()
		last.read = now
		lastMounts.Store(last)
	}
	return last
}
