package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/lion-agi/fileops"
)

// A meter shows progress: on a terminal as a line that is written over,
// elsewhere as a line a second of work that takes longer than that.
type meter struct {
	w        io.Writer
	terminal bool

	mu   sync.Mutex // an interrupted run may still report while it ends
	last time.Time
	off  bool
}

const lineEvery = time.Second

func newMeter(w io.Writer, quiet bool) *meter {
	return &meter{w: w, terminal: isTerminal(w), last: time.Now(), off: quiet}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// show is called some twenty times a second.
func (m *meter) show(p fileops.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := fmt.Sprintf("%s of %s files, %s MB", grouped(p.Files), grouped(p.Total), megabytes(p.Bytes))
	switch {
	case m.off:
	case m.terminal:
		fmt.Fprint(m.w, eraseLine, line)
	case time.Since(m.last) >= lineEvery:
		fmt.Fprintln(m.w, "ingest:", line)
		m.last = time.Now()
	}
}

// clear ends the showing.
func (m *meter) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.terminal && !m.off {
		fmt.Fprint(m.w, eraseLine)
	}
	m.off = true
}

const eraseLine = "\r\x1b[K"
