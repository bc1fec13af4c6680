package fileopsbeam

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	beam.Init()
	os.Exit(m.Run())
}

// runBeam does a job on prism in this process.
func runBeam(ctx context.Context, job Job, list func(beam.Scope) Listing) (beam.PipelineResult, error) {
	p, s := beam.NewPipelineWithRoot()
	listing := list(s)
	WriteManifest(s, job, listing, WriteParts(s, job, listing))
	return prism.Execute(ctx, p)
}

func TestBeamDoesTheSame(t *testing.T) {
	source := writeCorpus(t)
	plain := newJob(source, t.TempDir())
	want, err := runPlain(t.Context(), plain)
	require.NoError(t, err)

	job := newJob(source, t.TempDir())
	list := func(s beam.Scope) Listing { return List(s, job) }
	result, err := runBeam(t.Context(), job, list)
	require.NoError(t, err)
	got := savedManifest(t, job.Output)
	assert.Equal(t, want.Parts, got.Parts)
	assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, got))
	counters := countersOf(result)
	assert.Equal(t, got.Files, counters[CounterFilesListed])
	assert.Equal(t, got.Chunks, counters[CounterChunks])
	assert.Zero(t, counters[CounterPartsReused])

	result, err = runBeam(t.Context(), job, list)
	require.NoError(t, err)
	assert.EqualValues(t, len(got.Parts), countersOf(result)[CounterPartsReused])
	assert.Equal(t, got, savedManifest(t, job.Output))
}

// countersOf returns what the counters of a run have.
func countersOf(result beam.PipelineResult) map[string]int64 {
	values := map[string]int64{}
	for _, c := range result.Metrics().AllMetrics().Counters() {
		if c.Namespace() == CounterNamespace {
			values[c.Name()] += c.Result()
		}
	}
	return values
}

func TestBeamFromInventories(t *testing.T) {
	source := writeCorpus(t)
	job := newJob(source, t.TempDir())
	var inventories []Inventory
	var listed Listed
	for i := range 3 {
		inventories = append(inventories, Inventory{File: filepath.Join(t.TempDir(), "list.jsonl"), Prefix: "corpus/"})
		file, err := os.Create(inventories[i].File)
		require.NoError(t, err)
		n := 0
		for f, err := range ListFiles(t.Context(), job) {
			require.NoError(t, err)
			f.Path = "corpus/" + f.Path
			if n++; n%3 == i && !strings.Contains(f.Path, "\xff") { // JSON has no such bytes
				require.NoError(t, json.NewEncoder(file).Encode(f))
			}
		}
		require.NoError(t, file.Close())
		own, err := inventories[i].Count(t.Context(), job.Selection)
		require.NoError(t, err)
		listed.Files += own.Files
		listed.Bytes += own.Bytes
	}
	_, err := runBeam(t.Context(), job, func(s beam.Scope) Listing { return FromInventory(s, job, listed, inventories...) })
	require.NoError(t, err)
	want := slices.DeleteFunc(wantLines(t, job), func(line string) bool { return strings.Contains(line, "not UTF-8") })
	assert.Equal(t, want, gotLines(t, job.Output, savedManifest(t, job.Output)))
}

// TestBeamChunks ends in a DoFn that compares the rows with those of a run by parts.
func TestBeamChunks(t *testing.T) {
	job := newJob(writeCorpus(t), t.TempDir())
	want := wantLines(t, job)
	p, s := beam.NewPipelineWithRoot()
	records := Chunk(s, job, List(s, job))
	beam.ParDo0(s, &compareFn{Want: want}, beam.GroupByKey(s, beam.AddFixedKey(s, records)))
	_, err := prism.Execute(t.Context(), p)
	require.NoError(t, err)
}

func TestBeamRunsFailAndGoOn(t *testing.T) {
	source := writeCorpus(t)
	var calls, failing atomic.Int64
	url := newFaulty(t, source, func(string) error {
		if calls.Add(1) == failing.Load() {
			return fs.ErrPermission // of the credentials
		}
		return nil
	})
	openSources = opened[fs.FS]{}
	job := newJob(url, t.TempDir())
	failing.Store(20)
	list := func(s beam.Scope) Listing { return List(s, job) }
	_, err := runBeam(t.Context(), job, list)
	require.ErrorContains(t, err, fs.ErrPermission.Error())
	require.NoFileExists(t, filepath.Join(job.Output, ManifestName))

	failing.Store(0)
	result, err := runBeam(t.Context(), job, list)
	require.NoError(t, err)
	got := savedManifest(t, job.Output)
	want, err := runPlain(t.Context(), newJob(url, t.TempDir()))
	require.NoError(t, err)
	assert.Equal(t, want.Parts, got.Parts)
	assert.NotEmpty(t, countersOf(result))
}
