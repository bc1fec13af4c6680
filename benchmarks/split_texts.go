package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// The kinds of texts. The splitters have rules for some of them.
const (
	goKind       = "go"
	markdownKind = "markdown"
	proseKind    = "prose"
)

// A document is a text that is cut as one. The extension of its path tells its kind.
type document struct {
	path, text string
	headings   []heading // in a Markdown text
}

// A textSet is the documents that each splitter cuts in a row of the table.
type textSet struct {
	name, kind string
	documents  []document
}

// size returns the number of bytes of the texts.
func (s textSet) size() (n int) {
	for _, d := range s.documents {
		n += len(d.text)
	}
	return n
}

// splitSize returns about how many bytes a set of texts has.
func (in *inputs) splitSize() int {
	if in.quick {
		return 64 << 10
	}
	return 8 << 20
}

// textSets returns the texts of the table.
func (in *inputs) textSets() ([]textSet, error) {
	source, err := in.corpus()
	if err != nil {
		return nil, err
	}
	files, err := sample(source, in.splitSize())
	if err != nil {
		return nil, err
	}
	pages, err := markdownCorpus()
	if err != nil {
		return nil, err
	}
	markdown, err := sample(pages, in.splitSize())
	if err != nil {
		return nil, err
	}
	for i := range markdown {
		markdown[i].headings = findHeadings(markdown[i].text)
	}
	one := func(path, text string) []document { return []document{{path: path, text: text}} }
	return []textSet{
		{"Go, one text", goKind, one("joined.go", join(files, "\n"))},
		{fmt.Sprintf("Go, %d files", len(files)), goKind, files},
		{fmt.Sprintf("Markdown, %d files", len(markdown)), markdownKind, markdown},
		{"an English book", proseKind, one("english.txt", english.book(in.splitSize()))},
		{"a Chinese book", proseKind, one("chinese.txt", chinese.book(in.splitSize()))},
	}, nil
}

// markdownCorpus finds the Markdown files of the module cache.
func markdownCorpus() (corpus, error) {
	dir, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return corpus{}, fmt.Errorf("go env GOMODCACHE: %w", err)
	}
	return readCorpus(strings.TrimSpace(string(dir)), ".md")
}

// sample reads about size bytes of a corpus, from files that are spread evenly
// over it.
func sample(c corpus, size int) (documents []document, err error) {
	if c.bytes == 0 {
		return nil, fmt.Errorf("no files to cut")
	}
	step := max(1, float64(c.bytes)/float64(size))
	for at := 0.0; int(at) < len(c.paths); at += step {
		path := c.paths[int(at)]
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if isPlain(string(b)) {
			documents = append(documents, document{path: path, text: string(b)})
		}
	}
	return documents, nil
}

// isPlain reports whether every splitter can take a text. JavaScript has no
// invalid UTF-8, and front matter is a heading for a parser of CommonMark.
func isPlain(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.HasPrefix(text, "---")
}

// join makes one text of documents.
func join(documents []document, between string) string {
	texts := make([]string, len(documents))
	for i, d := range documents {
		texts[i] = d.text
	}
	return strings.Join(texts, between)
}
