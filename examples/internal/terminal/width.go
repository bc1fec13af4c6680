package terminal

import (
	"cmp"
	"io"
	"os"
)

// usualWidth is the width of a terminal that does not know its own, such as a
// serial line.
const usualWidth = 80

// Width returns how many columns a terminal has. It returns 0 if w is no terminal.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	width := 0
	conn.Control(func(fd uintptr) {
		if n, err := columns(fd); err == nil {
			width = cmp.Or(n, usualWidth)
		}
	})
	return width
}
