package fileops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// allChunks returns the chunks of a loop, or its errors.
func allChunks(ctx context.Context, p place, path string, o *fileops.ChunkOptions) (chunks []fileops.TextChunk, err error) {
	var errs []error
	for chunk, err := range p.Chunks(ctx, path, o) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		chunks = append(chunks, chunk)
	}
	return chunks, errors.Join(errs...)
}

// writeChunkTree writes files of many sizes: empty, small, of several MiB, and of
// many scripts.
func writeChunkTree(t *testing.T, p place) {
	for i, text := range texts() {
		p.write(t, fmt.Sprintf("in/%d/%d.txt", i%3, i), text)
	}
	p.write(t, "in/9.txt", strings.Repeat("word and another\n", 6<<20/17))
}

// chunkCases are options that cut the tree in different ways.
var chunkCases = []*fileops.ChunkOptions{
	nil,
	{Size: 100_000, Overlap: 0.5, Threshold: 10},
	{Size: 1000, DropShort: true, Threshold: 999},
	{Unit: fileops.Tokens, Size: 400, Overlap: 0.1},
	{Unit: fileops.Tokens, Size: 50_000, KeepTokens: true},
	{Size: 10_000, Metadata: map[string]any{"a": "b"}, FileTypes: []string{".txt"}},
	{Unit: fileops.Tokens, Size: 1000, Tokenizer: strings.Fields},
	{Size: 700, Overlap: 0.2, Lines: true, Splitter: fileNameSplitter},
	{Size: 300, Counter: wordCounter{}},
	{Size: 5000, Lines: true},
	{Unit: fileops.Tokens, Size: 800, Overlap: 0.2, Lines: true},
}

// fileNameSplitter has a boundary at each line. The section is the path.
func fileNameSplitter(path, text string) iter.Seq[fileops.Boundary] {
	return func(yield func(fileops.Boundary) bool) {
		at := 0
		for line := range strings.Lines(text) {
			if !yield(fileops.Boundary{At: at, Section: []string{path}}) {
				return
			}
			at += len(line)
		}
	}
}

// A wordCounter counts words.
type wordCounter struct{}

func (wordCounter) Count(text string) int { return len(strings.Fields(text)) }

// TestChunksAreThoseOfChunk compares the loop, and the JSON lines, with Chunk.
func TestChunksAreThoseOfChunk(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		writeChunkTree(t, p)
		cases := chunkCases[:unlessShort(len(chunkCases), 2)]
		if p.portable {
			cases = cases[:2]
		}
		for _, o := range cases {
			want, err := p.Chunk(t.Context(), p.at("in"), o)
			require.NoError(t, err)
			got, err := allChunks(t.Context(), p, p.at("in"), o)
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i], got[i])
				if o != nil && o.Splitter != nil {
					require.Equal(t, []string{want[i].FilePath}, want[i].Section)
				}
			}

			var lines bytes.Buffer
			result, err := p.ChunkTo(t.Context(), &lines, p.at("in"), o)
			require.NoError(t, err)
			var file fileops.ChunkOptions
			if file = fileops.DefaultChunkOptions(); o != nil {
				file = *o
			}
			file.OutputFile = p.at("out.jsonl")
			_, err = p.Chunk(t.Context(), p.at("in"), &file)
			require.NoError(t, err)
			require.True(t, p.text(t, "out.jsonl") == lines.String())
			require.Equal(t, len(texts())+1, result.Files)
			require.Equal(t, len(want), result.Chunks)
			require.Empty(t, result.Skipped)
			size, err := p.FileSize(t.Context(), p.at("in"))
			require.NoError(t, err)
			require.Equal(t, size, result.Bytes)
		}
	})
}

// TestChunksToFiles writes the files of Chunk while the loop runs.
func TestChunksToFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		writeChunkTree(t, p)
		for _, name := range []string{"chunks.jsonl", "chunks.json", "chunks.csv"}[:unlessShort(3, 1)] {
			o := fileops.ChunkOptions{Size: 100_000, OutputFile: p.at("a/" + name), OutputDir: p.at("a/dir"), Save: &fileops.SaveOptions{Overwrite: true}}
			want, err := p.Chunk(t.Context(), p.at("in"), &o)
			require.NoError(t, err)
			o.OutputFile, o.OutputDir = p.at("b/"+name), p.at("b/dir")
			for c, err := range p.Chunks(t.Context(), p.at("in"), &o) {
				require.NoError(t, err)
				require.Equal(t, want[0], c)
				want = want[1:]
				require.NoFileExists(t, p.abs("b/"+name), "it has its name only in the end")
			}
			require.True(t, p.text(t, "a/"+name) == p.text(t, "b/"+name), name)
			a, err := p.Concat(t.Context(), []string{p.at("a/dir")}, nil)
			require.NoError(t, err)
			b, err := p.Concat(t.Context(), []string{p.at("b/dir")}, nil)
			require.NoError(t, err)
			require.Equal(t, len(a.Files), len(b.Files))
			require.True(t, a.Text == strings.ReplaceAll(b.Text, p.at("b/dir"), p.at("a/dir")))
		}
	})
}

// TestSmallChunksStream cuts files into more chunks than are held.
func TestSmallChunksStream(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "in/a.txt", strings.Repeat("é ", 20_000))
		p.write(t, "in/b.txt", "small")
		for _, o := range []*fileops.ChunkOptions{{Size: 1}, {Size: 2, Overlap: 1}, {Size: 1, Unit: fileops.Tokens}} {
			want, err := p.Chunk(t.Context(), p.at("in"), o)
			require.NoError(t, err)
			got, err := allChunks(t.Context(), p, p.at("in"), o)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// writeFailing writes files of which two are no text, one of them large.
func writeFailing(t *testing.T, p place) (good, bad []string) {
	p.write(t, "in/a.txt", "text")
	p.write(t, "in/b.txt", "bad \xff")
	p.write(t, "in/c.txt", strings.Repeat("text\n", 2<<20))
	p.write(t, "in/d.txt", strings.Repeat("text\n", 2<<20)+"\xff")
	p.write(t, "in/e.txt", "text")
	return p.ats("in/a.txt", "in/c.txt", "in/e.txt"), p.ats("in/b.txt", "in/d.txt")
}

// TestErrorsOfChunksAreOneFiles goes on after the error of a file. The output file
// does not get its name.
func TestErrorsOfChunksAreOneFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		good, bad := writeFailing(t, p)
		o := &fileops.ChunkOptions{Size: 1 << 20, OutputFile: p.at("out.jsonl")}
		var gotGood, gotBad []string
		for c, err := range p.Chunks(t.Context(), p.at("in"), o) {
			if err != nil {
				var encoding *fileops.EncodingError
				require.ErrorAs(t, err, &encoding)
				require.Equal(t, c, fileops.TextChunk{FilePath: encoding.Path})
				gotBad = append(gotBad, c.FilePath)
			} else if c.ID == 1 {
				gotGood = append(gotGood, c.FilePath)
			}
		}
		require.Equal(t, good, gotGood)
		require.Equal(t, bad, gotBad)
		require.Equal(t, []string{"in", "in/a.txt", "in/b.txt", "in/c.txt", "in/d.txt", "in/e.txt"}, p.tree(t))

		gotBad = nil
		o.OnSkip = func(s fileops.SkippedFile) { gotBad = append(gotBad, s.Path) }
		_, err := allChunks(t.Context(), p, p.at("in"), o)
		require.NoError(t, err)
		require.Equal(t, bad, gotBad)
		require.FileExists(t, p.abs("out.jsonl"), "nothing is missing but what OnSkip knows")

		var lines bytes.Buffer
		result, err := p.ChunkTo(t.Context(), &lines, p.at("in"), &fileops.ChunkOptions{Size: 1 << 20})
		require.NoError(t, err)
		require.Equal(t, len(good), result.Files)
		require.Len(t, result.Skipped, 2)
		require.Equal(t, bad[1], result.Skipped[1].Path)
		require.Equal(t, result.Chunks, strings.Count(lines.String(), "\n"))
	})
}

// TestErrorsThatEndChunks yields such an error once, as the last thing.
func TestErrorsThatEndChunks(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "a.txt", "text")
		bad := p.write(t, "bad.txt", "\xff")
		closed := newPlace(t, p.confined, p.portable, fileops.PoolOptions{})
		require.NoError(t, closed.Close(t.Context()))
		for name, c := range map[string]struct {
			p    place
			ctx  context.Context
			path string
			o    *fileops.ChunkOptions
			want error
		}{
			"missing":   {p, t.Context(), p.at("missing"), nil, fs.ErrNotExist},
			"empty":     {p, t.Context(), "", nil, fs.ErrNotExist},
			"cancelled": {p, cancelled(), p.at("."), nil, context.Canceled},
			"closed":    {closed, t.Context(), p.at("."), nil, fileops.ErrClosed},
			"option":    {p, t.Context(), p.at("."), &fileops.ChunkOptions{Size: -1}, nil},
			"no text":   {p, t.Context(), bad, nil, nil},
		} {
			yields := 0
			for chunk, err := range c.p.Chunks(c.ctx, c.path, c.o) {
				yields++
				require.Error(t, err, name)
				require.Equal(t, fileops.TextChunk{FilePath: c.path}, chunk, name)
				if c.want != nil {
					require.ErrorIs(t, err, c.want, name)
				}
			}
			require.Equal(t, 1, yields, name)
			_, err := c.p.ChunkTo(c.ctx, io.Discard, c.path, c.o)
			require.Error(t, err, name)
		}
		for _, o := range []*fileops.ChunkOptions{{OutputFile: p.at("a.json")}, {OutputDir: p.at("a")}} {
			_, err := p.ChunkTo(t.Context(), io.Discard, p.at("."), o)
			var option *fileops.OptionError
			require.ErrorAs(t, err, &option)
		}
	})
}

// TestBreakingOutOfChunks breaks out of the loop at every chunk, and panics there.
// No output file is left, and the pool has nothing to do.
func TestBreakingOutOfChunks(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for i := range 20 {
			p.write(t, fmt.Sprintf("in/%02d.txt", i), strings.Repeat("x", i))
		}
		p.write(t, "in/large.txt", strings.Repeat("y", 5<<20))
		o := &fileops.ChunkOptions{Size: 1 << 20, OutputFile: p.at("out/all.jsonl")}
		for at := range unlessShort(24, 8) {
			i := 0
			for range p.Chunks(t.Context(), p.at("in"), o) {
				if i++; i > at {
					break
				}
			}
			require.PanicsWithValue(t, "of the loop", func() {
				for range p.Chunks(t.Context(), p.at("in"), o) {
					panic("of the loop")
				}
			})
		}
		require.NoError(t, p.Close(t.Context()))
		require.Zero(t, p.Stats().Running)
		require.NoFileExists(t, p.abs("out/all.jsonl"))
		for _, name := range p.tree(t) {
			require.NotContains(t, name, ".fileops-")
		}
	})
}

// TestChunksBelowTheirOutputDir writes files into the directory that is read. The
// outputs of the run itself are no inputs and are not mentioned; those of earlier
// runs are reported.
func TestChunksBelowTheirOutputDir(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		var inputs []string
		for i := range 70 {
			name := fmt.Sprintf("in/%03d.txt", i)
			p.write(t, name, "some text")
			inputs = append(inputs, p.at(name))
		}
		p.write(t, "in/zz/last.txt", "some text")
		inputs = append(inputs, p.at("in/zz/last.txt"))
		earlier := 0
		for round := range 3 {
			var files, skipped []string
			o := &fileops.ChunkOptions{
				Size: 5, OutputDir: p.at("in/zz"), Save: &fileops.SaveOptions{RandomHashDigits: 8},
				OnSkip: func(s fileops.SkippedFile) { skipped = append(skipped, s.Path) },
			}
			for c, err := range p.Chunks(t.Context(), p.at("in"), o) {
				require.NoError(t, err)
				if c.ID == 1 {
					files = append(files, c.FilePath)
				}
			}
			require.Equal(t, inputs, files, "round %d", round)
			require.Len(t, skipped, earlier, "round %d", round)
			earlier += 2 * len(inputs)
		}
	})
}

// TestChunksOfAChangedFile changes a large file between its two readings.
func TestChunksOfAChangedFile(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for name, change := range map[string]func(path string) error{
			"longer":   func(path string) error { return appendTo(path, "more") },
			"shorter":  func(path string) error { return os.Truncate(path, 1<<20) },
			"replaced": func(path string) error { return replaceBy(path, strings.Repeat("y", 9<<20)) },
		} {
			path := p.write(t, "in/"+name, strings.Repeat("x", 9<<20))
			changed := false
			var failed error
			for _, err := range p.Chunks(t.Context(), path, &fileops.ChunkOptions{Size: 1000}) {
				if !changed {
					require.NoError(t, change(p.abs("in/"+name)), name)
					changed = true
				}
				if err != nil {
					failed = err
				}
			}
			require.True(t, changed)
			if name != "replaced" { // the second reading has the old file open
				require.ErrorIs(t, failed, fileops.ErrChanged, name)
			}
		}
	})
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func replaceBy(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// TestWritersOfChunkTo writes to writers that fail, take too little, and are given
// at most 1 MiB.
func TestWritersOfChunkTo(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "in/a.txt", strings.Repeat("some text\n", 1<<20))
		full := errors.New("full")
		_, err := p.ChunkTo(t.Context(), chunkWriter(func(b []byte) (int, error) { return 0, full }), p.at("in"), nil)
		require.ErrorIs(t, err, full)
		_, err = p.ChunkTo(t.Context(), chunkWriter(func(b []byte) (int, error) { return len(b) / 2, nil }), p.at("in"), nil)
		require.ErrorIs(t, err, io.ErrShortWrite)
		longest := 0
		_, err = p.ChunkTo(t.Context(), chunkWriter(func(b []byte) (int, error) {
			longest = max(longest, len(b))
			return len(b), nil
		}), p.at("in"), &fileops.ChunkOptions{Size: 4 << 20})
		require.NoError(t, err)
		require.LessOrEqual(t, longest, 1<<20)
	})
}

// A chunkWriter is a function that is a writer.
type chunkWriter func([]byte) (int, error)

func (f chunkWriter) Write(b []byte) (int, error) { return f(b) }

// TestChunksProgress counts files and bytes.
func TestChunksProgress(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "in/a.txt", "text")
		p.write(t, "in/b.txt", strings.Repeat("x", 9<<20))
		report, last := progressLog(t)
		_, err := allChunks(t.Context(), p, p.at("in"), &fileops.ChunkOptions{Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: 2, Total: 2, Bytes: 9<<20 + 4}, last())
		report, last = progressLog(t)
		_, err = p.ChunkTo(t.Context(), io.Discard, filepath.Join(p.at("in"), "a.txt"), &fileops.ChunkOptions{Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: 1, Total: 1, Bytes: 4}, last())
	})
}

// TestWriterBelowTheDirectory writes into a file in the directory that is read, as
// a shell does that sends standard output there. The file is left out and reported.
func TestWriterBelowTheDirectory(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "in/a.txt", "text of a")
		p.write(t, "in/z.txt", "text of z")
		f, err := os.Create(p.abs("in/out.txt"))
		require.NoError(t, err)
		defer f.Close()
		chunked, err := p.ChunkTo(t.Context(), f, p.at("in"), nil)
		require.NoError(t, err)
		require.Equal(t, 2, chunked.Files)
		joined, err := p.ConcatTo(t.Context(), f, []string{p.at("in")}, nil)
		require.NoError(t, err)
		require.Equal(t, p.ats("in/a.txt", "in/z.txt"), joined.Files)
		for _, skipped := range [][]fileops.SkippedFile{chunked.Skipped, joined.Skipped} {
			require.Len(t, skipped, 1)
			require.Equal(t, p.at("in/out.txt"), skipped[0].Path)
			require.ErrorIs(t, skipped[0].Err, fileops.ErrExcluded)
		}
	})
}
