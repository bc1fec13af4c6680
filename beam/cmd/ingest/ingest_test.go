package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	quietLogs(false)
	beam.Init()
	os.Exit(m.Run())
}

// parse reads a command line.
func parse(t *testing.T, args ...string) *settings {
	s := new(settings)
	f := flag.NewFlagSet("ingest", flag.ContinueOnError)
	s.define(f)
	require.NoError(t, f.Parse(args))
	return s
}

func TestReport(t *testing.T) {
	source, output := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(source, "a.txt"), []byte(strings.Repeat("text ", 1000)), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(source, "b.txt"), []byte("\xff"), 0o666))
	var stdout, stderr bytes.Buffer
	s := parse(t, "-source", source, "-output", output, "-size", "500", "-overlap", "0", "-threshold", "0", "-types", ".txt,.md")
	require.NoError(t, s.run(t.Context(), &stdout, &stderr))
	lines := strings.Split(stdout.String(), "\n")
	require.Len(t, lines, 10)
	assert.Equal(t, []string{"files       2", "cut         1", "skipped     1", `  "not utf-8 text": 1`, "chunks      10", "parts       1"}, lines[2:8])

	inventory := filepath.Join(t.TempDir(), "list.csv")
	require.NoError(t, os.WriteFile(inventory, []byte("in/a.txt,5000,\n"), 0o666))
	stdout.Reset()
	s = parse(t, "-source", source, "-output", t.TempDir(), "-inventory", inventory, "-prefix", "in/", "-size", "500")
	require.NoError(t, s.run(t.Context(), &stdout, &stderr))
	assert.Contains(t, stdout.String(), "files       1\ncut         1\n")
}

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{{}, {"-source", "."}, {"-source", ".", "-output", "./sub"}, {"-source", "nosuch://x", "-output", "out"}} {
		assert.ErrorAs(t, parse(t, args...).run(t.Context(), nil, nil), new(usageError), args)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, grouped(n))
	}
}
