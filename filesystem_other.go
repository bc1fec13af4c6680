//go:build !linux

package fileops

import "os"

// systemFiles is the whole file system.
func systemFiles() filesystem { return osFiles{} }

// confinedFiles is what is below root.
func confinedFiles(root *os.Root) filesystem { return &rootFiles{root: root} }
