//go:build linux

package reliability

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lion-agi/fileops"
)

// inputs are the arguments of operations.
type inputs struct {
	src   string // a directory with a.txt, b.txt and sub/c.txt
	size  int    // of a.txt, of the text that is saved, and of all chunks together
	parts int    // number of chunks of that text
}

// newInputs describes inputs in a directory.
func newInputs(src string, size int) inputs { return inputs{src, size, 3} }

// makeInputs makes the files that operations read.
func makeInputs(t *testing.T, src string, size int) inputs {
	t.Helper()
	in := newInputs(src, size)
	put(t, filepath.Join(src, "a.txt"), in.text())
	put(t, filepath.Join(src, "b.txt"), "Second file.\n")
	put(t, filepath.Join(src, "sub", "c.txt"), "Third file.\n")
	return in
}

// put writes a file without the package under test.
func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// text returns a text of in.size bytes in which no line is repeated.
func (in inputs) text() string {
	var b strings.Builder
	for i := 0; b.Len() < in.size; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()[:in.size]
}

// path returns the path of an input.
func (in inputs) path(name string) string { return filepath.Join(in.src, name) }

// cut returns options that cut the text into in.parts chunks.
func (in inputs) cut() *fileops.ChunkOptions {
	return &fileops.ChunkOptions{Size: in.size/in.parts + 1}
}

// chunks returns the chunks of the text.
func (in inputs) chunks() []fileops.TextChunk {
	chunks, err := fileops.ChunkText(in.text(), in.cut())
	if err != nil {
		panic(err)
	}
	return chunks
}

// An operation calls the package with some arguments.
type operation struct {
	name string
	run  func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error
}

// The directory that writers write to has these files for them to replace.
const (
	oldName  = "old.txt"
	oldTable = "old.jsonl"
	oldText  = "The old contents.\n"
)

// putOld makes the old files.
func putOld(t *testing.T, dst string) {
	t.Helper()
	for _, name := range []string{oldName, oldTable} {
		put(t, filepath.Join(dst, name), oldText)
		require.NoError(t, os.Chmod(filepath.Join(dst, name), 0o640))
	}
}

// writers are all operations that write files: new files, files in a missing
// directory, and files that replace an old one.
var writers = []operation{
	{"SaveToFile new", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, "sub/new.txt", nil)
		return err
	}},
	{"SaveToFile old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, oldName, &fileops.SaveOptions{Overwrite: true})
		return err
	}},
	{"SaveToFile new sync", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, "a/b/new.txt", &fileops.SaveOptions{Sync: true})
		return err
	}},
	{"SaveToFile old sync", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, oldName, &fileops.SaveOptions{Overwrite: true, Sync: true})
		return err
	}},
	{"SaveChunks", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveChunks(ctx, in.chunks(), filepath.Join(dst, "chunks"), nil)
		return err
	}},
	{"SaveChunks new sync", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := &fileops.SaveOptions{NewDir: true, Sync: true}
		_, err := p.SaveChunks(ctx, in.chunks(), filepath.Join(dst, "chunks"), o)
		return err
	}},
	{"CopyFile new", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		return p.CopyFile(ctx, in.path("a.txt"), filepath.Join(dst, "sub", "new.txt"))
	}},
	{"CopyFile old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		return p.CopyFile(ctx, in.path("a.txt"), filepath.Join(dst, oldName))
	}},
	{"Concat old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := &fileops.ConcatOptions{OutputDir: dst, OutputFile: oldName}
		return unlessSkipped(p.Concat(ctx, []string{in.src}, o))
	}},
	{"ConcatFiles new", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := &fileops.ConcatOptions{OutputDir: dst, OutputFile: "sub/new.txt", KeepExisting: true}
		return unlessSkipped(p.ConcatFiles(ctx, []string{in.src}, o))
	}},
	{"FileToChunks old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := in.cut()
		o.OutputFile = filepath.Join(dst, oldTable)
		_, err := p.FileToChunks(ctx, in.path("a.txt"), o)
		return err
	}},
	{"Chunks old", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := in.cut()
		o.OutputFile = filepath.Join(dst, oldTable)
		return chunksTo(ctx, p, in.src, o)
	}},
	{"Chunk new", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		o := in.cut()
		o.OutputFile = filepath.Join(dst, "new.jsonl")
		o.OutputDir = filepath.Join(dst, "chunks")
		o.Save = new(fileops.SaveOptions)
		_, err := p.Chunk(ctx, in.src, o)
		return err
	}},
}

// inPlaceWriters are the operations that write over the old file. They are not
// atomic, so they are not among the writers: a kill, a power cut or a full disk
// can leave a part of the new text in front of the old one.
var inPlaceWriters = []operation{
	{"SaveToFile old in place", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, oldName, &fileops.SaveOptions{InPlace: true})
		return err
	}},
	{"SaveToFile old in place to the disk", func(ctx context.Context, p *fileops.Pool, in inputs, dst string) error {
		_, err := p.SaveToFile(ctx, in.text(), dst, oldName, &fileops.SaveOptions{InPlace: true, Sync: true})
		return err
	}},
}

// chunksTo runs the loop over chunks, which writes files.
func chunksTo(ctx context.Context, p *fileops.Pool, path string, o *fileops.ChunkOptions) (err error) {
	for _, e := range p.Chunks(ctx, path, o) {
		err = cmp.Or(err, e)
	}
	return err
}

// readers are the operations that write no file.
var readers = []operation{
	{"Files", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) (err error) {
		for _, e := range p.Files(ctx, in.src, nil) {
			err = cmp.Or(err, e)
		}
		return err
	}},
	{"Files selected", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) (err error) {
		sel := &fileops.Selection{Git: true, FollowLinks: true, IgnoreFiles: []string{".ignore"}, MaxSize: 1 << 20}
		for _, e := range p.Files(ctx, in.src, &fileops.DirOptions{Select: sel}) {
			err = cmp.Or(err, e)
		}
		return err
	}},
	{"ScanFiles", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) (err error) {
		for f := range p.ScanFiles(ctx, slices.Values([]string{in.path("a.txt"), in.path("b.txt")})) {
			err = cmp.Or(err, f.Err)
		}
		return err
	}},
	{"Chunks", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		return chunksTo(ctx, p, in.src, in.cut())
	}},
	{"ChunkTo", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		result, err := p.ChunkTo(ctx, io.Discard, in.src, in.cut())
		if err == nil && len(result.Skipped) > 0 {
			err = result.Skipped[0].Err
		}
		return err
	}},
	{"ReadFile", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.ReadFile(ctx, in.path("a.txt"))
		return err
	}},
	{"ReadBytes", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.ReadBytes(ctx, in.path("a.txt"))
		return err
	}},
	{"ReadFiles", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) (err error) {
		for r := range p.ReadFiles(ctx, []string{in.path("a.txt"), in.path("b.txt"), in.path("sub/c.txt")}) {
			if r.Err != nil {
				err = r.Err
			}
		}
		return err
	}},
	{"FileSize", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.FileSize(ctx, in.src)
		return err
	}},
	{"ListFiles", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.ListFiles(ctx, in.src, "txt")
		return err
	}},
	{"DirToFiles", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.DirToFiles(ctx, in.src, nil)
		return err
	}},
	{"Concat", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		return unlessSkipped(p.Concat(ctx, []string{in.src}, nil))
	}},
	{"ConcatFiles", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		return unlessSkipped(p.ConcatFiles(ctx, []string{in.src}, nil))
	}},
	{"ConcatTo", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		return unlessSkipped(p.ConcatTo(ctx, io.Discard, []string{in.src}, nil))
	}},
	{"FileToChunks", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.FileToChunks(ctx, in.path("a.txt"), in.cut())
		return err
	}},
	{"Chunk", func(ctx context.Context, p *fileops.Pool, in inputs, _ string) error {
		_, err := p.Chunk(ctx, in.src, in.cut())
		return err
	}},
}

// unlessSkipped returns the error of a concatenation, or the error of the first
// file that it skipped.
func unlessSkipped(result *fileops.ConcatResult, err error) error {
	if err == nil && len(result.Skipped) > 0 {
		err = result.Skipped[0].Err
	}
	return err
}

// named returns the operation of that name.
func named(operations []operation, name string) operation {
	for _, o := range operations {
		if o.name == name {
			return o
		}
	}
	panic("no operation is called " + name)
}
