package fileopsbeam

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadJobs(t *testing.T) {
	dir := t.TempDir()
	for option, bad := range map[string][]func(*Job){
		"Source":         {func(j *Job) { j.Source = "" }, func(j *Job) { j.Source = "nosuch://bucket" }},
		"Output":         {func(j *Job) { j.Output = "" }, func(j *Job) { j.Output = "nosuch://bucket" }, func(j *Job) { j.Output = j.Source }, func(j *Job) { j.Output = j.Source + "/sub/dir" }},
		"Format":         {func(j *Job) { j.Format = "csv" }},
		"PartSize":       {func(j *Job) { j.PartSize = -1 }},
		"Unit":           {func(j *Job) { j.Options.Unit = "bytes" }},
		"Size":           {func(j *Job) { j.Options.Size = -1 }},
		"Overlap":        {func(j *Job) { j.Options.Overlap = 2 }},
		"Tokenizer":      {func(j *Job) { j.Options.Tokenizer = "nosuch" }},
		"Splitter":       {func(j *Job) { j.Options.Splitter = "nosuch" }, func(j *Job) { j.Options.Splitter = "code-nosuch" }},
		"Counter":        {func(j *Job) { j.Options.Counter = "nosuch" }},
		"MinSize":        {func(j *Job) { j.Options.MinSize = -1 }},
		"Select.Include": {func(j *Job) { j.Selection.Select = &fileops.Selection{Include: []string{""}} }},
		"Encoding":       {func(j *Job) { j.Options.Encoding = "nosuch" }},
		"Metadata":       {func(j *Job) { j.Options.Metadata = json.RawMessage("[1]") }, func(j *Job) { j.Options.Metadata = json.RawMessage(`{"chunk_id":1}`) }},
		"FileTypes":      {func(j *Job) { j.Selection.FileTypes = []string{"*.txt"} }},
		"Exclude":        {func(j *Job) { j.Selection.Exclude = []string{""} }},
	} {
		for _, change := range bad {
			job := Job{Source: dir, Output: filepath.Join(t.TempDir(), "out")}
			require.NoError(t, job.Check())
			change(&job)
			for call, err := range map[string]error{
				"Check":        job.Check(),
				"WritePart":    second(WritePart(t.Context(), job, Part{})),
				"SaveManifest": second(SaveManifest(t.Context(), job, Listed{}, nil)),
				"ListFiles":    second(runPlain(t.Context(), job)),
			} {
				var e *fileops.OptionError
				require.ErrorAs(t, err, &e, call)
				assert.Equal(t, option, e.Option, call)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestJobsCross(t *testing.T) {
	job := newJob("in", "out")
	data, err := json.Marshal(job)
	require.NoError(t, err)
	var got Job
	require.NoError(t, json.Unmarshal(data, &got))
	assert.Equal(t, job, got)
}

func TestLostAndDoubledResults(t *testing.T) {
	job := newJob(writeCorpus(t), t.TempDir())
	parts, listed, err := Plan(ListFiles(t.Context(), job), job.PartSize)
	require.NoError(t, err)
	var results []PartResult
	for _, p := range parts {
		r, err := WritePart(t.Context(), job, p)
		require.NoError(t, err)
		results = append(results, r)
	}
	var e *CountError
	_, err = SaveManifest(t.Context(), job, listed, results[1:])
	require.ErrorAs(t, err, &e)
	assert.NoFileExists(t, filepath.Join(job.Output, ManifestName))

	once, err := SaveManifest(t.Context(), job, listed, results)
	require.NoError(t, err)
	twice, err := SaveManifest(t.Context(), job, listed, append(results, results...))
	require.NoError(t, err)
	assert.Equal(t, once, twice)
}

func TestRegisteringTwicePanics(t *testing.T) {
	assert.Panics(t, func() { RegisterTokenizer("letters", nil) })
	assert.Panics(t, func() { RegisterTokenizer("", nil) })
}

// TestMetadataOfAJobKeepsItsDigits has numbers that no float64 has.
func TestMetadataOfAJobKeepsItsDigits(t *testing.T) {
	const metadata = `{"big":1e400,"id":1546130668394913822}`
	opts, err := (&Options{Metadata: json.RawMessage(metadata)}).chunkOptions()
	require.NoError(t, err)
	chunks, err := fileops.ChunkText("text", opts)
	require.NoError(t, err)
	data, err := json.Marshal(chunks[0])
	require.NoError(t, err)
	require.Contains(t, string(data), metadata[1:len(metadata)-1])
	row, err := metadataOf(&chunks[0])
	require.NoError(t, err)
	require.Equal(t, metadata, row)
}
