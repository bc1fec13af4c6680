package terminal

import (
	"errors"

	"golang.org/x/sys/windows"
)

// columns returns the width of a console. It fails for anything else.
func columns(fd uintptr) (int, error) {
	var info windows.ConsoleScreenBufferInfo
	if err := windows.GetConsoleScreenBufferInfo(windows.Handle(fd), &info); err != nil {
		return 0, err
	}
	return int(info.Window.Right-info.Window.Left) + 1, nil
}

// ReturnClosedPipes does nothing: Windows has no signal for closed pipes.
func ReturnClosedPipes() {}

// IsClosedPipe reports whether a write failed because nobody reads any more.
func IsClosedPipe(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
