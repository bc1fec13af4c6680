package fileops

import (
	"path/filepath"
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
	base  string // the directory that relative paths begin at, "" = the process's
	limit int64  // operations in flight on one mount, 0 = no quotas

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
		below, ok := strings.CutPrefix(path, point)
		if ok && len(point) > len(longest) && (below == "" || below[0] == '/') {
			longest = point
		}
	}
	return longest
}

// mountsMaxAge is how old the list of mounts may be.
const mountsMaxAge = time.Second

// mounts is what the kernel tells of mounts.
type mounts struct {
	points     []string // those that have quotas
	workingDir string
}

// lastMounts is what was read last, and whether that is mountsMaxAge ago.
var lastMounts struct {
	mounts atomic.Pointer[mounts]
	stale  atomic.Bool
}

// currentMounts reads the kernel's list again, a matter of microseconds, when
// it is old.
func currentMounts() *mounts {
	last := lastMounts.mounts.Load()
	if last == nil || lastMounts.stale.Load() && lastMounts.stale.CompareAndSwap(true, false) {
		last = &mounts{points: readMountPoints(), workingDir: workingDir()}
		lastMounts.mounts.Store(last)
		time.AfterFunc(mountsMaxAge, func() { lastMounts.stale.Store(true) })
	}
	return last
}
