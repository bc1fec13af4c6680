package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A server is a process under load.
type server struct {
	name string
	cmd  *exec.Cmd
	addr string
	peak usage
}

// build builds a program of the module in dir and returns its file. Each server
// is a program of its own, because other code that is linked into a program
// changes its speed.
func (b *bench) build(dir, program string) (file string, err error) {
	file = filepath.Join(b.dir, filepath.Base(program))
	cmd := exec.Command("go", "build", "-o", file, program)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, out)
	}
	return file, nil
}

// ours starts examples/server.
func (b *bench) ours(args ...string) (*server, error) {
	return b.start("fileops", b.oursFile, args...)
}

// plain starts the plain server, which also has an http.FileServer.
func (b *bench) plain(name string) (*server, error) { return b.start(name, b.plainFile) }

// start starts a server and waits until it prints its address.
func (b *bench) start(name, file string, args ...string) (*server, error) {
	cmd := exec.Command(file, append([]string{"-root", b.tree.dir, "-addr", "127.0.0.1:0"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{name: name, cmd: cmd}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(line), " on ")
	u, err := url.Parse(address)
	if err != nil {
		s.stop()
		return nil, err
	}
	s.addr = u.Host
	return s, nil
}

// stop kills the server. A mount that hangs must be unmounted first: the kernel
// does not end a process that waits for it uninterruptibly.
func (s *server) stop() error {
	err := s.cmd.Process.Kill()
	s.cmd.Wait()
	return err
}

// stopAll kills several servers.
func stopAll(servers []*server) (err error) {
	for _, s := range servers {
		err = errors.Join(err, s.stop())
	}
	return err
}

// usage counts the resources of a process.
type usage struct{ threads, goroutines, kilobytes, descriptors int }

// raise raises each count to that of another usage, if it is larger.
func (u *usage) raise(to usage) {
	u.threads = max(u.threads, to.threads)
	u.goroutines = max(u.goroutines, to.goroutines)
	u.kilobytes = max(u.kilobytes, to.kilobytes)
	u.descriptors = max(u.descriptors, to.descriptors)
}

// usage reads the server's present usage from /proc, except its goroutines. See
// proc_pid_status(5).
func (s *server) usage() (u usage) {
	proc := fmt.Sprintf("/proc/%d/", s.cmd.Process.Pid)
	status, _ := os.ReadFile(proc + "status")
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "Threads":
			u.threads = n
		case "VmRSS":
			u.kilobytes = n
		}
	}
	descriptors, _ := os.ReadDir(proc + "fd")
	u.descriptors = len(descriptors)
	return u
}

// cpuTime returns the processor time that the server has used, to the hundredth
// of a second.
func (s *server) cpuTime() time.Duration {
	const tick = time.Second / 100 // USER_HZ is 100 on each architecture that Go supports
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	var ticks int
	if fields := strings.Fields(rest); len(fields) > 12 { // utime and stime, see proc_pid_stat(5)
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		ticks = user + system
	}
	return time.Duration(ticks) * tick
}

// stats is a server's answer to /stats. The plain server reports its goroutines
// only.
type stats struct{ Goroutines, Active int }

// stats asks a server for its stats.
func (c *client) stats() (s stats, err error) {
	r, err := c.begin(get("/stats"), longPatience)
	if err != nil {
		return s, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(body, &s)
}

// sampleInterval is the time between two samples of watch.
const sampleInterval = 50 * time.Millisecond

// watch records the server's peak usage until end is called.
func (s *server) watch() (end func()) {
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		c := &client{addr: s.addr}
		defer c.close()
		for sleepUntil(time.Now().Add(sampleInterval), stop) {
			u := s.usage()
			if stats, err := c.stats(); err == nil {
				u.goroutines = stats.Goroutines
			}
			s.peak.raise(u)
		}
	})
	return func() {
		close(stop)
		watching.Wait()
	}
}
