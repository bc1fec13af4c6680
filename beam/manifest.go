package fileopsbeam

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ManifestName is the name of the object that [SaveManifest] writes.
const ManifestName = "manifest.json"

// A Manifest says where the chunks of a job are, and what became of each listed file.
type Manifest struct {
	Source       string           `json:"source"`
	Format       string           `json:"format"`
	Options      Options          `json:"options"`
	Files        int64            `json:"files"` // Cut and Skipped
	Cut          int64            `json:"cut"`
	Skipped      int64            `json:"skipped"`
	Reasons      map[string]int64 `json:"reasons,omitempty"` // of the skipped files
	Chunks       int64            `json:"chunks"`
	BytesRead    int64            `json:"bytes_read"`
	BytesWritten int64            `json:"bytes_written"`
	Parts        []PartResult     `json:"parts"` // in the order of names
}

// A CountError reports that the results do not account for the files of the listing.
type CountError struct {
	Listed, Cut, Skipped int64
}

// Error implements error.
func (e *CountError) Error() string {
	return fmt.Sprintf("%d files were listed, but %d cut and %d skipped", e.Listed, e.Cut, e.Skipped)
}

// SaveManifest writes the manifest of a job, when it has the results of all parts. A
// result that an engine delivers twice counts once. If files are not accounted for, the
// error is a *[CountError], and nothing is written.
func SaveManifest(ctx context.Context, job Job, listed Listed, results []PartResult) (*Manifest, error) {
	if err := job.Check(); err != nil {
		return nil, err
	}
	m := newManifest(&job, results)
	if m.Files != listed.Files || m.Files != m.Cut+m.Skipped {
		return nil, &CountError{listed.Files, m.Cut, m.Skipped}
	}
	store, err := openStore(ctx, job.Output)
	if err != nil {
		return nil, err
	}
	return m, putJSON(ctx, store, ManifestName, m)
}

func newManifest(job *Job, results []PartResult) *Manifest {
	byName := map[string]PartResult{}
	for _, r := range results {
		r.Reused = false // it depends on the run
		byName[r.Name] = r
	}
	m := &Manifest{
		Source: withoutQuery(job.Source), Format: job.format(), Options: job.Options, Reasons: map[string]int64{},
		Parts: slices.SortedFunc(maps.Values(byName), func(a, b PartResult) int { return strings.Compare(a.Name, b.Name) }),
	}
	for _, r := range m.Parts {
		m.Files += r.Files
		m.Cut += r.Cut
		m.Skipped += int64(len(r.Skipped))
		m.Chunks += r.Chunks
		m.BytesRead += r.BytesRead
		m.BytesWritten += r.BytesWritten
		for _, s := range r.Skipped {
			m.Reasons[s.Reason]++
		}
	}
	return m
}

// ReadManifest reads the manifest of a job.
func ReadManifest(ctx context.Context, job Job) (*Manifest, error) {
	store, err := openStore(ctx, job.Output)
	if err != nil {
		return nil, err
	}
	data, err := store.Get(ctx, ManifestName)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	return m, json.Unmarshal(data, m)
}
