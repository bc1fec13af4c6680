//go:build !linux

package vfs

import "os"

// openPath returns the path of an open directory, "" if it is unknown.
func openPath(*os.File) string { return "" }
