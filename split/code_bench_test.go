package split

import (
	"strings"
	"testing"
)

func BenchmarkGo(b *testing.B) {
	var all strings.Builder
	for _, text := range goFiles(b) {
		all.WriteString(text)
		if all.Len() > 8<<20 {
			break
		}
	}
	text := all.String()
	b.SetBytes(int64(len(text)))
	n := 0
	for b.Loop() {
		for range Code("go")("", text) {
			n++
		}
	}
	b.ReportMetric(float64(n)/float64(b.N), "boundaries")
}
