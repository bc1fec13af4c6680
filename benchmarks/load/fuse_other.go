//go:build !linux

package main

import "errors"

// serveFUSE is not called where lacksFUSE has something to say.
func serveFUSE([]string) error { return errors.ErrUnsupported }
