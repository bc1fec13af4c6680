package fileops

import (
	"cmp"
	"errors"
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
// links to nothing) are no files. Neither is a directory that is being removed.
// Only the directory that the walk begins at may be a link.
type walk struct {
	task    *task
	shallow bool
	keep    func(name string) bool
	exclude exclusion
	found   func(files int) // reports progress, may be nil

	// tolerant lets the walk go on after failures: directories that cannot be
	// listed and entries that cannot be looked at. Otherwise the first failure,
	// in the order of paths, is the walk's error.
	tolerant bool
	// reports collects what the walk leaves out.
	reports bool

	top string // what comes before the paths below the directory

	mu       sync.Mutex // guards the lists
	excluded []string   // the files and directories that exclude matches
	leftOut  []leftOut  // everything else that the walk leaves out

	first atomic.Pointer[SkippedFile] // the first failure so far, unless tolerant
	group errgroup.Group
}

// A leftOut is a directory, or an entry of one, that a walk leaves out.
type leftOut struct {
	SkippedFile
	byRule bool // a walk never takes such things, so this is no failure
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
	if err := vfs.CheckPath(dir); err != nil {
		return nil, pathError("list", dir, err)
	}
	w.top = vfs.Prefix(dir)
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
	slices.Sort(w.excluded)
	slices.SortFunc(w.leftOut, func(a, b leftOut) int { return strings.Compare(a.Path, b.Path) })
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
	c, err := w.list(dir, top)
	switch {
	case err == nil:
	case endsOperation(w.task, err), top:
		return err
	case vfs.LeadsNowhere(err): // removed or replaced since its parent was listed
	default:
		c.leftOut = append(c.leftOut, leftOut{SkippedFile{dir, err}, errors.Is(err, vfs.ErrInUse)})
	}
	w.note(&c)
	slices.SortFunc(c.entries, compareEntries)
	paths := joinPaths(vfs.Prefix(dir), c.entries)
	for i, path := range paths {
		if c.entries[i].Kind == vfs.KindFile {
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

// note takes over what a directory's choice leaves out.
func (w *walk) note(c *choice) {
	if len(c.excluded) == 0 && len(c.leftOut) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reports {
		w.excluded = append(w.excluded, c.excluded...)
	}
	for _, l := range c.leftOut {
		switch {
		case !l.byRule && !w.tolerant:
			if first := w.first.Load(); first == nil || l.Path < first.Path {
				w.first.Store(&l.SkippedFile)
			}
		case w.reports:
			w.leftOut = append(w.leftOut, l)
		}
	}
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

// A choice is what a walk makes of the entries of a directory.
type choice struct {
	entries  []vfs.Entry // the directories to visit and the files to return
	excluded []string
	leftOut  []leftOut
}

// list lists a directory and chooses from its entries.
func (w *walk) list(dir string, follow bool) (c choice, err error) {
	err = w.task.inSlot(&use{op: "list", path: dir}, func() error {
		files := w.task.pool.fs
		entries, err := files.List(dir, follow)
		if err != nil {
			return err
		}
		c, err = w.choose(files, vfs.Prefix(dir), entries)
		return err
	})
	return c, err
}

// choose finds out the kinds of entries that a listing does not tell, and then
// which entries the walk takes.
func (w *walk) choose(files vfs.FS, prefix string, entries []vfs.Entry) (c choice, err error) {
	c.entries = entries[:0]
	for _, e := range entries {
		var err error
		if e.Kind == vfs.KindUnknown || e.Kind == vfs.KindLink {
			if err := w.task.Err(); err != nil { // there may be very many
				return choice{}, err
			}
			e.Kind, err = kindOf(files, prefix+e.Name, e.Kind)
			if vfs.OutOfDescriptors(err) {
				return choice{}, err
			}
		}
		switch {
		case w.unmentioned(e, err):
		case w.excludes(prefix, e):
			c.excluded = append(c.excluded, prefix+e.Name)
		case e.Kind == vfs.KindFile, e.Kind == vfs.KindDir:
			c.entries = append(c.entries, e)
		default:
			c.leftOut = append(c.leftOut, leaveOut(prefix+e.Name, e.Kind, err))
		}
	}
	return c, nil
}

// kindOf returns the kind of an entry of unknown kind or a link. It returns
// KindFile for a link to a regular file, KindLink for one to a directory and for
// one that cannot be followed, and KindUnknown if the entry is gone or cannot be
// looked at.
func kindOf(files vfs.FS, path string, kind vfs.Kind) (vfs.Kind, error) {
	if kind == vfs.KindUnknown {
		st, err := files.Lstat(path)
		switch {
		case vfs.IsNotExist(err): // removed since it was listed
			return vfs.KindUnknown, nil
		case err != nil:
			return vfs.KindUnknown, err
		}
		kind = vfs.KindOf(st.Mode)
	}
	if kind != vfs.KindLink {
		return kind, nil
	}
	st, err := files.Stat(path)
	switch {
	case err != nil, st.Mode.IsDir():
		return vfs.KindLink, err
	case st.Mode.IsRegular():
		return vfs.KindFile, nil
	default:
		return vfs.KindOther, nil
	}
}

// unmentioned reports whether the walk passes over an entry without a word. err
// is the error of looking at the entry.
func (w *walk) unmentioned(e vfs.Entry, err error) bool {
	switch e.Kind {
	case vfs.KindDir:
		return w.shallow
	case vfs.KindLink:
		return w.shallow && err == nil || vfs.IsTempName(e.Name)
	case vfs.KindUnknown:
		return err == nil // it is gone
	default:
		return !w.keep(e.Name) || vfs.IsTempName(e.Name)
	}
}

// excludes reports whether exclude matches an entry. An entry that may be a
// directory counts as one.
func (w *walk) excludes(prefix string, e vfs.Entry) bool {
	if len(w.exclude) == 0 {
		return false
	}
	below := "/" + prefix[len(w.top):] + e.Name
	if e.Kind != vfs.KindFile && e.Kind != vfs.KindOther {
		below += "/"
	}
	return w.exclude.matches(below)
}

// leaveOut returns the reason why the walk leaves out an entry. err is the error
// of looking at the entry.
func leaveOut(path string, kind vfs.Kind, err error) leftOut {
	byRule := err == nil || kind == vfs.KindLink && vfs.LeadsNowhere(err)
	switch {
	case err != nil:
	case kind == vfs.KindLink:
		err = ErrNotFollowed
	default:
		err = ErrNotRegular
	}
	return leftOut{SkippedFile{path, pathError("list", path, err)}, byRule}
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
