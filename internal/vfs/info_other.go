//go:build !unix

package vfs

import "os"

func addSystem(*Info, os.FileInfo) {}
