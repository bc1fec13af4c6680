package vfs

import (
	"bytes"
	"fmt"
	"io/fs"
)

// An Access says who may do what with a file. The zero value grants nothing.
//
// A file that takes the place of another, or is a copy of another, gets the
// other's access. Where the system refuses that, it gets less: nobody may do more
// with it than with the other. The rule excepts two users: the writer of the file,
// and the owner of the other file, because an owner can change the access.
type Access struct {
	perm         fs.FileMode
	owner, group uint32
	acl          []byte // the POSIX access control list, nil for none
}

// AccessOf returns the access of the open file that st describes.
func AccessOf(f File, st Info) Access { return newAccess(st, f.ACL) }

// accessOf returns the access of an entry of a directory, which st describes.
func accessOf(dir FS, name string, st Info) Access {
	return newAccess(st, func() ([]byte, error) { return dir.ACL(name) })
}

// newAccess returns the access of the file that st describes. A list that cannot
// be read may keep anybody out, save the owner.
func newAccess(st Info, readACL func() ([]byte, error)) Access {
	a := Access{perm: st.Mode.Perm(), owner: st.Owner, group: st.Group}
	var err error
	if a.acl, err = readACL(); err != nil {
		a.perm &= 0o700
	}
	return a
}

func (a Access) equal(b Access) bool {
	return a.perm == b.perm && a.owner == b.owner && a.group == b.group && bytes.Equal(a.acl, b.acl)
}

// withoutACL returns the access by permission bits alone.
func (a Access) withoutACL() Access {
	if a.acl == nil {
		return a
	}
	list, ok := parseACL(a.acl)
	a.acl, a.perm = nil, a.perm&0o700
	if ok {
		a.perm = list.amounts()
	}
	return a
}

// inOtherGroup returns the access for a file that cannot have the group. Members
// of the one group may have been others, those of the other group become that.
func (a Access) inOtherGroup() Access {
	if a.acl == nil {
		both := a.perm >> 3 & a.perm & 7
		a.perm = a.perm&0o700 | both<<3 | both
		return a
	}
	list, ok := parseACL(a.acl)
	if !ok {
		return a.withoutACL()
	}
	list = list.inOtherGroup()
	a.acl, a.perm = list.value(), list.bits()
	return a
}

// first returns the permission bits with which the file is made: those that are
// right whatever its group will be, and the owner's to write it.
func (a Access) first() fs.FileMode { return a.withoutACL().inOtherGroup().perm | 0o600 }

// giveTo gives a file the access, or less where the system refuses it. It makes
// no call that changes nothing, since some systems refuse even that. It fails if
// the file would grant more than the access.
func (a Access) giveTo(f File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	a = a.giveOwner(f, st)
	a = a.giveACL(f)
	if st, err = f.Stat(); err != nil {
		return err
	}
	if st.Mode.Perm() == a.perm {
		return nil
	}
	err = f.Chmod(a.perm)
	if tooMuch := st.Mode.Perm() &^ a.perm & 0o077; err != nil && tooMuch != 0 {
		return fmt.Errorf("the file would let others in, and its permissions cannot be set to %04o: %w", a.perm, Reason(err))
	}
	return nil
}

// giveOwner gives a file the owner and the group, or only the group, and returns
// the access that is left to give.
func (a Access) giveOwner(f File, st Info) Access {
	const keepOwner = -1
	switch {
	case st.Owner == a.owner && st.Group == a.group:
	case f.Chown(int(a.owner), int(a.group)) == nil:
	case st.Group == a.group:
	case f.Chown(keepOwner, int(a.group)) == nil:
	default:
		return a.inOtherGroup()
	}
	return a
}

// giveACL gives a file the list, or none, and returns the access that is left to
// give. A file may have inherited a list from its directory.
func (a Access) giveACL(f File) Access {
	has, err := f.ACL()
	if err == nil && bytes.Equal(has, a.acl) {
		return a
	}
	if a.acl != nil && f.SetACL(a.acl) == nil {
		return a
	}
	a = a.withoutACL()
	if f.SetACL(nil) != nil && has != nil {
		a.perm &= 0o700 // an empty mask shuts out all whom the inherited list names
	}
	return a
}
