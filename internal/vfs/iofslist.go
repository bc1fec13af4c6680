package vfs

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// listPiece is how many entries of a directory are read between two looks at the
// context.
const listPiece = 1024

// maxIdle is how often a call may return neither data nor an error, as in package
// bufio.
const maxIdle = 100

// readAllEntries reads a directory to its end.
func (d *ioFS) readAllEntries(dir fs.ReadDirFile) (all []fs.DirEntry, err error) {
	for idle := 0; idle < maxIdle; idle++ {
		list, err := dir.ReadDir(listPiece)
		all = append(all, list...)
		switch {
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		case d.ctx.Err() != nil:
			return nil, d.ctx.Err()
		case len(list) > 0:
			idle = 0
		}
	}
	return nil, io.ErrNoProgress
}

// A told is what an fs.FS tells of an entry.
type told struct {
	entry fs.DirEntry
	files *ioFS
	kind  Kind
	err   error // why no path can name it
}

// Err returns the reason, an [ErrBadEntry], why no path can name an entry, nil if
// one can. Only an fs.FS has such entries.
func (e *Entry) Err() error {
	if e.told == nil {
		return nil
	}
	return e.told.err
}

// Refuse makes an entry one that no path can name.
func (e *Entry) Refuse(why string) {
	e.told = &told{err: fmt.Errorf("%w: %s", ErrBadEntry, why)}
}

// Info describes a file, if the directory told more than its name and kind. An
// entry that was a link is not described.
func (e *Entry) Info() (st Info, ok bool, err error) {
	if e.told == nil || e.told.kind == KindLink {
		return Info{}, false, nil
	}
	st, err = guarded(e.told.files, func() (Info, error) { return ioInfo(e.told.entry.Info()) })
	return st, true, err
}

// entries makes entries of the listing of a directory. A name that is listed twice
// names the first file, or else the first directory, that has it.
func (d *ioFS) entries(list []fs.DirEntry) []Entry {
	entries := d.entriesAsListed(list, checkEntry)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	for i := 1; i < len(entries); i++ {
		e, before := &entries[i], &entries[i-1]
		switch {
		case e.told.err != nil || e.Name != before.Name:
		case e.Kind == KindDir && before.Kind == KindFile:
			e.Refuse("it is a file, too")
		default:
			e.Refuse("it is listed twice")
		}
	}
	return entries
}

// entriesAsListed makes entries whose names are checked one by one.
func (d *ioFS) entriesAsListed(list []fs.DirEntry, check func(name string) error) []Entry {
	entries := make([]Entry, len(list))
	all := make([]told, len(list))
	for i, de := range list {
		name, kind := de.Name(), KindOf(regularMode(de.Type()))
		all[i] = told{de, d, kind, check(name)}
		entries[i] = Entry{name, kind, &all[i]}
	}
	return entries
}

// checkEntry returns an error for a name that would lead out of its directory, or
// back to it. A walk that believes such names never ends.
func checkEntry(name string) error {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return fmt.Errorf("%w: malformed name", ErrBadEntry)
	}
	return nil
}
