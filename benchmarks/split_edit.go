package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
)

// editedSize returns the size of the Markdown text that is edited.
func (in *inputs) editedSize() int {
	if in.quick {
		return 100e3
	}
	return 10e6
}

// printEdits inserts lines of several lengths at the top of a large Markdown text,
// and writes how many of its chunks change.
func printEdits(w io.Writer, in *inputs) error {
	pages, err := markdownCorpus()
	if err != nil {
		return err
	}
	documents, err := sample(pages, in.editedSize())
	if err != nil {
		return err
	}
	text := join(documents, "\n\n")
	before, err := chunkMarkdown(text)
	if err != nil {
		return err
	}
	most, sum, edits := 0, 0, 0
	for length := 10; length <= 200; length += 10 {
		line := strings.Repeat("word ", length/5) + "\n"
		after, err := chunkMarkdown(line + text)
		if err != nil {
			return err
		}
		n := changedChunks(before, after)
		most, sum, edits = max(most, n), sum+n, edits+1
	}
	fmt.Fprintf(w, "\nA line at the top of %.1f MB of Markdown, %d chunks, split.Markdown: of %d lines, "+
		"one changed %d chunks at most, and %.1f on average.\n",
		float64(len(text))/1e6, len(before), edits, most, float64(sum)/float64(edits))
	return nil
}

// chunkMarkdown cuts a Markdown text.
func chunkMarkdown(text string) ([]fileops.TextChunk, error) {
	return fileops.ChunkText(text, splitOptions(split.Markdown()))
}

// changedChunks returns how many chunks of a text have no equal in the text before.
func changedChunks(before, after []fileops.TextChunk) (changed int) {
	old := map[string]int{}
	for _, c := range before {
		old[c.Text]++
	}
	for _, c := range after {
		if old[c.Text] == 0 {
			changed++
			continue
		}
		old[c.Text]--
	}
	return changed
}
