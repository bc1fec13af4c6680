package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A tree is the files that are served.
type tree struct {
	dir  string
	many int // files in the directory many
}

const (
	smallFiles = 256 // in small, of smallSize
	smallSize  = 4 << 10
	mixFiles   = 100 // in mix, of smallSize
	largeFiles = 8   // in large, of largeSize
	largeSize  = 1 << 20
	mediumSize = 64 << 10 // of medium
)

func makeTree(dir string, many int) (tree, error) {
	for _, set := range []struct {
		name        string
		files, size int
	}{
		{"small", smallFiles, smallSize},
		{"mix", mixFiles, smallSize},
		{"many", many, smallSize},
		{"large", largeFiles, largeSize},
		{"medium", 1, mediumSize},
		{"saved", 0, 0},
		{"mount", 0, 0},
	} {
		if err := makeFiles(filepath.Join(dir, set.name), set.files, set.size); err != nil {
			return tree{}, err
		}
	}
	return tree{dir, many}, nil
}

func makeFiles(dir string, files, size int) error {
	const sentence = "The quick brown fox jumps over the lazy dog, again and again. "
	text := []byte(strings.Repeat(sentence, size/len(sentence)+1)[:size])
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.txt", i)), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// Requests, as they go over the wire.

func get(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: load\r\n\r\n", path)
}

func put(path, body string) []byte {
	return fmt.Appendf(nil, "PUT %s HTTP/1.1\r\nHost: load\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// A script is what a connection asks for: its nth request.
type script func(connection, n int) []byte

// reads reads small files below a prefix, another each time.
func reads(prefix string) script {
	requests := make([][]byte, smallFiles)
	for i := range requests {
		requests[i] = get(fmt.Sprintf("%s/small/%05d.txt", prefix, i))
	}
	return func(connection, n int) []byte { return requests[(connection*31+n)%smallFiles] }
}

// always makes the same request.
func always(request []byte) script { return func(int, int) []byte { return request } }

func concat(dir string) script { return always(get("/concat?path=" + url.QueryEscape(dir))) }

// chunks cuts large files.
func chunks(connection, n int) []byte {
	return get(fmt.Sprintf("/chunks?path=large/%05d.txt", (connection+n)%largeFiles))
}

// heavy is what makes much work: whole directories and large files.
func heavy(connection, n int) []byte {
	if connection%2 == 0 {
		return concat("many")(connection, n)
	}
	return chunks(connection, n)
}

// mixed is a day in a server's life: of ten requests seven read, one joins a
// hundred files, one chunks 64 KiB and one saves 4 KiB.
func mixed(connection, n int) []byte {
	switch (connection*7 + n) % 10 {
	case 0:
		return concat("mix")(connection, n)
	case 1:
		return get("/chunks?path=medium/00000.txt")
	case 2:
		return put(fmt.Sprintf("/file/saved/%05d.txt?overwrite=1", connection), savedText)
	}
	return smallReads(connection, n)
}

var (
	smallReads = reads("/file")
	savedText  = strings.Repeat("saved text\n", smallSize/11)
)
