package fileops

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file is the walk over a [FlatFS]: it lists the whole tree, a page at a time, in
// place of its directories. A page is a directory whose last item is the
// next page.

// A page is the place of a listing, with the facts from earlier files that later ones
// depend on.
type page struct {
	token string
	idle  int // pages without an entry before it

	last    string   // the name before
	taken   string   // the name before that was not dropped
	files   []string // the files that last begins with, the shortest first
	dropped string   // a directory, with a slash, that is left out
}

// idlePages is how many pages without an entry may follow each other.
const idlePages = 1000

var errUnordered = errors.New("the listing is not in the order of paths")

// listPage lists a page and chooses from its entries, in a slot.
func (w *walk) listPage(d *directory) error {
	return w.task.inSlot(&use{op: "list", path: d.path}, func() error {
		c := choice{walk: w, files: w.task.files(), dir: d, prefix: w.prefix(d.path), flat: true}
		entries, token, err := vfs.ReadTree(c.files, d.path, d.page.token)
		if err != nil {
			return err
		}
		next := *d.page // a call that is tried again begins anew
		next.files = slices.Clone(next.files)
		if entries, err = next.advance(entries, token, func(dir string) bool {
			return c.excluded(vfs.Entry{Name: dir, Kind: vfs.KindDir}) != nil
		}); err != nil {
			return err
		}
		if d.items, d.subs, err = c.choose(entries); err != nil || token == "" {
			return err
		}
		sub := newDirectory(d.path, nil, nil)
		sub.top, sub.page = true, &next
		d.items, d.subs = append(d.items, item{path: d.path, sub: sub}), append(d.subs, sub)
		return nil
	})
}

// advance goes on to the page with the given token. It returns the entries that a
// walk by directory would find, with a directory that is left out in place of its
// files.
func (p *page) advance(entries []vfs.Entry, token string, excluded func(dir string) bool) (kept []vfs.Entry, err error) {
	if p.idle++; len(entries) > 0 {
		p.idle = 0
	}
	if p.idle == idlePages || token != "" && token == p.token {
		return nil, io.ErrNoProgress
	}
	p.token = token
	for i, e := range entries {
		switch c := strings.Compare(e.Name, p.last); {
		case c < 0:
			return nil, errUnordered
		case c == 0 && (i > 0 || p.last != ""):
			e.Refuse("it is listed twice")
		}
		p.last = e.Name
		switch {
		case p.dropped != "" && strings.HasPrefix(e.Name, p.dropped), e.Kind == vfs.KindDir && e.Err() == nil:
			continue
		case e.Err() != nil:
		default:
			e = p.take(e, excluded)
		}
		kept = append(kept, e)
	}
	return kept, nil
}

// take takes a file or, in its place, the directory above it that is left out.
func (p *page) take(e vfs.Entry, excluded func(dir string) bool) vfs.Entry {
	for n := len(p.files); n > 0 && !strings.HasPrefix(e.Name, p.files[n-1]); n-- {
		p.files = p.files[:n-1]
	}
	known := commonLength(e.Name, p.taken)
	for i := range len(e.Name) {
		if e.Name[i] != '/' || i < known {
			continue
		}
		dir := vfs.Entry{Name: e.Name[:i], Kind: vfs.KindDir}
		isFile := slices.Contains(p.files, dir.Name)
		if isFile {
			dir.Refuse("it is a file, too")
		}
		if isFile || excluded(dir.Name) {
			p.dropped = e.Name[:i+1]
			return dir
		}
	}
	p.taken = e.Name
	p.files = append(p.files, e.Name)
	return e
}

// commonLength returns the length of the beginning that a and b share.
func commonLength(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
