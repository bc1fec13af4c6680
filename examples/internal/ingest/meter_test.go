package ingest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
)

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		done fileops.Progress
		read uint64
		took time.Duration
		want string
	}{
		{fileops.Progress{}, 0, 0, "0 files, 0.0 MB read, 0 files/s, 0.0 MB/s"},
		{fileops.Progress{Files: 12000}, 8_900_000, 2 * time.Second, "12,000 files, 8.9 MB read, 6,000 files/s, 4.5 MB/s"},
		{fileops.Progress{Total: 1}, 300_000_000, time.Second, "0 of 1 files, 300.0 MB read, 0 files/s, 300.0 MB/s"},
	} {
		assert.Equal(t, c.want, progressLine(c.done, c.read, c.took))
	}
}

// testMeter returns a meter whose terminal has the width, or none if it is 0. Its
// rates are 0.
func testMeter(width *int) (*meter, *bytes.Buffer) {
	var b bytes.Buffer
	m := newMeter(&b, func() uint64 { return 0 })
	m.width = func() int { return *width }
	return m, &b
}

const noProgress = "0 files, 0.0 MB read, 0 files/s, 0.0 MB/s"

func TestMeterOnATerminal(t *testing.T) {
	width := 60
	m, b := testMeter(&width)
	m.show()
	frame := "\r" + noProgress + strings.Repeat(" ", 59-len(noProgress))
	assert.Equal(t, frame, b.String())

	b.Reset()
	m.above(func() { b.WriteString("other\n") })
	assert.Equal(t, "\r"+strings.Repeat(" ", 59)+"\rother\n", b.String())

	width = 8 // the window became narrow
	b.Reset()
	m.show()
	m.stop()
	assert.Equal(t, "\r"+noProgress[:7]+"\r       \r", b.String())

	for width = range 3 {
		b.Reset()
		if width > 0 {
			m.show()
			assert.Equal(t, "\r"+noProgress[:width-1], b.String())
		}
	}
}

func TestMeterInALog(t *testing.T) {
	m, b := testMeter(new(int))
	m.show()
	m.above(func() {})
	m.stop()
	assert.Equal(t, "ingest: "+noProgress+"\n", b.String())
}

// TestMeterRuns starts and stops a meter. TestMain finds its goroutine if stop does
// not end it.
func TestMeterRuns(t *testing.T) {
	m, b := testMeter(new(int))
	m.start()
	m.progress(fileops.Progress{Files: 1})
	m.stop()
	assert.Empty(t, b.String(), "a short run reports nothing")
}
