package main

import (
	"io"
	"iter"
	"log"
	"slices"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
	"github.com/tmc/langchaingo/textsplitter"
)

// A splitter is an implementation that cuts documents.
type splitter struct {
	name  string
	kinds []string // of the texts that it has rules for; nil means all

	// cut cuts a document. The time of cut is measured, and not the time of the
	// function that it returns, which lists the chunks.
	cut func(document) (func() []piece, error)
}

// cuts reports whether the splitter cuts texts of a kind.
func (s splitter) cuts(kind string) bool { return s.kinds == nil || slices.Contains(s.kinds, kind) }

// splitters lists the splitters in Go, ours first.
func splitters() []splitter {
	log.SetOutput(io.Discard) // langchaingo logs each chunk that is longer than chunkSize
	options := []textsplitter.Option{
		textsplitter.WithChunkSize(chunkSize), textsplitter.WithChunkOverlap(chunkOverlap),
		// With these it keeps as much of the text as it can, and tells the headings.
		textsplitter.WithKeepSeparator(true), textsplitter.WithCodeBlocks(true),
		textsplitter.WithHeadingHierarchy(true), textsplitter.WithJoinTableRows(true),
	}
	return []splitter{
		{"**split.Text**", nil, ours(split.Text())},
		{"**split.Markdown**", []string{markdownKind}, ours(split.Markdown())},
		{"**split.ByName**", []string{goKind, markdownKind}, ours(split.ByName())},
		{"langchaingo recursive", nil, langchaingo(textsplitter.NewRecursiveCharacter(options...))},
		{"langchaingo Markdown", []string{markdownKind}, langchaingo(textsplitter.NewMarkdownTextSplitter(options...))},
	}
}

// ours cuts with fileops.
func ours(s fileops.Splitter) func(document) (func() []piece, error) {
	return func(d document) (func() []piece, error) {
		chunks, err := fileops.ChunkText(d.text, splitOptions(func(_, text string) iter.Seq[fileops.Boundary] {
			return s(d.path, text) // ChunkText knows no path
		}))
		return func() (pieces []piece) {
			for _, c := range chunks {
				pieces = append(pieces, piece{c.Text, c.Start, c.End, c.Section})
			}
			return pieces
		}, err
	}
}

// splitOptions returns the options of fileops for chunks as the table has them.
func splitOptions(s fileops.Splitter) *fileops.ChunkOptions {
	return &fileops.ChunkOptions{Size: chunkSize, Overlap: float64(chunkOverlap) / chunkSize, Splitter: s}
}

// langchaingo cuts with a splitter of langchaingo, which gives no offsets.
func langchaingo(s textsplitter.TextSplitter) func(document) (func() []piece, error) {
	return func(d document) (func() []piece, error) {
		chunks, err := s.SplitText(d.text)
		return func() (pieces []piece) {
			for _, c := range chunks {
				pieces = append(pieces, piece{text: c, start: -1, end: -1})
			}
			return pieces
		}, err
	}
}
