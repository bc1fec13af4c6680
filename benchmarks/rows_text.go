package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strconv"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
	"github.com/tmc/langchaingo/textsplitter"
)

// Every text is cut into chunks of chunkSize characters, of which chunkOverlap
// are in the next chunk too.
const (
	chunkSize    = 1500
	chunkOverlap = chunkSize / 10
)

// newSplitter returns the splitter of the peers. It silences the standard
// logger, because the splitter logs each chunk that is longer than chunkSize.
func newSplitter() textsplitter.RecursiveCharacter {
	log.SetOutput(io.Discard)
	return textsplitter.NewRecursiveCharacter(
		textsplitter.WithChunkSize(chunkSize), textsplitter.WithChunkOverlap(chunkOverlap))
}

// chunkText cuts a text in memory. Whatever the length of the text, it may make
// one allocation for the chunks, one for their boundaries, and a few to start
// goroutines.
func (in *inputs) chunkText(text textMaker, minRate float64) func() (*comparison, error) {
	return func() (*comparison, error) {
		s, err := text(in.largeSize())
		if err != nil {
			return nil, err
		}
		opts := fileops.DefaultChunkOptions()
		// The implementations make different chunks, so the answer is the size
		// of the text.
		answer := func(chunks int, err error) (int64, error) {
			if err == nil && chunks == 0 {
				err = errors.New("no chunks")
			}
			return int64(len(s)), err
		}
		splitter := newSplitter()
		return &comparison{
			bytes: int64(len(s)),
			ours: func() (int64, error) {
				chunks, err := fileops.ChunkText(s, &opts)
				return answer(len(chunks), err)
			},
			peers: []peer{{"langchaingo recursive", 30, func() (int64, error) {
				chunks, err := splitter.SplitText(s)
				return answer(len(chunks), err)
			}}},
			minRate:   minRate,
			maxAllocs: 20,
		}, nil
	}
}

// chunkTree cuts every file of the corpus and writes the chunks as JSON lines.
func (in *inputs) chunkTree() (*comparison, error) {
	c, dir, err := in.corpusAndOutput()
	if err != nil {
		return nil, err
	}
	opts := fileops.DefaultChunkOptions()
	opts.FileTypes = []string{".go"}
	out := filepath.Join(dir, "chunks.jsonl")
	opts.OutputFile = out
	return &comparison{
		bytes: c.bytes,
		reset: func() error { return emptyDir(dir) },
		ours: func() (files int64, err error) {
			chunks, err := fileops.Chunk(context.Background(), in.src, &opts)
			for _, c := range chunks {
				if c.ID == 1 {
					files++
				}
			}
			return files, err
		},
		peers: []peer{{"by hand: WalkDir, ReadFile, langchaingo, encoding/json", 5, func() (int64, error) {
			return chunkByHand(in.src, out)
		}}},
	}, nil
}

// streamTree does the same and holds no chunks.
func (in *inputs) streamTree() (*comparison, error) {
	c, err := in.chunkTree()
	if err != nil {
		return nil, err
	}
	whole := c.ours
	if err := in.streamChunks(c, fileops.DefaultChunkOptions()); err != nil {
		return nil, err
	}
	c.peers = append(c.peers, peer{"Chunk, which holds all chunks", 1, whole})
	return c, nil
}

// splitTree cuts each file where its kind says, beside a plain cut.
func (in *inputs) splitTree() (*comparison, error) {
	c, err := in.streamTree()
	if err != nil {
		return nil, err
	}
	plain := c.ours
	if err := in.streamChunks(c, *splitOptions(split.ByName())); err != nil {
		return nil, err
	}
	c.peers = []peer{{"Chunks without a Splitter", 0.4, plain}}
	return c, nil
}

// streamChunks makes ours one that streams the chunks of the corpus to a file of its
// own.
func (in *inputs) streamChunks(c *comparison, opts fileops.ChunkOptions) error {
	dir, err := in.newDir(in.memory)
	if err != nil {
		return err
	}
	opts.FileTypes = []string{".go"}
	opts.OutputFile = filepath.Join(dir, "chunks.jsonl")
	reset := c.reset
	c.reset = func() error { return errors.Join(reset(), emptyDir(dir)) }
	c.ours = func() (files int64, err error) {
		for chunk, err := range fileops.Chunks(context.Background(), in.src, &opts) {
			if err != nil {
				return 0, err
			}
			if chunk.ID == 1 {
				files++
			}
		}
		return files, nil
	}
	return nil
}

// A record is a chunk in the form that the peers write.
type record struct {
	Text     string `json:"chunk_content"`
	ID       int    `json:"chunk_id"`
	Total    int    `json:"total_chunks"`
	Size     int    `json:"chunk_size"`
	FilePath string `json:"file_path"`
	FileName string `json:"file_name"`
	FileSize int64  `json:"file_size"`
}

// newRecord returns the record of a chunk.
func newRecord(c fileops.TextChunk) record {
	return record{c.Text, c.ID, c.Total, c.Size, c.FilePath, c.FileName, c.FileSize}
}

// chunkByHand cuts the Go files below dir into JSON lines. It returns how many
// files have any text.
func chunkByHand(dir, out string) (files int64, err error) {
	file, err := os.Create(out)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	enc := json.NewEncoder(w)
	splitter := newSplitter()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || !isFile(path, d) {
			return err
		}
		n, err := encodeChunks(enc, splitter, path)
		if n > 0 {
			files++
		}
		return err
	})
	return files, errors.Join(err, w.Flush())
}

// encodeChunks cuts one file and returns the number of chunks.
func encodeChunks(enc *json.Encoder, splitter textsplitter.RecursiveCharacter, path string) (int, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	chunks, err := splitter.SplitText(string(b))
	if err != nil {
		return 0, err
	}
	for i, c := range chunks {
		if err := enc.Encode(record{c, i + 1, len(chunks), len(c), path, filepath.Base(path), int64(len(b))}); err != nil {
			return 0, err
		}
	}
	return len(chunks), nil
}

// sampleChunks cuts n chunks out of a text.
func sampleChunks(text string, n int) []fileops.TextChunk {
	chunks := make([]fileops.TextChunk, n)
	for i := range chunks {
		start := i * chunkSize % (len(text) - chunkSize)
		chunks[i] = fileops.TextChunk{
			Text: text[start : start+chunkSize], ID: i + 1, Total: n, Size: chunkSize,
			FilePath: "docs/" + strconv.Itoa(i/100) + ".txt", FileName: strconv.Itoa(i/100) + ".txt", FileSize: 100 * chunkSize,
		}
	}
	return chunks
}
