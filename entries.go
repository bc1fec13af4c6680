package fileops

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file is what a walk makes of one directory: it lists it, chooses from the
// entries, and puts them in order.

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
		entries, err := files.List(d.path, d.top)
		if err != nil {
			return err
		}
		d.items, d.subs, err = w.choose(files, w.task.pool.paths.Prefix(d.path), entries, false)
		return err
	})
}

// choose makes items of the entries of a directory, in the order of paths. It
// finds out the kinds of entries that a listing does not tell.
func (w *walk) choose(files vfs.FS, prefix string, entries []vfs.Entry, flat bool) (items []item, subs []*directory, err error) {
	chosen := entries[:0]
	var omitted []omission
	for _, e := range entries {
		err := e.Err()
		if err != nil {
			omitted = append(omitted, omission{e.Name, pathError("list", prefix+e.Name, err), false})
			e.Kind = vfs.KindOther
			chosen = append(chosen, e)
			continue
		}
		if e.Kind == vfs.KindUnknown || e.Kind == vfs.KindLink {
			if err := w.task.Err(); err != nil { // there may be very many
				return nil, nil, err
			}
			e.Kind, err = kindOf(files, prefix+e.Name, e.Kind)
			if vfs.OutOfDescriptors(err) {
				return nil, nil, err
			}
		}
		switch {
		case w.unmentioned(e, err):
			continue
		case w.excludes(prefix, e):
			e.Kind = vfs.KindOther
			omitted = append(omitted, omission{e.Name, errExcludedHere, true})
		case e.Kind == vfs.KindFile, e.Kind == vfs.KindDir:
		default:
			omitted = append(omitted, w.omit(prefix, e, err))
			e.Kind = vfs.KindOther
		}
		chosen = append(chosen, e)
	}
	if !flat { // else they are in order
		slices.SortFunc(chosen, entryOrder(w.task.pool.paths.Separator()).compare)
		slices.SortFunc(omitted, func(a, b omission) int { return strings.Compare(a.name, b.name) })
	}
	items, subs = makeItems(joinPaths(prefix, chosen), chosen, omitted)
	if w.stat {
		items, err = w.look(files, items, chosen)
	}
	return items, subs, err
}

// errExcludedHere stands for ErrExcluded, which the operation gives its name.
var errExcludedHere = errors.New("excluded by the walk")

// makeItems makes items of entries. Those that are left out are in the order of
// entries.
func makeItems(paths []string, entries []vfs.Entry, omitted []omission) (items []item, subs []*directory) {
	items = make([]item, len(entries))
	for i, e := range entries {
		items[i].path = paths[i]
		switch e.Kind {
		case vfs.KindFile:
		case vfs.KindDir:
			items[i].sub = newDirectory(paths[i])
			subs = append(subs, items[i].sub)
		default:
			items[i].out = &omitted[0]
			omitted = omitted[1:]
		}
	}
	return items, subs
}

// look describes the files among items. It drops those that are gone.
func (w *walk) look(files vfs.FS, items []item, entries []vfs.Entry) ([]item, error) {
	kept := items[:0]
	for i, it := range items {
		if it.sub == nil && it.out == nil {
			if err := w.task.Err(); err != nil {
				return nil, err
			}
			st, told, err := entries[i].Info()
			if !told {
				st, err = files.Stat(it.path)
			}
			switch {
			case err == nil:
				it.info = &st
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
