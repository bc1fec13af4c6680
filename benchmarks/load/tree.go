package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A tree is the directory that the servers serve.
type tree struct {
	dir  string
	many int // number of files in its directory many
}

// Each directory has files of one size.
const (
	smallFiles = 256 // in small, of smallSize
	smallSize  = 4 << 10
	mixFiles   = 100 // in mix, of smallSize
	largeFiles = 8   // in large, of largeSize
	largeSize  = 1 << 20
	mediumSize = 64 << 10 // of the one file in medium
)

// makeTree makes the directories and files. many is the number of files in the
// directory many.
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

// makeFiles makes a directory with files of one size.
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

// get returns a GET request in the form of RFC 9112.
func get(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: load\r\n\r\n", path)
}

// put returns a PUT request in the form of RFC 9112.
func put(path, body string) []byte {
	return fmt.Appendf(nil, "PUT %s HTTP/1.1\r\nHost: load\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// A script returns the nth request of a connection.
type script func(connection, n int) []byte

// reads reads the small files below a URL prefix, the next one in each request.
func reads(prefix string) script {
	requests := make([][]byte, smallFiles)
	for i := range requests {
		requests[i] = get(fmt.Sprintf("%s/small/%05d.txt", prefix, i))
	}
	return func(connection, n int) []byte { return requests[(connection*31+n)%smallFiles] }
}

// always makes the same request.
func always(request []byte) script { return func(int, int) []byte { return request } }

// concat concatenates a directory.
func concat(dir string) script { return always(get("/concat?path=" + url.QueryEscape(dir))) }

// chunks cuts a large file into chunks.
func chunks(connection, n int) []byte {
	return get(fmt.Sprintf("/chunks?path=large/%05d.txt", (connection+n)%largeFiles))
}

// heavy makes requests that take much work. Half of the connections concatenate
// the large directory, and half cut large files.
func heavy(connection, n int) []byte {
	if connection%2 == 0 {
		return concat("many")(connection, n)
	}
	return chunks(connection, n)
}

// mixed makes requests of every kind. Of ten requests seven read a file, one
// concatenates a hundred files, one cuts 64 KiB into chunks and one saves 4 KiB.
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
