// Command guess shows the encoding of each file below the directories that are its
// arguments. It asks a library for those that fileops cannot tell for certain.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lion-agi/fileops"
	"github.com/wlynxg/chardet"
)

// guess names the encoding that a text has by the frequency of its characters, or ""
// if no encoding is likely. README.md says how often it is right.
func guess(sample []byte) string {
	result := chardet.Detect(sample[:min(len(sample), enough)])
	if result.Confidence < likely {
		return ""
	}
	return result.Encoding
}

const (
	enough = 4 << 10 // bytes of a text: the answers get no better with more
	likely = 0.5     // the least confidence that an answer must have
)

func main() {
	for _, dir := range os.Args[1:] {
		if err := show(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, "guess:", err)
			os.Exit(1)
		}
	}
}

// show prints the encoding of each file below a directory, or why there is none.
func show(ctx context.Context, dir string) error {
	opts := &fileops.ChunkOptions{
		Encoding: "auto",
		Guess:    guess,
		OnSkip:   func(s fileops.SkippedFile) { fmt.Println(s.Err) },
	}
	for c, err := range fileops.Chunks(ctx, dir, opts) {
		if err != nil {
			return err
		}
		if c.ID == 1 {
			fmt.Printf("%-12s %q\n", c.Encoding, c.FilePath)
		}
	}
	return nil
}
