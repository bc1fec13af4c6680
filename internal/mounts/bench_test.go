package mounts

import (
	"fmt"
	"testing"
	"time"
)

func BenchmarkLocal(b *testing.B) {
	const file = "/volumes/data/documents/2024/report.txt"
	for _, n := range []int{10, 1000} {
		table := NewTable(manyMounts(n), "/srv/application")
		c := &cache{read: func() Table { return table }}
		for !c.local("/f") {
			time.Sleep(time.Millisecond)
		}
		for name, path := range map[string]string{
			"root":     "/srv/application/documents/2024/report.txt",
			"volume":   "/var/lib/containers/pods/4f1c2a7e-0b5d-4c1e-9a53-000000000005" + file,
			"relative": "documents/2024/report.txt",
		} {
			b.Run(fmt.Sprintf("%d mounts/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.local(path)
				}
			})
		}
	}
}

func BenchmarkNewTable(b *testing.B) {
	list := manyMounts(1000)
	b.SetBytes(int64(len(list)))
	b.ReportAllocs()
	for b.Loop() {
		NewTable(list, "/srv")
	}
}

// BenchmarkRead reads the list of this machine.
func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Read()
	}
	b.ReportMetric(float64(len(Read().points)+1), "mounts")
}
