package fileops_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lion-agi/fileops"
)

func ExampleFiles() {
	for file, err := range fileops.Files(context.Background(), "testdata", &fileops.DirOptions{Stat: true}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(filepath.ToSlash(file.Path), file.Size > 0, file.Mode.IsRegular())
		break
	}
	// Output: testdata/chunk_by_chars.json.gz true true
}

func ExampleScanFiles() {
	ctx := context.Background()
	dir, remove := exampleDir(map[string]string{"a.txt": "alpha", "b.txt": "beta"})
	defer remove()

	paths := func(yield func(string) bool) { // of a stream, without a list
		for file, err := range fileops.Files(ctx, dir, nil) {
			if err == nil && !yield(file.Path) {
				return
			}
		}
	}
	for file := range fileops.ScanFiles(ctx, paths) {
		fmt.Printf("%s %x %v\n", filepath.Base(file.Path), sha256.Sum224(file.Data), file.Err)
	}
	// Output:
	// a.txt a2d7d8ce237541bc59ff9bd4b9f629b2bbad1709f4c4aa49ea23a084 <nil>
	// b.txt 6d9662cee11d7044a8c98b2862c3e70b5c4d3342dbbb487153d06175 <nil>
}

func ExampleChunks() {
	ctx := context.Background()
	dir, remove := exampleDir(map[string]string{"a.txt": "one two three four five", "b.txt": "six"})
	defer remove()

	opts := &fileops.ChunkOptions{Unit: fileops.Tokens, Size: 2}
	for chunk, err := range fileops.Chunks(ctx, dir, opts) {
		if err != nil { // of the file chunk.FilePath; the loop may go on
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s %d/%d %q\n", chunk.FileName, chunk.ID, chunk.Total, chunk.Text)
	}
	// Output:
	// a.txt 1/3 "one two"
	// a.txt 2/3 "three four"
	// a.txt 3/3 "five"
	// b.txt 1/1 "six"
}

func ExampleChunkTo() {
	ctx := context.Background()
	dir, remove := exampleDir(map[string]string{"a.txt": "one two three"})
	defer remove()

	var lines strings.Builder
	result, err := fileops.ChunkTo(ctx, &lines, dir, &fileops.ChunkOptions{Unit: fileops.Tokens, Size: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Files, result.Chunks, result.Chars, result.Bytes)
	first, _, _ := strings.Cut(lines.String(), ",")
	fmt.Println(first)
	// Output:
	// 1 2 13 13
	// {"chunk_content":"one two"
}

func ExampleAsyncChunkTo() {
	ctx := context.Background()
	dir, remove := exampleDir(map[string]string{"a.txt": "one two three"})
	defer remove()

	w, err := os.Create(filepath.Join(dir, "chunks.jsonl"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Close()
	result, err := fileops.AsyncChunkTo(ctx, w, filepath.Join(dir, "a.txt"), nil).Await(ctx)
	fmt.Println(result.Chunks, err)
	// Output: 1 <nil>
}
