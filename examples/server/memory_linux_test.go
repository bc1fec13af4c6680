package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peak returns the most memory that a server has had, in bytes: proc(5).
func (p *process) peak() (bytes uint64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	require.NoError(p.t, err)
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	require.True(p.t, found)
	_, err = fmt.Sscan(rest, &bytes)
	require.NoError(p.t, err)
	return bytes << 10
}

// The peak of the whole process does not depend on the file: it may have 4 million
// chunks of one character, or 300 MB with a small -max-file-size.
func TestPeakMemoryOfStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends gigabytes")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "4MiB"), []byte(strings.Repeat("words ", 4<<20/6)), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "300MB"), nil, 0o666))
	require.NoError(t, os.Truncate(filepath.Join(dir, "300MB"), 300_000_000)) // NUL is a character, and six bytes in JSON
	for _, c := range []struct {
		url    string
		length int64 // of the answer, at least
	}{
		{"chunks?path=4MiB&size=1&overlap=1&threshold=0", 600 << 20},
		{"chunks?path=4MiB&size=1&unit=tokens", 100 << 20},
		{"chunks?path=.&size=100000", 1_800_000_000},
		{"view/300MB?size=1&page=100", 20_000},
		{"concat?path=300MB", 300_000_000},
	} {
		p := startServer(t, "-root", dir, "-addr", "127.0.0.1:0", "-max-file-size", fmt.Sprint(8<<20))
		r, err := p.client.Get(p.url + c.url)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, r.StatusCode, c.url)
		length, err := io.Copy(io.Discard, r.Body)
		require.NoError(t, err)
		r.Body.Close()
		assert.GreaterOrEqual(t, length, c.length, c.url)
		peak := p.peak()
		t.Logf("%s: %d MB, %d MiB of memory", c.url, length/1e6, peak>>20)
		assert.Less(t, peak, uint64(3*streamMemory), c.url) // the collector lets the heap double
		p.signal(os.Interrupt)
		assert.Zero(t, p.end())
	}
}
