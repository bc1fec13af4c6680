package vfs_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
)

func TestSplitPath(t *testing.T) {
	for path, want := range map[string][2]string{
		"":          {".", ""},
		"f":         {".", "f"},
		"f/":        {".", "f"},
		"f//":       {".", "f"},
		"a/f":       {"a", "f"},
		"a//f":      {"a", "f"},
		"a/f/":      {"a", "f"},
		"a/b/f":     {"a/b", "f"},
		"./f":       {".", "f"},
		"../f":      {"..", "f"},
		"a/..":      {"a", ".."},
		"a/.":       {"a", "."},
		".":         {".", "."},
		"..":        {".", ".."},
		"/":         {"/", ""},
		"//":        {"/", ""},
		"/f":        {"/", "f"},
		"/f/":       {"/", "f"},
		"/a/f":      {"/a", "f"},
		" ":         {".", " "},
		"a/\x00":    {"a", "\x00"},
		"a/.hidden": {"a", ".hidden"},
	} {
		dir, base := vfs.SplitPath(path)
		require.Equal(t, want, [2]string{filepath.ToSlash(dir), base}, "%q", path)
	}
}

func TestTrimSlashes(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "/": "/", "//": "/", "////": "/", "a": "a", "a/": "a", "a//": "a", "/a/": "/a", "a/b/": "a/b", "./": ".", "//a": "//a",
	} {
		require.Equal(t, want, filepath.ToSlash(vfs.TrimSlashes(path)), "%q", path)
	}
}

func TestPrefix(t *testing.T) {
	for dir, want := range map[string]string{
		"": "", ".": "", "/": "/", "a": "a/", "a/": "a/", "a/b": "a/b/", "..": "../", "./": "./", "./a": "./a/", "/a": "/a/",
	} {
		require.Equal(t, want, filepath.ToSlash(vfs.Prefix(dir)), "%q", dir)
	}
}

func TestOrDot(t *testing.T) {
	require.Equal(t, ".", vfs.OrDot(""))
	require.Equal(t, ".", vfs.OrDot("."))
	require.Equal(t, "a", vfs.OrDot("a"))
}

func TestCleanPath(t *testing.T) {
	for path, want := range map[string]string{
		"": ".", ".": ".", "a": "a", "./a": "a", "a/": "a", "a//b": "a/b", "a/./b": "a/b", "/": "/", "//a": "/a", "/./a/": "/a",
		"..": "..", "a/..": "a/..", "../a": "../a", "a/../b/": "a/../b/", "./a/..//b": "./a/..//b", // left alone
		"..a": "..a", "a..": "a..", "...": "...", "a/.../b/": "a/.../b",
	} {
		require.Equal(t, want, filepath.ToSlash(vfs.CleanPath(path)), "%q", path)
	}
}

func TestPathsOfWindows(t *testing.T) {
	if runtime.GOOS != "windows" {
		require.Equal(t, `a\b`, vfs.TrimSlashes(`a\b`))
		require.Equal(t, `a\`, vfs.TrimSlashes(`a\`), "no separator here")
		require.Equal(t, `C:`+string(filepath.Separator), vfs.Prefix("C:"), "no volume here")
		return
	}
	for path, want := range map[string][2]string{
		`C:\f`:              {`C:\`, "f"},
		`C:\`:               {`C:\`, ""},
		`C:f`:               {`C:.`, "f"},
		`C:\a\f\`:           {`C:\a`, "f"},
		`a\f`:               {"a", "f"},
		`a\/f`:              {"a", "f"},
		`\\host\share\f`:    {`\\host\share\`, "f"},
		`\\host\share\a\f\`: {`\\host\share\a`, "f"},
	} {
		dir, base := vfs.SplitPath(path)
		require.Equal(t, want, [2]string{dir, base}, "%q", path)
	}
	require.Equal(t, `C:\`, vfs.TrimSlashes(`C:\\`))
	require.Equal(t, `C:`, vfs.Prefix(`C:`))
	require.Equal(t, `a\`, vfs.Prefix(`a`))
	require.Equal(t, `a\`, vfs.Prefix(`a\`))
	require.Equal(t, `a/`, vfs.Prefix(`a/`))
	require.Equal(t, `a\b`, vfs.CleanPath(`a/b\`))
	require.Equal(t, `a\..\b`, vfs.CleanPath(`a\..\b`))
}
