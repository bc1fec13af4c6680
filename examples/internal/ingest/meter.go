package ingest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

// The times between two reports of progress.
const (
	terminalInterval = 100 * time.Millisecond
	logInterval      = 10 * time.Second
)

// A meter reports progress until it is stopped. On a terminal it rewrites one line,
// and erases it at the end. Elsewhere it prints a line now and then, for a log.
type meter struct {
	w     io.Writer
	width func() int    // of the terminal, 0 if w is none
	read  func() uint64 // bytes so far; this also moves within a large file
	began time.Time

	mu    sync.Mutex
	done  fileops.Progress
	shown int // columns of the line on the terminal

	quit    chan struct{}
	running sync.WaitGroup
}

func newMeter(w io.Writer, read func() uint64) *meter {
	return &meter{
		w: w, read: read, began: time.Now(), quit: make(chan struct{}),
		width: func() int { return terminal.Width(w) },
	}
}

// start begins to report. The meter must be stopped.
func (m *meter) start() {
	interval := logInterval
	if m.width() > 0 {
		interval = terminalInterval
	}
	m.running.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.show()
			case <-m.quit:
				return
			}
		}
	})
}

// stop ends the reports and erases the line. A meter that has not been started may
// be stopped.
func (m *meter) stop() {
	close(m.quit)
	m.running.Wait()
	m.above(func() {})
}

// progress takes the files that are done.
func (m *meter) progress(p fileops.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = p
}

// show reports progress. The line leaves the last column free, after which some
// terminals begin a new line.
func (m *meter) show() {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := progressLine(m.done, m.read(), time.Since(m.began))
	width := m.width()
	if width == 0 {
		fmt.Fprintln(m.w, "ingest:", line)
		return
	}
	m.shown = width - 1
	fmt.Fprintf(m.w, "\r%-*.*s", m.shown, m.shown, line)
}

// above erases the line while print prints others. The next report brings it back.
func (m *meter) above(print func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown > 0 {
		fmt.Fprint(m.w, "\r", strings.Repeat(" ", m.shown), "\r")
		m.shown = 0
	}
	print()
}

// progressLine tells the files done and the bytes read, and how many of them a
// second. The number of all files is unknown while a directory is searched. It is
// not worth a second search: that would take time from the work.
func progressLine(p fileops.Progress, read uint64, took time.Duration) string {
	of := ""
	if p.Total > 0 {
		of = " of " + grouped(p.Total)
	}
	return fmt.Sprintf("%s%s files, %s MB read, %s files/s, %s MB/s", grouped(p.Files), of,
		megabytes(float64(read)), grouped(int(perSecond(float64(p.Files), took))), megabytes(perSecond(float64(read), took)))
}

// perSecond returns n for each second of a time.
func perSecond(n float64, took time.Duration) float64 {
	return n / max(took, time.Millisecond).Seconds()
}
