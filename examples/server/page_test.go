package main

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const oddName = `odd "dir" & <i>/a b#c?d%41+.txt`

var links = regexp.MustCompile(`(?:href|src|action)="([^"]*)"`)

// linksOf returns the URLs in a page.
func linksOf(page string) (urls []string) {
	for _, m := range links.FindAllStringSubmatch(page, -1) {
		urls = append(urls, html.UnescapeString(m[1]))
	}
	return urls
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 1 << 10 })
	f.write(oddName, "text")
	seen := map[string]bool{"/concat": true} // it needs a selection
	todo := []string{"/", "/view/a.txt?size=2", "/view/many.txt?size=2"}
	f.write("many.txt", strings.Repeat("many", shownChunks/4))
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		if seen[next] {
			continue
		}
		seen[next] = true
		r := f.get(next)
		if strings.Contains(next, "noise.bin") || strings.Contains(next, "big.txt") || strings.Contains(next, "out.txt") {
			continue // these are errors, which TestStatuses covers
		}
		require.Equal(t, http.StatusOK, r.StatusCode, next)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			todo = append(todo, linksOf(text(t, r))...)
		}
	}
	for _, want := range []string{"/browse/sub", "/view/sub/c.txt", "/file/sub/c.txt", "/static/style.css", "/static/script.js", "/static/icon.svg"} {
		assert.Contains(t, seen, want)
	}
	assert.Contains(t, seen, pathURL("/view/", oddName))
}

func TestBrowse(t *testing.T) {
	f := newFixture(t, nil)
	f.write(oddName, "text")
	page := text(t, f.get("/"))
	assert.Contains(t, page, `<input type="checkbox" name="path" value="a.txt"`)
	assert.Contains(t, page, `<a class="dir" href="/browse/sub">sub/</a>`)
	assert.NotContains(t, page, "c.txt", "it is in a subdirectory")
	assert.NotContains(t, page, "<i>")
	assert.Contains(t, page, "odd &#34;dir&#34; &amp; &lt;i&gt;")
	assert.Equal(t, page, text(t, f.get("/browse/")))

	below := text(t, f.get("/browse/sub/"))
	assert.Contains(t, below, `value="sub/c.txt"`)
	assert.Contains(t, below, `<a href="/browse/sub">sub</a>`)
}

func TestEmptyDirectory(t *testing.T) {
	f := newFixture(t, nil)
	f.write("lone/dir/x", "")
	assert.NotContains(t, text(t, f.get("/browse/lone")), "Nothing is here")
	f2 := newFixture(t, nil)
	require.NoError(t, f2.mkdir("hollow"))
	assert.Contains(t, text(t, f2.get("/browse/hollow")), "Nothing is here")
}

// A form without JavaScript sends the same request as this test.
func TestSelectionIsConcatenated(t *testing.T) {
	f := newFixture(t, nil)
	f.write(oddName, "odd text")
	page := text(t, f.get("/"))
	require.Contains(t, page, `<form action="/concat">`)
	dir, _, _ := strings.Cut(oddName, "/")
	require.Contains(t, page, `value="`+html.EscapeString(dir)+`"`)
	form := url.Values{"type": {""}, "path": {dir, "a.txt"}}
	assert.Equal(t, "---\na.txt\n---\n\nalpha\n\n---\n"+oddName+"\n---\n\nodd text", text(t, f.get("/concat?"+form.Encode())))
}

func TestViewEscapes(t *testing.T) {
	f := newFixture(t, nil)
	f.write("x.html", `<script>alert("é")</script>`)
	for query, length := range map[string]string{"": "27 characters", "?size=10&overlap=0.5&threshold=0": "28 bytes"} {
		r := f.get("/view/x.html" + query)
		page := text(t, r)
		assert.NotContains(t, page, "<script>")
		assert.Contains(t, page, "&lt;script&gt;")
		assert.Contains(t, page, length)
		assert.Contains(t, r.Header.Get("Content-Security-Policy"), "script-src 'self'")
	}
}

func TestViewShowsTheBeginningOfLargeFiles(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 1 << 20 })
	f.write("large.txt", "1"+strings.Repeat("é", shownBytes/2))
	page := text(t, f.get("/view/large.txt"))
	assert.Contains(t, page, "The file goes on")
	assert.Equal(t, shownBytes/2-1, strings.Count(page, "é"), "a character that does not fit is left out")
	assert.NotContains(t, page, "�")

	page = text(t, f.get("/view/large.txt?size=10&overlap=0&threshold=0"))
	assert.Equal(t, shownChunks, strings.Count(page, `<li id="chunk-`))
	assert.Contains(t, page, "later chunks")
}

var (
	anchor    = regexp.MustCompile(`<a href="([^"]*)" rel="(prev|next)">`)
	chunkText = regexp.MustCompile(`(?s)<li id="chunk-(\d+)">.*?<pre>\n(.*?)</pre>`)
	mark      = regexp.MustCompile(`</?mark[^>]*>`)
)

// readPages follows the links from the first page of chunks to the last one, and
// back. It returns the texts on each page.
func readPages(t *testing.T, f *fixture, first string) (pages [][]string) {
	id, back := 0, ""
	for url := first; url != ""; {
		page := text(t, f.get(url))
		var texts []string
		for _, m := range chunkText.FindAllStringSubmatch(page, -1) {
			id++
			assert.Equal(t, fmt.Sprint(id), m[1])
			texts = append(texts, html.UnescapeString(mark.ReplaceAllString(m[2], "")))
		}
		pages = append(pages, texts)
		links := map[string]string{}
		for _, m := range anchor.FindAllStringSubmatch(page, -1) {
			links[m[2]] = html.UnescapeString(m[1])
		}
		assert.Equal(t, back, links["prev"])
		back, url = url, links["next"]
	}
	return pages
}

func TestPagesOfChunks(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 1 << 20 })
	for _, c := range []struct {
		text, size, unit string
		pages, most      int // pages, and chunks on one
	}{
		{"", "3", "chars", 1, 0},
		{"short", "3", "chars", 1, 2},
		{strings.Repeat("é&\n", 400), "6", "chars", 1, 200},
		{strings.Repeat("é&\n", 401), "6", "chars", 2, 200},
		{strings.Repeat("x", 1001), "1", "chars", 6, 200},
		{strings.Repeat("word  \n", 5000), "5", "tokens", 5, 200},
		{strings.Repeat("é<", 300_000), "10000", "chars", 4, 17}, // some pages are full of text first
		{strings.Repeat("x", shownBytes) + "end", fmt.Sprint(shownBytes), "chars", 2, 1},
	} {
		f.write("long", c.text)
		query := url.Values{"size": {c.size}, "unit": {c.unit}, "overlap": {"0"}, "threshold": {"0"}}
		pages := readPages(t, f, pageURL("long", query, 1))
		assert.Len(t, pages, c.pages, query)
		joined, most := "", 0
		for _, texts := range pages {
			joined += strings.Join(texts, "")
			most = max(most, len(texts))
		}
		assert.Equal(t, c.most, most, query)
		if c.unit == "tokens" { // no chunk has the blanks around it
			c.text, joined = strings.Join(strings.Fields(c.text), ""), strings.Join(strings.Fields(joined), "")
		}
		assert.True(t, c.text == joined, query)
	}
}

// Chunks on two pages have their overlap in the same color.
func TestOverlapsAcrossPagesAreColored(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 1 << 20 })
	f.write("long", strings.Repeat("0123456789", shownChunks))
	const query = "/view/long?size=5&overlap=0.4&threshold=0&page="
	for page, want := range map[string]string{
		"1": "<pre>\n<mark class=\"even\">45</mark>678<mark class=\"odd\">90</mark></pre>\n</li>\n</ol>",
		"2": "<ol class=\"chunks\">\n<li id=\"chunk-201\">\n<h2>201 <small>7 characters, bytes 999 to 1006</small></h2>\n<pre>\n<mark class=\"odd\">90</mark>123<mark class=\"even\">45</mark></pre>",
	} {
		assert.True(t, strings.Contains(text(t, f.get(query+page)), want), page)
	}
}

// A chunk that is longer than a page is cut, and the page says so.
func TestPageOfALongChunk(t *testing.T) {
	f := newFixture(t, func(s *settings) { s.pool.MaxFileSize = 1 << 20 })
	f.write("long", "1"+strings.Repeat("é", shownBytes))
	page := text(t, f.get("/view/long?size=1000000&page=1"))
	assert.Contains(t, page, `Only the beginning of this chunk is shown: <a href="/chunks?path=long&amp;size=1000000">`)
	assert.Equal(t, shownBytes/2-1, strings.Count(page, "é"), "a character that does not fit is left out")
	assert.NotContains(t, page, "�")
}

// A page after the last one is empty.
func TestPageAfterTheLast(t *testing.T) {
	f := newFixture(t, nil)
	page := text(t, f.get("/view/a.txt?size=3&threshold=0&page=7"))
	assert.Contains(t, page, "2 chunks of 6 bytes")
	assert.Contains(t, page, "No chunk is here")
	assert.Contains(t, page, `page=6&amp;size=3&amp;threshold=0" rel="prev"`)
	assert.NotContains(t, page, `rel="next"`)
}

// A file that changes while its page is made is an error, not a page of other text.
func TestPageOfAChangedFile(t *testing.T) {
	f := newFixture(t, nil)
	s := &service{pool: f.pool, timeout: patience}
	var err error
	s.root, err = os.OpenRoot(f.dir)
	require.NoError(t, err)
	defer s.root.Close()
	page := &chunkPage{chunks: []fileops.TextChunk{{Start: 0, End: 7}}}
	err = s.readText(t.Context(), "a.txt", page)
	assert.ErrorIs(t, err, fileops.ErrChanged)
	assert.Equal(t, http.StatusConflict, status(err))
}

func TestChunksAreColored(t *testing.T) {
	f := newFixture(t, nil)
	f.write("digits", "0123456789abcdef")
	page := text(t, f.get("/view/digits?size=6&overlap=0.34&threshold=0"))
	for _, want := range []string{
		"<pre>\n01234<mark class=\"even\">56</mark></pre>",
		"<pre>\n<mark class=\"even\">56</mark>789a<mark class=\"odd\">bc</mark></pre>",
		"<pre>\n<mark class=\"odd\">bc</mark>def</pre>",
	} {
		assert.Contains(t, page, want)
	}
	assert.Contains(t, page, `name="size" min="1" value="6"`)
	assert.Contains(t, page, "3 chunks of 16 bytes")
}

// The three parts of a chunk make up the chunk, and neighbors show the same
// overlap.
func TestColoredParts(t *testing.T) {
	const source = "Größe, 走れ メロス\n and some  more words 🦊🦊 to cut into pieces\t."
	for _, unit := range []fileops.Unit{fileops.Chars, fileops.Tokens} {
		for size := 1; size < 12; size++ {
			for _, overlap := range []float64{0, 0.3, 0.5, 1} {
				chunks, err := fileops.ChunkText(source, &fileops.ChunkOptions{Unit: unit, Size: size, Overlap: overlap, Threshold: 1})
				require.NoError(t, err)
				shown := (&chunkPage{chunks: chunks, text: source}).colored()
				require.Len(t, shown, len(chunks))
				for i, c := range shown {
					require.Equal(t, source[c.Start:c.End], c.Before+c.Own+c.After)
					if i == 0 {
						require.Empty(t, c.Before)
					} else {
						require.Equal(t, shown[i-1].After, c.Before)
						require.NotEqual(t, shown[i-1].Odd, c.Odd)
					}
				}
				require.Empty(t, shown[len(shown)-1].After)
			}
		}
	}
}

func TestErrorsArePages(t *testing.T) {
	f := newFixture(t, nil)
	r := f.get("/view/%3Cb%3Enone")
	assert.Equal(t, http.StatusNotFound, r.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
	page := text(t, r)
	assert.Contains(t, page, "read &lt;b&gt;none: no such file")
	assert.Contains(t, page, "<h1>Not Found</h1>")
}

func TestCrumbs(t *testing.T) {
	assert.Empty(t, crumbs(""))
	assert.Equal(t, []crumb{{"a", "a"}, {"b", "a/b"}, {"c", "a/b/c"}}, crumbs("a/b/c"))
}
