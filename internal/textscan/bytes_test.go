package textscan

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestConversionsShareMemory(t *testing.T) {
	for _, n := range []int{1, 3, 1000} {
		b := make([]byte, n)
		s := String(b)
		require.Len(t, s, n)
		require.Same(t, &b[0], unsafe.StringData(s))
		require.Same(t, &b[0], &Bytes(s)[0])
	}
	require.Empty(t, String(nil))
	require.Empty(t, Bytes(""))
}

func TestUninitializedCanBeWritten(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000, 1 << 20} {
		b := Uninitialized(n)
		require.Len(t, b, n)
		for i := range b {
			b[i] = byte(i)
		}
		for i := range b {
			if b[i] != byte(i) {
				require.Failf(t, "another byte", "%d of %d", i, n)
			}
		}
	}
}

// BenchmarkUninitialized compares Uninitialized with make.
func BenchmarkUninitialized(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"4KiB", 4 << 10}, {"256KiB", 256 << 10}, {"64MiB", 64 << 20}} {
		benchmark(b, size.name+"/Uninitialized", size.n, func() { bytesSink = Uninitialized(size.n) })
		benchmark(b, size.name+"/make", size.n, func() { bytesSink = make([]byte, size.n) })
	}
}

// bytesSink keeps the compiler from putting the memory on the stack.
var bytesSink []byte
