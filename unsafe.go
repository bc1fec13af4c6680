package fileops

import (
	"strings"
	"unsafe"
)

// stringOf returns b's bytes as a string without a copy. Nothing may write to
// b any more. Copying a 64 MiB file's contents to make its string costs more
// than reading them.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf returns s's bytes without a copy. Nothing may write to them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// freshBytes returns n bytes that hold anything: make would zero them, which
// for a large file takes nearly as long as reading it. A strings.Builder does
// not zero its buffer; nothing else uses this one.
func freshBytes(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
