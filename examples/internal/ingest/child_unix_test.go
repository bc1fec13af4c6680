//go:build unix

package ingest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// child returns a command that runs the program in a process of its own.
func child(t *testing.T, args ...string) *exec.Cmd {
	program, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, args...)
	c.Env = append(os.Environ(), childEnv+"=1")
	return c
}

// wideTree writes a tree whose chunks do not fit the buffer of a pipe, so that a
// run waits for the reader of its output.
func wideTree(t *testing.T) string {
	return writeTree(t, map[string]string{"a.txt": strings.Repeat("some text\n", 1<<18), "b.txt": "the end"})
}

// A blocked is a child that writes to a pipe that nobody reads any more.
type blocked struct {
	*exec.Cmd
	stdout io.ReadCloser
	stderr bytes.Buffer
}

// block starts the program and reads the beginning of its output.
func block(t *testing.T, stderr *os.File, args ...string) *blocked {
	b := &blocked{Cmd: child(t, args...)}
	b.Stderr = &b.stderr
	if stderr != nil {
		b.Stderr = stderr
	}
	var err error
	b.stdout, err = b.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, b.Start())
	first := make([]byte, 1)
	_, err = io.ReadFull(b.stdout, first)
	require.NoError(t, err)
	require.Equal(t, "{", string(first))
	return b
}

// end waits for the end of the child and returns its exit code.
func (b *blocked) end() int {
	b.Wait()
	return b.ProcessState.ExitCode()
}

func TestClosedPipeEndsQuietly(t *testing.T) {
	b := block(t, nil, "-o", "-", wideTree(t))
	require.NoError(t, b.stdout.Close())
	assert.Equal(t, exitClosedPipe, b.end())
	assert.Empty(t, b.stderr.String())
}

func TestClosedPipeKeepsTheOutputFile(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.jsonl")
	c := child(t, "-o", out, writeTree(t, tree))
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	defer w.Close()
	c.Stdout, c.Stderr = w, w
	c.Run()
	assert.Equal(t, exitClosedPipe, c.ProcessState.ExitCode())
	assert.NotEmpty(t, readJSONL(t, out))
}

func TestSignalsEndABlockedRun(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		stderr string
	}{
		{syscall.SIGINT, exitInterrupted, "ingest: interrupted\n"},
		{syscall.SIGTERM, exitTerminated, "ingest: terminated\n"},
	} {
		b := block(t, nil, "-o", "-", wideTree(t))
		require.NoError(t, b.Process.Signal(c.signal))
		assert.Equal(t, c.code, b.end())
		assert.Equal(t, c.stderr, b.stderr.String())
	}
}
