package split

import (
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// goldmarkBlocks returns the offsets of the lines in which goldmark finds blocks
// of Markdown that are not inside others. Link reference definitions that follow
// each other are one block, as in [blockScanner].
func goldmarkBlocks(tb testing.TB, source string) (starts []int) {
	parser := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	document := parser.Parse(text.NewReader([]byte(source)))
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		at := node.Pos()
		if node.Kind() == extast.KindTable {
			at = node.FirstChild().Pos() // the table has that of the paragraph before it
		}
		require.GreaterOrEqual(tb, at, 0, "%s", node.Kind())
		before := node.PreviousSibling()
		if node.Kind() == ast.KindLinkReferenceDefinition && before != nil && before.Kind() == node.Kind() &&
			!strings.Contains(source[before.Pos():at], "\n\n") {
			continue
		}
		starts = append(starts, 1+strings.LastIndexAny(source[:at], "\n\r"))
	}
	return starts
}

// blocksOf returns the offsets of the blocks that are not inside others.
func blocksOf(source string) (starts []int) {
	s := blockScanner{text: source, lines: lines{text: source}, emit: func(b mdBlock) bool {
		if b.level <= levelBlock {
			starts = append(starts, b.start)
		}
		return true
	}}
	s.run()
	return starts
}

// TestMarkdownBlocksOfTheSpecification compares the blocks with those of goldmark
// in the examples of the CommonMark specification. A blank line before each hides
// front matter, which goldmark does not know.
func TestMarkdownBlocksOfTheSpecification(t *testing.T) {
	t.Parallel()
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
	require.Len(t, examples, 652)
	// A link reference definition whose label has several lines.
	known := map[int][]int{208: {1}}
	for _, e := range examples {
		source := "\n" + e.Markdown
		if want, ok := known[e.Example]; ok {
			assert.NotEqual(t, want, goldmarkBlocks(t, source), e.Example)
			assert.Equal(t, want, blocksOf(source), e.Example)
			continue
		}
		assert.Equal(t, goldmarkBlocks(t, source), blocksOf(source), "%d %q", e.Example, e.Markdown)
	}
}

// TestMarkdownBlocksOfModules compares the blocks with those of goldmark in all
// Markdown files of the module cache.
func TestMarkdownBlocksOfModules(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of files")
	}
	t.Parallel()
	dir, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	files := 0
	err = filepath.WalkDir(strings.TrimSpace(string(dir)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil // another process may clean the cache
		}
		files++
		source := "\n" + string(data)
		assert.Equal(t, goldmarkBlocks(t, source), blocksOf(source), path)
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, files) // goldmark has some itself
}
