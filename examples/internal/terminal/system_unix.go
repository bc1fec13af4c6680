//go:build unix

package terminal

import (
	"errors"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// columns returns the width that a terminal tells: 0 if it does not know. It fails
// for anything else than a terminal.
func columns(fd uintptr) (int, error) {
	size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return 0, err
	}
	return int(size.Col), nil
}

// ReturnClosedPipes makes a write to a closed pipe return an error for which
// [IsClosedPipe] holds. Without it, such a write to standard output or standard
// error ends the program at once: see "SIGPIPE" in package os/signal.
func ReturnClosedPipes() { signal.Ignore(syscall.SIGPIPE) }

// IsClosedPipe reports whether a write failed because nobody reads any more.
func IsClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
