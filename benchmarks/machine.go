package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine names the processor, the system and the Go version.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s, %s.", cpu(), runtime.GOMAXPROCS(0), system(), runtime.Version())
}

// cpu names the processor.
func cpu() string {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	if b, err := exec.Command("sysctl", "-n", "machdep.cpu.brand_string").Output(); err == nil {
		return strings.TrimSpace(string(b))
	}
	return runtime.GOARCH
}

// system names the operating system.
func system() string {
	if b, err := exec.Command("uname", "-sr").Output(); err == nil {
		return strings.TrimSpace(string(b))
	}
	return runtime.GOOS
}

// load returns the load average of the last minute. See proc_loadavg(5).
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.Fields(string(b))[0]
}
