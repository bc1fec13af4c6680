package vfs

import (
	"errors"
	"io/fs"
	"strings"
)

// A flatFS is an fs.FS that lists a whole tree.
type flatFS interface {
	ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error)
}

// A treeReader is a file system that may list a whole tree.
type treeReader interface {
	IsFlat() bool
	ReadTree(dir, token string) (entries []Entry, next string, err error)
}

// IsFlat reports whether [ReadTree] can list a file system.
func IsFlat(files FS) bool {
	t, ok := files.(treeReader)
	return ok && t.IsFlat()
}

// ReadTree lists some of the files below a directory, in the order in which the
// file system tells them. The name of an entry is its path below dir. The token is
// "" for the first files, and next is "" after the last ones.
func ReadTree(files FS, dir, token string) (entries []Entry, next string, err error) {
	return files.(treeReader).ReadTree(dir, token)
}

func (d *ioFS) IsFlat() bool {
	flat, err := guarded(d, func() (bool, error) {
		files, err := d.files()
		_, ok := files.(flatFS)
		return ok, err
	})
	return flat && err == nil
}

func (d *ioFS) ReadTree(dir, token string) (entries []Entry, next string, err error) {
	entries, err = with(d, dir, func(files fs.FS, dir string) ([]Entry, error) {
		flat, ok := files.(flatFS)
		if !ok { // it was one before
			return nil, errors.ErrUnsupported
		}
		list, token, err := flat.ReadTree(dir, token)
		if err != nil {
			return nil, err
		}
		next = token
		return d.entriesAsListed(list, checkPath), nil
	})
	return entries, next, err
}

// checkPath is checkEntry for a path below a directory.
func checkPath(name string) error {
	for part := range strings.SplitSeq(name, "/") {
		if err := checkEntry(part); err != nil {
			return err
		}
	}
	return nil
}
