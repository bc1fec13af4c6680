package fileops

import (
	"fmt"
	"testing"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

func TestChunkTextDefaults(t *testing.T) {
	text := texttest.Script("mixed", 100_000)
	d := DefaultChunkOptions()
	require.Equal(t, mustChunk(t, text, &d), mustChunk(t, text, nil))
	require.Equal(t, mustChunk(t, text, &ChunkOptions{Size: 1500}), mustChunk(t, text, &ChunkOptions{}))
	first := mustChunk(t, text, nil)[0]
	require.Equal(t, 1500+75, first.Size)
}

func TestUnitString(t *testing.T) {
	require.Equal(t, "Chars Tokens Unit(7)", fmt.Sprint(Chars, Tokens, Unit(7)))
}
