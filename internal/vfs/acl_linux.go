package vfs

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// aclAttribute is the extended attribute that holds a file's access control
// list, see acl(5) and xattr(7).
const aclAttribute = "system.posix_acl_access"

// entryACL returns the list of an entry of an open directory. It does not open
// the entry, which the process may be forbidden to read.
func entryACL(dir int, name string) ([]byte, error) {
	path := name
	if dir != unix.AT_FDCWD {
		if !hasProc() {
			return openedACL(dir, name)
		}
		path = procPath(dir) + "/" + name
	}
	return noneUnlessOffered(readXattr(func(b []byte) (int, error) { return unix.Lgetxattr(path, aclAttribute, b) }))
}

// openedACL is entryACL where open files have no paths.
func openedACL(dir int, name string) ([]byte, error) {
	const flags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Openat(dir, name, flags, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return fileACL(fd)
}

func fileACL(fd int) ([]byte, error) {
	return noneUnlessOffered(readXattr(func(b []byte) (int, error) { return unix.Fgetxattr(fd, aclAttribute, b) }))
}

// noneUnlessOffered returns no list where the file system has none. The
// permission bits say all then. A FUSE server that finds attributes by a path
// answers ENOENT for a file without a name.
func noneUnlessOffered(acl []byte, err error) ([]byte, error) {
	if err == errNoXattr || err == unix.ENOENT || unlessUnsupported(err) == nil {
		return acl, nil
	}
	return nil, err
}

func setFileACL(fd int, acl []byte) error {
	if acl == nil {
		return unix.Fremovexattr(fd, aclAttribute)
	}
	return unix.Fsetxattr(fd, aclAttribute, acl, 0)
}

// ACL returns the list of an entry, see [linuxFS.ACL].
func (osFS) ACL(name string) ([]byte, error) { return entryACL(unix.AT_FDCWD, name) }

func (d *rootFS) ACL(name string) ([]byte, error) {
	if !isEntry(name) {
		return nil, fs.ErrInvalid
	}
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return entryACL(int(dir.Fd()), name)
}
