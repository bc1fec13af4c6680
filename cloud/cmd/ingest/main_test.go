package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIngest(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "one", "d/b.txt": "two", "no text": "\xff", "c.bin": "\xff"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"file://" + dir}, &stdout, &stderr), stderr.String())
	require.Equal(t, 2, strings.Count(stdout.String(), "\n"), stdout.String())
	require.Contains(t, stderr.String(), "2 chunks of 8 bytes")
	require.Contains(t, stderr.String(), "skipped 2: not UTF-8\n")

	output := filepath.Join(t.TempDir(), "chunks.jsonl")
	var quiet bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"-v", "-o", output, "file://" + dir}, &quiet, &stderr))
	require.Empty(t, quiet.String())
	written, err := os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, stdout.String(), string(written))
	require.Contains(t, stderr.String(), `skipped "no text"`)
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"-h"}, exitOK},
		{nil, exitUsage},
		{[]string{"-size", "x", "mem://"}, exitUsage},
		{[]string{"-overlap", "2", "mem://"}, exitUsage},
		{[]string{"file:///no/such/directory"}, exitFailure},
		{[]string{"mem://"}, exitOK},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, c.code, run(t.Context(), c.args, &stdout, &stderr), "%q: %s", c.args, stderr.String())
		require.NotEmpty(t, stderr.String(), c.args)
		require.Empty(t, stdout.String(), c.args)
	}
}
