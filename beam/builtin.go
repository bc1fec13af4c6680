package fileopsbeam

import (
	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/split"
	"github.com/lion-agi/fileops/tokens"
)

// languages are those of split.Code.
var languages = []string{
	"go", "javascript", "java", "c", "csharp", "rust", "php", "kotlin", "swift", "css", "scss",
	"json", "sql", "python", "ruby", "shell", "toml", "yaml", "makefile", "html",
}

// init gives the splitters and counters of this repository their names.
func init() {
	RegisterSplitter("text", split.Text())
	RegisterSplitter("markdown", split.Markdown())
	RegisterSplitter("by-name", split.ByName())
	RegisterSplitter("code", split.Code(""))
	for _, language := range languages {
		RegisterSplitter("code-"+language, split.Code(language))
	}
	for name, encoding := range map[string]func() *tokens.Encoding{
		"o200k": tokens.O200k, "cl100k": tokens.Cl100k, "p50k": tokens.P50k, "r50k": tokens.R50k,
	} {
		// A vocabulary takes memory, so it is made when it is used.
		counters.register(name, func() fileops.Counter { return encoding() })
	}
}
