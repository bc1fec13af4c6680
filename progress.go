package fileops

import (
	"sync"
	"time"
)

// Progress is how far a long operation has come.
type Progress struct {
	Files int   // files done
	Total int   // all files, 0 while that is unknown
	Bytes int64 // in the files done
}

// progressEvery is the shortest time between two reports of progress.
const progressEvery = 50 * time.Millisecond

// A meter reports progress to a callback: at most every progressEvery, never
// from two goroutines at once, and at the end. A nil meter does nothing.
type meter struct {
	report func(Progress)

	mu   sync.Mutex
	done Progress
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
		m.done.Total = files
	}
}

// add counts files done.
func (m *meter) add(files int, bytes int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done.Files += files
	m.done.Bytes += bytes
	if time.Since(m.last) >= progressEvery {
		m.call()
	}
}

// finish makes the last report. It returns the *PanicError of the callback, if
// there was one.
func (m *meter) finish() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done.Total = m.done.Files
	m.call()
	return m.err
}

func (m *meter) call() {
	if m.err != nil {
		return
	}
	m.err = protectCall(func() { m.report(m.done) })
	m.last = time.Now()
}
