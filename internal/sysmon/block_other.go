//go:build !unix && !windows

package sysmon

import "time"

// block does nothing: the monitor takes no processors on this system, which
// has no threads.
func block(time.Duration) {}
