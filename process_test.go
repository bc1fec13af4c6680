package fileops_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// TestDirToFiles compares the files of a directory with those that the options
// ask for.
func TestDirToFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, name := range []string{"a.txt", "b.TXT", "c.tar.gz", ".env", ".hidden.txt", "d.", "e", "sub/f.txt", "sub.md/g.md", "sub/deep/h.txt", "i.md"} {
			p.write(t, name, "")
		}
		for _, c := range []struct {
			opts *fileops.DirOptions
			want []string
		}{
			{nil, []string{".env", ".hidden.txt", "a.txt", "b.TXT", "c.tar.gz", "d.", "e", "i.md", "sub.md/g.md", "sub/deep/h.txt", "sub/f.txt"}},
			{&fileops.DirOptions{Shallow: true}, []string{".env", ".hidden.txt", "a.txt", "b.TXT", "c.tar.gz", "d.", "e", "i.md"}},
			{&fileops.DirOptions{FileTypes: []string{".txt"}}, []string{".hidden.txt", "a.txt", "sub/deep/h.txt", "sub/f.txt"}},
			{&fileops.DirOptions{FileTypes: []string{"txt", ".md"}, Shallow: true}, []string{".hidden.txt", "a.txt", "i.md"}},
			{&fileops.DirOptions{FileTypes: []string{".gz"}}, []string{"c.tar.gz"}},
			{&fileops.DirOptions{FileTypes: []string{""}}, []string{".env", "d.", "e"}},
			{&fileops.DirOptions{FileTypes: []string{".env"}}, nil},
		} {
			got, err := p.DirToFiles(t.Context(), p.at("."), c.opts)
			require.NoError(t, err)
			require.Equal(t, p.ats(c.want...), got, "%+v", c.opts)
		}
		report, last := progressLog(t)
		_, err := p.DirToFiles(t.Context(), p.at("."), &fileops.DirOptions{Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: 11, Total: 11}, last())
	})
}

// TestChunksNameTheirFile compares the chunks of a file with those of its text.
// They differ in the path, the name and the size of the file.
func TestChunksNameTheirFile(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		text := "Größe 日本 " + strings.Repeat("word ", 100) + "👍"
		path := p.write(t, "dir/file.txt", text)
		metadata := map[string]any{"source": "test", "n": 1.5}
		for _, call := range []func(context.Context, string, *fileops.ChunkOptions) ([]fileops.TextChunk, error){p.FileToChunks, p.Chunk} {
			for _, o := range []fileops.ChunkOptions{
				{Size: 50, Metadata: metadata},
				{Size: 50, Overlap: 0.3, Threshold: 20, Metadata: metadata},
				{Size: 7, Unit: fileops.Tokens, Overlap: 0.5, Metadata: metadata},
			} {
				chunks, err := call(t.Context(), path, &o)
				require.NoError(t, err)
				require.Greater(t, len(chunks), 2)
				plain, err := fileops.ChunkText(text, &o)
				require.NoError(t, err)
				require.Len(t, chunks, len(plain))
				for i, c := range chunks {
					want := plain[i]
					want.FilePath, want.FileName, want.FileSize = path, "file.txt", int64(len(text))
					require.Equal(t, want, c)
					require.Equal(t, i+1, c.ID)
					require.Equal(t, len(chunks), c.Total)
					require.Equal(t, metadata, c.Metadata)
					if o.Unit == fileops.Chars {
						require.Equal(t, text[c.Start:c.End], c.Text)
					}
				}
			}
		}
	})
}

// TestChunkIsInPathOrder compares the chunks of a directory with those of its
// files, one by one in the order of their paths.
func TestChunkIsInPathOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i, name := range []string{"b/1.txt", "a.txt", "b.txt", "a/x.txt", "skip.md", "b/c/d.txt"} {
			p.write(t, name, strings.Repeat(strconv.Itoa(i), 50))
		}
		p.write(t, "empty.txt", "")
		p.write(t, "large.txt", strings.Repeat("日", 400_000)) // larger than a read-ahead
		for _, shallow := range []bool{false, true} {
			o := &fileops.ChunkOptions{Size: 20, FileTypes: []string{".txt"}, Shallow: shallow}
			paths, err := p.DirToFiles(t.Context(), p.at("."), &fileops.DirOptions{FileTypes: o.FileTypes, Shallow: shallow})
			require.NoError(t, err)
			var want []fileops.TextChunk
			for _, path := range paths {
				chunks, err := p.FileToChunks(t.Context(), path, o)
				require.NoError(t, err)
				want = append(want, chunks...)
			}
			got, err := p.Chunk(t.Context(), p.at("."), o)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		// FileTypes does not apply to a file that the caller names.
		chunks, err := p.Chunk(t.Context(), p.at("skip.md"), &fileops.ChunkOptions{FileTypes: []string{".txt"}})
		require.NoError(t, err)
		require.Len(t, chunks, 1)
	})
}

// TestChunkOfNoText chunks an empty file and an empty directory. Each
// OutputFile has no chunks.
func TestChunkOfNoText(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, path := range []string{p.write(t, "empty.txt", ""), p.mkdir(t, "dir")} {
			chunks, err := p.Chunk(t.Context(), path, nil)
			require.NoError(t, err)
			require.Empty(t, chunks)
			for _, ext := range []string{".json", ".jsonl", ".csv"} {
				o := &fileops.ChunkOptions{OutputFile: p.at("out" + ext), OutputDir: p.at("chunks")}
				_, err := p.Chunk(t.Context(), path, o)
				require.NoError(t, err)
				require.Empty(t, p.savedChunks(t, "out"+ext))
			}
		}
	})
}

// savedChunks reads an OutputFile, in the format of its extension.
func (p place) savedChunks(t *testing.T, name string) (chunks []fileops.TextChunk) {
	t.Helper()
	text := p.text(t, name)
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		require.NoError(t, json.Unmarshal([]byte(text), &chunks))
	case ".jsonl":
		for line := range strings.Lines(text) {
			var c fileops.TextChunk
			require.NoError(t, json.Unmarshal([]byte(line), &c))
			chunks = append(chunks, c)
		}
	case ".csv":
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		require.NoError(t, err)
		require.NotEmpty(t, rows)
		for _, row := range rows[1:] {
			chunks = append(chunks, chunkOfRow(t, rows[0], row))
		}
	}
	return chunks
}

// chunkOfRow returns the chunk of one line of a table.
func chunkOfRow(t *testing.T, header, row []string) (c fileops.TextChunk) {
	t.Helper()
	cells := map[string]string{}
	for i, key := range header {
		cells[key] = row[i]
	}
	number := func(key string) int {
		n, err := strconv.Atoi(cells[key])
		require.NoError(t, err, key)
		return n
	}
	c = fileops.TextChunk{
		Text: cells["chunk_content"], ID: number("chunk_id"), Total: number("total_chunks"), Size: number("chunk_size"),
		FilePath: cells["file_path"], FileName: cells["file_name"], FileSize: int64(number("file_size")),
		Start: number("start_byte"), End: number("end_byte"), Metadata: map[string]any{"source": cells["source"]},
	}
	if tokens := cells["tokens"]; tokens != "" {
		require.NoError(t, json.Unmarshal([]byte(tokens), &c.Tokens))
	}
	return c
}

// TestChunkOutputFile saves chunks in each format and reads them back.
func TestChunkOutputFile(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i := range unlessShort(60, 10) {
			p.write(t, fmt.Sprintf("in/%d.txt", i), fmt.Sprintf("%d \"quoted\", 'text'\n\twith, commas; \\ and 日本 👍 <b>&amp;\n\n", i)+strings.Repeat("\"\n,", i))
		}
		if !testing.Short() && !p.portable && !p.confined { // one pool is enough for a large file
			p.write(t, "in/large.txt", strings.Repeat("日本 \"x\",\n", 88_000))
		}
		for _, name := range []string{"out.json", "missing/dir/out.JSONL", "out.csv"} {
			for _, o := range []fileops.ChunkOptions{{Size: 400, Overlap: 0.2}, {Size: 90, Unit: fileops.Tokens, KeepTokens: true}} {
				o.OutputFile, o.Metadata = p.at(name), map[string]any{"source": "a, \"b\"\n"}
				p.write(t, name, "old")
				chunks, err := p.Chunk(t.Context(), p.at("in"), &o)
				require.NoError(t, err)
				saved := p.savedChunks(t, name)
				require.Equal(t, chunks, saved)
			}
		}
		require.NotContains(t, strings.Join(p.tree(t), " "), ".fileops-")
	})
}

// TestChunkOutputDir saves each chunk as a file, with names of several kinds.
func TestChunkOutputDir(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		path := p.write(t, "in.txt", strings.Repeat("text ", 50))
		for pattern, save := range map[string]*fileops.SaveOptions{
			`^chunk_(\d+)_\d{14}-[0-9a-f]{4}\.json$`:     nil,
			`^chunk_(\d+)\.json$`:                        {},
			`^\d{8}_chunk_(\d+)-[0-9a-f]{9}\.something$`: {Timestamp: true, TimePrefix: true, TimestampFormat: "20060102", RandomHashDigits: 9, Extension: "something"},
		} {
			require.NoError(t, os.RemoveAll(p.abs("out")))
			chunks, err := p.FileToChunks(t.Context(), path, &fileops.ChunkOptions{Size: 20, OutputDir: p.at("out"), Save: save})
			require.NoError(t, err)
			entries, err := os.ReadDir(p.abs("out"))
			require.NoError(t, err)
			require.Len(t, entries, len(chunks))
			for _, e := range entries {
				require.Regexp(t, pattern, e.Name())
				c := p.readChunk(t, p.at("out/"+e.Name()))
				require.Equal(t, chunks[c.ID-1], c)
			}
		}
		// A save replaces an existing file only with Overwrite.
		o := &fileops.ChunkOptions{OutputDir: p.at("again"), Save: &fileops.SaveOptions{}}
		_, err := p.FileToChunks(t.Context(), path, o)
		require.NoError(t, err)
		_, err = p.FileToChunks(t.Context(), path, o)
		requirePathError(t, err, fs.ErrExist, "save", p.at("again/chunk_1.json"))
		o.Save.Overwrite = true
		_, err = p.FileToChunks(t.Context(), path, o)
		require.NoError(t, err)
		o.Save.NewDir = true
		_, err = p.FileToChunks(t.Context(), path, o)
		requirePathError(t, err, fs.ErrExist, "mkdir", p.at("again"))
	})
}

// TestChunkRefusesBadOptions gives invalid options. The existing OutputFile
// does not change.
func TestChunkRefusesBadOptions(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		path := p.write(t, "in.txt", "text")
		p.write(t, "out.json", "old")
		before := p.tree(t)
		for _, c := range []struct {
			option string
			opts   fileops.ChunkOptions
		}{
			{"Unit", fileops.ChunkOptions{Unit: 2}},
			{"Unit", fileops.ChunkOptions{Unit: -1}},
			{"Size", fileops.ChunkOptions{Size: -1}},
			{"Overlap", fileops.ChunkOptions{Overlap: -0.1}},
			{"Overlap", fileops.ChunkOptions{Overlap: 1.01}},
			{"Overlap", fileops.ChunkOptions{Overlap: math.NaN()}},
			{"Overlap", fileops.ChunkOptions{Overlap: math.Inf(1)}},
			{"Threshold", fileops.ChunkOptions{Threshold: -1}},
			{"Encoding", fileops.ChunkOptions{Encoding: "klingon"}},
			{"OutputFile", fileops.ChunkOptions{OutputFile: p.at("out.parquet")}},
			{"Encoding", fileops.ChunkOptions{Guess: func([]byte) string { return "" }}},
			{"OutputFile", fileops.ChunkOptions{OutputFile: p.at("out")}},
			{"Metadata", fileops.ChunkOptions{Metadata: map[string]any{"chunk_id": 1}}},
			{"Metadata", fileops.ChunkOptions{Metadata: map[string]any{"f": func() {}}}},
			{"RandomHashDigits", fileops.ChunkOptions{OutputDir: p.at("dir"), Save: &fileops.SaveOptions{RandomHashDigits: -1}}},
			{"TimestampFormat", fileops.ChunkOptions{OutputDir: p.at("dir"), Save: &fileops.SaveOptions{TimestampFormat: "/"}}},
		} {
			if c.opts.OutputFile == "" {
				c.opts.OutputFile = p.at("out.json") // must not change
			}
			_, err := fileops.ChunkText("text", &c.opts)
			requireOptionError(t, err, c.option)
			for _, call := range []func(context.Context, string, *fileops.ChunkOptions) ([]fileops.TextChunk, error){p.FileToChunks, p.Chunk} {
				_, err := call(t.Context(), path, &c.opts)
				requireOptionError(t, err, c.option)
				require.Equal(t, "old", p.text(t, "out.json"), "%+v", c)
			}
			require.Equal(t, before, p.tree(t))
		}
	})
}

// TestChunkFailsWithTheFirstErrorInPathOrder chunks a directory with several
// invalid files. Without OnSkip the first one is the error and nothing is
// saved. With OnSkip all are skipped, in order.
func TestChunkFailsWithTheFirstErrorInPathOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i := range 200 {
			p.write(t, fmt.Sprintf("in/%03d.txt", i), strings.Repeat("x", i*50))
		}
		for _, i := range []int{37, 38, 120, 199} {
			p.write(t, fmt.Sprintf("in/%03d.txt", i), "a\xff")
		}
		p.write(t, "out.jsonl", "old")
		o := &fileops.ChunkOptions{
			Size: unlessShort(1500, 20_000), OutputFile: p.at("out.jsonl"), OutputDir: p.at("chunks"),
		}
		for range unlessShort(5, 1) {
			chunks, err := p.Chunk(t.Context(), p.at("in"), o)
			requireEncodingError(t, err, fileops.EncodingError{Path: p.at("in/037.txt"), Encoding: "utf-8", Offset: 1})
			require.Nil(t, chunks)
		}
		require.Equal(t, "old", p.text(t, "out.jsonl"))
		require.NoDirExists(t, p.abs("chunks"))
		require.NotContains(t, strings.Join(p.tree(t), " "), ".fileops-")

		var skipped []string
		o.OnSkip = func(s fileops.SkippedFile) {
			requireEncodingError(t, s.Err, fileops.EncodingError{Path: s.Path, Encoding: "utf-8", Offset: 1})
			skipped = append(skipped, s.Path)
		}
		report, last := progressLog(t)
		o.Progress = report
		chunks, err := p.Chunk(t.Context(), p.at("in"), o)
		require.NoError(t, err)
		require.Equal(t, p.ats("in/037.txt", "in/038.txt", "in/120.txt", "in/199.txt"), skipped)
		require.Len(t, p.savedChunks(t, "out.jsonl"), len(chunks))
		require.Equal(t, 200, last().Files)

		// A file that the caller names is never skipped.
		_, err = p.Chunk(t.Context(), p.at("in/037.txt"), o)
		requireEncodingError(t, err, fileops.EncodingError{Path: p.at("in/037.txt"), Encoding: "utf-8", Offset: 1})
		require.Len(t, skipped, 4)

		_, err = p.Chunk(t.Context(), p.at("in"), &fileops.ChunkOptions{OnSkip: func(fileops.SkippedFile) { panic("no skipping") }})
		var panicErr *fileops.PanicError
		require.ErrorAs(t, err, &panicErr)
		require.Equal(t, "no skipping", panicErr.Value)
	})
}

// TestChunkByAReader chunks files by way of a Reader, on a pool with one
// worker. The Reader calls the pool on its own slot. Errors and panics of a
// Reader are those of its file.
func TestChunkByAReader(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, shared place) {
		p := newPlace(t, shared.confined, shared.portable, fileops.PoolOptions{Workers: 1})
		ctx := noHang(t)
		paths := p.ats("in/a.pdf", "in/b.pdf", "in/c/d.pdf")
		for i := range paths {
			name := []string{"in/a.pdf", "in/b.pdf", "in/c/d.pdf"}[i]
			p.write(t, name, fmt.Sprintf("\xff binary %d", i))
		}
		var mu sync.Mutex
		var seen []string
		o := &fileops.ChunkOptions{
			Size: 5, Encoding: "utf-16", // has no effect with a Reader
			Reader: func(ctx context.Context, path string) (string, error) {
				mu.Lock()
				seen = append(seen, path)
				mu.Unlock()
				if got := p.Stats().Running; got != 1 {
					return "", fmt.Errorf("%d slots are in use", got)
				}
				data, err := p.ReadBytes(ctx, path) // on the slot of this function; there is no other
				if err != nil {
					return "", err
				}
				size, err := p.AsyncFileSize(ctx, path).Await(ctx)
				return fmt.Sprintf("%d: %s", size, data[1:]), err
			},
		}
		chunks, err := p.Chunk(ctx, p.at("in"), o)
		require.NoError(t, err)
		require.ElementsMatch(t, paths, seen)
		var text strings.Builder
		for _, c := range chunks {
			text.WriteString(c.Text)
			require.EqualValues(t, 10, c.FileSize)
		}
		require.Equal(t, "10:  binary 010:  binary 110:  binary 2", text.String())

		errReader := errors.New("not a PDF")
		o.Reader = func(_ context.Context, path string) (string, error) {
			switch path {
			case paths[1]:
				return "", errReader
			case paths[2]:
				panic(errReader)
			}
			return "fine", nil
		}
		_, err = p.Chunk(ctx, p.at("in"), o)
		requirePathError(t, err, errReader, "chunk", paths[1])
		var skipped []fileops.SkippedFile
		o.OnSkip = func(s fileops.SkippedFile) { skipped = append(skipped, s) }
		chunks, err = p.Chunk(ctx, p.at("in"), o)
		require.NoError(t, err)
		require.Len(t, chunks, 1)
		require.Len(t, skipped, 2)
		requirePathError(t, skipped[0].Err, errReader, "chunk", paths[1])
		var panicErr *fileops.PanicError
		require.ErrorAs(t, skipped[1].Err, &panicErr)
		require.ErrorIs(t, skipped[1].Err, errReader)

		// A Reader may return invalid UTF-8. It stays as it is.
		o.Reader = func(context.Context, string) (string, error) { return "a\xffb", nil }
		chunks, err = p.FileToChunks(ctx, paths[0], o)
		require.NoError(t, err)
		require.Equal(t, "a\xffb", chunks[0].Text)
		_, err = p.FileToChunks(ctx, p.at("missing"), o)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

// TestChunkWithATokenizer chunks by tokens that have commas between them, and
// by a Tokenizer that panics.
func TestChunkWithATokenizer(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	path := p.write(t, "in.txt", "a,b,c,d,e")
	o := &fileops.ChunkOptions{Unit: fileops.Tokens, Size: 2, KeepTokens: true, Tokenizer: func(s string) []string { return strings.Split(s, ",") }}
	chunks, err := p.FileToChunks(t.Context(), path, o)
	require.NoError(t, err)
	require.Len(t, chunks, 3)
	require.Equal(t, []string{"c", "d"}, chunks[1].Tokens)
	require.Equal(t, "c d", chunks[1].Text)
	o.Tokenizer = func(string) []string { panic("no token") }
	_, err = p.FileToChunks(t.Context(), path, o)
	var panicErr *fileops.PanicError
	require.ErrorAs(t, err, &panicErr)
	require.Equal(t, "no token", panicErr.Value)
}

// TestChunkEndsWithItsContext cancels the context before the call and in a
// Reader. Nothing is saved, and no file is skipped.
func TestChunkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i := range 100 {
			p.write(t, fmt.Sprintf("in/%d", i), strings.Repeat("x", 1000))
		}
		p.write(t, "out.csv", "old")
		ctx, cancel := context.WithCancel(t.Context())
		o := &fileops.ChunkOptions{
			OutputFile: p.at("out.csv"), OutputDir: p.at("dir"),
			OnSkip: func(s fileops.SkippedFile) { t.Error("a cancelled context makes Chunk skip a file", s) },
			Reader: func(context.Context, string) (string, error) { cancel(); return "text", nil },
		}
		_, err := p.Chunk(ctx, p.at("in"), o)
		require.ErrorIs(t, err, context.Canceled)
		_, err = p.Chunk(cancelled(), p.at("in"), o)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, p.Close(t.Context()))
		require.Equal(t, "old", p.text(t, "out.csv"))
		require.NoDirExists(t, p.abs("dir"))
		require.NotContains(t, strings.Join(p.tree(t), " "), ".fileops-")
	})
}

// TestChunkReportsProgress checks the last report, and a callback that panics.
func TestChunkReportsProgress(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		small, large := unlessShort(200, 20), unlessShort(3<<20, 5<<18)
		p.manyFiles(t, small, 10)
		p.write(t, "large", strings.Repeat("x", large))
		report, last := progressLog(t)
		_, err := p.Chunk(t.Context(), p.at("."), &fileops.ChunkOptions{Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: small + 1, Total: small + 1, Bytes: int64(10*small + large)}, last())

		// Bytes counts the files that are done, also those without a chunk.
		report, last = progressLog(t)
		_, err = p.Chunk(t.Context(), p.at("large"), &fileops.ChunkOptions{Progress: report, DropShort: true, Threshold: 1500})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: 1, Total: 1, Bytes: int64(large)}, last())

		_, err = p.Chunk(t.Context(), p.at("."), &fileops.ChunkOptions{
			Size: unlessShort(1500, 1<<20), Progress: func(fileops.Progress) { panic("no progress") }, OutputDir: p.at("out"),
		})
		var panicErr *fileops.PanicError
		require.ErrorAs(t, err, &panicErr)
	})
}

// TestChunkOutputIsNeverItsOwnInput saves the chunks of a directory in this
// directory, three times.
func TestChunkOutputIsNeverItsOwnInput(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "a.txt", "text")
		var first []fileops.TextChunk
		for range 3 {
			chunks, err := p.Chunk(t.Context(), p.at("."), &fileops.ChunkOptions{OutputFile: p.at("chunks.jsonl")})
			require.NoError(t, err)
			if first == nil {
				first = chunks
			}
			require.Equal(t, first, chunks)
		}
	})
}
