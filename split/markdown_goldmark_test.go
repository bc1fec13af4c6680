package split

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// goldmarkBlocks returns the offsets of the lines in which goldmark finds blocks
// of Markdown that are not in others.
func goldmarkBlocks(source string) (starts []int) {
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	document := parser.Parse(text.NewReader([]byte(source)))
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		if before := node.PreviousSibling(); before != nil && before.Kind() == ast.KindLinkReferenceDefinition &&
			node.Kind() == before.Kind() && !strings.Contains(source[before.Pos():node.Pos()], "\n\n") {
			continue
		}
		at := node.Pos()
		require.GreaterOrEqual(testingT, at, 0, "%s", node.Kind())
		starts = append(starts, 1+strings.LastIndexAny(source[:at], "\n\r"))
	}
	return starts
}

var testingT *testing.T

// blocksOf returns the offsets of the blocks that are not in others.
func blocksOf(source string) (starts []int) {
	s := blockScanner{text: source, lines: lines{text: source}, emit: func(b mdBlock) bool {
		if b.level <= levelBlock && b.kind != frontBlock {
			starts = append(starts, b.start)
		}
		return true
	}}
	s.run()
	return starts
}

func TestMarkdownBlocksOfTheSpecification(t *testing.T) {
	testingT = t
	f, err := os.Open("testdata/commonmark.json.gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	var examples []struct {
		Markdown string
		Example  int
	}
	require.NoError(t, json.NewDecoder(z).Decode(&examples))
	bad := 0
	for _, e := range examples {
		if !assert.Equal(t, goldmarkBlocks("\n"+e.Markdown), blocksOf("\n"+e.Markdown), "%d %q", e.Example, e.Markdown) {
			bad++
		}
	}
	fmt.Println("examples", len(examples), "bad", bad)
}

func TestMarkdownBlocksOfModules(t *testing.T) {
	testingT = t
	dir, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	files, different := 0, 0
	filepath.WalkDir(strings.TrimSpace(string(dir)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		files++
		source := "\n" + string(data)
		want, got := goldmarkBlocks(source), blocksOf(source)
		if !slices.Equal(want, got) {
			different++
			for i := range max(len(want), len(got)) {
				if i >= len(want) || i >= len(got) || want[i] != got[i] {
					w, g := len(source), len(source)
					if i < len(want) {
						w = want[i]
					}
					if i < len(got) {
						g = got[i]
					}
					fmt.Printf("%s: want %d, got %d\n%q\n", path, w, g, source[max(0, min(w, g)-150):min(len(source), max(w, g)+80)])
					break
				}
			}
		}
		return nil
	})
	fmt.Println("files", files, "different", different)
}
