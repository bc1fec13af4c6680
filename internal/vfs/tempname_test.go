package vfs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTempNames(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		name := tempName()
		require.True(t, IsTempName(name), name)
		require.NotContains(t, name, "/")
		require.False(t, seen[name], "the names are random")
		seen[name] = true
	}
}

func TestIsTempName(t *testing.T) {
	const name = ".fileops-0123456789abcdef.tmp"
	require.True(t, IsTempName(name))
	for _, other := range []string{
		"", ".", ".fileops-.tmp", ".fileops-0123456789abcde.tmp", ".fileops-0123456789abcdef0.tmp", ".fileops-0123456789ABCDEF.tmp",
		".fileops-0123456789abcdeg.tmp", ".fileops-0123456789abcdé.tmp", ".fileops-0123456789abcdef", ".fileops-0123456789abcdef.tmp2",
		"fileops-0123456789abcdef.tmp", "0123456789abcdef.tmp", "dir/" + name, name + "/", " " + name, strings.ToUpper(name),
		".fileops-.fileops-01234567.tmp", ".fileops-0123456789abc.tmp.tmp",
	} {
		require.False(t, IsTempName(other), other)
	}
}

func TestRandomHex(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 16} {
		require.Regexp(t, `^[0-9a-f]*$`, RandomHex(n))
		require.Len(t, RandomHex(n), n)
	}
	require.NotEqual(t, RandomHex(16), RandomHex(16))
}
