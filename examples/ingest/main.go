// Ingest cuts the text files of a directory into chunks for a search index or
// a language model, and writes them to one file or to standard output.
//
//	go run ./examples/ingest [flags] [DIR]
//
// Without DIR it reads the current directory. It takes what a person would take: not
// what git ignores, no hidden and no huge files, text in any encoding that can be told
// for certain. It cuts at the joints of prose, Markdown and source code, and reports
// what it leaves out, and why. It needs the memory of a few files at a time, and with
// -split none some MiB, however many files there are and however large they are.
package main

import "github.com/lion-agi/fileops/examples/internal/ingest"

func main() { ingest.Main(nil) }
