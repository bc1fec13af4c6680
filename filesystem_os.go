package fileops

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// osFiles is the whole file system by way of package os, for systems without
// rawFiles.
type osFiles struct{}

func (osFiles) open(name string) (file, error) {
	return openedFile(os.OpenFile(name, os.O_RDONLY|openNonblock, 0))
}

// openNow: package os does not know beforehand what will wait.
func (osFiles) openNow(string) (file, error) { return nil, errWouldWait }

func (osFiles) openDir(name string) (filesystem, error) {
	return openedRoot(os.OpenRoot(insideOf(name)))
}

func (osFiles) create(name string, perm fs.FileMode) (file, error) {
	return openedFile(os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm))
}

func (osFiles) createUnnamed(fs.FileMode) (file, error)            { return nil, errors.ErrUnsupported }
func (osFiles) linkFile(file, string) error                        { return errors.ErrUnsupported }
func (osFiles) stat(name string) (info, error)                     { return infoFrom(os.Stat(name)) }
func (osFiles) lstat(name string) (info, error)                    { return infoFrom(os.Lstat(name)) }
func (osFiles) mkdir(name string) error                            { return os.Mkdir(name, 0o777) }
func (osFiles) link(oldName, newName string) error                 { return os.Link(oldName, newName) }
func (osFiles) rename(oldName, newName string) error               { return os.Rename(oldName, newName) }
func (osFiles) renameNew(string, string) error                     { return errors.ErrUnsupported }
func (osFiles) remove(name string) error                           { return os.Remove(name) }
func (osFiles) setTimes(_ file, name string, a, m time.Time) error { return os.Chtimes(name, a, m) }
func (osFiles) sync() error                                        { return errors.ErrUnsupported }
func (osFiles) close() error                                       { return nil }

func (osFiles) list(name string, follow bool) ([]entry, error) {
	open := func(flags int) (*os.File, error) { return os.OpenFile(name, openListing|flags, 0) }
	switch {
	case follow:
		return listOpened(open(0))
	case openNoFollow == 0:
		return listOpened(openReal(func() (os.FileInfo, error) { return os.Lstat(name) }, open))
	}
	dir, err := open(openNoFollow)
	if err != nil { // each system has another error for a link
		if st, lstatErr := os.Lstat(name); lstatErr == nil && !st.IsDir() {
			err = syscall.ENOTDIR
		}
	}
	return listOpened(dir, err)
}

// rootFiles is what is below a directory by way of os.Root, which no name
// leads out of.
type rootFiles struct {
	root *os.Root
	own  bool // close closes root
}

func (r *rootFiles) open(name string) (file, error) {
	return openedFile(confined(r.root.OpenFile(name, os.O_RDONLY|openNonblock, 0)))
}

func (r *rootFiles) openNow(string) (file, error) { return nil, errWouldWait }

func (r *rootFiles) openDir(name string) (filesystem, error) {
	return openedRoot(confined(r.root.OpenRoot(insideOf(name))))
}

func (r *rootFiles) create(name string, perm fs.FileMode) (file, error) {
	return openedFile(confined(r.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)))
}

func (r *rootFiles) createUnnamed(fs.FileMode) (file, error) { return nil, errors.ErrUnsupported }
func (r *rootFiles) linkFile(file, string) error             { return errors.ErrUnsupported }

func (r *rootFiles) stat(name string) (info, error) {
	return infoFrom(confined(r.root.Stat(name)))
}

func (r *rootFiles) lstat(name string) (info, error) {
	return infoFrom(confined(r.root.Lstat(name)))
}

func (r *rootFiles) list(name string, follow bool) ([]entry, error) {
	open := func(flags int) (*os.File, error) {
		return confined(r.root.OpenFile(name, openListing|flags, 0))
	}
	if follow {
		return listOpened(open(0))
	}
	return listOpened(openReal(func() (os.FileInfo, error) { return confined(r.root.Lstat(name)) }, open))
}

func (r *rootFiles) mkdir(name string) error            { return escape(r.root.Mkdir(name, 0o777)) }
func (r *rootFiles) link(oldName, newName string) error { return escape(r.root.Link(oldName, newName)) }
func (r *rootFiles) rename(oldName, newName string) error {
	return escape(r.root.Rename(oldName, newName))
}
func (r *rootFiles) renameNew(string, string) error { return errors.ErrUnsupported }
func (r *rootFiles) remove(name string) error       { return escape(r.root.Remove(name)) }

func (r *rootFiles) setTimes(_ file, name string, accessed, modified time.Time) error {
	return escape(r.root.Chtimes(name, accessed, modified))
}

func (r *rootFiles) sync() error {
	if runtime.GOOS == "windows" { // has no such thing, and does it by itself
		return nil
	}
	dir, err := r.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (r *rootFiles) close() error {
	if r.own {
		return r.root.Close()
	}
	return nil
}

// insideOf is how to name a directory so that opening it does not wait for the
// other end of a FIFO that has come to be in its place.
func insideOf(dir string) string { return dir + "/." }

func openedRoot(root *os.Root, err error) (filesystem, error) {
	if err != nil {
		return nil, err
	}
	return &rootFiles{root: root, own: true}, nil
}

// confined turns the error by which package os says that a path escapes,
// which has no name there, into ours.
func confined[T any](v T, err error) (T, error) { return v, escape(err) }

func escape(err error) error {
	if err != nil && reason(err) == errEscapesOS {
		return ErrEscapes
	}
	return err
}

// errEscapesOS is the reason that os.Root gives for a path that escapes. The
// working directory would do too, but may be on a disk that hangs.
var errEscapesOS = func() error {
	root, err := os.OpenRoot(string(filepath.Separator))
	if err != nil {
		return ErrEscapes
	}
	defer root.Close()
	_, err = root.Lstat("..")
	return reason(err)
}()

// osFile is a file by way of package os.
type osFile struct{ *os.File }

func openedFile(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) stat() (info, error)          { return infoFrom(f.Stat()) }
func (f osFile) chmod(perm fs.FileMode) error { return f.Chmod(perm) }
func (f osFile) sync() error                  { return f.Sync() }
func (f osFile) cloneFrom(file) error         { return errors.ErrUnsupported }

// copyFrom leaves the choice of the fastest way to package os.
func (f osFile) copyFrom(src file, n int64) (int64, error) {
	done, err := io.CopyN(f.File, src.(osFile).File, n)
	if err == io.EOF {
		err = nil
	}
	return done, err
}

func (f osFile) copyAttributes(src file) error {
	return copyXattrs(int(f.Fd()), int(src.(osFile).Fd()))
}

func infoFrom(fi os.FileInfo, err error) (info, error) {
	if err != nil {
		return info{}, err
	}
	return info{
		mode:     fi.Mode(),
		size:     fi.Size(),
		accessed: fi.ModTime().UnixNano(), // package os has no other
		modified: fi.ModTime().UnixNano(),
		os:       fi,
	}, nil
}

// openListing is how a directory is opened to be listed.
const openListing = os.O_RDONLY | openNonblock | openDirectory

// openReal opens a directory that is no link, where open cannot be asked for
// that (os.Root takes no such flag): if its name stands for a directory first
// and that is what has been opened, no link was followed.
func openReal(lstat func() (os.FileInfo, error), open func(flags int) (*os.File, error)) (*os.File, error) {
	for tries := 0; ; tries++ {
		named, err := lstat()
		if err != nil {
			return nil, err
		}
		if !named.IsDir() {
			return nil, syscall.ENOTDIR
		}
		dir, err := open(0)
		if err != nil {
			return nil, err
		}
		opened, err := dir.Stat()
		if err == nil && os.SameFile(named, opened) {
			return dir, nil
		}
		dir.Close()
		if err != nil {
			return nil, err
		}
		if tries == maxExchanges {
			return nil, errExchanged
		}
	}
}

// maxExchanges is how often a directory may have been exchanged while it was
// opened before openReal gives up.
const maxExchanges = 100

var errExchanged = errors.New("directory keeps being exchanged")

// listOpened lists a directory, if it could be opened, and closes it.
func listOpened(dir *os.File, err error) ([]entry, error) {
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	des, err := dir.ReadDir(-1)
	entries := make([]entry, len(des))
	for i, de := range des {
		entries[i] = entry{de.Name(), kindOf(de.Type())}
	}
	return entries, err
}
