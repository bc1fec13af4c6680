package vfs

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesOfWindows(t *testing.T) {
	for _, name := range []string{
		"a.", "a ", "a. ", "a .", "a..", "...", " ", "a.txt.", "CON.",
		"a:b", "C:", "a.txt:stream", `a\b`, "a/b", "a<b", "a>b", `a"b`, "a|b", "a?", "*", "a\nb", "a\tb", "a\x1f", "\x00",
	} {
		require.NotEmpty(t, windowsNameProblem(name), "%q", name)
	}
	for _, name := range []string{"a", "a.txt", ".a", " a", "a b", "a..b", ".", "..", "größe", "名前", "a\x7f", "a;b", "a'b", "$a~1"} {
		require.Empty(t, windowsNameProblem(name), "%q", name)
	}
	for _, name := range []string{"a.", "a ", "a:b", "a?"} {
		require.Equal(t, runtime.GOOS == "windows", NameProblem(name) != "", "%q is a name elsewhere", name)
	}
}
