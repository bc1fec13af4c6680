package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"

	"github.com/lion-agi/fileops"
)

// A page shows at most so many chunks, and so much of their text.
const (
	shownChunks = 200
	shownBytes  = 256 << 10
)

// viewChunks shows one page of the chunks of a file.
func (s *service) viewChunks(w http.ResponseWriter, r *http.Request, name string, opts *fileops.ChunkOptions) error {
	number, err := parse(r.Form, "page", 1, parsePage, "must be a whole number above 0")
	if err != nil {
		return err
	}
	info, err := s.lookAtChunks(r.Context(), name, opts)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &fs.PathError{Op: "chunk", Path: name, Err: fileops.ErrNotRegular}
	}
	if r.Method == http.MethodHead {
		return begin(w, r, htmlText)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	page, err := s.chunkPage(ctx, name, opts, number)
	if err != nil {
		return err
	}
	data := viewData(name, opts, cmp.Or(r.Form.Get("split"), "none"))
	data["JSON"] = chunksURL(name, r.Form)
	data["Total"], data["Bytes"] = page.total, info.Size()
	data["Chunks"], data["Cut"] = page.colored(), page.cut()
	if number > 1 {
		data["Earlier"] = pageURL(name, r.Form, number-1)
	}
	if page.after.ID > 0 {
		data["Later"] = pageURL(name, r.Form, number+1)
	}
	return writePage(w, r, "chunks.html", data)
}

// pageURL returns the URL of a page of chunks.
func pageURL(name string, query url.Values, number int) string {
	query.Set("page", strconv.Itoa(number))
	return pathURL("/view/", name) + "?" + query.Encode()
}

// chunksURL returns the URL of all chunks of a page's file as JSON lines.
func chunksURL(name string, query url.Values) string {
	all := url.Values{"path": {name}}
	for parameter := range cutting {
		if query.Has(parameter) {
			all[parameter] = query[parameter]
		}
	}
	return "/chunks?" + all.Encode()
}

// A chunkPage is some of the chunks of a file, without their Text, and their
// neighbors on the pages before and after, whose ID is 0 if there are none.
type chunkPage struct {
	before, after fileops.TextChunk
	chunks        []fileops.TextChunk
	total         int    // of the chunks of the file
	text          string // of the file from the start of the first chunk on, of at most shownBytes
}

// chunkPage cuts a file up to the end of a page, and holds nothing of the pages
// before.
func (s *service) chunkPage(ctx context.Context, name string, opts *fileops.ChunkOptions, number int) (*chunkPage, error) {
	p := new(chunkPage)
	page, count, start := 1, 0, 0
	for c, err := range s.pool.Chunks(ctx, name, opts) {
		if err != nil {
			return nil, err
		}
		c.Text = "" // it would keep other chunks' texts in memory
		p.total = c.Total
		if count == shownChunks || count > 0 && c.End-start > shownBytes {
			page, count = page+1, 0
		}
		if count == 0 {
			start = c.Start
		}
		count++
		if page > number {
			p.after = c
			break
		}
		if page == number {
			p.chunks = append(p.chunks, c)
		} else {
			p.before = c
		}
	}
	return p, s.readText(ctx, name, p)
}

// readText reads the text of a page. The Text of the chunks would not do: a chunk of
// words has one space where the file may have more.
func (s *service) readText(ctx context.Context, name string, p *chunkPage) error {
	if len(p.chunks) == 0 {
		return nil
	}
	start, end := p.chunks[0].Start, p.chunks[len(p.chunks)-1].End
	text := make([]byte, min(end-start, shownBytes+1)) // one more than is shown, for head
	_, err := inSlot(ctx, s, func(context.Context) (int, error) {
		f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // do not wait for a FIFO that has come there
		if err != nil {
			return 0, err
		}
		defer f.Close()
		return f.ReadAt(text, int64(start))
	})
	if errors.Is(err, io.EOF) {
		return &fs.PathError{Op: "read", Path: name, Err: fileops.ErrChanged}
	}
	p.text = head(string(text), shownBytes)
	return err
}

// cut reports whether the page shows only the beginning of its last chunk.
func (p *chunkPage) cut() bool {
	return len(p.chunks) > 0 && p.chunks[len(p.chunks)-1].End-p.chunks[0].Start > len(p.text)
}

// A shownChunk is a chunk in three parts. Before is also in the previous chunk,
// After is also in the next one, and Own is in this chunk only.
type shownChunk struct {
	fileops.TextChunk
	Before, Own, After string
	// Odd selects the colors. An overlap has the same color in both of its chunks,
	// and the next overlap has another one.
	Odd bool
}

// colored divides the chunks of a page into three parts. The offsets of neighboring
// chunks show their overlap.
func (p *chunkPage) colored() []shownChunk {
	shown := make([]shownChunk, len(p.chunks))
	for i, c := range p.chunks {
		begin, end := c.Start, c.End
		if before := p.neighbor(i - 1); before.ID > 0 { // max, because chunks of words without an overlap have a gap
			begin = max(begin, before.End)
		}
		if after := p.neighbor(i + 1); after.ID > 0 {
			end = min(end, after.Start)
		}
		shown[i] = shownChunk{
			TextChunk: c,
			Before:    p.part(c.Start, begin),
			Own:       p.part(begin, end),
			After:     p.part(end, c.End),
			Odd:       c.ID%2 == 0,
		}
	}
	return shown
}

// neighbor returns chunk i of the page, which may be the one before or after it.
func (p *chunkPage) neighbor(i int) fileops.TextChunk {
	switch i {
	case -1:
		return p.before
	case len(p.chunks):
		return p.after
	}
	return p.chunks[i]
}

// part returns a part of the text, as far as the page has it.
func (p *chunkPage) part(start, end int) string {
	first := p.chunks[0].Start
	return p.text[min(start-first, len(p.text)):min(end-first, len(p.text))]
}
