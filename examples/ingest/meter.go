package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/lion-agi/fileops"
)

// A meter reports progress. On a terminal it rewrites one line. Elsewhere it
// prints one line each second.
type meter struct {
	w        io.Writer
	terminal bool

	mu   sync.Mutex // an interrupted run may report progress while it ends
	last time.Time
	off  bool
}

// lineInterval is the time between two lines if the writer is not a terminal.
const lineInterval = time.Second

// newMeter returns a meter that writes to w unless it is quiet.
func newMeter(w io.Writer, quiet bool) *meter {
	return &meter{w: w, terminal: isTerminal(w), last: time.Now(), off: quiet}
}

// isTerminal reports whether a writer is a terminal or another character device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// show reports progress. The package calls it about twenty times per second.
func (m *meter) show(p fileops.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := fmt.Sprintf("%s of %s files, %s MB", grouped(p.Files), grouped(p.Total), megabytes(p.Bytes))
	switch {
	case m.off:
	case m.terminal:
		fmt.Fprint(m.w, eraseLine, line)
	case time.Since(m.last) >= lineInterval:
		fmt.Fprintln(m.w, "ingest:", line)
		m.last = time.Now()
	}
}

// clear removes the line from a terminal and ends the reports.
func (m *meter) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.terminal && !m.off {
		fmt.Fprint(m.w, eraseLine)
	}
	m.off = true
}

// eraseLine moves the cursor to the start of the line and erases the line: EL of
// ECMA-48.
const eraseLine = "\r\x1b[K"
