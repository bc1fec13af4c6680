package main

import (
	"errors"
	"os"
	"regexp"
	"runtime/pprof"
	"time"
)

// How long a turn lasts in a profile, and how long each job is repeated.
const (
	profileSample = 200 * time.Millisecond
	profileTime   = 3 * time.Second
)

// profile runs fileops' implementation of each job that matches, and writes the
// CPU profile to a file. Preparation is not part of the profile.
func profile(in *inputs, match *regexp.Regexp, path string) error {
	var repeats []func() error
	for _, j := range jobs(in) {
		if !match.MatchString(j.name) {
			continue
		}
		c, err := j.prepare()
		if err != nil {
			return err
		}
		_, n, err := c.calibrate(c.ours, profileSample)
		if err != nil {
			return err
		}
		repeats = append(repeats, func() error { return c.repeat(n) })
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return errors.Join(err, file.Close())
	}
	for _, repeat := range repeats {
		err = errors.Join(err, repeat())
	}
	pprof.StopCPUProfile()
	return errors.Join(err, file.Close())
}

// repeat takes turns of n runs of ours for profileTime.
func (c *comparison) repeat(n int) error {
	for start := time.Now(); time.Since(start) < profileTime; {
		if _, _, err := c.turn(c.ours, n); err != nil {
			return err
		}
	}
	return nil
}
