//go:build !unix && !windows

package fileops

import "time"

// blockThread does nothing: there are no threads here whose processor could be
// taken back.
func blockThread(time.Duration) {}
