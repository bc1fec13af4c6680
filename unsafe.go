package fileops

import "unsafe"

// stringOf returns b's bytes as a string without a copy. Nothing may write to
// b any more. Copying a 64 MiB file's contents to make its string costs more
// than reading them.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf returns s's bytes without a copy. Nothing may write to them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
