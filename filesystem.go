package fileops

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A filesystem is the files below one directory: the seam between the engine
// and the system. Names are relative to that directory; the one that stands
// for the whole system takes any path. There are three: rawFiles, which makes
// Linux system calls itself; osFiles, on package os, for every other system
// and as the fallback; and, in tests, one that fails, delays or blocks.
//
// Errors may be bare system errors: whoever reports them adds the operation
// and the path that the caller knows.
type filesystem interface {
	// open opens a file for reading. It does not wait for a FIFO's writer.
	open(name string) (file, error)
	// openNow is open for a file that can be opened, and then read, without a
	// wait for a disk or a server. It, and Read of what it opens, is
	// errWouldWait if there is one, and in place of any other error.
	openNow(name string) (file, error)
	// openDir opens the files below a directory.
	openDir(name string) (filesystem, error)
	// create makes a file, which must not exist, and opens it for writing.
	create(name string, perm fs.FileMode) (file, error)
	// createUnnamed makes a file that vanishes with its descriptor unless
	// linkFile gives it a name. It is errors.ErrUnsupported where the system
	// has no such thing.
	createUnnamed(perm fs.FileMode) (file, error)
	// linkFile gives a file of createUnnamed a name, which must not exist. It
	// is errCannotLink where only that does not work.
	linkFile(f file, name string) error

	// stat describes a file; of a symbolic link, what it leads to.
	stat(name string) (info, error)
	// lstat describes a file, a symbolic link as itself.
	lstat(name string) (info, error)
	// list returns what a directory holds, in no order. A symbolic link to one
	// is followed only if follow says so.
	list(name string, follow bool) ([]entry, error)

	mkdir(name string) error
	// link gives a file a second name, which must not exist.
	link(oldName, newName string) error
	// rename moves a file, replacing what has the new name.
	rename(oldName, newName string) error
	// renameNew moves a file to a name which must not exist, in one step.
	// It is errors.ErrUnsupported where the system cannot.
	renameNew(oldName, newName string) error
	remove(name string) error
	// setTimes sets when an open file was last read and written. Its name is
	// for systems that cannot do without; "" if it has none.
	setTimes(f file, name string, accessed, modified time.Time) error
	// sync makes the directory's names durable.
	sync() error
	close() error
}

// A file is an open file.
type file interface {
	io.Reader
	io.Writer
	io.Closer
	stat() (info, error)
	chmod(perm fs.FileMode) error
	sync() error
	// cloneFrom makes the file share src's blocks. It is
	// errors.ErrUnsupported where the system or the file system cannot.
	cloneFrom(src file) error
	// copyFrom lets the kernel copy at most n bytes of src, from where it
	// stands. 0 bytes and no error mean src has no more. It is
	// errors.ErrUnsupported where the kernel cannot.
	copyFrom(src file, n int64) (int64, error)
	// copyAttributes gives the file src's extended attributes, as far as the
	// target's file system takes them.
	copyAttributes(src file) error
}

// info describes a file.
type info struct {
	mode     fs.FileMode
	size     int64
	accessed int64 // in nanoseconds since 1970, like modified
	modified int64
	dev, ino uint64      // which file it is, from rawFiles
	os       os.FileInfo // which file it is, from osFiles
}

// sameFile reports whether a and b describe one file.
func sameFile(a, b info) bool {
	if a.os != nil || b.os != nil {
		return a.os != nil && b.os != nil && os.SameFile(a.os, b.os)
	}
	return a.dev == b.dev && a.ino == b.ino
}

// An entry is something in a directory.
type entry struct {
	name string
	kind kind
}

// kind is what a directory says an entry is.
type kind uint8

const (
	kindUnknown kind = iota // the directory does not say: ask lstat
	kindFile
	kindDir
	kindLink
	kindOther
)

func kindOf(mode fs.FileMode) kind {
	switch mode.Type() {
	case 0:
		return kindFile
	case fs.ModeDir:
		return kindDir
	case fs.ModeSymlink:
		return kindLink
	default:
		return kindOther
	}
}

// openRegular opens a regular file for reading, and nothing else.
func openRegular(files filesystem, name string) (file, info, error) {
	if name == "" { // which package os calls invalid, below a Root
		return nil, info{}, syscall.ENOENT
	}
	return regular(files.open(name))
}

// regular returns a file that has been opened, unless it is not a regular one.
func regular(f file, err error) (file, info, error) {
	if errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.EOPNOTSUPP) { // a socket
		err = ErrNotRegular
	}
	if err != nil {
		return nil, info{}, err
	}
	st, err := f.stat()
	if err == nil && !st.mode.IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		f.Close()
		return nil, info{}, err
	}
	return f, st, nil
}

// makeDirs opens a directory and makes it, and those above it, if missing;
// durably if sync is set.
func makeDirs(files filesystem, name string, sync bool) (filesystem, error) {
	dir, err := files.openDir(name)
	parent, base := splitPath(name)
	if !isNotExist(err) || parent == name {
		return dir, err
	}
	above, err := makeDirs(files, parent, sync)
	if err != nil {
		return nil, err
	}
	defer above.close()
	if base == ".." { // is there now that the directory before it is
		return files.openDir(name)
	}
	if err := above.mkdir(base); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if sync {
		if err := above.sync(); err != nil {
			return nil, err
		}
	}
	return files.openDir(name)
}

// splitPath splits a path into its directory, "." if there is none, and the
// name in it. Slashes at the end do not count.
func splitPath(path string) (dir, base string) {
	dir, base = filepath.Split(trimSlashes(path))
	if dir == "" {
		return ".", base
	}
	return trimSlashes(dir), base
}

// trimSlashes takes off the slashes at the end, save a root's.
func trimSlashes(path string) string {
	root := len(filepath.VolumeName(path)) + 1
	for len(path) > root && os.IsPathSeparator(path[len(path)-1]) {
		path = path[:len(path)-1]
	}
	return path
}
