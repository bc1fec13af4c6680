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
	Replace bool    // replace the file that has the name; else that is an error
	Sync    bool    // make contents and name durable
	Access  *Access // of the file; nil means that of the replaced file
}

// newFilePerm are the permission bits of a file that neither replaces nor copies
// another, before the umask.
const newFilePerm = 0o666

// WriteAtomic writes the file at path: write fills a temporary file, which then
// gets the name in one step. So the name never stands for half a file. After a
// failure the temporary file is removed and the old file is as it was.
// WriteAtomic makes missing directories.
func WriteAtomic(files FS, path string, o AtomicOptions, write func(*TempFile) error) error {
	names := NameSync{Wanted: o.Sync}
	dir, name, err := OpenParent(files, path, &names)
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
	if err := f.Commit(); err != nil {
		return err
	}
	names.note(f.unsynced)
	names.sync(dir)
	return names.Err()
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

	late     bool    // it is flushed again, and closed, after it has its name
	unsynced error   // of that flush
	given    *Access // the access that it has been given
}

// CreateTemp makes the temporary file of an atomic write of the file name in
// dir.
func CreateTemp(dir FS, name string, o AtomicOptions) (*TempFile, error) {
	t := &TempFile{dir: dir, name: name, opts: o, late: o.Sync && nameIsFlushedWithFile}
	perm, err := t.firstPerm()
	if err != nil {
		return nil, err
	}
	t.File, err = dir.CreateUnnamed(perm)
	if errors.Is(err, errors.ErrUnsupported) {
		err = t.createNamed(perm)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// firstPerm returns the permission bits that the file is made with. They let in
// nobody whom the file's access will keep out, since others may open the file by
// its temporary name, and some systems refuse to change permissions later.
func (t *TempFile) firstPerm() (fs.FileMode, error) {
	switch access, err := t.access(); {
	case errors.Is(err, ErrNotRegular): // for Commit to tell, if it is still so then
		return newFilePerm, nil
	case err != nil:
		return 0, err
	case access != nil:
		return access.first(), nil
	}
	return newFilePerm, nil
}

func (t *TempFile) createNamed(perm fs.FileMode) error {
	temp := tempName()
	f, err := t.dir.Create(temp, perm)
	if err == nil {
		t.File, t.temp = f, temp
	}
	return err
}

// Commit gives the file its name and closes it. It does not make the name
// durable.
func (t *TempFile) Commit() error {
	if err := t.settle(); err != nil {
		return err
	}
	return t.giveName()
}

// settle brings the file to the disk before it gets its name.
func (t *TempFile) settle() error {
	if t.opts.Sync { // which flushes the access too
		if err := t.takeAccess(); err != nil {
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
	if err := t.takeAccess(); err != nil {
		return err
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
	err := t.moveToName()
	if err == nil && t.late {
		t.unsynced = t.flushName()
	}
	return err
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
	perm, err := t.firstPerm()
	if err != nil {
		return err
	}
	if err := t.createNamed(perm); err != nil {
		return err
	}
	t.closed = false
	err = CopyContents(t.File, unnamed, st, func(int64) error { return nil })
	if e, ok := err.(ReadError); ok { // of the temporary file, not of the caller's source
		err = e.Err
	}
	if err != nil {
		return err
	}
	t.given = nil
	if t.opts.Access != nil { // the file is a copy, which has attributes
		err = t.CopyMeta(unnamed, st)
	} else {
		err = t.takeAccess()
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

// takeAccess gives the file its access, unless it has that already.
func (t *TempFile) takeAccess() error {
	access, err := t.access()
	if err != nil || access == nil || t.given != nil && t.given.equal(*access) {
		return err
	}
	t.given = access
	return access.giveTo(t.File)
}

// access returns the access that the file is to have: by its options, or that of
// the file that it replaces, which must be a regular one or a link. It returns
// nil for a file that the system gives its access.
func (t *TempFile) access() (*Access, error) {
	if !t.opts.Replace {
		return t.opts.Access, nil
	}
	st, err := t.dir.Lstat(t.name)
	switch {
	case IsNotExist(err):
		return t.opts.Access, nil
	case err != nil:
		return nil, err
	case st.Mode.Type() == fs.ModeSymlink:
		return t.opts.Access, nil
	case !st.Mode.IsRegular():
		return nil, ErrNotRegular
	case t.opts.Access != nil:
		return t.opts.Access, nil
	}
	access := accessOf(t.dir, t.name, st)
	return &access, nil
}

// rename gives the file its name, which may be taken.
func (t *TempFile) rename() error {
	if err := t.dir.Rename(t.temp, t.name); err != nil {
		return explainBusy(err)
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
	f, err := t.dir.Create(t.name, newFilePerm)
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

// CopyMeta gives the file the extended attributes of src, its own access, and
// the times of src. It leaves out attributes and times that the system refuses:
// the contents are worth more.
func (t *TempFile) CopyMeta(src File, st Info) error {
	t.CopyAttributes(src)
	if err := t.takeAccess(); err != nil {
		return err
	}
	t.dir.SetTimes(t.File, t.temp, time.Unix(0, st.Accessed), time.Unix(0, st.Modified))
	return nil
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
