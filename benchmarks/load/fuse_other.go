//go:build !linux

package main

import "errors"

// serveFUSE is not called, because lacksFUSE returns a reason here.
func serveFUSE([]string) error { return errors.ErrUnsupported }
