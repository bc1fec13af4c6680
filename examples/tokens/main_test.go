package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/tokens"
	"github.com/stretchr/testify/require"
)

// childEnv tells a process of the test binary that it is the program.
const childEnv = "TOKENS_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// TestChunksHaveAtMostTheTokens cuts the program's own sources, and counts.
func TestChunksHaveAtMostTheTokens(t *testing.T) {
	for unit, encoding := range map[string]*tokens.Encoding{"o200k": tokens.O200k(), "cl100k": tokens.Cl100k()} {
		out := filepath.Join(t.TempDir(), "out.jsonl")
		program := exec.Command(os.Args[0], "-unit", unit, "-size", "64", "-o", out, "..")
		program.Env = append(os.Environ(), childEnv+"=1")
		report, err := program.Output()
		require.NoError(t, err)
		require.Contains(t, string(report), "\n"+unit+"  ")
		require.Contains(t, string(report), "\nheaviest\n")
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		chunks := 0
		for line := range strings.Lines(string(data)) {
			var c fileops.TextChunk
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			require.Equal(t, encoding.Count(c.Text), c.Size)
			require.LessOrEqual(t, c.Size, 64)
			chunks++
		}
		require.Greater(t, chunks, 100)
	}
}
