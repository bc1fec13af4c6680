package split

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkCode(b *testing.B) {
	for _, bb := range []struct{ language, file string }{
		{"go", "sample.go"},
		{"javascript", "sample.js"},
		{"java", "Sample.java"},
		{"c", "sample.c"},
		{"cpp", "sample.cpp"},
		{"rust", "sample.rs"},
		{"css", "sample.css"},
		{"json", "sample.json"},
		{"python", "sample.py"},
		{"ruby", "sample.rb"},
		{"shell", "sample.sh"},
		{"sql", "sample.sql"},
		{"html", "sample.html"},
		{"yaml", "sample.yaml"},
	} {
		b.Run(bb.language, func(b *testing.B) {
			sample, err := os.ReadFile("testdata/code/" + bb.file)
			require.NoError(b, err)
			benchmarkCode(b, bb.language, strings.Repeat(string(sample), 1+(1<<20)/len(sample)))
		})
	}
	b.Run("corpus", func(b *testing.B) { // real Go, with its long comments
		var all strings.Builder
		for _, text := range goFiles(b) {
			all.WriteString(text)
		}
		benchmarkCode(b, "go", all.String())
	})
	b.Run("minified", func(b *testing.B) {
		benchmarkCode(b, "javascript", strings.Repeat(`function a(b,c){return b+c*"d e"};`, 30_000))
	})
}

func benchmarkCode(b *testing.B, language, text string) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for range Code(language)("", text) {
		}
	}
}
