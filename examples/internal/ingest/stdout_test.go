package ingest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStandardOutputGetsTheLinesOfAFile(t *testing.T) {
	dir := writeTree(t, tree)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	for _, unit := range []string{"chars", "tokens"} {
		t.Run(unit, func(t *testing.T) {
			args := []string{"-unit", unit, "-size", "100", "-threshold", "0", "-o"}
			file := ingestArgs(t.Context(), append(args, out, dir)...)
			require.Equal(t, exitOK, file.code, file.stderr)
			want, err := os.ReadFile(out)
			require.NoError(t, err)

			got := ingestArgs(t.Context(), append(args, "-", dir)...)
			require.Equal(t, exitOK, got.code, got.stderr)
			assert.Equal(t, string(want), got.stdout)
			lines, ofFile := fields(got.stderr), fields(file.stdout)
			assert.Equal(t, grouped(treeChars), lines["characters"])
			assert.Regexp(t, `^\d+ in standard output$`, lines["chunks"])
			for _, name := range []string{"source", "files", "skipped"} {
				assert.Equal(t, ofFile[name], lines[name], name)
			}

			quiet := ingestArgs(t.Context(), append(args, "-", "-quiet", dir)...)
			assert.Equal(t, outcome{exitOK, string(want), ""}, quiet)
		})
	}
}

func TestStandardOutputAndOneFile(t *testing.T) {
	dir := writeTree(t, tree)
	bad := ingestArgs(t.Context(), "-o", "-", filepath.Join(dir, "sub", "c.bin"))
	assert.Equal(t, exitFailure, bad.code)
	assert.Empty(t, bad.stdout)
	assert.Contains(t, bad.stderr, "unknown encoding at byte 0")

	good := ingestArgs(t.Context(), "-o", "-", filepath.Join(dir, "sub", "b.md"))
	assert.Equal(t, exitOK, good.code)
	assert.Equal(t, "1", fields(good.stderr)["files"])
}

// A brokenWriter fails.
type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestWriteErrors(t *testing.T) {
	dir := writeTree(t, tree)
	full := brokenWriter{errors.New("no space")}
	for name, args := range map[string][]string{
		"chunks":        {"-o", "-", dir},
		"report":        {"-o", filepath.Join(t.TempDir(), "out.jsonl"), dir},
		"skipped files": {"-v", "-o", filepath.Join(t.TempDir(), "out.jsonl"), dir},
	} {
		t.Run(name, func(t *testing.T) {
			stderr := new(bytes.Buffer)
			assert.Equal(t, exitFailure, run(t.Context(), args, full, stderr, nil))
			assert.Regexp(t, "^ingest: .*no space\n$", stderr.String())
		})
	}
}

func TestInterruptedStandardOutput(t *testing.T) {
	dir := writeTree(t, tree)
	codes := make(map[int]int)
	for calls := int64(0); codes[exitOK] < 3; calls++ {
		got := ingestArgs(newCountdown(t, calls), "-o", "-", "-size", "10", dir)
		codes[got.code]++
		if got.code != exitOK {
			require.Equal(t, exitInterrupted, got.code, got.stderr)
			assert.Equal(t, "ingest: interrupted\n", got.stderr)
		}
	}
	assert.Positive(t, codes[exitInterrupted])
}
