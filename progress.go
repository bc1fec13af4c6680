package fileops

import (
	"sync"
	"time"
)

// Progress is how far a long operation has come.
type Progress struct {
	Files int   // done so far
	Total int   // files there are, 0 while that is not known
	Bytes int64 // of the files done
}

// progressEvery is the shortest time between two reports of progress.
const progressEvery = 50 * time.Millisecond

// A meter reports progress to a callback: not more often than progressEvery,
// never from two goroutines at once, and at the end. A nil meter does nothing.
type meter struct {
	report func(Progress)

	mu   sync.Mutex
	now  Progress
	last time.Time
	err  error // of the callback
}

func newMeter(report func(Progress)) *meter {
	if report == nil {
		return nil
	}
	return &meter{report: report, last: time.Now()}
}

// setTotal says how many files there are.
func (m *meter) setTotal(files int) {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.now.Total = files
	}
}

// add counts files done.
func (m *meter) add(files int, bytes int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Files += files
	m.now.Bytes += bytes
	if time.Since(m.last) >= progressEvery {
		m.call()
	}
}

// finish makes the last report and returns what the callback ran into.
func (m *meter) finish() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.call()
	return m.err
}

func (m *meter) call() {
	if m.err != nil {
		return
	}
	_, m.err = protect(func() (struct{}, error) {
		m.report(m.now)
		return struct{}{}, nil
	})
	m.last = time.Now()
}
