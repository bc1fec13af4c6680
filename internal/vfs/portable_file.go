package vfs

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// An osFile is a file by way of package os.
type osFile struct{ *os.File }

func openedFile(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Stat() (Info, error)     { return infoFrom(f.File.Stat()) }
func (f osFile) StartWriteOut() error    { return startWriteOut(int(f.Fd())) }
func (f osFile) WriteOut() error         { return writeOut(int(f.Fd())) }
func (f osFile) ACL() ([]byte, error)    { return fileACL(int(f.Fd())) }
func (f osFile) SetACL(acl []byte) error { return setFileACL(int(f.Fd()), acl) }
func (f osFile) CloneFrom(File) error    { return errors.ErrUnsupported }

func (f osFile) NextData(offset int64) (start, end int64, err error) {
	return nextData(int(f.Fd()), offset)
}

// CopyFrom leaves the choice of the fastest way to package os.
func (f osFile) CopyFrom(src File, n int64) (int64, error) {
	done, err := io.CopyN(f.File, src.(osFile).File, n)
	if err == io.EOF {
		err = nil
	}
	return done, err
}

func (f osFile) CopyAttributes(src File) error {
	return copyXattrs(int(f.Fd()), int(src.(osFile).Fd()))
}

func infoFrom(fi os.FileInfo, err error) (Info, error) {
	if err != nil {
		return Info{}, err
	}
	info := Info{
		Mode:     fi.Mode(),
		Size:     fi.Size(),
		Accessed: accessed(fi),
		Modified: fi.ModTime().UnixNano(),
		os:       fi,
	}
	addSystem(&info, fi)
	return info, nil
}

// openListing is how a directory is opened to be listed.
const openListing = openNonblock | openDirectory

// openUnlinked opens a directory but not a link to one. It needs no flag for
// that, because os.Root handles O_NOFOLLOW itself and follows the link. If lstat
// describes a directory and open opens the same one, no link was followed.
func openUnlinked(lstat func() (os.FileInfo, error), open func(flags int) (*os.File, error)) (*os.File, error) {
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

// maxExchanges is how often openUnlinked tries again after the directory was
// exchanged while it was opened.
const maxExchanges = 100

var errExchanged = errors.New("directory keeps being exchanged")

// listOpened lists a directory, if it could be opened, and closes it.
func listOpened(dir *os.File, err error) ([]Entry, error) {
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	des, err := dir.ReadDir(-1)
	entries := make([]Entry, len(des))
	for i, de := range des {
		entries[i] = Entry{Name: de.Name(), Kind: KindOf(de.Type())}
	}
	return entries, err
}
