package fileops

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// A walk collects the regular files below a directory. Directories are listed
// by several goroutines, each listing in a slot of its own.
//
// Links to regular files count as files; links to directories are not
// entered, so a loop of links cannot catch a walk. Nor is a link that takes a
// directory's place before that is listed. What is neither (FIFOs, sockets,
// devices, links to nothing) is no file and is left out. Only the directory
// that the walk begins at may be a link.
type walk struct {
	task    *task
	shallow bool
	keep    func(name string) bool
	// failed is told of a directory that cannot be listed, and of an entry
	// that cannot be looked at. What it returns ends the walk, unless it is
	// nil: the walk's error is the first one in the order of paths. It is
	// called by one goroutine at a time.
	failed func(path string, err error) error
	found  func(files int) // progress, may be nil

	mu    sync.Mutex // guards failed
	ended atomic.Pointer[SkippedFile]
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
// Sorting each directory with a separator after its directories' names makes
// the depth-first order the order of the whole paths.
func (w *walk) files(dir string) ([]string, error) {
	w.group.SetLimit(4 * fanOut(w.task.pool)) // many, since they are short and lead to more
	top := new(listing)
	err := w.visit(dir, top, true)
	if groupErr := w.group.Wait(); err == nil {
		err = groupErr
	}
	if first := w.ended.Load(); err == nil && first != nil {
		err = first.Err
	}
	if err != nil {
		return nil, err
	}
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

// visit lists a directory into l and goes into those below it.
func (w *walk) visit(dir string, l *listing, top bool) error {
	if first := w.ended.Load(); first != nil && first.Path < dir {
		return nil // nothing below dir would be the first to fail
	}
	entries, failed, err := w.list(dir, top)
	switch {
	case err == nil:
	case final(w.task, err), top:
		return err
	case leadsNowhere(err): // removed, or no directory any more, since its parent was listed
	default:
		failed = append(failed, SkippedFile{dir, err})
	}
	for _, f := range failed {
		w.fail(f)
	}
	entries = w.wanted(entries)
	slices.SortFunc(entries, compareEntries)
	paths := joinPaths(pathPrefix(dir), entries)
	for i, path := range paths {
		if entries[i].kind == kindFile {
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

// fail tells of what cannot be listed.
func (w *walk) fail(f SkippedFile) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Err = w.failed(f.Path, f.Err); f.Err == nil {
		return
	}
	if first := w.ended.Load(); first == nil || f.Path < first.Path {
		w.ended.Store(&f)
	}
}

// wanted leaves of the entries the directories to visit and the files to keep.
func (w *walk) wanted(entries []entry) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool {
		switch e.kind {
		case kindDir:
			return w.shallow
		case kindFile:
			return !w.keep(e.name) || isTempName(e.name)
		default:
			return true
		}
	})
}

// joinPaths returns the paths of a directory's entries. They share one string,
// so that a path costs no allocation of its own.
func joinPaths(prefix string, entries []entry) []string {
	size := 0
	for _, e := range entries {
		size += len(prefix) + len(e.name)
	}
	var all strings.Builder
	all.Grow(size)
	for _, e := range entries {
		all.WriteString(prefix)
		all.WriteString(e.name)
	}
	paths := make([]string, len(entries))
	rest := all.String()
	for i, e := range entries {
		n := len(prefix) + len(e.name)
		paths[i], rest = rest[:n], rest[n:]
	}
	return paths
}

// enter visits a directory on another goroutine if one is free.
func (w *walk) enter(dir string, l *listing) error {
	if w.group.TryGo(func() error { return w.visit(dir, l, false) }) {
		return nil
	}
	return w.visit(dir, l, false)
}

// list lists a directory, and finds out about the entries of which a listing
// does not say what they are. One that cannot be looked at has failed.
func (w *walk) list(dir string, follow bool) (entries []entry, failed []SkippedFile, err error) {
	err = w.task.inSlot("list", dir, func() (err error) {
		files := w.task.pool.fs
		if entries, err = files.list(orDot(dir), follow); err != nil {
			return err
		}
		prefix := pathPrefix(dir)
		failed = nil // of an earlier try
		for i := range entries {
			e := &entries[i]
			if e.kind != kindUnknown && e.kind != kindLink {
				continue
			}
			if err := w.task.Err(); err != nil { // there may be very many
				return err
			}
			err := resolve(files, prefix, e)
			if outOfDescriptors(err) {
				return err
			}
			if err != nil {
				e.kind = kindOther
				failed = append(failed, SkippedFile{prefix + e.name, pathError("list", prefix+e.name, err)})
			}
		}
		return nil
	})
	return entries, failed, err
}

// resolve finds out whether an entry is a file or a directory, if its kind
// does not tell.
func resolve(files filesystem, prefix string, e *entry) error {
	if e.kind == kindUnknown {
		st, err := files.lstat(prefix + e.name)
		switch {
		case isNotExist(err): // removed since it was listed
			e.kind = kindOther
		case err != nil:
			return err
		default:
			e.kind = kindOf(st.mode)
		}
	}
	if e.kind == kindLink {
		st, err := files.stat(prefix + e.name)
		switch {
		case leadsNowhere(err), err == nil && !st.mode.IsRegular():
			e.kind = kindOther
		case err != nil:
			return err
		default:
			e.kind = kindFile
		}
	}
	return nil
}

// compareEntries orders names as the paths of what they hold are ordered.
func compareEntries(a, b entry) int {
	if a.kind != kindDir && b.kind != kindDir {
		return cmp.Compare(a.name, b.name)
	}
	n := min(len(a.name), len(b.name))
	if c := cmp.Compare(a.name[:n], b.name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(after(a, n), after(b, n))
}

// after returns the byte of the entry's path that follows n bytes of its
// name, -1 at the end.
func after(e entry, n int) int {
	switch {
	case n < len(e.name):
		return int(e.name[n])
	case e.kind == kindDir:
		return os.PathSeparator
	default:
		return -1
	}
}

// pathPrefix returns what comes before a name in the path of a file in dir.
// As with Python's Path, nothing comes before names in ".".
func pathPrefix(dir string) string {
	switch {
	case dir == "" || dir == ".":
		return ""
	case os.IsPathSeparator(dir[len(dir)-1]):
		return dir
	default:
		return dir + string(os.PathSeparator)
	}
}

// orDot returns the directory that an empty path means.
func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// cleanPath returns path in the spelling that duplicates are found by: no
// "." and no doubled or trailing slashes. A ".." stays, because what it leads
// to depends on links.
func cleanPath(path string) string {
	for part := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if part == ".." {
			return path
		}
	}
	return filepath.Clean(path)
}

// containsAny reports whether path contains one of parts.
func containsAny(path string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(path, part) })
}

// A typeFilter keeps files by their last suffix.
type typeFilter []string

// newTypeFilter takes types with and without the dot.
func newTypeFilter(types []string) typeFilter {
	var f typeFilter
	for _, t := range types {
		if t != "" && t[0] != '.' {
			t = "." + t
		}
		f = append(f, t)
	}
	return f
}

// matches reports whether a file of that name is of one of the types. No
// types at all match everything.
func (f typeFilter) matches(name string) bool {
	return len(f) == 0 || slices.Contains(f, suffix(name))
}

// suffix returns a name's last suffix with its dot, as Python's Path.suffix
// does: ".env" and "a." have none.
func suffix(name string) string {
	if i := strings.LastIndexByte(name, '.'); 0 < i && i < len(name)-1 {
		return name[i:]
	}
	return ""
}
