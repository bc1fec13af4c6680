package fileops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lion-agi/fileops"
)

// exampleDir makes a temporary directory with files, and returns a function that
// removes it.
func exampleDir(files map[string]string) (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { os.RemoveAll(dir) }
}

// A pool that is confined to a directory serves its files over HTTP. A request
// that is cancelled cancels its read. A request beyond MaxPending is refused.
// No name leads out of the directory.
func Example_handler() {
	dir, remove := exampleDir(map[string]string{"hello.txt": "Hello, world."})
	defer remove()
	root, err := os.OpenRoot(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	pool := fileops.NewPool(fileops.PoolOptions{Root: root, MaxPending: 1000, Timeout: 10 * time.Second})
	defer pool.Close(context.Background())

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := pool.ReadFile(r.Context(), r.FormValue("name"))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			http.Error(w, "no such file", http.StatusNotFound)
		case errors.Is(err, fileops.ErrEscapes):
			http.Error(w, "no access", http.StatusForbidden)
		case errors.Is(err, fileops.ErrOverloaded):
			http.Error(w, "try again", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, "cannot read that", http.StatusInternalServerError)
		default:
			io.WriteString(w, text)
		}
	})

	for _, name := range []string{"hello.txt", "bye.txt", "../secret.txt"} {
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest("GET", "/?name="+name, nil))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 Hello, world.
	// 404 no such file
	// 403 no access
}

func ExampleReadFile() {
	text, err := fileops.ReadFile(context.Background(), "go.mod")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.SplitN(text, "\n", 2)[0])
	// Output: module github.com/lion-agi/fileops
}

func ExampleAsyncReadFile() {
	ctx := context.Background()
	mod := fileops.AsyncReadFile(ctx, "go.mod")
	license := fileops.AsyncReadFile(ctx, "LICENSE") // the pool reads both files
	for _, f := range []*fileops.Future[string]{mod, license} {
		text, err := f.Await(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(strings.Fields(text)[:2])
	}
	// Output:
	// [module github.com/lion-agi/fileops]
	// [Apache License]
}

// The error of ReadFile has the offset of the first byte that is not UTF-8.
func ExampleEncodingError() {
	_, err := fileops.ReadFile(context.Background(), "testdata/trees.json.gz")
	var bad *fileops.EncodingError
	if errors.As(err, &bad) {
		fmt.Println(bad)
	}
	// Output: decode testdata/trees.json.gz: invalid utf-8 at byte 1
}

func ExampleReadBytes() {
	data, err := fileops.ReadBytes(context.Background(), "testdata/trees.json.gz")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(http.DetectContentType(data))
	// Output: application/x-gzip
}

func ExampleAsyncReadBytes() {
	ctx := context.Background()
	data, err := fileops.AsyncReadBytes(ctx, "testdata/trees.json.gz").Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("% x\n", data[:2])
	// Output: 1f 8b
}

func ExampleReadFiles() {
	for r := range fileops.ReadFiles(context.Background(), []string{"go.mod", "no such file", "LICENSE"}) {
		if r.Err != nil {
			fmt.Println(r.Index, r.Err)
			continue
		}
		fmt.Println(r.Index, r.Path, "is read")
	}
	// Output:
	// 0 go.mod is read
	// 1 read no such file: no such file or directory
	// 2 LICENSE is read
}

func ExampleFileSize() {
	dir, remove := exampleDir(map[string]string{"a": "12345", "sub/b": "678"})
	defer remove()

	size, err := fileops.FileSize(context.Background(), dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(size)
	// Output: 8
}

func ExampleAsyncFileSize() {
	ctx := context.Background()
	size, err := fileops.AsyncFileSize(ctx, "LICENSE").Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(size)
	// Output: 11358
}

func ExampleListFiles() {
	files, err := fileops.ListFiles(context.Background(), "testdata", "json.gz")
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range files {
		fmt.Println(path)
	}
	// Output:
	// testdata/chunk_by_chars.json.gz
	// testdata/chunk_by_tokens.json.gz
	// testdata/trees.json.gz
}

func ExampleAsyncListFiles() {
	ctx := context.Background()
	files, err := fileops.AsyncListFiles(ctx, "testdata", ".json.gz").Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(files))
	// Output: 3
}

func ExampleCopyFile() {
	dir, remove := exampleDir(map[string]string{"a.txt": "text"})
	defer remove()
	ctx := context.Background()

	src, dst := filepath.Join(dir, "a.txt"), filepath.Join(dir, "backup", "a.txt")
	if err := fileops.CopyFile(ctx, src, dst); err != nil { // also makes the directory
		log.Fatal(err)
	}
	err := fileops.CopyFile(ctx, src, filepath.Join(dir, "backup", "..", "a.txt"))
	fmt.Println(errors.Is(err, fileops.ErrSameFile))
	// Output: true
}

func ExampleAsyncCopyFile() {
	dir, remove := exampleDir(nil)
	defer remove()
	ctx := context.Background()

	var copies []*fileops.Future[struct{}]
	for _, name := range []string{"go.mod", "go.sum", "LICENSE"} {
		copies = append(copies, fileops.AsyncCopyFile(ctx, name, dir))
	}
	if _, err := fileops.All(ctx, copies...); err != nil {
		log.Fatal(err)
	}
	files, _ := fileops.ListFiles(ctx, dir, "")
	fmt.Println(len(files))
	// Output: 3
}

func ExampleSaveToFile() {
	dir, remove := exampleDir(nil)
	defer remove()
	ctx := context.Background()

	path, err := fileops.SaveToFile(ctx, "text", dir, "2026/report", &fileops.SaveOptions{Extension: "md"})
	if err != nil {
		log.Fatal(err)
	}
	name, _ := filepath.Rel(dir, path)
	fmt.Println(filepath.ToSlash(name))

	_, err = fileops.SaveToFile(ctx, "other text", dir, "2026/report.md", nil)
	fmt.Println(errors.Is(err, fs.ErrExist))
	// Output:
	// 2026/report.md
	// true
}

// A timestamp and random digits make names that do not clash.
func ExampleSaveOptions() {
	dir, remove := exampleDir(nil)
	defer remove()

	opts := &fileops.SaveOptions{Timestamp: true, TimestampFormat: "2006", RandomHashDigits: 4, Sync: true}
	path, err := fileops.SaveToFile(context.Background(), "text", dir, "log.txt", opts)
	if err != nil {
		log.Fatal(err)
	}
	match, _ := filepath.Match("log_20[0-9][0-9]-[0-9a-f]*.txt", filepath.Base(path))
	fmt.Println(match)
	// Output: true
}

func ExampleAsyncSaveToFile() {
	dir, remove := exampleDir(nil)
	defer remove()
	ctx := context.Background()

	saved := fileops.AsyncSaveToFile(ctx, "text", dir, "a.txt", &fileops.SaveOptions{Overwrite: true})
	path, err := saved.Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filepath.Base(path))
	// Output: a.txt
}

func ExampleSaveChunks() {
	dir, remove := exampleDir(nil)
	defer remove()

	chunks, err := fileops.ChunkText("some text", &fileops.ChunkOptions{Size: 5})
	if err != nil {
		log.Fatal(err)
	}
	paths, err := fileops.SaveChunks(context.Background(), chunks, dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range paths {
		fmt.Println(filepath.Base(path))
	}
	// Output:
	// chunk_1.json
	// chunk_2.json
}

func ExampleAsyncSaveChunks() {
	dir, remove := exampleDir(nil)
	defer remove()
	ctx := context.Background()

	chunks := []fileops.TextChunk{{Text: "a chunk", ID: 1, Total: 1}}
	paths, err := fileops.AsyncSaveChunks(ctx, chunks, dir, &fileops.SaveOptions{Extension: "txt"}).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filepath.Base(paths[0]))
	// Output: chunk_1.txt
}

func ExampleConcat() {
	dir, remove := exampleDir(map[string]string{"b.txt": "Bye.", "a.txt": "Hi.", "c.md": "# Title"})
	defer remove()

	result, err := fileops.Concat(context.Background(), []string{dir}, &fileops.ConcatOptions{FileTypes: []string{".txt"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(result.Text, dir, "docs"))
	// Output:
	// ---
	// docs/a.txt
	// ---
	//
	// Hi.
	// ---
	// docs/b.txt
	// ---
	//
	// Bye.
}

// The result has the reason for each file that is left out.
func ExampleConcat_skipped() {
	result, err := fileops.Concat(context.Background(), []string{"go.mod", "go.sum", "none"}, &fileops.ConcatOptions{Exclude: []string{".sum"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Files)
	for _, s := range result.Skipped {
		fmt.Println(s.Err)
	}
	// Output:
	// [go.mod]
	// concat go.sum: excluded by Exclude: .sum
	// read none: no such file or directory
}

// The options choose the files by their path, their type and their length.
func ExampleConcatOptions() {
	dir, remove := exampleDir(map[string]string{"a.md": "A long text.", "b.md": "Short.", "c.txt": "Another type.", "vendor/d.md": "Not our text."})
	defer remove()

	result, err := fileops.Concat(context.Background(), []string{dir}, &fileops.ConcatOptions{
		FileTypes: []string{".md"},
		Exclude:   []string{"vendor"},
		Threshold: 10,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(result.Files), filepath.Base(result.Files[0]))
	// Output: 1 a.md
}

// Err is the reason why a file is left out.
func ExampleSkippedFile() {
	result, err := fileops.Concat(context.Background(), []string{"go.mod", "none"}, &fileops.ConcatOptions{Exclude: []string{".mod"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range result.Skipped {
		switch {
		case errors.Is(s.Err, fileops.ErrExcluded):
			fmt.Println(s.Path, "is excluded")
		case errors.Is(s.Err, fs.ErrNotExist):
			fmt.Println(s.Path, "does not exist")
		}
	}
	// Output:
	// go.mod is excluded
	// none does not exist
}

// Progress reports how many files and bytes are done.
func ExampleProgress() {
	var last fileops.Progress
	_, err := fileops.Concat(context.Background(), []string{"LICENSE", "none"}, &fileops.ConcatOptions{
		Progress: func(p fileops.Progress) { last = p },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d files, %d bytes\n", last.Files, last.Total, last.Bytes)
	// Output: 2 of 2 files, 11358 bytes
}

func ExampleAsyncConcat() {
	dir, remove := exampleDir(nil)
	defer remove()
	ctx := context.Background()

	opts := &fileops.ConcatOptions{OutputDir: dir, OutputFile: "all.txt"}
	result, err := fileops.AsyncConcat(ctx, []string{"go.mod", "go.sum"}, opts).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(result.Sections), filepath.Base(result.Path))
	// Output: 2 all.txt
}

func ExampleConcatFiles() {
	dir, remove := exampleDir(map[string]string{"a.txt": "Hi."})
	defer remove()

	result, err := fileops.ConcatFiles(context.Background(), []string{dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(result.Text, dir, "docs"))
	// Output:
	// ----------------------------------------------------
	// docs/a.txt
	// ----------------------------------------------------
	// Hi.
}

func ExampleAsyncConcatFiles() {
	ctx := context.Background()
	result, err := fileops.AsyncConcatFiles(ctx, []string{"go.sum", "go.mod", "LICENSE"}, &fileops.ConcatOptions{FileTypes: []string{".mod"}}).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Files, len(result.Skipped))
	// Output: [go.mod] 2
}

// ConcatTo streams the text of a tree of any size into an HTTP response.
func ExampleConcatTo() {
	dir, remove := exampleDir(map[string]string{"a.txt": "Hi.", "sub/b.txt": "Bye."})
	defer remove()

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := fileops.ConcatTo(r.Context(), w, []string{dir}, nil); err != nil {
			panic(http.ErrAbortHandler) // it is too late for a status
		}
	})
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(strings.Count(w.Body.String(), "---\n"))
	// Output: 4
}

func ExampleAsyncConcatTo() {
	ctx := context.Background()
	var text strings.Builder
	result, err := fileops.AsyncConcatTo(ctx, &text, []string{"go.mod"}, nil).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len([]rune(text.String())) == result.Chars)
	// Output: true
}

func ExampleDirToFiles() {
	dir, remove := exampleDir(map[string]string{"a.txt": "", "b.md": "", "c.go": "", "sub/d.md": ""})
	defer remove()

	files, err := fileops.DirToFiles(context.Background(), dir, &fileops.DirOptions{FileTypes: []string{".txt", ".md"}, Shallow: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range files {
		fmt.Println(filepath.Base(path))
	}
	// Output:
	// a.txt
	// b.md
}

func ExampleDirToFiles_onSkip() {
	dir, remove := exampleDir(map[string]string{"docs/a.txt": "", "shared/b.txt": ""})
	defer remove()
	if err := os.Symlink("../shared", filepath.Join(dir, "docs", "guides")); err != nil {
		log.Fatal(err)
	}

	opts := &fileops.DirOptions{OnSkip: func(s fileops.SkippedFile) {
		fmt.Println(filepath.Base(s.Path), errors.Is(s.Err, fileops.ErrNotFollowed))
	}}
	files, err := fileops.DirToFiles(context.Background(), filepath.Join(dir, "docs"), opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(files))
	// Output:
	// guides true
	// 1
}

func ExampleAsyncDirToFiles() {
	ctx := context.Background()
	files, err := fileops.AsyncDirToFiles(ctx, "testdata", &fileops.DirOptions{FileTypes: []string{".gz"}}).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(files))
	// Output: 3
}

// FileTypes compares the suffix of a name, and Progress counts the files.
func ExampleDirOptions() {
	dir, remove := exampleDir(map[string]string{"a.txt": "", "b.md": "", "sub/c.txt": ""})
	defer remove()

	var found fileops.Progress
	files, err := fileops.DirToFiles(context.Background(), dir, &fileops.DirOptions{
		FileTypes: []string{".txt"},
		Progress:  func(p fileops.Progress) { found = p },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(files), found.Files)
	// Output: 2 2
}

func ExampleFileToChunks() {
	dir, remove := exampleDir(map[string]string{"a.txt": "one two three four five"})
	defer remove()

	opts := &fileops.ChunkOptions{Unit: fileops.Tokens, Size: 2, Metadata: map[string]any{"lang": "en"}}
	chunks, err := fileops.FileToChunks(context.Background(), filepath.Join(dir, "a.txt"), opts)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Println(c.FileName, c.ID, "of", c.Total, c.Text, c.Metadata["lang"])
	}
	// Output:
	// a.txt 1 of 3 one two en
	// a.txt 2 of 3 three four en
	// a.txt 3 of 3 five en
}

func ExampleAsyncFileToChunks() {
	ctx := context.Background()
	chunks, err := fileops.AsyncFileToChunks(ctx, "LICENSE", nil).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(chunks))
	// Output: 8
}

// Chunk cuts all files of a directory and saves the chunks as JSON lines.
func ExampleChunk() {
	dir, remove := exampleDir(map[string]string{"docs/a.txt": "Hello, world.", "docs/b.txt": "Bye."})
	defer remove()
	ctx := context.Background()

	output := filepath.Join(dir, "chunks.jsonl")
	chunks, err := fileops.Chunk(ctx, filepath.Join(dir, "docs"), &fileops.ChunkOptions{
		Size:       5,
		OutputFile: output,
		OnSkip:     func(s fileops.SkippedFile) { log.Print(s.Err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	saved, _ := fileops.ReadFile(ctx, output)
	fmt.Println(len(chunks), strings.Count(saved, "\n"))
	// Output: 4 4
}

// A Reader turns files of any kind into text. It holds a slot of the pool. The
// functions that it calls with its context use this slot too.
func ExampleChunk_reader() {
	ctx := context.Background()
	chunks, err := fileops.Chunk(ctx, "testdata/trees.json.gz", &fileops.ChunkOptions{
		Reader: func(ctx context.Context, path string) (string, error) {
			data, err := fileops.ReadBytes(ctx, path)
			return fmt.Sprintf("%s: %x", path, data[:2]), err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chunks[0].Text)
	// Output: testdata/trees.json.gz: 1f8b
}

func ExampleAsyncChunk() {
	dir, remove := exampleDir(map[string]string{"a.txt": "\xe9t\xe9"})
	defer remove()
	ctx := context.Background()

	chunks, err := fileops.AsyncChunk(ctx, dir, &fileops.ChunkOptions{Encoding: "latin1"}).Await(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chunks[0].Text)
	// Output: été
}

// The Encoding "auto" finds out the encoding of each file, takes byte order marks off,
// and tells binaries.
func ExampleChunk_encodings() {
	dir, remove := exampleDir(map[string]string{
		"image":  "\xff\xd8\xff\xe0\x00\x10JFIF",
		"marked": "\xef\xbb\xbfété",
		"utf16":  "h\x00e\x00l\x00l\x00o\x00\n\x00",
	})
	defer remove()

	chunks, err := fileops.Chunk(context.Background(), dir, &fileops.ChunkOptions{
		Encoding: "auto",
		OnSkip: func(s fileops.SkippedFile) {
			fmt.Println(filepath.Base(s.Path), "is left out:", errors.Is(s.Err, fileops.ErrBinary))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Printf("%s %q %s\n", c.FileName, c.Text, c.Encoding)
	}
	// Output:
	// image is left out: true
	// marked "été" utf-8-sig
	// utf16 "hello\n" utf-16-le
}

// Guess chooses the encoding of a file that is in none for certain. The module in
// examples/guess asks a library.
func ExampleConcat_guess() {
	dir, remove := exampleDir(map[string]string{"new.txt": "Привет", "old.txt": "\xcf\xf0\xe8\xe2\xe5\xf2"})
	defer remove()

	r, err := fileops.Concat(context.Background(), []string{dir}, &fileops.ConcatOptions{
		Encoding: "auto",
		Guess:    func(sample []byte) string { return "windows-1251" }, // all older files here are in it
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Count(r.Text, "Привет"))
	// Output: 2
}

func ExampleChunkText() {
	text := "The quick brown fox jumps."
	chunks, err := fileops.ChunkText(text, &fileops.ChunkOptions{Size: 10, Overlap: 0.4})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Printf("%d %q %t\n", c.ID, c.Text, text[c.Start:c.End] == c.Text)
	}
	// Output:
	// 1 "The quick br" true
	// 2 "k brown fox ju" true
	// 3 "x jumps." true
}

// A Splitter says where a text may be cut. This one cuts between lines, and rather
// where a heading begins.
func ExampleChunkText_splitter() {
	lines := func(_, text string) iter.Seq[fileops.Boundary] {
		return func(yield func(fileops.Boundary) bool) {
			at := 0
			for line := range strings.Lines(text) {
				b := fileops.Boundary{At: at, Level: 1}
				if heading, ok := strings.CutPrefix(line, "# "); ok {
					b.Level, b.Section = 0, []string{strings.TrimSpace(heading)}
				}
				if !yield(b) {
					return
				}
				at += len(line)
			}
		}
	}
	text := "# Fruit\nApples.\nPears.\n# Nuts\nAlmonds.\n"
	chunks, err := fileops.ChunkText(text, &fileops.ChunkOptions{Size: 30, Splitter: lines, Lines: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Printf("%s, lines %d to %d: %q\n", c.Section, c.StartLine, c.EndLine, c.Text)
	}
	// Output:
	// [Fruit], lines 1 to 3: "# Fruit\nApples.\nPears.\n"
	// [Nuts], lines 4 to 5: "# Nuts\nAlmonds.\n"
}

// A byteCounter counts bytes, as a database with a limit for a column does.
type byteCounter struct{}

func (byteCounter) Count(text string) int { return len(text) }

func (byteCounter) Prefix(text string, limit int) int { return min(limit, len(text)) }

// A Counter says in which units a chunk is measured.
func ExampleCounter() {
	chunks, err := fileops.ChunkText("naïve café 🇯🇵!", &fileops.ChunkOptions{Size: 9, Counter: byteCounter{}})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Printf("%d %q\n", c.Size, c.Text)
	}
	// Output:
	// 9 "naïve ca"
	// 4 "fé "
	// 9 "🇯🇵!"
}

// A Tokenizer splits a text into tokens. Without one, the tokens are the words.
func ExampleChunkOptions() {
	chunks, err := fileops.ChunkText("a,b,c,d", &fileops.ChunkOptions{
		Unit:      fileops.Tokens,
		Size:      2,
		Tokenizer: func(text string) []string { return strings.Split(text, ",") },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range chunks {
		fmt.Println(c.Text)
	}
	// Output:
	// a b
	// c d
}

func ExampleDefaultChunkOptions() {
	opts := fileops.DefaultChunkOptions()
	fmt.Println(opts.Size, opts.Overlap, opts.Threshold)
	// Output: 1500 0.1 200
}

func ExampleOptionError() {
	_, err := fileops.ChunkText("text", &fileops.ChunkOptions{Overlap: 2})
	fmt.Println(err)
	// Output: option Overlap = 2: must be a fraction from 0 to 1
}

func ExampleUnit_String() {
	fmt.Println(fileops.Chars, fileops.Tokens)
	// Output: Chars Tokens
}

func ExampleTextChunk_MarshalJSON() {
	chunks, err := fileops.ChunkText("a <b>", &fileops.ChunkOptions{Metadata: map[string]any{"page": 7}})
	if err != nil {
		log.Fatal(err)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.Encode(chunks[0])
	// Output: {"chunk_content":"a <b>","chunk_id":1,"total_chunks":1,"chunk_size":5,"page":7,"start_byte":0,"end_byte":5}
}

func ExampleTextChunk_UnmarshalJSON() {
	var c fileops.TextChunk
	if err := json.Unmarshal([]byte(`{"chunk_content":"a","chunk_id":1,"page":7}`), &c); err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Text, c.ID, c.Metadata["page"])
	// Output: a 1 7
}
