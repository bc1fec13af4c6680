package cloud

import (
	"sync"
	"time"
)

// A known is the version and size of a file in a listing.
type known struct {
	version  string // "" if the store has none
	size     int64
	modified time.Time
}

// Versions remembers the files that were listed last: limit of them at least, and
// twice as many at most.
type versions struct {
	mu         sync.Mutex
	limit      int
	new, older map[string]known // older is what new was until it was full
}

func newVersions(limit int) *versions {
	return &versions{limit: limit, new: map[string]known{}}
}

func (v *versions) put(key string, k known) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.new) >= v.limit {
		v.new, v.older = map[string]known{}, v.new
	}
	v.new[key] = k
}

func (v *versions) get(key string) (k known, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if k, ok = v.new[key]; !ok {
		k, ok = v.older[key]
	}
	return k, ok
}

func (v *versions) forget(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.new, key)
	delete(v.older, key)
}
