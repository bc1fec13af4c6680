package fileops

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFSGivesTheSameAsADisk runs every operation that reads over an os.DirFS and
// over the directory itself.
func TestFSGivesTheSameAsADisk(t *testing.T) {
	for _, tr := range ioSeam.trials() {
		t.Run(tr.name, func(t *testing.T) {
			disk, io := newLab(t, seams[1], PoolOptions{}), newLab(t, ioSeam, PoolOptions{})
			for path := range inputs { // Files tells times
				st, err := os.Stat(disk.onDisk(path))
				require.NoError(t, err)
				require.NoError(t, os.Chtimes(io.onDisk(path), st.ModTime(), st.ModTime()))
			}
			for _, form := range callForms {
				want, got := disk.undisturbed(tr, form), io.undisturbed(tr, form)
				want.calls, got.calls = 0, 0
				require.Equal(t, want, got)
			}
			disk.close()
			io.close()
		})
	}
}

// TestFSFailsAsADisk compares the errors for paths that lead nowhere, with their
// operations and paths.
func TestFSFailsAsADisk(t *testing.T) {
	disk, io := newLab(t, seams[1], PoolOptions{MaxFileSize: 20}), newLab(t, ioSeam, PoolOptions{MaxFileSize: 20})
	for _, l := range []*lab{disk, io} {
		require.NoError(t, os.WriteFile(l.onDisk("in/latin"), []byte("caf\xe9"), 0o666))
		require.NoError(t, os.Symlink("nowhere", l.onDisk("in/dangling")))
		require.NoError(t, os.Symlink("round", l.onDisk("in/round")))
		require.NoError(t, os.Symlink("sub", l.onDisk("in/dir")))
	}
	ctx := context.Background()
	for name, call := range map[string]func(p *Pool, path string) (any, error){
		"ReadFile":   func(p *Pool, path string) (any, error) { return p.ReadFile(ctx, path) },
		"ReadBytes":  func(p *Pool, path string) (any, error) { return p.ReadBytes(ctx, path) },
		"FileSize":   func(p *Pool, path string) (any, error) { return p.FileSize(ctx, path) },
		"ListFiles":  func(p *Pool, path string) (any, error) { return p.ListFiles(ctx, path, "") },
		"DirToFiles": func(p *Pool, path string) (any, error) { return p.DirToFiles(ctx, path, nil) },
		"Files":      func(p *Pool, path string) (any, error) { return collect(p.Files(ctx, path, nil)) },
		"Chunk":      func(p *Pool, path string) (any, error) { return p.Chunk(ctx, path, nil) },
		"Chunks":     func(p *Pool, path string) (any, error) { return collect(p.Chunks(ctx, path, nil)) },
		"FileToChunks": func(p *Pool, path string) (any, error) {
			return p.FileToChunks(ctx, path, &ChunkOptions{Size: 5})
		},
		"Concat": func(p *Pool, path string) (any, error) {
			r, err := p.Concat(ctx, []string{path}, nil)
			for i := range r.orEmpty().Skipped {
				r.Skipped[i].Err = textOfError{r.Skipped[i].Err.Error()}
			}
			return r, err
		},
	} {
		for _, path := range []string{
			"", ".", "./in//a.txt", "in", "in/a.txt", "in/none", "in/a.txt/none", "in/none/none", "in/latin", "in/sub/c.txt",
			"in/dangling", "in/round", "in/dir", "in/dir/c.txt", "in/../in/z.txt", "..", "../x", "in/../../x", "/", "/etc",
		} {
			want, wantErr := call(disk.pool, path)
			got, err := call(io.pool, path)
			assert.Equal(t, want, got, "%s %q", name, path)
			if wantErr == nil || err == nil {
				assert.Equal(t, wantErr, err, "%s %q", name, path)
			} else {
				assert.Equal(t, wantErr.Error(), err.Error(), "%s %q", name, path)
			}
		}
	}
	disk.close()
	io.close()
}

func (r *ConcatResult) orEmpty() *ConcatResult {
	if r == nil {
		return new(ConcatResult)
	}
	return r
}

// A textOfError is the text of another error.
type textOfError struct{ text string }

func (e textOfError) Error() string { return e.text }

// TestFSSavesNothing saves and copies with an FS that fails the test if it is
// called.
func TestFSSavesNothing(t *testing.T) {
	l := newLab(t, ioSeam, PoolOptions{})
	for _, tr := range trials {
		if !tr.saves || tr.name == "Submit" {
			continue
		}
		for _, form := range callForms {
			l.prepare(tr, nil)
			_, err := tr.run(t.Context(), l, form)
			l.checkClear(err, errors.ErrUnsupported)
			calls, _ := l.faulty.Called()
			require.Zero(t, calls, tr.name)
			require.Equal(t, outputs, l.saved())
		}
	}
	l.close()
}

// TestFSKeepsItsOutputApart has inputs in an FS that are called like the outputs
// of the system.
func TestFSKeepsItsOutputApart(t *testing.T) {
	l := newLab(t, ioSeam, PoolOptions{})
	elsewhere := openRoot(t, t.TempDir())
	p := NewPool(PoolOptions{FS: os.DirFS(l.dir), Root: elsewhere})
	ctx := t.Context()
	r, err := p.Concat(ctx, []string{"in"}, &ConcatOptions{OutputFile: "in/a.txt"})
	require.NoError(t, err)
	require.Contains(t, r.Files, "in/a.txt")
	require.Empty(t, r.Skipped)
	saved, err := elsewhere.ReadFile("in/a.txt")
	require.NoError(t, err)
	require.Equal(t, r.Text, string(saved))

	_, err = p.Chunk(ctx, "in", &ChunkOptions{Size: 10, OutputFile: "../x.jsonl"})
	require.ErrorIs(t, err, ErrEscapes)
	for range 2 { // the chunks of the first run are no inputs of the second one
		var skipped []SkippedFile
		chunks, err := p.Chunk(ctx, "in", &ChunkOptions{
			Size: 10, OutputFile: "in/z.jsonl", OutputDir: "in/chunks", OnSkip: func(s SkippedFile) { skipped = append(skipped, s) },
		})
		require.NoError(t, err)
		require.Len(t, chunks, 10)
		require.Empty(t, skipped)
	}
	require.NoError(t, p.Close(ctx))

	// With no Root, and an FS that knows the identity of files, the output itself is
	// still no input.
	p = NewPool(PoolOptions{FS: os.DirFS(l.dir)})
	own := filepath.Join(l.dir, "in", "b.md")
	r, err = p.Concat(ctx, []string{"in"}, &ConcatOptions{OutputFile: own})
	require.NoError(t, err)
	require.NotContains(t, r.Files, "in/b.md")
	require.Len(t, r.Skipped, 1)
	require.ErrorIs(t, r.Skipped[0].Err, ErrExcluded)
	own = filepath.Join(l.dir, "out", "old.jsonl")
	_, err = p.FileToChunks(ctx, "out/old.jsonl", &ChunkOptions{Size: 5, OutputFile: own})
	require.ErrorIs(t, err, ErrSameFile)
	require.NoError(t, p.Close(ctx))
	l.close()
}
