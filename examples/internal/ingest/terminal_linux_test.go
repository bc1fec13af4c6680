package ingest

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops/examples/internal/terminal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new pseudo terminal: see pty(7).
func openTerminal(t *testing.T, columns uint16) (screen, tty *os.File) {
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals:", err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}))
	tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { tty.Close() })
	return screen, tty
}

func TestWidth(t *testing.T) {
	for columns, want := range map[uint16]int{132: 132, 0: 80} {
		_, tty := openTerminal(t, columns)
		assert.Equal(t, want, terminal.Width(tty))
	}
	file, err := os.Create(t.TempDir() + "/f")
	require.NoError(t, err)
	defer file.Close()
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	for _, none := range []io.Writer{io.Discard, file, null, (*os.File)(nil)} {
		assert.Zero(t, terminal.Width(none))
	}
}

// A display collects the output to a terminal.
type display struct {
	mu   sync.Mutex
	all  bytes.Buffer
	done chan struct{}
}

// newDisplay reads a terminal until its last writer closes it.
func newDisplay(screen io.Reader) *display {
	d := &display{done: make(chan struct{})}
	go func() {
		defer close(d.done)
		io.Copy(d, screen) // it ends with EIO
	}()
	return d
}

func (d *display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.Write(b)
}

func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.String()
}

// rows returns the lines that a terminal shows after a text.
func rows(text string) (rows []string) {
	var row []byte
	at := 0
	for _, b := range []byte(text) {
		switch b {
		case '\r':
			at = 0
		case '\n':
			rows = append(rows, strings.TrimRight(string(row), " "))
			row = row[:0]
		default:
			row = append(row[:at], append([]byte{b}, row[min(at+1, len(row)):]...)...)
			at++
		}
	}
	return append(rows, strings.TrimRight(string(row), " "))
}

// TestProgressOnATerminal holds the program up until it has reported progress, and
// then ends it in several ways.
func TestProgressOnATerminal(t *testing.T) {
	const columns = 30
	dir := wideTree(t)
	for _, c := range []struct {
		name string
		end  func(t *testing.T, b *blocked)
		code int
		want string // what the terminal shows in the end
	}{
		{"whole", func(t *testing.T, b *blocked) { io.Copy(io.Discard, b.stdout) }, exitOK, "^source      DIR\nfiles       2\n(.*\n)*time .* MB/s\n$"},
		{"closed pipe", func(t *testing.T, b *blocked) { b.stdout.Close() }, exitClosedPipe, "^$"},
		{"Ctrl-C", func(t *testing.T, b *blocked) { assert.NoError(t, b.Process.Signal(os.Interrupt)) }, exitInterrupted, "^ingest: interrupted\n$"},
	} {
		t.Run(c.name, func(t *testing.T) {
			screen, tty := openTerminal(t, columns)
			d := newDisplay(screen)
			b := block(t, tty, "-o", "-", dir)
			require.NoError(t, tty.Close())
			require.Eventually(t, func() bool { return strings.Contains(d.String(), "files, ") }, time.Minute, time.Millisecond)
			c.end(t, b)
			assert.Equal(t, c.code, b.end())
			<-d.done
			text := strings.ReplaceAll(d.String(), dir, "DIR")
			assert.Regexp(t, c.want, strings.Join(rows(text), "\n"))
			lines := regexp.MustCompile(`\r\d[^\r\n]*`).FindAllString(text, -1)
			assert.NotEmpty(t, lines)
			for _, line := range lines {
				assert.Len(t, line, len("\r")+columns-1, "the last column stays free")
			}
		})
	}
}
