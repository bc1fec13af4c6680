package split

import (
	"iter"
	"path/filepath"
	"strings"

	"github.com/lion-agi/fileops"
)

// ByName returns a splitter that picks one of the others for each text: [Markdown]
// or [Code] by the extension of the path, by a well-known name such as Makefile, or
// by the first line if it names an interpreter (#!). It picks [Text] for the rest.
func ByName() fileops.Splitter {
	text, markdown := Text(), Markdown()
	return func(path, s string) iter.Seq[fileops.Boundary] {
		if isMarkdown(path) {
			return markdown(path, s)
		}
		if language := languageOf(path, s); language != "" {
			return Code(language)(path, s)
		}
		return text(path, s)
	}
}

// isMarkdown tells if a path has an extension of Markdown.
func isMarkdown(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".mdx":
		return true
	}
	return false
}
