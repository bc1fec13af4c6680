//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process is a server in its own process, with a real socket.
type process struct {
	*exec.Cmd
	t      *testing.T
	url    string
	out    *bufio.Reader
	stderr bytes.Buffer
	client *http.Client
}

// startServer starts a server and waits until it prints its address.
func startServer(t *testing.T, args ...string) *process {
	p := &process{Cmd: exec.Command(os.Args[0], args...), t: t, client: &http.Client{Transport: &http.Transport{ExpectContinueTimeout: patience}}}
	p.Env = append(os.Environ(), runMain+"=1")
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		if p.ProcessState == nil {
			p.Process.Kill()
			p.Wait()
		}
	})
	p.out = bufio.NewReader(stdout)
	_, p.url, _ = strings.Cut(p.line(), " on ")
	return p
}

// line waits for a line of the server's output.
func (p *process) line() string {
	line, err := p.out.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSpace(line)
}

// signal sends a signal to the server.
func (p *process) signal(s os.Signal) { require.NoError(p.t, p.Process.Signal(s)) }

// end waits until the server ends, and returns its exit code.
func (p *process) end() int {
	_, err := io.Copy(io.Discard, p.out)
	require.NoError(p.t, err)
	p.Wait()
	return p.ProcessState.ExitCode()
}

func TestProcessShutsDown(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			dir := t.TempDir()
			p := startServer(t, "-root", dir, "-addr", "127.0.0.1:0")

			r, err := http.NewRequest("PUT", p.url+"file/a.txt", strings.NewReader("over a socket"))
			require.NoError(t, err)
			saved, err := p.client.Do(r)
			require.NoError(t, err)
			saved.Body.Close()
			assert.Equal(t, http.StatusCreated, saved.StatusCode)
			read, err := p.client.Get(p.url + "file/a.txt")
			require.NoError(t, err)
			assert.Equal(t, "over a socket", text(t, read))
			read.Body.Close()

			p.signal(s)
			assert.Zero(t, p.end(), p.stderr.String())
			assert.Empty(t, p.stderr.String())
			_, err = net.Dial("tcp", strings.Trim(strings.TrimPrefix(p.url, "http://"), "/"))
			assert.Error(t, err)
		})
	}
}

// A request that began before the signal gets its whole answer.
func TestShutdownLetsRequestsEnd(t *testing.T) {
	dir := t.TempDir()
	p := startServer(t, "-root", dir, "-addr", "127.0.0.1:0", "-grace", "1m")
	body, begun := net.Pipe()
	answered := make(chan int, 1)
	go func() {
		r, _ := http.NewRequest("PUT", p.url+"file/slow.txt", body)
		r.Header.Set("Expect", "100-continue") // the client sends the body when the handler reads it
		answer, err := p.client.Do(r)
		if err != nil {
			answered <- 0
			return
		}
		answer.Body.Close()
		answered <- answer.StatusCode
	}()
	_, err := io.WriteString(begun, "first half, ")
	require.NoError(t, err)
	p.signal(os.Interrupt)
	require.Equal(t, "shutting down", p.line())
	_, err = io.WriteString(begun, "second half")
	require.NoError(t, err)
	begun.Close()
	assert.Equal(t, http.StatusCreated, <-answered)
	assert.Zero(t, p.end(), p.stderr.String())
	saved, err := os.ReadFile(filepath.Join(dir, "slow.txt"))
	require.NoError(t, err)
	assert.Equal(t, "first half, second half", string(saved))
}

// Shutdown ends a request that takes longer than the grace, and reports it.
func TestShutdownDoesNotWaitForever(t *testing.T) {
	dir := t.TempDir()
	writeLarge(t, filepath.Join(dir, "many"))
	p := startServer(t, "-root", dir, "-addr", "127.0.0.1:0", "-grace", "1ms")
	r, err := p.client.Get(p.url + "concat?path=many")
	require.NoError(t, err)
	defer r.Body.Close()

	p.signal(os.Interrupt)
	assert.Equal(t, 1, p.end())
	assert.Contains(t, p.stderr.String(), "requests broken off after 1ms")
	_, err = io.Copy(io.Discard, r.Body)
	assert.Error(t, err)
}

func TestWrongUse(t *testing.T) {
	for _, c := range []struct {
		args    []string
		code    int
		message string
	}{
		{[]string{"-nope"}, 2, "not defined: -nope"},
		{[]string{"dir"}, 2, `unexpected argument "dir"`},
		{[]string{"-max-file-size", "0"}, 2, "-max-file-size must be above 0"},
		{[]string{"-timeout", "0s"}, 2, "must be above 0"},
		{[]string{"-root", filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		{[]string{"-addr", "nowhere:nothing"}, 1, "server: listen tcp"},
		{[]string{"-help"}, 0, "-max-pending"},
	} {
		var stdout, stderr bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a server that starts by mistake ends at once
		assert.Equal(t, c.code, run(ctx, c.args, &stdout, &stderr), c.args)
		assert.Contains(t, stderr.String(), c.message)
	}
}
