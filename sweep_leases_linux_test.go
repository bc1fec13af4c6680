package fileops

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestLeasedFile opens a file on which another process holds a lease, as file
// servers do. Until the holder gives it up, the kernel answers EAGAIN to an open
// that does not block, see fcntl(2). The open must not try for ever.
func TestLeasedFile(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			path := dir + "/leased"
			require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
			holder, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer holder.Close()
			if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
				t.Skip("no leases here: ", err)
			}
			files := s.files(t, dir)
			if s.confined {
				path = "leased"
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if f, err := files.Open(path); err == nil {
					f.Close()
				}
			}()
			select {
			case <-done:
			case <-time.After(guard / 20):
				assert.Fail(t, "open does not come back")
				holder.Close() // ends the lease
				<-done
			}
			if s.name == "system confined" {
				files.Close()
			}
		})
	}
}
