package fileopsbeam

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPartsHaveTheChunksOfFileops(t *testing.T) {
	source := writeCorpus(t)
	for name, change := range map[string]func(*Job){
		"as it is":      func(*Job) {},
		"one part":      func(j *Job) { j.PartSize = 1 << 30 },
		"tiny parts":    func(j *Job) { j.PartSize = 1 },
		"defaults":      func(j *Job) { j.Options = DefaultOptions() },
		"words":         func(j *Job) { j.Options = Options{Unit: "tokens", Size: 30, KeepTokens: true} },
		"a tokenizer":   func(j *Job) { j.Options = Options{Unit: "tokens", Size: 900, Tokenizer: "letters"} },
		"an encoding":   func(j *Job) { j.Options.Encoding = "windows-1252" },
		"short dropped": func(j *Job) { j.Options.DropShort, j.Options.Threshold = true, 100 },
		"some types":    func(j *Job) { j.Selection.FileTypes = []string{".png", ""} },
		"shallow":       func(j *Job) { j.Selection.Shallow = true },
		"a splitter": func(j *Job) {
			j.Options = Options{Splitter: "by-name", Counter: "o200k", Size: 60, MinSize: 20, Overlap: 0.2}
		},
		"code":         func(j *Job) { j.Options = Options{Splitter: "code-go", Size: 300, Lines: true} },
		"any encoding": func(j *Job) { j.Options.Encoding = "auto" },
		"a selection": func(j *Job) {
			j.Selection.Select = &fileops.Selection{Include: []string{"/d?/", "none"}, SkipHidden: true}
		},
		"a slash": func(j *Job) { j.Source += "/" },
	} {
		t.Run(name, func(t *testing.T) {
			job := newJob(source, t.TempDir())
			change(&job)
			m, err := runPlain(t.Context(), job)
			require.NoError(t, err)
			assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, m))
			assert.Equal(t, m.Files, m.Cut+m.Skipped)
		})
	}
}

func TestRelativeSource(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/a.txt", "text")
	t.Chdir(dir)
	for _, source := range []string{"in", ".", "./in", "in/"} {
		job := newJob(source, t.TempDir())
		m, err := runPlain(t.Context(), job)
		require.NoError(t, err)
		assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, m), source)
	}
}

// TestManifestAccountsForFiles states every number and every skip.
func TestManifestAccountsForFiles(t *testing.T) {
	source := t.TempDir()
	write(t, source, "a.txt", "0123456789")
	write(t, source, "b.txt", "\xff")
	write(t, source, "c/d.txt", "")
	require.NoError(t, os.Symlink("nowhere", filepath.Join(source, "broken")))
	require.NoError(t, os.Symlink("c", filepath.Join(source, "linked")))
	job := Job{Source: source, Output: filepath.Join(t.TempDir(), "made"), Options: Options{Size: 4}}
	m, err := runPlain(t.Context(), job)
	require.NoError(t, err)
	assert.Equal(t, m, savedManifest(t, job.Output))
	assert.Equal(t, [5]int64{5, 2, 3, 3, 10}, [5]int64{m.Files, m.Cut, m.Skipped, m.Chunks, m.BytesRead})
	assert.Equal(t, map[string]string{
		"b.txt":  "not utf-8 text",
		"broken": fs.ErrNotExist.Error(),
		"linked": fileops.ErrNotFollowed.Error(),
	}, skipsOf(m))
	assert.Equal(t, map[string]int64{"not utf-8 text": 1, fs.ErrNotExist.Error(): 1, fileops.ErrNotFollowed.Error(): 1}, m.Reasons)
}

func TestFilesAreTheOnesListed(t *testing.T) {
	source := t.TempDir()
	for _, name := range []string{"same", "gone", "longer", "touched", "replaced"} {
		write(t, source, name, name)
	}
	job := Job{Source: source, Output: t.TempDir()}
	parts, listed, err := Plan(ListFiles(t.Context(), job), 0)
	require.NoError(t, err)
	require.Len(t, parts, 1)

	require.NoError(t, os.Remove(filepath.Join(source, "gone")))
	write(t, source, "longer", "longer than before")
	require.NoError(t, os.Chtimes(filepath.Join(source, "touched"), time.Time{}, time.Unix(1, 0)))
	require.NoError(t, os.Remove(filepath.Join(source, "replaced")))
	require.NoError(t, os.Mkdir(filepath.Join(source, "replaced"), 0o777))
	result, err := WritePart(t.Context(), job, parts[0])
	require.NoError(t, err)
	m, err := SaveManifest(t.Context(), job, listed, []PartResult{result})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"gone": fs.ErrNotExist.Error(), "longer": errStale.Error(), "touched": errStale.Error(), "replaced": fileops.ErrNotRegular.Error(),
	}, skipsOf(m))
	assert.EqualValues(t, 1, m.Cut)
}

func TestBadReferences(t *testing.T) {
	source := t.TempDir()
	write(t, source, "a", "text")
	write(t, source, "d/x", "text")
	part := Part{Files: []File{
		{Path: "a", Size: 4}, {Path: "a", Size: 4}, {Path: "a/b", Size: 1}, {Path: "d", Size: 4}, {Path: "d/x", Size: 4},
		{Path: "../" + filepath.Base(source) + "/a", Size: 4}, {Path: "/a", Size: 4}, {Path: "d//x", Size: 4}, {Path: "", Size: 4},
		{Path: ".", Size: 4}, {Path: "d/x", Size: -1}, {Path: strings.Repeat("n", 5000), Size: 1}, {Path: "left", Unread: "why"},
	}}
	result, err := WritePart(t.Context(), Job{Source: source, Output: t.TempDir()}, part)
	require.NoError(t, err)
	assert.EqualValues(t, 2, result.Cut, "%v", result.Skipped)
	assert.EqualValues(t, len(part.Files), result.Files)
	assert.Len(t, result.Skipped, len(part.Files)-2)
}

func TestRerunsReuseParts(t *testing.T) {
	source := writeCorpus(t)
	job := newJob(source, t.TempDir())
	first, err := runPlain(t.Context(), job)
	require.NoError(t, err)
	before := snapshot(t, job.Output)

	second, err := runPlain(t.Context(), job)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	after := snapshot(t, job.Output)
	delete(before, ManifestName) // is replaced by the same
	delete(after, ManifestName)
	assert.Equal(t, before, after, "no part is written again")

	t.Run("a file more changes one part", func(t *testing.T) {
		write(t, source, "more.txt", "a new file")
		third, err := runPlain(t.Context(), job)
		require.NoError(t, err)
		require.Len(t, third.Parts, len(first.Parts))
		same := 0
		for _, p := range third.Parts {
			for _, q := range first.Parts {
				if p.Name == q.Name {
					same++
				}
			}
		}
		assert.Equal(t, len(first.Parts)-1, same)
		assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, third))
	})
	t.Run("other options change all", func(t *testing.T) {
		other := job
		other.Options.Size = 201
		m, err := runPlain(t.Context(), other)
		require.NoError(t, err)
		assert.Equal(t, wantLines(t, other), gotLines(t, job.Output, m))
	})
	t.Run("a removed object is made again", func(t *testing.T) {
		m, err := runPlain(t.Context(), job)
		require.NoError(t, err)
		require.NoError(t, os.Remove(filepath.Join(job.Output, m.Parts[0].Object)))
		again, err := runPlain(t.Context(), job)
		require.NoError(t, err)
		assert.Equal(t, m, again)
		assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, again))
	})
}

// snapshot returns the files of a directory with the times of their last change.
func snapshot(t *testing.T, dir string) map[string]time.Time {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	times := map[string]time.Time{}
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		times[e.Name()] = info.ModTime()
	}
	return times
}

// TestErrorsThatPass fails one Open after the other, until a run makes no call that
// fails. Each failure fails the run, and the next one goes on from there.
func TestErrorsThatPass(t *testing.T) {
	source := writeCorpus(t)
	plain := newJob(source, t.TempDir())
	want, err := runPlain(t.Context(), plain)
	require.NoError(t, err)

	for _, fault := range []error{errors.New("503 slow down"), fs.ErrPermission, context.DeadlineExceeded} {
		var calls, failing atomic.Int64
		url := newFaulty(t, source, func(string) error {
			if calls.Add(1) == failing.Load() {
				return fault
			}
			return nil
		})
		openSources = opened[fs.FS]{}
		job := newJob(url, t.TempDir())
		runs := 0
		var got *Manifest
		for failing.Store(1); got == nil; failing.Add(5) {
			calls.Store(0)
			if got, err = runPlain(t.Context(), job); err != nil {
				require.ErrorIs(t, err, fault)
				require.NoFileExists(t, filepath.Join(job.Output, ManifestName))
			}
			runs++
		}
		assert.Equal(t, skipsOf(want), skipsOf(got))
		assert.Equal(t, [3]int64{want.Files, want.Chunks, want.BytesRead}, [3]int64{got.Files, got.Chunks, got.BytesRead})
		assert.Greater(t, runs, 3)
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	source := writeCorpus(t)
	job := newJob(source, t.TempDir())
	manifests := make([]*Manifest, 4)
	var all sync.WaitGroup
	for i := range manifests {
		all.Go(func() {
			m, err := runPlain(t.Context(), job)
			assert.NoError(t, err)
			manifests[i] = m
		})
	}
	all.Wait()
	for _, m := range manifests {
		assert.Equal(t, manifests[0], m)
	}
	assert.Equal(t, wantLines(t, job), gotLines(t, job.Output, savedManifest(t, job.Output)))
	left, err := filepath.Glob(filepath.Join(job.Output, tempPattern))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCancelledPart(t *testing.T) {
	job := newJob(writeCorpus(t), t.TempDir())
	parts, _, err := Plan(ListFiles(t.Context(), job), job.PartSize)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = WritePart(ctx, job, parts[0])
	require.ErrorIs(t, err, context.Canceled)
	_, err = runPlain(ctx, job)
	require.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(job.Output)
	require.NoError(t, err)
	assert.Empty(t, left)
}
