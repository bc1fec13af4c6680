package vfs

import (
	"errors"
	"io"
	"io/fs"
	"runtime"
	"syscall"
	"time"
)

// AtomicOptions are the options of an atomic write.
type AtomicOptions struct {
	Replace bool        // replace the file that has the name; else that is an error
	Sync    bool        // make contents and name durable
	Perm    fs.FileMode // of a new file, before the umask; 0 means 0666
}

// WriteAtomic writes the file at path: write fills a temporary file, which then
// gets the name in one step. So the name never stands for half a file. After a
// failure the temporary file is removed and the old file is as it was.
// WriteAtomic makes missing directories.
func WriteAtomic(files FS, path string, o AtomicOptions, write func(*TempFile) error) error {
	dir, name, err := OpenParent(files, path, o.Sync)
	if err != nil {
		return err
	}
	defer dir.Close()
	f, err := CreateTemp(dir, name, o)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// A TempFile is a file that has not got its name yet. It has no name at all
// where the system can make such files, so it vanishes even if the process is
// killed. Elsewhere it has a temporary name.
type TempFile struct {
	File   // for writing
	dir    FS
	name   string // of Commit
	opts   AtomicOptions
	temp   string // the temporary name, "" while it has none
	closed bool

	late bool // it is flushed again, and closed, after it has its name

	ownPerm bool         // the permission bits are its own, not the replaced file's
	perm    *fs.FileMode // the replaced file's bits, once they are set
}

// CreateTemp makes the temporary file of an atomic write of the file name in
// dir.
func CreateTemp(dir FS, name string, o AtomicOptions) (*TempFile, error) {
	if o.Perm == 0 {
		o.Perm = 0o666
	}
	t := &TempFile{dir: dir, name: name, opts: o, late: o.Sync && nameIsFlushedWithFile}
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

// createNamed makes a file with a temporary name. That name lets in nobody who
// may not read the replaced file.
func (t *TempFile) createNamed() error {
	perm := t.opts.Perm
	if t.opts.Replace {
		if st, err := t.dir.Lstat(t.name); err == nil && st.Mode.IsRegular() {
			perm &= st.Mode.Perm() | 0o700
		}
	}
	temp := tempName()
	f, err := t.dir.Create(temp, perm)
	if err == nil {
		t.File, t.temp = f, temp
	}
	return err
}

// Commit gives the file its name and closes it.
func (t *TempFile) Commit() error {
	if err := t.settle(); err != nil {
		return err
	}
	if err := t.giveName(); err != nil {
		return err
	}
	if t.opts.Sync {
		return committed(t.dir.Sync())
	}
	return nil
}

// settle brings the file to the disk before it gets its name.
func (t *TempFile) settle() error {
	if t.opts.Sync && t.opts.Replace { // changes the permissions, which Sync flushes too
		if err := t.takePerm(); err != nil {
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
func (t *TempFile) giveName() error {
	if t.temp == "" {
		done, err := t.linkFree()
		if done || err != nil {
			return err
		}
	}
	if t.opts.Replace {
		if err := t.takePerm(); err != nil {
			return err
		}
	}
	if t.temp == "" { // only a file with a name can be renamed
		if err := t.linkTemp(); err != nil {
			return err
		}
	}
	if !t.late {
		if err := t.close(); err != nil {
			return err
		}
	}
	if err := t.moveToName(); err != nil || !t.late {
		return err
	}
	return committed(t.flushName())
}

// moveToName replaces the temporary name by the file's own.
func (t *TempFile) moveToName() error {
	if t.opts.Replace {
		return t.rename()
	}
	return t.claim()
}

// nameIsFlushedWithFile says that a flush of a file makes its name durable, and
// that nothing else does. Windows cannot flush a directory. FlushFileBuffers
// commits all pending metadata of a file, which its name is a part of, see
// NtFlushBuffersFileEx. NTFS writes its journal in order, so the names of
// directories that were made before become durable, too.
const nameIsFlushedWithFile = runtime.GOOS == "windows"

// flushName makes the name durable and closes the file.
func (t *TempFile) flushName() error {
	err := t.Sync()
	if closeErr := t.close(); err == nil {
		err = closeErr
	}
	return err
}

// linkFree links an unnamed file to its name, if that is free. done is false if
// the file must take another way to its name.
func (t *TempFile) linkFree() (done bool, err error) {
	own, err := t.Stat()
	if err != nil {
		return false, err
	}
	err = t.dir.LinkFile(t.File, t.name)
	switch {
	case err == nil:
		return true, t.closeNamed(own)
	case errors.Is(err, errors.ErrUnsupported), t.opts.Replace && errors.Is(err, fs.ErrExist):
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
		t.temp = temp
	}
	return err
}

// moveToNamed copies an unnamed file to one with a temporary name. Some systems
// can make unnamed files but cannot link them: a sandbox may forbid the link.
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
	err = CopyContents(t.File, unnamed, st.Size, func(int64) error { return nil })
	if e, ok := err.(ReadError); ok { // of the temporary file, not of the caller's source
		err = e.Err
	}
	if err != nil {
		return err
	}
	if t.ownPerm { // the file has attributes of a copied file
		err = t.copyMeta(unnamed, st)
	} else {
		err = t.Chmod(st.Mode.Perm())
	}
	if err != nil {
		return err
	}
	return t.flush()
}

// closeNamed closes the file, which own describes and which has its name
// already. Some systems report failed writes only at the close, see close(2).
// Then the file loses its name.
func (t *TempFile) closeNamed(own Info) error {
	err := t.close()
	if err != nil {
		t.removeName(own)
	}
	return err
}

// removeName removes the file's name if it still stands for the file that own
// describes.
func (t *TempFile) removeName(own Info) {
	if st, err := t.dir.Lstat(t.name); err == nil && SameFile(st, own) {
		t.dir.Remove(t.name)
	}
}

// takePerm gives the file the permission bits of the file that it replaces,
// which must be a regular one or a link.
func (t *TempFile) takePerm() error {
	st, err := t.dir.Lstat(t.name)
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

// rename gives the file its name, which may be taken.
func (t *TempFile) rename() error {
	if err := t.dir.Rename(t.temp, t.name); err != nil {
		return err
	}
	t.temp = ""
	return nil
}

// claim gives the file its name, which must be free. Each of the three ways is
// one step, so that it cannot replace a file that appears meanwhile.
func (t *TempFile) claim() error {
	err := t.dir.RenameNew(t.temp, t.name)
	if err == nil {
		t.temp = ""
		return nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	err = t.dir.Link(t.temp, t.name) // Discard removes the temporary name
	if hasNoHardLinks(err) {
		return t.claimByCreating()
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
func (t *TempFile) claimByCreating() error {
	f, err := t.dir.Create(t.name, 0o666)
	if err != nil {
		return err
	}
	own, _ := f.Stat() // an unknown file is not removed
	f.Close()
	if err = t.rename(); err != nil {
		t.removeName(own)
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
	return t.dir.SetTimes(t.File, t.temp, time.Unix(0, st.Accessed), time.Unix(0, st.Modified))
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
	if t.temp != "" {
		t.dir.Remove(t.temp)
	}
}
