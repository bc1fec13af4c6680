package main

import "fmt"

// A job is something that fileops and its peers both do. It makes one or more
// rows of the table.
type job struct {
	name    string // stays the same, so that the tables of two builds can be compared
	note    string // printed below the table; may be empty
	plot    string // the title of its chart; empty if it has none
	prepare func() (*comparison, error)
}

// inlineNote explains why a future can be as fast as a plain call.
const inlineNote = "Await reads the file itself, on the caller's goroutine, if no worker has begun the read. " +
	"So this row shows the cost of a future, not the cost of a second goroutine."

// jobs lists every job in the order of the table.
func jobs(in *inputs) []job {
	large, place := sizeName(in.largeSize()), in.memoryName
	return []job{
		{name: "ReadFile, 4 KiB", prepare: in.readSmall},
		{name: "AsyncReadFile + Await, 4 KiB", note: inlineNote, prepare: in.readSmallAsync},
		{name: "ReadFile, " + large + " of ASCII", prepare: in.readLarge(in.asciiText, 2.5)},
		{name: "ReadFile, " + large + " of mixed text", prepare: in.readLarge(in.mixedText, 1)},
		{name: "ReadFiles over the corpus", plot: "Read every file of the corpus", prepare: in.readCorpus},
		{name: "the same in a process that holds 64 MiB", prepare: in.readCorpusInServer},
		{name: "ScanFiles over the corpus", prepare: in.scanCorpus},
		{name: "one AsyncReadFile a file of the corpus, all awaited", prepare: in.readCorpusAsync},
		{name: "ListFiles on GOROOT, sorted", plot: "List a tree, sorted", prepare: in.listTree},
		{name: "ChunkText, " + large + " of ASCII", plot: "Cut a text into chunks", prepare: in.chunkText(in.asciiText, 6e9)},
		{name: "ChunkText, " + large + " of mixed text", prepare: in.chunkText(in.mixedText, 4e9)},
		{name: "ConcatTo a file, the corpus, on " + place, plot: "Concatenate the corpus into a file", prepare: in.concat},
		{name: "Chunk of the corpus directory to .jsonl, on " + place, plot: "Read and chunk the corpus, write JSON lines", prepare: in.chunkTree},
		{name: "Chunks of the corpus directory to .jsonl, on " + place, prepare: in.streamTree},
		{name: "the same with split.ByName", prepare: in.splitTree},
		{name: "CopyFile, " + large + ", on " + place, prepare: in.copyFile(in.largeSize(), 1)},
		{name: "CopyFile, 4 KiB, on " + place, prepare: in.copyFile(4<<10, 0.7)},
		{name: fmt.Sprintf("SaveChunks, %d chunks, on %s", in.chunkCount(), place), prepare: in.saveChunks},
		{name: "Submit of an empty function", prepare: in.submit},
	}
}

// sizeName returns a size in binary units.
func sizeName(n int) string {
	for _, u := range []struct {
		size int
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}
