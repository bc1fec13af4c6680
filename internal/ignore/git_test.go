package ignore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops/internal/ignore/ignoretest"
)

// TestGit compares the rules with those of git over random trees.
func TestGit(t *testing.T) {
	const perBatch = 250
	trees := 10_000
	if testing.Short() {
		trees = 1_000
	}
	var ignored, taken, matched int
	for seed := range uint64(trees / perBatch) {
		repo := ignoretest.Batch(t, seed, perBatch)
		w := walker{root: repo.Dir, verdicts: map[string]ignoretest.Verdict{}}
		exclude := w.source(t, ".git/info", "exclude")
		w.walk(t, "", []source{exclude})

		slices.Sort(w.files)
		if files := repo.Taken(); !slices.Equal(files, w.files) { // far faster than require.Equal
			require.Equal(t, files, w.files)
		}
		verdicts := repo.Verdicts()
		for entry, verdict := range w.verdicts {
			if verdict != verdicts[entry] {
				assert.Equal(t, verdicts[entry], verdict, "%q", entry)
			}
			switch {
			case verdict.Ignored():
				ignored++
			case verdict.Source != "":
				matched++
			}
		}
		taken += len(w.files)
		if t.Failed() {
			return
		}
		require.NoError(t, os.RemoveAll(repo.Dir))
	}
	t.Logf("%d trees: %d files taken, %d entries ignored, %d taken back", trees, taken, ignored, matched)
	for _, n := range []int{ignored, taken, matched} {
		require.Greater(t, n, trees, "the trees are too tame")
	}
}

// A walker walks a repository as git does.
type walker struct {
	root     string
	files    []string // not ignored
	verdicts map[string]ignoretest.Verdict
}

// A source is an ignore file and the directory to which its patterns are relative.
type source struct {
	dir, name string
	list      *List
}

// source reads an ignore file. A missing one has no patterns.
func (w *walker) source(t *testing.T, dir, name string) source {
	data, err := os.ReadFile(filepath.Join(w.root, dir, name))
	if err != nil {
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	return source{dir, filepath.ToSlash(filepath.Join(dir, name)), Parse(data)}
}

// walk walks a directory, whose path ends with a slash unless it is the root. The
// later sources take precedence.
func (w *walker) walk(t *testing.T, dir string, sources []source) {
	sources = append(slices.Clip(sources), w.source(t, dir, ".gitignore"))
	entries, err := os.ReadDir(filepath.Join(w.root, dir))
	require.NoError(t, err)
	for _, entry := range entries {
		path, isDir := dir+entry.Name(), entry.IsDir()
		if path == ".git" {
			continue
		}
		verdict := w.judge(path, isDir, sources)
		if isDir {
			path += "/"
		}
		w.verdicts[path] = verdict
		switch {
		case verdict.Ignored():
		case isDir:
			w.walk(t, path, sources)
		default:
			w.files = append(w.files, path)
		}
	}
}

// judge returns the verdict of the last source that has one.
func (w *walker) judge(path string, isDir bool, sources []source) ignoretest.Verdict {
	for _, s := range slices.Backward(sources) {
		relative := path
		if s.dir != ".git/info" {
			relative = strings.TrimPrefix(path, s.dir)
		}
		if rule := s.list.Match(relative, isDir); rule != nil {
			return ignoretest.Verdict{Source: s.name, Line: rule.Line, Pattern: rule.Pattern}
		}
	}
	return ignoretest.Verdict{}
}
