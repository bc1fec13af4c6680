//go:build unix

package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile are names that a terminal, or a reader, would take for something else.
var hostile = []string{
	"a\x1b[2J\x1b]0;title\x07.txt",
	"b\r\nskipped     0.txt",
	"c\u202etxt.exe",
	"d\u2066\u2069.txt",
	"e\xff\x9b2J.txt",
	"f\u009b2J\u2028.txt",
}

// assertPlain asserts that a terminal shows a text as it is.
func assertPlain(t *testing.T, text string) {
	t.Helper()
	assert.True(t, utf8.ValidString(text), "%q", text)
	for _, r := range strings.ReplaceAll(text, "\n", "") {
		assert.True(t, unicode.IsPrint(r), "%q has %q", text, r)
	}
}

func TestReportQuotesNames(t *testing.T) {
	for _, name := range hostile {
		t.Run(strconv.Quote(name), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			err := os.Mkdir(dir, 0o777)
			if errors.Is(err, syscall.EILSEQ) {
				t.Skip("the file system takes only UTF-8")
			}
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("\xff"), 0o666))
			out := filepath.Join(t.TempDir(), name+".jsonl")
			got := ingestArgs(t.Context(), "-v", "-o", out, dir)
			require.Equal(t, exitOK, got.code, got.stderr)
			assertPlain(t, got.stdout)
			lines := fields(got.stdout)
			assert.Equal(t, strconv.Quote(dir), lines["source"])
			assert.Equal(t, "0 in "+strconv.Quote(out), lines["chunks"])
			assert.Equal(t, "1", lines["skipped"], "no name forges a line")
			assert.Contains(t, got.stdout, "\n    "+strconv.Quote(filepath.Join(dir, name))+"\n")
		})
	}
}

func TestErrorsQuoteNames(t *testing.T) {
	dir := writeTree(t, tree)
	for _, name := range hostile {
		escaped := strings.Trim(strconv.Quote(name), `"`)
		for _, args := range [][]string{
			{"-o", filepath.Join(t.TempDir(), "x.jsonl"), filepath.Join(dir, name)},
			{"-o", filepath.Join(dir, "a.txt", name+".jsonl"), dir},
			{"-" + name},
			{dir, name},
			{"-encoding", name, dir},
		} {
			got := ingestArgs(t.Context(), args...)
			assert.NotEqual(t, exitOK, got.code)
			assertPlain(t, got.stderr)
			assert.Contains(t, got.stderr, escaped)
			for line := range strings.Lines(got.stderr) {
				assert.Regexp(t, "^(ingest: |Run it with)", line)
			}
		}
	}
}
