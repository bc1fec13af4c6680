package textscan

import (
	"strings"
	"unsafe"
)

// String returns b's bytes as a string without a copy. Nothing may write to b
// afterwards. A copy of a 64 MiB file costs more than reading it.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Bytes returns s's bytes without a copy. Nothing may write to them.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// Uninitialized returns n bytes of any value. The built-in make would zero them,
// which takes nearly as long as reading a large file into them. The memory is
// the buffer of a strings.Builder, which the builder does not zero and which
// nothing else uses. The builder must hold a byte, because package unsafe
// leaves the data pointer of an empty string unspecified.
func Uninitialized(n int) []byte {
	var b strings.Builder
	b.Grow(max(n, 1))
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
