package fileopsbeam

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listOf yields n files of a size.
func listOf(n int, size int64) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for i := range n {
			if !yield(File{Path: fmt.Sprintf("dir/file-%05d.txt", i), Size: size}, nil) {
				return
			}
		}
	}
}

func TestNumberOfParts(t *testing.T) {
	for _, c := range []struct {
		files, bytes, partSize int64
		want                   int
	}{
		{0, 0, 100, 1},
		{0, 100, 100, 1},
		{0, 101, 100, 2},
		{0, 200, 100, 2},
		{0, 201, 100, 4},
		{0, 900, 100, 16},
		{0, 32 << 20, 0, 1},
		{0, 32<<20 + 1, 0, 2},
		{1e9, 0, 0, 1 << 17},           // empty files cost, too
		{1e9, 10e12, 0, 1 << 19},       // 10 TB
		{1, 1 << 60, 1 << 20, 1 << 41}, // nothing overflows
	} {
		assert.Equal(t, c.want, Listed{c.files, c.bytes}.parts(c.partSize), "%+v", c)
	}
}

func TestPlanIsEven(t *testing.T) {
	const files, size = 20_000, 10_000
	parts, listed, err := Plan(listOf(files, size), 8<<20)
	require.NoError(t, err)
	assert.Equal(t, Listed{files, files * size}, listed)
	require.Len(t, parts, 64)
	seen := map[string]bool{}
	for _, p := range parts {
		assert.InDelta(t, files/len(parts), len(p.Files), files/float64(len(parts))/3)
		for _, f := range p.Files {
			seen[f.Path] = true
		}
	}
	assert.Len(t, seen, files)
}

func TestPlanOfNothingAndOfAnError(t *testing.T) {
	parts, listed, err := Plan(listOf(0, 0), 0)
	require.NoError(t, err)
	assert.Empty(t, parts)
	assert.Zero(t, listed)

	broken := errors.New("broken")
	_, _, err = Plan(func(yield func(File, error) bool) { yield(File{}, broken) }, 0)
	assert.ErrorIs(t, err, broken)
}

func TestFilesCross(t *testing.T) {
	want := []File{
		{},
		{Path: "a/ä", Size: 1 << 40, Modified: time.Unix(1e9, 1).UTC(), Version: `"etag"`},
		{Path: "bytes \xff\x00", Size: -1, Unread: "a reason"},
		{Path: "old", Modified: time.Unix(-1, 0).UTC()},
	}
	var all []byte
	for _, f := range want {
		all = appendFile(all, f)
	}
	var got []File
	require.NoError(t, eachFile(all, func(f File) { got = append(got, f) }))
	assert.Equal(t, want, got)
	for end := range len(all) {
		n := 0
		if err := eachFile(all[:end], func(File) { n++ }); err == nil {
			assert.Less(t, n, len(want))
		}
	}
}

// TestNamesOfParts states the name of a part, which must not change without another
// formatVersion: all outputs would be written again.
func TestNamesOfParts(t *testing.T) {
	job := Job{Source: "s", Output: "o", Options: Options{Size: 100}}
	files := []File{{Path: "a", Size: 1, Version: "v"}}
	assert.Equal(t, "part-e7bedeaf82b61ede643ce0a393e5878c", partName(&job, files))
	for name, change := range map[string]func(j *Job, f *File){
		"source":   func(j *Job, _ *File) { j.Source = "t" },
		"format":   func(j *Job, _ *File) { j.Format = "parquet" },
		"options":  func(j *Job, _ *File) { j.Options.Overlap = 0.5 },
		"path":     func(_ *Job, f *File) { f.Path = "b" },
		"size":     func(_ *Job, f *File) { f.Size = 2 },
		"version":  func(_ *Job, f *File) { f.Version = "w" },
		"modified": func(_ *Job, f *File) { f.Modified = time.Unix(1, 0) },
		"unread":   func(_ *Job, f *File) { f.Unread = "why" },
	} {
		j, f := job, files[0]
		change(&j, &f)
		assert.NotEqual(t, partName(&job, files), partName(&j, []File{f}), name)
	}
	for name, change := range map[string]func(j *Job){
		"output":    func(j *Job) { j.Output = "p" },
		"part size": func(j *Job) { j.PartSize = 5 },
		"workers":   func(j *Job) { j.Workers = 7 },
		"default":   func(j *Job) { j.Format = "jsonl" },
	} {
		j := job
		change(&j)
		assert.Equal(t, partName(&job, files), partName(&j, files), name)
	}
}
