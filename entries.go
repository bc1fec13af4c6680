package fileops

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// This file is the work of a walk on one directory: the walk lists it, chooses from
// the entries, and puts them in order.

// An item is a thing in a directory: a file that the walk takes, a directory that
// it enters, or something that it leaves out.
type item struct {
	path string
	info *vfs.Info  // of a file, if the walk looks at files
	sub  *directory // nil unless the item is entered
	out  *omission  // nil unless the item is left out
}

// An omission is the reason why a walk leaves something out.
type omission struct {
	name   string
	err    error
	byRule bool // a walk never takes such things, so this is no failure
}

// list lists a directory and chooses from its entries, in a slot.
func (w *walk) list(d *directory) error {
	return w.task.inSlot(&use{op: "list", path: d.path}, func() error {
		files := w.task.files()
		entries, err := files.List(d.path, d.top || w.sel.follows())
		if err != nil {
			return err
		}
		if err := w.identify(files, d); err != nil {
			return err
		}
		in, err := w.scopeOf(d, entries)
		if err != nil {
			return err
		}
		c := choice{walk: w, files: files, dir: d, in: in, prefix: w.prefix(d.path)}
		d.items, d.subs, err = c.choose(entries)
		return err
	})
}

// A choice is made from the entries of one directory.
type choice struct {
	*walk
	files  vfs.FS
	dir    *directory
	in     *scope // of the directory
	prefix string // of the paths of the entries
	flat   bool   // the entries are files of a whole tree, in order

	path  []byte // of an entry, see candidate
	names int    // where the names begin in it
}

// choose makes items of the entries, in the order of paths. It finds out the kinds
// of entries that a listing does not tell.
func (c *choice) choose(entries []vfs.Entry) (items []item, subs []*directory, err error) {
	chosen := entries[:0]
	var omitted []omission
	for _, e := range entries {
		err := e.Err()
		if err != nil {
			omitted = append(omitted, omission{e.Name, pathError("list", c.prefix+e.Name, err), false})
			e.Kind = vfs.KindOther
			chosen = append(chosen, e)
			continue
		}
		if e.Kind == vfs.KindUnknown || e.Kind == vfs.KindLink {
			if err := c.task.Err(); err != nil { // there may be very many
				return nil, nil, err
			}
			e.Kind, err = c.kindOf(e)
			if vfs.OutOfDescriptors(err) {
				return nil, nil, err
			}
		}
		if c.unmentioned(e, err) {
			continue
		}
		if out := c.excluded(e); out != nil {
			e.Kind = vfs.KindOther
			omitted = append(omitted, omission{e.Name, out, true})
		} else if e.Kind != vfs.KindFile && e.Kind != vfs.KindDir {
			omitted = append(omitted, c.omit(c.prefix, e, err))
			e.Kind = vfs.KindOther
		}
		chosen = append(chosen, e)
	}
	if !c.flat { // else they are in order
		slices.SortFunc(chosen, entryOrder(c.task.pool.paths.Separator()).compare)
		slices.SortFunc(omitted, func(a, b omission) int { return strings.Compare(a.name, b.name) })
	}
	items, subs = c.makeItems(joinPaths(c.prefix, chosen), chosen, omitted)
	if c.stat || c.sel.limitsSize() {
		items, err = c.look(items, chosen)
	}
	return items, subs, err
}

// kindOf is the function kindOf, for which a link to a directory that is entered is
// a directory.
func (c *choice) kindOf(e vfs.Entry) (vfs.Kind, error) {
	kind, err := kindOf(c.files, c.prefix+e.Name, e.Kind)
	if kind == vfs.KindLink && err == nil && c.sel.follows() {
		return vfs.KindDir, nil
	}
	return kind, err
}

// excluded returns why the options exclude an entry, nil if they do not.
func (c *choice) excluded(e vfs.Entry) error {
	out := c.excludes(c.prefix, e)
	if out == nil && c.sel != nil {
		out = c.sel.judge(c.scope(e), c.candidate(e))
	}
	if out == nil {
		return nil
	}
	out.Path = c.prefix + e.Name
	return out
}

// scope returns the scope of the directory of an entry.
func (c *choice) scope(e vfs.Entry) *scope {
	if !c.flat {
		return c.in
	}
	return c.sel.scopeAbove(c.below(c.prefix + e.Name))
}

// candidate describes an entry to the selector.
func (c *choice) candidate(e vfs.Entry) candidate {
	if c.path == nil {
		c.path = []byte(c.below(c.prefix))
		c.names = len(c.path)
	}
	c.path = append(c.path[:c.names], e.Name...)
	return candidate{path: textscan.String(c.path), start: len(c.above), name: lastName(e.Name), kind: e.Kind}
}

// makeItems makes items of entries. Those that are left out are in the order of
// entries.
func (c *choice) makeItems(paths []string, entries []vfs.Entry, omitted []omission) (items []item, subs []*directory) {
	items = make([]item, len(entries))
	for i, e := range entries {
		items[i].path = paths[i]
		switch e.Kind {
		case vfs.KindFile:
		case vfs.KindDir:
			items[i].sub = newDirectory(paths[i], c.dir, c.sel.scopeBelow(c.in, c.slashed(paths[i][len(c.top):])))
			subs = append(subs, items[i].sub)
		default:
			items[i].out = &omitted[0]
			omitted = omitted[1:]
		}
	}
	return items, subs
}

// look describes the files among items. It drops those that are gone, and leaves out
// those that are too large.
func (c *choice) look(items []item, entries []vfs.Entry) ([]item, error) {
	kept := items[:0]
	for i, it := range items {
		if it.sub == nil && it.out == nil {
			if err := c.task.Err(); err != nil {
				return nil, err
			}
			st, told, err := entries[i].Info()
			if !told {
				st, err = c.files.Stat(it.path)
			}
			switch {
			case err == nil:
				it = c.described(it, st)
			case vfs.LeadsNowhere(err):
				continue
			case vfs.OutOfDescriptors(err):
				return nil, err
			default:
				it.out = &omission{err: pathError("list", it.path, err)}
			}
		}
		kept = append(kept, it)
	}
	return kept, nil
}

// described returns a file with its description.
func (c *choice) described(it item, st vfs.Info) item {
	if out := c.sel.tooLarge(st.Size); out != nil {
		out.Path = it.path
		it.out = &omission{err: out, byRule: true}
	} else if c.stat {
		it.info = &st
	}
	return it
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
		return w.shallow && err == nil || vfs.IsTempName(lastName(e.Name))
	case vfs.KindUnknown:
		return err == nil // it is gone
	default:
		name := lastName(e.Name)
		return !w.keep(name) || vfs.IsTempName(name)
	}
}

// lastName returns the last name of an entry, which is a path below the directory in
// a flat listing.
func lastName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// excludes returns why exclude leaves an entry out, nil if it does not. An entry
// that may be a directory counts as one.
func (w *walk) excludes(prefix string, e vfs.Entry) *ExcludedError {
	if len(w.exclude) == 0 {
		return nil
	}
	below := "/" + prefix[len(w.top):] + e.Name
	if e.Kind != vfs.KindFile && e.Kind != vfs.KindOther {
		below += "/"
	}
	return w.exclude.match(below)
}

// omit returns the reason why the walk leaves out an entry. err is the error of
// looking at the entry.
func (w *walk) omit(prefix string, e vfs.Entry, err error) omission {
	byRule := err == nil || e.Kind == vfs.KindLink && vfs.LeadsNowhere(err)
	switch {
	case err != nil:
	case e.Kind == vfs.KindLink:
		err = ErrNotFollowed
	default:
		err = ErrNotRegular
	}
	return omission{e.Name, pathError("list", prefix+e.Name, err), byRule}
}

// An entryOrder orders entries as the paths below them are ordered: the name of a
// directory that is entered is compared as if a separator, which the entryOrder
// is, followed it. That makes the depth-first order the order of whole paths.
type entryOrder byte

func (o entryOrder) compare(a, b vfs.Entry) int {
	if a.Kind != vfs.KindDir && b.Kind != vfs.KindDir {
		return cmp.Compare(a.Name, b.Name)
	}
	n := min(len(a.Name), len(b.Name))
	if c := cmp.Compare(a.Name[:n], b.Name[:n]); c != 0 {
		return c
	}
	return cmp.Compare(o.byteAt(a, n), o.byteAt(b, n))
}

// byteAt returns byte n of the paths below an entry, -1 at the end of a file's.
func (o entryOrder) byteAt(e vfs.Entry, n int) int {
	switch {
	case n < len(e.Name):
		return int(e.Name[n])
	case e.Kind == vfs.KindDir:
		return int(o)
	default:
		return -1
	}
}
