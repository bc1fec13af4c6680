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
	"github.com/tmc/langchaingo/textsplitter"
)

// chunkSize and chunkOverlap are what every text is cut to: 1500 characters,
// 10 % of them in the next chunk too.
const (
	chunkSize    = 1500
	chunkOverlap = chunkSize / 10
)

// newSplitter returns the peers' way to cut. It silences the standard logger,
// to which that way would complain about its own chunks.
func newSplitter() textsplitter.RecursiveCharacter {
	log.SetOutput(io.Discard)
	return textsplitter.NewRecursiveCharacter(
		textsplitter.WithChunkSize(chunkSize), textsplitter.WithChunkOverlap(chunkOverlap))
}

// chunkText cuts a text in memory. It may make two allocations, for the
// chunks and their boundaries, and the few that starting goroutines takes,
// whatever the length.
func (in *inputs) chunkText(text textMaker, minRate float64) func() (*contest, error) {
	return func() (*contest, error) {
		s, err := text(in.largeSize())
		if err != nil {
			return nil, err
		}
		opts := fileops.DefaultChunkOptions()
		cut := func(s string) (int64, error) {
			chunks, err := fileops.ChunkText(s, &opts)
			if err == nil && len(chunks) == 0 {
				err = errors.New("no chunks")
			}
			return int64(len(s)), err
		}
		splitter := newSplitter()
		return &contest{
			bytes: int64(len(s)),
			ours:  func() (int64, error) { return cut(s) },
			peers: []peer{{"langchaingo recursive", 30, func() (int64, error) {
				chunks, err := splitter.SplitText(s)
				if err == nil && len(chunks) == 0 {
					err = errors.New("no chunks")
				}
				return int64(len(s)), err
			}}},
			minRate:   minRate,
			maxAllocs: 20, // two, and what goroutines need
		}, nil
	}
}

// chunkTree cuts every file of the corpus and writes the chunks as JSON lines.
func (in *inputs) chunkTree() (*contest, error) {
	c, err := in.corpus()
	if err != nil {
		return nil, err
	}
	dir, err := in.fresh(in.memory)
	if err != nil {
		return nil, err
	}
	opts := fileops.DefaultChunkOptions()
	opts.FileTypes = []string{".go"}
	out := filepath.Join(dir, "chunks.jsonl")
	opts.OutputFile = out
	return &contest{
		bytes: c.bytes,
		reset: func() error { return empty(dir) },
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

// A record is a chunk as it is written to a file by hand.
type record struct {
	Text     string `json:"chunk_content"`
	ID       int    `json:"chunk_id"`
	Total    int    `json:"total_chunks"`
	Size     int    `json:"chunk_size"`
	FilePath string `json:"file_path"`
	FileName string `json:"file_name"`
	FileSize int64  `json:"file_size"`
}

// chunkByHand cuts the Go files below dir into JSON lines. It returns how
// many files had any text.
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
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		chunks, err := splitter.SplitText(string(b))
		if err != nil {
			return err
		}
		for i, c := range chunks {
			if err := enc.Encode(record{c, i + 1, len(chunks), len(c), path, d.Name(), int64(len(b))}); err != nil {
				return err
			}
		}
		if len(chunks) > 0 {
			files++
		}
		return nil
	})
	return files, errors.Join(err, w.Flush())
}

// records cuts n chunks out of a text.
func records(text string, n int) []fileops.TextChunk {
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
