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

// build builds a program of the module in dir and returns the file. Each server
// is one of its own, since what else is linked to it tells in its speed.
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

// plain starts the plain server, of which http.FileServer is a part.
func (b *bench) plain(name string) (*server, error) { return b.start(name, b.plainFile) }

// start starts a server and waits until it says where it listens.
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

// stop kills the server. If a mount hangs it must be unmounted before: not
// even the kernel ends a process that waits for one.
func (s *server) stop() error {
	err := s.cmd.Process.Kill()
	s.cmd.Wait()
	return err
}

func stopAll(servers []*server) (err error) {
	for _, s := range servers {
		err = errors.Join(err, s.stop())
	}
	return err
}

// usage is what a process holds.
type usage struct{ threads, goroutines, kilobytes, descriptors int }

func (u *usage) raise(to usage) {
	u.threads = max(u.threads, to.threads)
	u.goroutines = max(u.goroutines, to.goroutines)
	u.kilobytes = max(u.kilobytes, to.kilobytes)
	u.descriptors = max(u.descriptors, to.descriptors)
}

// usage reads what the server holds now.
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

// cpuTime is what the server has used of the processors, to the hundredth of
// a second.
func (s *server) cpuTime() time.Duration {
	const tick = time.Second / 100 // USER_HZ, the same on all that Go runs on
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

// stats is what a server says of itself. The plain one knows its goroutines
// only.
type stats struct{ Goroutines, Running, Abandoned, Waiting, Active int }

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

// samplesEvery is how often watch looks.
const samplesEvery = 50 * time.Millisecond

// watch notes the peak of what the server holds until end is called.
func (s *server) watch() (end func()) {
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		c := &client{addr: s.addr}
		defer c.close()
		for sleepUntil(time.Now().Add(samplesEvery), stop) {
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
