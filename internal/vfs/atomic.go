package vfs

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"time"
)

// AtomicOptions says how an atomic write ends.
type AtomicOptions struct {
	Replace bool        // replace the file that has the name; else that is an error
	Sync    bool        // make contents and name durable
	Perm    fs.FileMode // of a new file, before the umask; 0 means 0666
}

// WriteAtomic writes the file at path: write fills a temporary file, which then
// gets the name in one step. So the name never stands for half a file. After a
// failure the temporary file is gone and the old file is as it was. Missing
// directories are made.
func WriteAtomic(files FS, path string, o AtomicOptions, write func(*TempFile) error) error {
	dir, name, err := OpenParent(files, path, o.Sync)
	if err != nil {
		return err
	}
	defer dir.Close()
	f, err := CreateTemp(dir, o)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit(name)
}

// A TempFile is a file on its way to its name. It has no name at all where the
// system can make such files, so that not even a killed process leaves one
// behind. Elsewhere it has a temporary name.
type TempFile struct {
	File   // for writing
	dir    FS
	opts   AtomicOptions
	name   string // the temporary name, "" while it has none
	closed bool

	ownPerm bool         // the permission bits are its own, not the replaced file's
	perm    *fs.FileMode // the replaced file's bits, once they are set
}

// CreateTemp makes a temporary file in a directory.
func CreateTemp(dir FS, o AtomicOptions) (*TempFile, error) {
	if o.Perm == 0 {
		o.Perm = 0o666
	}
	t := &TempFile{dir: dir, opts: o}
	var err error
	t.File, err = dir.CreateUnnamed(o.Perm)
	if errors.Is(err, errors.ErrUnsupported) {
		err = t.createNamed()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (t *TempFile) createNamed() error {
	name := tempName()
	f, err := t.dir.Create(name, t.opts.Perm)
	if err == nil {
		t.File, t.name = f, name
	}
	return err
}

// Commit gives the file its name and closes it.
func (t *TempFile) Commit(name string) error {
	if err := t.settle(name); err != nil {
		return err
	}
	if err := t.giveName(name); err != nil {
		return err
	}
	if t.opts.Sync {
		return committed(t.dir.Sync())
	}
	return nil
}

// settle brings the file to the disk before it gets its name.
func (t *TempFile) settle(name string) error {
	if t.opts.Sync && t.opts.Replace { // changes the permissions, which Sync flushes too
		if err := t.takePerm(name); err != nil {
			return err
		}
	}
	return t.flush()
}

// flush makes the contents durable if Sync is set. Otherwise it has the disk
// write them, because file systems put a name into their journal before the
// contents of a file that nothing has written out: after a loss of power the
// name stands for an empty file. ext4 writes out by itself, but only if a file
// replaces another, and does not wait for the disk: see auto_da_alloc in the
// kernel's Documentation/admin-guide/ext4.rst. XFS does not write out at all. To
// begin the write-out is not enough. On a slow disk the journal overtakes it,
// and the name stands for zeros on ext4 and for an empty file on XFS.
func (t *TempFile) flush() error {
	if t.opts.Sync {
		return t.Sync()
	}
	return t.WriteOut()
}

// giveName gives the file its name by the way that fits: a link for an unnamed
// file whose name is free, else a rename.
func (t *TempFile) giveName(name string) error {
	if t.name == "" {
		done, err := t.linkFree(name)
		if done || err != nil {
			return err
		}
	}
	if t.opts.Replace {
		if err := t.takePerm(name); err != nil {
			return err
		}
	}
	if t.name == "" { // only a file with a name can replace another
		if err := t.linkTemp(); err != nil {
			return err
		}
	}
	if err := t.close(); err != nil {
		return err
	}
	if t.opts.Replace {
		return t.rename(name)
	}
	return t.claim(name)
}

// linkFree links an unnamed file to a name, if that is free. done is false if
// the file must take another way to its name.
func (t *TempFile) linkFree(name string) (done bool, err error) {
	own, err := t.Stat()
	if err != nil {
		return false, err
	}
	err = t.dir.LinkFile(t.File, name)
	switch {
	case err == nil:
		return true, t.closeNamed(name, own)
	case errors.Is(err, errors.ErrUnsupported):
		return false, t.moveToNamed()
	case t.opts.Replace && errors.Is(err, fs.ErrExist):
		return false, nil
	default:
		return false, err
	}
}

// linkTemp gives an unnamed file a temporary name.
func (t *TempFile) linkTemp() error {
	temp := tempName()
	err := t.dir.LinkFile(t.File, temp)
	if errors.Is(err, errors.ErrUnsupported) {
		return t.moveToNamed()
	}
	if err == nil {
		t.name = temp
	}
	return err
}

// moveToNamed copies an unnamed file to one with a temporary name. Some systems
// can make unnamed files but cannot link them: those without /proc, or with a
// sandbox that forbids the link.
func (t *TempFile) moveToNamed() error {
	unnamed := t.File
	defer unnamed.Close()
	t.closed = true // until there is another file to close
	st, err := unnamed.Stat()
	if err != nil {
		return err
	}
	if _, err := unnamed.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := t.createNamed(); err != nil {
		return err
	}
	t.closed = false
	if err := CopyContents(t.File, unnamed, st.Size, func(int64) error { return nil }); err != nil {
		return err
	}
	if err := t.copyMeta(unnamed, st); err != nil {
		return err
	}
	return t.flush()
}

// closeNamed closes the file, which own describes and which has its name
// already. Some systems report failed writes only now: then the name is removed
// again.
func (t *TempFile) closeNamed(name string, own Info) error {
	err := t.close()
	if err != nil {
		removeOwn(t.dir, name, own)
	}
	return err
}

// removeOwn removes a name if it still stands for the file that own describes.
func removeOwn(dir FS, name string, own Info) {
	if st, err := dir.Lstat(name); err == nil && SameFile(st, own) {
		dir.Remove(name)
	}
}

// takePerm gives the file the permission bits of the file that it replaces,
// which must be a regular one or a link.
func (t *TempFile) takePerm(name string) error {
	st, err := t.dir.Lstat(name)
	switch {
	case IsNotExist(err):
		return nil
	case err != nil:
		return err
	case st.Mode.Type() == fs.ModeSymlink:
		return nil
	case !st.Mode.IsRegular():
		return ErrNotRegular
	case t.ownPerm || t.perm != nil && *t.perm == st.Mode.Perm():
		return nil
	}
	perm := st.Mode.Perm()
	t.perm = &perm
	return t.Chmod(perm)
}

// rename gives the file a name that may be taken.
func (t *TempFile) rename(name string) error {
	if err := t.dir.Rename(t.name, name); err != nil {
		return err
	}
	t.name = ""
	return nil
}

// claim gives the file a name that must be free. Each of the three ways is one
// step, so that it cannot replace a file that appears meanwhile.
func (t *TempFile) claim(name string) error {
	err := t.dir.RenameNew(t.name, name)
	if err == nil {
		t.name = ""
		return nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	err = t.dir.Link(t.name, name) // Discard removes the temporary name
	if hasNoHardLinks(err) {
		return t.claimByCreating(name)
	}
	return err
}

// hasNoHardLinks reports whether an error of Link says that the file system has
// no hard links, see link(2).
func hasNoHardLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK)
}

// claimByCreating is for file systems without hard links, such as FAT: an empty
// file takes the name, then the temporary file replaces it.
func (t *TempFile) claimByCreating(name string) error {
	f, err := t.dir.Create(name, 0o666)
	if err != nil {
		return err
	}
	own, _ := f.Stat() // an unknown file is not removed
	f.Close()
	if err = t.rename(name); err != nil {
		removeOwn(t.dir, name, own)
	}
	return err
}

// CopyMeta gives the file the permission bits, the times and the extended
// attributes of src.
func (t *TempFile) CopyMeta(src File, st Info) error {
	t.ownPerm = true
	return t.copyMeta(src, st)
}

func (t *TempFile) copyMeta(src File, st Info) error {
	if err := t.CopyAttributes(src); err != nil {
		return err
	}
	if err := t.Chmod(st.Mode.Perm()); err != nil {
		return err
	}
	return t.dir.SetTimes(t.File, t.name, time.Unix(0, st.Accessed), time.Unix(0, st.Modified))
}

func (t *TempFile) close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return t.File.Close()
}

// Discard closes the file and removes it, unless it has its name. It may be
// called after Commit.
func (t *TempFile) Discard() {
	t.close()
	if t.name != "" {
		t.dir.Remove(t.name)
	}
}
