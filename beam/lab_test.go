package fileopsbeam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// writeCorpus writes a tree with texts of many lengths and some that cannot be cut. It
// returns its directory.
func writeCorpus(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 60 {
		text := strings.Repeat(fmt.Sprintf("Zeile %d \u2028 <ä> \"x\"\n", i), 1+i*7%90)
		write(t, dir, fmt.Sprintf("d%d/f%02d.txt", i%7, i), text)
	}
	write(t, dir, "empty.txt", "")
	write(t, dir, "large.txt", strings.Repeat("ein langer Text, zweimal gelesen. ", 30_000))
	write(t, dir, "skip/out.txt", "excluded")
	write(t, dir, "d0/image.png", "\x89PNG\xff")
	write(t, dir, "d0/name with \xff.txt", "a name that is not UTF-8")
	require.NoError(t, os.Symlink("f00.txt", filepath.Join(dir, "d0", "link.txt")))
	require.NoError(t, os.Symlink("d0", filepath.Join(dir, "linked")))
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
}

// newJob returns a job with small parts.
func newJob(source, output string) Job {
	return Job{
		Source: source, Output: output, PartSize: 300 << 10,
		Selection: Selection{Exclude: []string{"/skip/"}},
		Options:   Options{Size: 200, Overlap: 0.1, Threshold: 50, Metadata: json.RawMessage(`{"corpus":"lab"}`)},
	}
}

// runPlain does a job without an engine.
func runPlain(ctx context.Context, job Job) (*Manifest, error) {
	parts, listed, err := Plan(ListFiles(ctx, job), job.PartSize)
	if err != nil {
		return nil, err
	}
	var results []PartResult
	for _, p := range parts {
		r, err := WritePart(ctx, job, p)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return SaveManifest(ctx, job, listed, results)
}

// wantLines returns the chunks of fileops.Chunk for a directory as sorted lines.
func wantLines(t testing.TB, job Job) []string {
	t.Helper()
	opts, err := job.Options.chunkOptions()
	require.NoError(t, err)
	opts.Exclude, opts.FileTypes, opts.Shallow = job.Selection.Exclude, job.Selection.FileTypes, job.Selection.Shallow
	opts.Select = job.Selection.Select
	opts.OnSkip = func(fileops.SkippedFile) {}
	chunks, err := fileops.Chunk(t.Context(), job.Source, opts)
	require.NoError(t, err)
	var lines []string
	for _, c := range chunks {
		line, err := c.MarshalJSON()
		require.NoError(t, err)
		lines = append(lines, string(line))
	}
	slices.Sort(lines)
	return lines
}

// gotLines returns the chunks of a manifest as sorted lines.
func gotLines(t testing.TB, output string, m *Manifest) (lines []string) {
	t.Helper()
	for _, p := range m.Parts {
		if p.Object == "" {
			require.Zero(t, p.Chunks)
			continue
		}
		data, err := os.ReadFile(filepath.Join(output, p.Object))
		require.NoError(t, err)
		require.EqualValues(t, p.BytesWritten, len(data))
		own := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		require.EqualValues(t, p.Chunks, len(own))
		lines = append(lines, own...)
	}
	slices.Sort(lines)
	return lines
}

// savedManifest reads a manifest.
func savedManifest(t testing.TB, output string) *Manifest {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(output, ManifestName))
	require.NoError(t, err)
	m := new(Manifest)
	require.NoError(t, json.Unmarshal(data, m))
	return m
}

// skipsOf returns all skips of a manifest by path.
func skipsOf(m *Manifest) map[string]string {
	skips := map[string]string{}
	for _, p := range m.Parts {
		for _, s := range p.Skipped {
			skips[s.Path] = s.Reason
		}
	}
	return skips
}

// A faulty source is a directory whose Open fails as the test says.
type faulty struct {
	dirFS
	fault func(name string) error
}

func (f faulty) Open(name string) (fs.File, error) {
	if err := f.fault(name); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.dirFS.Open(name)
}

// faults are the faults of the sources "faulty://", by directory.
var faults sync.Map

func init() {
	RegisterSource("faulty", func(_ context.Context, url string) (fs.FS, error) {
		dir := strings.TrimPrefix(url, "faulty://")
		fault, ok := faults.Load(dir)
		if !ok {
			return nil, errors.New("no such test")
		}
		return faulty{dirFS(dir), fault.(func(string) error)}, nil
	})
	RegisterTokenizer("letters", func(text string) []string { return strings.Split(text, "") })
}

// newFaulty makes a directory a source with faults.
func newFaulty(t testing.TB, dir string, fault func(name string) error) (url string) {
	faults.Store(dir, fault)
	t.Cleanup(func() { faults.Delete(dir) })
	return "faulty://" + dir
}
