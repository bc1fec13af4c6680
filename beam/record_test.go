package fileopsbeam

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParquetHasTheChunks(t *testing.T) {
	source := writeCorpus(t)
	for name, options := range map[string]Options{
		"characters": newJob("", "").Options,
		"words":      {Unit: "tokens", Size: 40, KeepTokens: true},
		"sections":   {Splitter: "by-name", Size: 100, Lines: true, Encoding: "auto"},
	} {
		t.Run(name, func(t *testing.T) {
			job := newJob(source, t.TempDir())
			job.Format, job.Options = "parquet", options
			m, err := runPlain(t.Context(), job)
			require.NoError(t, err)
			var lines []string
			for _, p := range m.Parts {
				if p.Object == "" {
					continue
				}
				rows, err := parquet.ReadFile[Record](filepath.Join(job.Output, p.Object))
				require.NoError(t, err)
				require.EqualValues(t, p.Chunks, len(rows))
				for _, r := range rows {
					chunk, err := r.Chunk()
					require.NoError(t, err)
					if !options.KeepTokens {
						chunk.Tokens = nil // a list of Parquet is empty, and never missing
					}
					line, err := chunk.MarshalJSON()
					require.NoError(t, err)
					lines = append(lines, string(line))
				}
			}
			slices.Sort(lines)
			assert.Equal(t, wantLines(t, job), lines)
		})
	}
}

// TestParquetIsTheSameEachTime checks what the names of parts stand for.
func TestParquetIsTheSameEachTime(t *testing.T) {
	source := writeCorpus(t)
	var all [2]map[string]string
	for i := range all {
		job := newJob(source, t.TempDir())
		job.Format = "parquet"
		m, err := runPlain(t.Context(), job)
		require.NoError(t, err)
		all[i] = map[string]string{}
		for _, p := range m.Parts {
			if p.Object != "" {
				data, err := os.ReadFile(filepath.Join(job.Output, p.Object))
				require.NoError(t, err)
				all[i][p.Object] = string(data)
			}
		}
	}
	assert.Equal(t, all[0], all[1])
}
