package fileops

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"
)

// publishOptions says how a file gets its name.
type publishOptions struct {
	replace bool        // what has the name, which else is an error
	named   bool        // write to a file with a temporary name
	sync    bool        // make file and name durable
	perm    fs.FileMode // of a new file, before the umask; 0 = 0666
}

// publish makes the file name in a directory by letting write fill a draft of
// it, so that the name never stands for half a file: it appears, or changes
// hands, once the draft is whole. If anything fails the draft is removed and
// what had the name keeps it.
func publish(dir filesystem, name string, o publishOptions, write func(*draft) error) error {
	d, err := newDraft(dir, o)
	if err != nil {
		return err
	}
	defer d.discard()
	if err := write(d); err != nil {
		return err
	}
	return d.finish(name)
}

// publishAt is publish at a path; missing directories are made. write may be
// called twice.
func publishAt(files filesystem, path string, o publishOptions, write func(*draft) error) error {
	target, name, err := openParent(files, path, o.sync)
	if err != nil {
		return err
	}
	defer target.close()
	err = publish(target, name, o, write)
	if err == errCannotLink {
		o.named = true
		err = publish(target, name, o, write)
	}
	return err
}

// openParent opens the directory of a path, which is made if it is missing,
// and returns the name of the path in it.
func openParent(files filesystem, path string, sync bool) (parent filesystem, name string, err error) {
	dir, name := splitPath(path)
	if err := requireName(files, path, name); err != nil {
		return nil, name, err
	}
	parent, err = makeDirs(files, dir, sync)
	return parent, name, err
}

// requireName returns an error for a path that ends in no name of its own but
// in "..", say: what that stands for exists, if it may be looked at at all.
func requireName(files filesystem, path, base string) error {
	if base != "" && base != "." && base != ".." {
		return nil
	}
	dir, err := files.openDir(path)
	if err != nil {
		return err
	}
	dir.close()
	return fs.ErrExist
}

// errCannotLink says that a file without a name cannot be given one here,
// though it could be made: a named one has to do.
var errCannotLink = errors.New("cannot link an unnamed file")

// makeNewDir makes a directory that must not exist, and those above it if
// missing.
func makeNewDir(files filesystem, dir string, sync bool) error {
	above, base, err := openParent(files, dir, sync)
	if err != nil {
		return err
	}
	defer above.close()
	if err := above.mkdir(base); err != nil || !sync {
		return err
	}
	return asLate(above.sync())
}

// A draft is a file that is being written. It has no name at all where the
// system can make such files, so that even a killed process leaves nothing
// behind; else a temporary one.
type draft struct {
	dir       filesystem
	opts      publishOptions
	file      file
	temp      string // its temporary name, while it has one
	closed    bool
	keepsMode bool         // its permissions are set and are not those of what it replaces
	like      *fs.FileMode // its permissions, once they are those of what it replaces
}

func newDraft(dir filesystem, o publishOptions) (*draft, error) {
	d := &draft{dir: dir, opts: o}
	perm := o.perm
	if perm == 0 {
		perm = 0o666
	}
	err := errors.ErrUnsupported
	if !o.named {
		d.file, err = dir.createUnnamed(perm)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		d.temp = tempName()
		d.file, err = dir.create(d.temp, perm)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// finish publishes the draft.
func (d *draft) finish(name string) error {
	if d.opts.sync {
		if d.opts.replace { // which changes the permissions, to be flushed too
			if err := d.resemble(name); err != nil {
				return err
			}
		}
		if err := d.file.sync(); err != nil {
			return err
		}
	}
	if err := d.giveName(name); err != nil {
		return err
	}
	if d.opts.sync {
		return asLate(d.dir.sync())
	}
	return nil
}

// giveName makes the draft the file of that name.
func (d *draft) giveName(name string) error {
	replace := d.opts.replace
	if d.temp == "" {
		own, err := d.file.stat()
		if err != nil {
			return err
		}
		err = d.dir.linkFile(d.file, name)
		if err == nil {
			return d.closeNamed(name, own)
		}
		if !replace || !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if replace {
		if err := d.resemble(name); err != nil {
			return err
		}
	}
	if d.temp == "" { // only a file with a name can take another's place
		temp := tempName()
		if err := d.dir.linkFile(d.file, temp); err != nil {
			return err
		}
		d.temp = temp
	}
	if err := d.close(); err != nil {
		return err
	}
	if replace {
		return d.replace(name)
	}
	return d.claim(name)
}

// closeNamed closes a draft, which own describes, that has its name already. If
// that fails, since some systems report failed writes only then, it loses the
// name again.
func (d *draft) closeNamed(name string, own info) error {
	err := d.close()
	if err != nil {
		removeOwn(d.dir, name, own)
	}
	return err
}

// removeOwn removes a name of the file that own describes. What another has
// put in the file's place meanwhile keeps the name.
func removeOwn(dir filesystem, name string, own info) {
	if st, err := dir.lstat(name); err == nil && sameFile(st, own) {
		dir.remove(name)
	}
}

// resemble prepares for replacing a file, which must be a regular one, whose
// permissions the new one then has, or a link.
func (d *draft) resemble(name string) error {
	st, err := d.dir.lstat(name)
	switch {
	case isNotExist(err):
		return nil
	case err != nil:
		return err
	case st.mode.Type() == fs.ModeSymlink:
		return nil
	case !st.mode.IsRegular():
		return ErrNotRegular
	case d.keepsMode || d.like != nil && *d.like == st.mode.Perm():
		return nil
	}
	perm := st.mode.Perm()
	d.like = &perm
	return d.file.chmod(perm)
}

// replace gives the draft a name that may be taken.
func (d *draft) replace(name string) error {
	if err := d.dir.rename(d.temp, name); err != nil {
		return err
	}
	d.temp = ""
	return nil
}

// claim gives the draft a name that must be free. Whichever way the system
// knows is one step, so no file that comes to be meanwhile is lost.
func (d *draft) claim(name string) error {
	err := d.dir.renameNew(d.temp, name)
	if err == nil {
		d.temp = ""
		return nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	err = d.dir.link(d.temp, name) // discard removes the temporary name
	if isNoHardLinks(err) {
		return d.claimByCreating(name)
	}
	return err
}

// isNoHardLinks reports whether an error of link means that the file system
// has no such thing.
func isNoHardLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMLINK)
}

// claimByCreating is for file systems without hard links, such as FAT: an
// empty file takes the name, and the draft its place.
func (d *draft) claimByCreating(name string) error {
	f, err := d.dir.create(name, 0o666)
	if err != nil {
		return err
	}
	own, _ := f.stat() // what nothing is known of is not removed
	f.Close()
	if err = d.replace(name); err != nil {
		removeOwn(d.dir, name, own)
	}
	return err
}

// copyMeta gives the draft what src has besides contents.
func (d *draft) copyMeta(src file, st info) error {
	if err := d.file.copyAttributes(src); err != nil {
		return err
	}
	if err := d.file.chmod(st.mode.Perm()); err != nil {
		return err
	}
	d.keepsMode = true
	return d.dir.setTimes(d.file, d.temp, time.Unix(0, st.accessed), time.Unix(0, st.modified))
}

func (d *draft) close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	return d.file.Close()
}

// discard closes the draft and removes it, unless it has been published.
func (d *draft) discard() {
	d.close()
	if d.temp != "" {
		d.dir.remove(d.temp)
	}
}

// Temporary files are called ".fileops-" and 16 hexadecimal digits and
// ".tmp". Nothing else is taken for one.
const (
	tempPrefix = ".fileops-"
	tempSuffix = ".tmp"
	tempDigits = 16
)

func tempName() string { return tempPrefix + randomHex(tempDigits) + tempSuffix }

// isTempName reports whether a file is one that a killed process left behind.
func isTempName(name string) bool {
	digits, ok := strings.CutPrefix(name, tempPrefix)
	if !ok {
		return false
	}
	digits, ok = strings.CutSuffix(digits, tempSuffix)
	return ok && len(digits) == tempDigits && strings.Trim(digits, "0123456789abcdef") == ""
}

// randomHex returns n random hexadecimal digits.
func randomHex(n int) string {
	b := make([]byte, (n+1)/2)
	rand.Read(b)
	return hex.EncodeToString(b)[:n]
}
