//go:build !linux && !windows

package vfs

import "os"

// System returns the whole file system.
func System() FS { return Portable() }

// Confined returns the directory of root, which no name leads out of.
func Confined(root *os.Root) FS { return PortableConfined(root) }
