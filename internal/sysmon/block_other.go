//go:build !unix && !windows

package sysmon

import "time"

// Block does nothing: the monitor takes no processors on this system, which
// has no threads.
func Block(time.Duration) {}
