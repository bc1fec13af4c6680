// Tokens is the program ingest with two more units, the tokens of OpenAI's models:
//
//	cd examples/tokens && go run . -unit o200k -size 512 [flags] [DIR]
//
// Each chunk has at most -size tokens. The report tells the directories that take the
// most of them. The program is a module of its own, because the vocabularies of the
// tokens are large.
package main

import (
	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/ingest"
	"github.com/lion-agi/fileops/tokens"
)

func main() {
	ingest.Main(ingest.Units{
		"o200k":  func() fileops.Counter { return tokens.O200k() },
		"cl100k": func() fileops.Counter { return tokens.Cl100k() },
	})
}
