package split_test

import (
	"fmt"

	"github.com/lion-agi/fileops/split"
)

const guide = `# Guide

Read this first. It is short.

## Install

Run this:

` + "```sh\nmake\n\nmake install\n```\n"

func ExampleText() {
	text := "Dr. Hale came in. He was late, as usual.\n\nNobody spoke.\n"
	last := 0
	for b := range split.Text()("", text) {
		if b.Level <= 15 { // clauses and stronger
			fmt.Printf("%q\n%d ", text[last:b.At], b.Level)
			last = b.At
		}
	}
	fmt.Printf("%q\n", text[last:])
	// Output:
	// "Dr. Hale came in. "
	// 14 "He was late, "
	// 15 "as usual.\n\n"
	// 8 "Nobody spoke.\n"
}

func ExampleMarkdown() {
	for b := range split.Markdown()("guide.md", guide) {
		if b.Level <= 8 { // blocks and headings
			fmt.Println(b.At, b.Level, b.Section)
		}
	}
	// Output:
	// 0 0 [Guide]
	// 40 1 [Guide Install]
	// 63 8 []
}

func ExampleByName() {
	splitter := split.ByName()
	for _, path := range []string{"guide.md", "guide.txt"} {
		for b := range splitter(path, guide) {
			if b.Level <= 8 {
				fmt.Println(path, b.At, b.Level, b.Section)
			}
		}
	}
	// Output:
	// guide.md 0 0 [Guide]
	// guide.md 40 1 [Guide Install]
	// guide.md 63 8 []
	// guide.txt 9 8 []
	// guide.txt 40 8 []
	// guide.txt 52 8 []
	// guide.txt 63 8 []
	// guide.txt 75 8 []
}
