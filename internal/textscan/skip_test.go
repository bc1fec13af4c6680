package textscan

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestSkip skips every number of code points of texts that cross blocks in many
// ways.
func TestSkip(t *testing.T) {
	for _, text := range []string{
		"", "a", "é", "日本", strings.Repeat("a", 64), strings.Repeat("a", 65) + "é", strings.Repeat("é", 100),
		strings.Repeat("日", 100), strings.Repeat("a日é😀", 50), strings.Repeat("x", 63) + "😀" + strings.Repeat("y", 200),
		strings.Repeat("😀", 16), strings.Repeat("😀", 17) + "z",
	} {
		n := 0
		for i := range text {
			require.Equal(t, i, Skip([]byte(text), n), "%q, %d", text, n)
			n++
		}
		require.Equal(t, utf8.RuneCountInString(text), n)
		require.Equal(t, len(text), Skip([]byte(text), n))
	}
}
