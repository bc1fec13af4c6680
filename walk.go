package fileops

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/errgroup"
)

// A walk collects the regular files below a directory. Several goroutines list
// directories, each listing in a slot of its own.
//
// Links to regular files count as files. Links to directories are not entered,
// so a loop of links cannot catch a walk. Neither is a link that takes the place
// of a directory before that is listed. Other things (FIFOs, sockets, devices,
// links to nothing) are no files. Only the directory that the walk begins at may
// be a link.
type walk struct {
	task    *task
	shallow bool
	keep    func(name string) bool
	found   func(files int) // reports progress, may be nil

	// tolerant collects failures: directories that cannot be listed and entries
	// that cannot be looked at. Otherwise the first failure, in the order of
	// paths, is the walk's error.
	tolerant bool
	mu       sync.Mutex // guards failures
	failures []SkippedFile

	first atomic.Pointer[SkippedFile] // the first failure so far, unless tolerant
	group errgroup.Group
}

// A listing is a directory's files and, in between and in order, the listings
// of its directories.
type listing struct {
	paths []string
	subs  []sub
}

// A sub is a listing below another.
type sub struct {
	at int // how many of the paths come before it
	*listing
}

// files returns the files below dir, sorted by path.
//
// Within a directory, the names of directories are compared as if a separator
// followed them. That makes the depth-first order the order of whole paths.
func (w *walk) files(dir string) ([]string, error) {
	w.group.SetLimit(4 * fanOut(w.task.pool)) // many, since listings are short and lead to more
	top := new(listing)
	err := w.visit(dir, top, true)
	if groupErr := w.group.Wait(); err == nil {
		err = groupErr
	}
	if first := w.first.Load(); err == nil && first != nil {
		err = first.Err
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(w.failures, func(a, b SkippedFile) int { return strings.Compare(a.Path, b.Path) })
	return top.flatten(make([]string, 0, top.count())), nil
}

func (l *listing) count() int {
	n := len(l.paths)
	for _, s := range l.subs {
		n += s.count()
	}
	return n
}

func (l *listing) flatten(paths []string) []string {
	done := 0
	for _, s := range l.subs {
		paths = append(paths, l.paths[done:s.at]...)
		paths = s.flatten(paths)
		done = s.at
	}
	return append(paths, l.paths[done:]...)
}

// visit lists a directory into l and visits those below it.
func (w *walk) visit(dir string, l *listing, top bool) error {
	if first := w.first.Load(); first != nil && first.Path < dir {
		return nil // nothing below dir could be the first failure
	}
	entries, failures, err := w.list(dir, top)
	switch {
	case err == nil:
	case endsOperation(w.task, err), top:
		return err
	case vfs.LeadsNowhere(err): // removed or replaced since its parent was listed
	default:
		failures = append(failures, SkippedFile{dir, err})
	}
	for _, f := range failures {
		w.fail(f)
	}
	entries = w.wanted(entries)
	slices.SortFunc(entries, compareEntries)
	paths := joinPaths(vfs.Prefix(dir), entries)
	for i, path := range paths {
		if entries[i].Kind == vfs.KindFile {
			l.paths = append(l.paths, path)
			continue
		}
		below := new(listing)
		l.subs = append(l.subs, sub{len(l.paths), below})
		if err := w.enter(path, below); err != nil {
			return err
		}
	}
	if w.found != nil {
		w.found(len(l.paths))
	}
	return nil
}

// enter visits a directory, on another goroutine if one is free.
func (w *walk) enter(dir string, l *listing) error {
	if w.group.TryGo(func() error { return w.visit(dir, l, false) }) {
		return nil
	}
	return w.visit(dir, l, false)
}

// fail notes a failure.
func (w *walk) fail(f SkippedFile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tolerant {
		w.failures = append(w.failures, f)
		return
	}
	if first := w.first.Load(); first == nil || f.Path < first.Path {
		w.first.Store(&f)
	}
}

// wanted keeps the directories to visit and the files to return.
func (w *walk) wanted(entries []vfs.Entry) []vfs.Entry {
	return slices.DeleteFunc(entries, func(e vfs.Entry) bool {
		switch e.Kind {
		case vfs.KindDir:
			return w.shallow
		case vfs.KindFile:
			return !w.keep(e.Name) || vfs.IsTempName(e.Name)
		default:
			return true
		}
	})
}

// joinPaths returns the paths of a directory's entries. They share one string,
// so that a path costs no allocation of its own.
func joinPaths(prefix string, entries []vfs.Entry) []string {
	size := 0
	for _, e := range entries {
		size += len(prefix) + len(e.Name)
	}
	var all strings.Builder
	all.Grow(size)
	for _, e := range entries {
		all.WriteString(prefix)
		all.WriteString(e.Name)
	}
	paths := make([]string, len(entries))
	rest := all.String()
	for i, e := range entries {
		n := len(prefix) + len(e.Name)
		paths[i], rest = rest[:n], rest[n:]
	}
	return paths
}

// list lists a directory and looks at the entries whose kind the listing does
// not tell. It returns those that cannot be looked at as failures.
func (w *walk) list(dir string, follow bool) (entries []vfs.Entry, failures []SkippedFile, err error) {
	err = w.task.inSlot(&use{op: "list", path: dir}, func() (err error) {
		files := w.task.pool.fs
		if entries, err = files.List(vfs.OrDot(dir), follow); err != nil {
			return err
		}
		failures, err = w.resolve(files, vfs.Prefix(dir), entries)
		return err
	})
	return entries, failures, err
}

// resolve finds out the kinds of entries that a listing does not tell.
func (w *walk) resolve(files vfs.FS, prefix string, entries []vfs.Entry) (failures []SkippedFile, err error) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != vfs.KindUnknown && e.Kind != vfs.KindLink {
			continue
		}
		if err := w.task.Err(); err != nil { // there may be very many
			return nil, err
		}
		path := prefix + e.Name
		kind, err := kindOf(files, path, e.Kind)
		if vfs.OutOfDescriptors(err) {
			return nil, err
		}
		if err != nil {
			failures = append(failures, SkippedFile{path, pathError("list", path, err)})
		}
		e.Kind = kind
	}
	return failures, nil
}

// kindOf returns KindFile, KindDir or KindOther for an entry of unknown kind or
// a link.
func kindOf(files vfs.FS, path string, kind vfs.Kind) (vfs.Kind, error) {
	if kind == vfs.KindUnknown {
		st, err := files.Lstat(path)
		switch {
		case vfs.IsNotExist(err): // removed since it was listed
			return vfs.KindOther, nil
		case err != nil:
			return vfs.KindOther, err
		}
		kind = vfs.KindOf(st.Mode)
	}
	if kind != vfs.KindLink {
		return kind, nil
	}
	st, err := files.Stat(path)
	switch {
	case vfs.LeadsNowhere(err), err == nil && !st.Mode.IsRegular():
		return vfs.KindOther, nil
	case err != nil:
		return vfs.KindOther, err
	default:
		return vfs.KindFile, nil
	}
}

// compareEntries orders entries as the paths below them are ordered.
func compareEntries(a, b vfs.Entry) int {
	if a.Kind != vfs.KindDir && b.Kind != vfs.KindDir {
		return cmp.Compare(a.Name, b.Name)
	}
	n := min(len(a.Name), len(b.Name))
	if c := cmp.Compare(a.Name[:n], b.Name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(byteAt(a, n), byteAt(b, n))
}

// byteAt returns byte n of the paths below an entry, -1 at the end of a file's.
func byteAt(e vfs.Entry, n int) int {
	switch {
	case n < len(e.Name):
		return int(e.Name[n])
	case e.Kind == vfs.KindDir:
		return os.PathSeparator
	default:
		return -1
	}
}
