package vfs

import (
	"errors"
	"io/fs"
	"syscall"
)

// OpenRegular opens a regular file for reading and describes it. It fails with
// [ErrNotRegular] for any other kind of file.
func OpenRegular(files FS, name string) (File, Info, error) {
	if err := CheckPath(name); err != nil {
		return nil, Info{}, err
	}
	f, err := files.Open(name)
	if errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.EOPNOTSUPP) { // a socket, see open(2)
		err = ErrNotRegular
	}
	if err != nil {
		return nil, Info{}, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode.IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, Info{}, err
	}
	return f, st, nil
}

// OpenParent opens the directory of a path and returns the last name of the
// path. It makes missing directories.
func OpenParent(files FS, path string, names *NameSync) (parent FS, name string, err error) {
	dir, name := SplitPath(path)
	if err := requireName(files, path, name); err != nil {
		return nil, name, err
	}
	parent, err = makeDirs(files, dir, names)
	return parent, name, err
}

// requireName returns an error for a path that cannot be made because it does
// not end in the name of an entry, such as "..". It ends in a directory, which
// exists if it can be opened.
func requireName(files FS, path, base string) error {
	if base != "" && base != "." && base != ".." {
		return nil
	}
	dir, err := files.OpenDir(path)
	if err != nil {
		return err
	}
	dir.Close()
	return fs.ErrExist
}

// makeDirs opens a directory. It makes the directory and those above it if they
// are missing.
func makeDirs(files FS, name string, names *NameSync) (FS, error) {
	dir, err := files.OpenDir(name)
	parent, base := SplitPath(name)
	if !IsNotExist(err) || parent == name {
		return dir, err
	}
	above, err := makeDirs(files, parent, names)
	if err != nil {
		return nil, err
	}
	defer above.Close()
	if base == ".." { // exists since the directory before it does
		return files.OpenDir(name)
	}
	if err := above.Mkdir(base); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	names.sync(above)
	return files.OpenDir(name)
}

// MakeNewDir makes a directory, which must not exist, and the missing ones
// above it.
func MakeNewDir(files FS, dir string, names *NameSync) error {
	above, base, err := OpenParent(files, dir, names)
	if err != nil {
		return err
	}
	defer above.Close()
	if err := above.Mkdir(base); err != nil {
		return err
	}
	names.sync(above)
	return nil
}

// A NameSync makes names in directories durable, if that is wanted. A failure
// stops nothing, because the names are there: some systems cannot flush a
// directory. NameSync keeps the first one.
type NameSync struct {
	Wanted bool
	failed error
}

func (n *NameSync) sync(dir FS) {
	if n.Wanted {
		n.note(dir.Sync())
	}
}

// note keeps an error if it is the first.
func (n *NameSync) note(err error) {
	if n.failed == nil {
		n.failed = err
	}
}

// Err returns the first failure, as an [UnsyncedError].
func (n *NameSync) Err() error {
	if n.failed == nil {
		return nil
	}
	return UnsyncedError{Reason(n.failed)}
}
