package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	f := newFixture(t, nil)
	type list struct{ Files []string }
	assert.Equal(t, []string{"a.txt", "big.txt", "sub/c.txt"}, decode[list](t, f.get("/files?ext=txt")).Files)
	assert.Equal(t, []string{"sub/c.txt", "sub/d.go"}, decode[list](t, f.get("/files?dir=sub")).Files)
}

func TestRead(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get("/file/b.md")
	assert.Equal(t, "béta\n", text(t, r))
	assert.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
	assert.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, int64(6), r.ContentLength)
}

func TestSave(t *testing.T) {
	f := newFixture(t, nil)
	r := f.do("PUT", "/file/new/de%20f.txt", "first")
	assert.Equal(t, http.StatusCreated, r.StatusCode)
	assert.Equal(t, "/file/new/de%20f.txt", r.Header.Get("Location"))
	assert.Equal(t, http.StatusConflict, f.do("PUT", "/file/new/de%20f.txt", "second").StatusCode)
	assert.Equal(t, "first", text(t, f.get("/file/new/de%20f.txt")))

	assert.Equal(t, http.StatusOK, f.do("PUT", "/file/new/de%20f.txt?overwrite=1", "third").StatusCode)
	assert.Equal(t, "third", text(t, f.get("/file/new/de%20f.txt")))
}

func TestConcat(t *testing.T) {
	f := newFixture(t, nil)
	const want = "---\na.txt\n---\n\nalpha\n\n---\nsub/c.txt\n---\n\ngamma\n"
	for name, r := range map[string]*http.Response{
		"GET":   f.get("/concat?path=sub&path=a.txt&path=none&type=&type=.txt"),
		"POST":  f.do("POST", "/concat", "path=sub&path=a.txt&path=none&type=.txt"),
		"mixed": f.do("POST", "/concat?path=sub&type=.txt", "path=none&path=a.txt"),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, http.StatusOK, r.StatusCode)
			assert.Equal(t, "text/plain; charset=utf-8", r.Header.Get("Content-Type"))
			assert.Equal(t, want, text(t, r))
			assert.Equal(t, "2", r.Trailer.Get("Concat-Files"))
			assert.Equal(t, fmt.Sprint(len(want)), r.Trailer.Get("Concat-Chars"))
			assert.Equal(t, "1", r.Trailer.Get("Concat-Skipped"))
			assert.Equal(t, []string{`"read none: no such file or directory"`}, r.Trailer["Concat-Skipped-File"])
		})
	}
}

func TestConcatNamesSomeOfManySkipped(t *testing.T) {
	f := newFixture(t, nil)
	query := url.Values{"path": {"a.txt"}}
	for i := range 2 * skippedNamed {
		query.Add("path", fmt.Sprint("none", i))
	}
	r := f.get("/concat?" + query.Encode())
	assert.Equal(t, fmt.Sprint(2*skippedNamed), r.Trailer.Get("Concat-Skipped"))
	assert.Len(t, r.Trailer["Concat-Skipped-File"], skippedNamed)
}

func TestConcatIsNotBoundByMaxFileSize(t *testing.T) {
	f := newFixture(t, nil)
	assert.Contains(t, text(t, f.get("/concat?path=big.txt")), tree["big.txt"])
}

// chunksIn returns the chunks of an answer.
func chunksIn(t *testing.T, r *http.Response) (chunks []fileops.TextChunk) {
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "application/x-ndjson", r.Header.Get("Content-Type"))
	for line := range strings.Lines(text(t, r)) {
		var c fileops.TextChunk
		require.NoError(t, json.Unmarshal([]byte(line), &c), line)
		chunks = append(chunks, c)
	}
	return chunks
}

func TestChunks(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get("/chunks?path=words.text&size=2&overlap=1&threshold=0&unit=tokens")
	var texts []string
	for _, c := range chunksIn(t, r) {
		texts = append(texts, c.Text)
		assert.Equal(t, c.Text, tree["words.text"][c.Start:c.End])
		assert.Equal(t, "words.text", c.FilePath)
	}
	assert.Equal(t, []string{"one two three", "two three four five", "four five six"}, texts)
	for name, want := range map[string]string{"Files": "1", "Count": "3", "Chars": "27", "Skipped": "0", "Skipped-File": ""} {
		assert.Equal(t, want, r.Trailer.Get("Chunk-"+name), name)
	}

	f.write("empty", "")
	assert.Empty(t, chunksIn(t, f.get("/chunks?path=empty")))

	whole := chunksIn(t, f.get("/chunks?path=words.text"))
	require.Len(t, whole, 1)
	assert.Equal(t, tree["words.text"], whole[0].Text)
}

func TestChunksOfDirectories(t *testing.T) {
	f := newFixture(t, nil)
	f.write("mixed/a.txt", "one")
	f.write("mixed/b.bin", "two\xff")
	f.write("mixed/c/d.txt", "three")
	f.write("mixed/empty.md", "")
	f.write("noise/a.bin", "\xff")
	for _, c := range []struct {
		query   string
		texts   []string
		files   string
		skipped []string
	}{
		{"mixed", []string{"one", "three"}, "3", []string{`"decode mixed/b.bin: invalid utf-8 at byte 3"`}},
		{"mixed/", []string{"one", "three"}, "3", []string{`"decode mixed/b.bin: invalid utf-8 at byte 3"`}},
		{"mixed&type=.txt&type=", []string{"one", "three"}, "2", nil},
		{"mixed&type=.md", nil, "1", nil},
		{"mixed&type=.none", nil, "0", nil},
		{"noise&type=.txt", nil, "0", nil},
	} {
		r := f.get("/chunks?size=50&path=" + c.query)
		var texts []string
		for _, chunk := range chunksIn(t, r) {
			texts = append(texts, chunk.Text)
		}
		assert.Equal(t, c.texts, texts, c.query)
		assert.Equal(t, c.files, r.Trailer.Get("Chunk-Files"), c.query)
		assert.Equal(t, fmt.Sprint(len(c.skipped)), r.Trailer.Get("Chunk-Skipped"), c.query)
		assert.Equal(t, c.skipped, r.Trailer["Chunk-Skipped-File"], c.query)
	}
	assert.Equal(t, http.StatusUnprocessableEntity, f.get("/chunks?path=noise").StatusCode, "every file was left out")
}

// TestSplitters cuts at the joints of a file.
func TestSplitters(t *testing.T) {
	f := newFixture(t, nil)
	f.write("a.md", "# One\n\nfirst text\n\n## Two&3\n\nsecond text\n")
	for splitter, want := range map[string]string{"auto": "## Two&3\n\nsecond text\n", "markdown": "## Two&3\n\nsecond text\n", "none": "3\n\nsecond text\n"} {
		chunks := chunksIn(t, f.get("/chunks?path=a.md&size=26&overlap=0&threshold=0&split="+splitter))
		require.Len(t, chunks, 2)
		assert.Equal(t, want, chunks[1].Text, splitter)
		assert.Equal(t, splitter != "none", chunks[1].StartLine == 5 && chunks[1].EndLine == 7, splitter)
	}
	page := text(t, f.get("/view/a.md?size=26&overlap=0&threshold=0&split=auto"))
	assert.Contains(t, page, "bytes 19 to 41, lines 5 to 7")
	assert.Contains(t, page, `<p class="section">One › Two&amp;3</p>`)
	assert.Contains(t, page, `<option selected>auto</option>`)
	assert.Contains(t, text(t, f.get("/view/a.md")), `<option selected>auto</option>`)
	assert.NotContains(t, text(t, f.get("/view/a.md?size=26")), `class="section"`)
	for _, query := range []string{"split=pdf", "split=auto&split=auto", "split=auto&unit=tokens"} {
		assert.Equal(t, http.StatusBadRequest, f.get("/chunks?path=a.md&"+query).StatusCode, query)
		assert.Equal(t, http.StatusBadRequest, f.get("/view/a.md?size=9&"+query).StatusCode, query)
	}
}

// TestEncodingOfARequest reads a file in the encoding that the request names.
func TestEncodingOfARequest(t *testing.T) {
	f := newFixture(t, nil)
	f.write("wide.txt", "\xff\xfet\x00w\x00o\x00")
	for _, encoding := range []string{"auto", "utf-16"} {
		chunks := chunksIn(t, f.get("/chunks?path=wide.txt&encoding="+encoding))
		assert.Equal(t, "two", chunks[0].Text)
		assert.Equal(t, encoding == "auto", chunks[0].Encoding == "utf-16")
		assert.Equal(t, "---\nwide.txt\n---\n\ntwo", text(t, f.get("/concat?path=wide.txt&encoding="+encoding)))
	}
	for _, endpoint := range []string{"/chunks", "/concat"} {
		assert.Equal(t, http.StatusUnprocessableEntity, f.get(endpoint+"?path=wide.txt").StatusCode)
		assert.Equal(t, http.StatusUnprocessableEntity, f.get(endpoint+"?path=noise.bin&encoding=auto").StatusCode)
		assert.Equal(t, http.StatusBadRequest, f.get(endpoint+"?path=a.txt&encoding=klingon").StatusCode)
	}
}

// TestSelections selects files of a directory by patterns, in both ways to read one.
func TestSelections(t *testing.T) {
	f := newFixture(t, nil)
	f.write("repo/.gitignore", "*.log\n/out/\n")
	for _, name := range []string{"a.md", "b.log", "draft/c.md", "out/d.md", ".git/e.md"} {
		f.write("repo/"+name, "text of "+name)
	}
	for query, want := range map[string][]string{
		"git=1":                                  {".gitignore", "a.md", "draft/c.md"},
		"git=1&include=*.md&exclude=draft*/":     {"a.md"},
		"git=0&include=*.md&include=*.log":       {".git/e.md", "a.md", "b.log", "draft/c.md", "out/d.md"},
		"include=&exclude=&exclude=.*&git=":      {"a.md", "b.log", "draft/c.md", "out/d.md"},
		"git=1&exclude=!*.log&exclude=*.md":      {".gitignore", "b.log"},
		"include=draft&type=.md&exclude=nothing": {"draft/c.md"},
	} {
		var chunked []string
		for _, c := range chunksIn(t, f.get("/chunks?path=repo&"+query)) {
			chunked = append(chunked, strings.TrimPrefix(c.FilePath, "repo/"))
		}
		assert.Equal(t, want, chunked, query)
		joined := text(t, f.get("/concat?path=repo&"+query))
		for _, name := range []string{".git/e.md", ".gitignore", "a.md", "b.log", "draft/c.md", "out/d.md"} {
			assert.Equal(t, slices.Contains(want, name), strings.Contains(joined, "---\nrepo/"+name+"\n---"), "%s: %s", query, name)
		}
	}
	assert.Equal(t, []string{`"chunk repo/b.log: excluded by repo/.gitignore:1: *.log"`, `"chunk repo/out: excluded by repo/.gitignore:2: /out/"`},
		f.get("/chunks?path=repo&git=1&exclude=.git").Trailer["Chunk-Skipped-File"][1:])
	for _, query := range []string{"git=2", "git=yes", "git=1&git=1", "exclude=/", "include=!", "include=a%0Ab"} {
		for _, endpoint := range []string{"/chunks?path=sub&", "/concat?path=sub&"} {
			assert.Equal(t, http.StatusBadRequest, f.get(endpoint+query).StatusCode, endpoint+query)
			assert.Equal(t, http.StatusBadRequest, f.do("HEAD", endpoint+query, "").StatusCode, endpoint+query)
		}
	}
}

// Package net/http sends the trailers of answers of every length.
func TestTrailersAreSent(t *testing.T) {
	f := newFixture(t, nil)
	f.write("empty/a.txt", "")
	server := httptest.NewServer(f)
	defer server.Close()
	for url, want := range map[string]http.Header{
		"/concat?path=a.txt&path=none": {"Concat-Files": {"1"}, "Concat-Chars": {"21"}, "Concat-Skipped": {"1"}, "Concat-Skipped-File": {`"read none: no such file or directory"`}},
		"/concat?path=sub&type=.none":  {"Concat-Files": {"0"}, "Concat-Chars": {"0"}, "Concat-Skipped": {"0"}, "Concat-Skipped-File": nil},
		"/chunks?path=a.txt":           {"Chunk-Files": {"1"}, "Chunk-Count": {"1"}, "Chunk-Chars": {"6"}, "Chunk-Skipped": {"0"}, "Chunk-Skipped-File": nil},
		"/chunks?path=empty":           {"Chunk-Files": {"1"}, "Chunk-Count": {"0"}, "Chunk-Chars": {"0"}, "Chunk-Skipped": {"0"}, "Chunk-Skipped-File": nil},
	} {
		r, err := server.Client().Get(server.URL + url)
		require.NoError(t, err)
		text(t, r)
		r.Body.Close()
		assert.Equal(t, want, r.Trailer, url)
	}
}

// A file of more than MaxFileSize is cut if none of its chunks could be as large.
func TestLargeFilesAreCutIntoSmallChunks(t *testing.T) {
	f := newFixture(t, nil) // big.txt has 101 bytes, and 100 are the limit
	for query, code := range map[string]int{
		"size=10": 200, "size=10&overlap=1": 200, "size=11": 413, "size=1&unit=tokens": 413, "": 413, "size=0": 413, "size=" + maxInt: 413,
	} {
		for _, method := range []string{"GET", "HEAD"} {
			for _, path := range []string{"/chunks?path=big.txt&", "/view/big.txt?"} {
				r := f.do(method, path+query, "")
				assert.Equal(t, code, r.StatusCode, method+path+query)
				if body := text(t, r); code == 413 && strings.Contains(query, "size") {
					assert.Contains(t, body, "it can only be cut with unit=chars, split=none and a size of at most 10")
				}
			}
		}
		assert.Equal(t, code, f.get("/chunks?path=.&type=.txt&"+query).StatusCode, query)
	}
	var joined strings.Builder
	for _, c := range chunksIn(t, f.get("/chunks?path=big.txt&size=10&overlap=0&threshold=0")) {
		joined.WriteString(c.Text)
	}
	assert.Equal(t, tree["big.txt"], joined.String())
}

// No chunk is longer than chunkBytes says.
func TestChunkBytes(t *testing.T) {
	const size = 8
	longest := 0
	for length := range 20 * size {
		for _, overlap := range []float64{0, 0.5, 1} {
			for _, threshold := range []int{0, size, 10 * size} {
				chunks, err := fileops.ChunkText(strings.Repeat("🦊", length), &fileops.ChunkOptions{Size: size, Overlap: overlap, Threshold: threshold})
				require.NoError(t, err)
				for _, c := range chunks {
					longest = max(longest, len(c.Text))
				}
			}
		}
	}
	assert.Equal(t, size*chunkBytes, longest)
}

func TestStats(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.Workers = 3 })
	text(t, f.get("/file/a.txt"))
	got := decode[fileops.Stats](t, f.get("/stats"))
	assert.Equal(t, 3, got.Workers)
	assert.Equal(t, uint64(1), got.Done)
	assert.Equal(t, uint64(6), got.BytesRead)
}

func TestStatuses(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		method, url, body string
		code              int
	}{
		{"GET", "/file/none.txt", "", 404},
		{"GET", "/file/", "", 404},
		{"GET", "/file/a.txt/b", "", 404},
		{"GET", "/nothing", "", 404},
		{"GET", "/files?dir=none", "", 404},
		{"GET", "/chunks?path=none", "", 404},
		{"GET", "/concat?path=none", "", 404},
		{"GET", "/browse/none", "", 404},
		{"GET", "/view/none", "", 404},
		{"GET", "/static/none", "", 404},

		{"GET", "/file/sub", "", 400},
		{"GET", "/file/a%00b", "", 400},
		{"GET", "/file/" + strings.Repeat("n", 300), "", 400},
		{"GET", "/concat", "", 400},
		{"POST", "/concat", "path=%zz", 400},
		{"GET", "/chunks?path=a.txt&size=many", "", 400},
		{"GET", "/chunks?path=a.txt&size=-1", "", 400},
		{"GET", "/chunks?path=a.txt&overlap=2", "", 400},
		{"GET", "/chunks?path=a.txt&overlap=x", "", 400},
		{"GET", "/chunks?path=a.txt&threshold=x", "", 400},
		{"GET", "/chunks?path=a.txt&unit=bytes", "", 400},
		{"GET", "/chunks?path=sub&type=*.txt", "", 400},
		{"GET", "/view/sub?size=3", "", 400},
		{"GET", "/view/a.txt?size=3&page=0", "", 400},
		{"GET", "/view/a.txt?size=3&page=x", "", 400},
		{"GET", "/view/a.txt?page=2", "", 400},
		{"GET", "/view/a.txt?size=0&overlap=2", "", 400},
		{"PUT", "/file/x?overwrite=maybe", "", 400},
		{"PUT", "/file/x", "\xff", 400},
		{"PUT", "/file/x/", "", 400},
		{"PUT", "/file/x%5Cy", "", 400},
		{"PUT", "/file/sub?overwrite=1", "", 400},

		{"GET", "/file/%2e%2e/secret.txt", "", 403},
		{"GET", "/file/sub/%2e%2e/%2e%2e/secret.txt", "", 403},
		{"GET", "/file/%2e%2e%2fsecret.txt", "", 403},
		{"GET", "/file/%2Fetc/passwd", "", 403},
		{"GET", "/file/out.txt", "", 403},
		{"GET", "/file/up/secret.txt", "", 403},
		{"GET", "/files?dir=..", "", 403},
		{"GET", "/files?dir=/", "", 403},
		{"GET", "/files?dir=up", "", 403},
		{"GET", "/chunks?path=../secret.txt", "", 403},
		{"GET", "/chunks?path=up", "", 403},
		{"GET", "/view/out.txt?size=3", "", 403},
		{"GET", "/chunks?path=out.txt", "", 403},
		{"GET", "/concat?path=../secret.txt", "", 403},
		{"GET", "/concat?path=/etc/passwd", "", 403},
		{"GET", "/concat?path=out.txt", "", 403},
		{"GET", "/browse/%2e%2e", "", 403},
		{"GET", "/browse/up", "", 403},
		{"GET", "/view/out.txt", "", 403},
		{"GET", "/view/%2e%2e/secret.txt", "", 403},
		{"PUT", "/file/%2e%2e/new.txt", "", 403},
		{"PUT", "/file/%2Ftmp/new.txt", "", 403},
		{"PUT", "/file/up/new.txt", "", 403},

		{"DELETE", "/file/a.txt", "", 405},
		{"PUT", "/file/a.txt", "", 409},
		{"PUT", "/file/sub", "", 409},
		{"GET", "/file/big.txt", "", 413},
		{"GET", "/view/big.txt", "", 413},
		{"GET", "/chunks?path=big.txt", "", 413},
		{"PUT", "/file/large.txt", strings.Repeat("x", 101), 413},
		{"POST", "/concat", "path=" + strings.Repeat("x", maxForm), 413},
		{"GET", "/file/noise.bin", "", 422},
		{"GET", "/view/noise.bin", "", 422},
		{"GET", "/chunks?path=noise.bin", "", 422},
		{"GET", "/view/noise.bin?size=3", "", 422},
		{"GET", "/concat?path=noise.bin", "", 422},
	} {
		t.Run(c.method+" "+c.url[:min(len(c.url), 60)], func(t *testing.T) {
			r := f.do(c.method, c.url, c.body)
			body := text(t, r)
			assert.Equal(t, c.code, r.StatusCode, body)
			assert.NotEmpty(t, body)
			assert.NotContains(t, body, secret)
			assert.NotContains(t, body, f.dir, "the answer must not show the path of the root")
		})
	}
	above, err := os.ReadDir(filepath.Dir(f.dir))
	require.NoError(t, err)
	assert.Len(t, above, 2, "nothing was saved outside the root")
	assert.NoFileExists(t, filepath.Join(f.dir, "large.txt"))
	assert.Empty(t, f.log.String(), "no error here is the server's fault")
}

// net/http redirects a path with ".." to the path without it, so the handler never
// gets one.
func TestDotsAreRedirected(t *testing.T) {
	r := newFixture(t, nil).get("/file/sub/../../secret.txt")
	assert.Equal(t, http.StatusTemporaryRedirect, r.StatusCode)
	assert.Equal(t, "/secret.txt", r.Header.Get("Location"))
}

func TestStatusOfErrors(t *testing.T) {
	for err, want := range map[error]int{
		fmt.Errorf("x: %w", fileops.ErrOverloaded):    503,
		fileops.ErrClosed:                             503,
		context.DeadlineExceeded:                      504,
		context.Canceled:                              499,
		os.ErrDeadlineExceeded:                        408,
		io.ErrUnexpectedEOF:                           400,
		&fs.PathError{Op: "x", Err: fs.ErrPermission}: 403,
		errors.New("anything else"):                   500,
	} {
		assert.Equal(t, want, status(err), err)
	}
}

func TestServerErrorIsOnlyInTheLog(t *testing.T) {
	var log strings.Builder
	s := &service{log: slog.New(slog.NewTextHandler(&log, nil))}
	w := httptest.NewRecorder()
	fails := func(http.ResponseWriter, *http.Request) error { return errors.New("disk on fire") }
	s.answer(fails, showText).ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
	assert.Equal(t, http.StatusInternalServerError, w.Code)
	assert.Equal(t, "Internal Server Error\n", w.Body.String())
	assert.Contains(t, log.String(), "disk on fire")
}

func TestAnotherSiteCannotSave(t *testing.T) {
	f := newFixture(t, nil)
	r := httptest.NewRequest("PUT", "/file/planted.txt", strings.NewReader("x"))
	r.Header.Set("Origin", "https://elsewhere.example")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.NoFileExists(t, filepath.Join(f.dir, "planted.txt"))
}
