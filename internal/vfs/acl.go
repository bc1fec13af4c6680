package vfs

import (
	"encoding/binary"
	"io/fs"
	"slices"
)

// An acl is a POSIX access control list, which grants more or less than the
// permission bits do: see acl(5).
type acl []aclEntry

// An aclEntry grants permissions to one class of users.
type aclEntry struct {
	tag  uint16
	perm fs.FileMode // 3 bits
	id   uint32      // of the named user or group
}

// The tags of entries, and the form of the attribute that holds a list, are
// those of the kernel's include/uapi/linux/posix_acl.h and posix_acl_xattr.h.
const (
	aclOwner      = 0x01
	aclNamedUser  = 0x02
	aclGroup      = 0x04
	aclNamedGroup = 0x08
	aclMask       = 0x10
	aclOthers     = 0x20

	aclVersion    = 2
	aclHeaderSize = 4
	aclEntrySize  = 8
)

// parseACL reads the value of the extended attribute that holds a list. ok is
// false for a value of another form.
func parseACL(value []byte) (list acl, ok bool) {
	if len(value) < aclHeaderSize || binary.LittleEndian.Uint32(value) != aclVersion {
		return nil, false
	}
	value = value[aclHeaderSize:]
	if len(value)%aclEntrySize != 0 {
		return nil, false
	}
	for e := range slices.Chunk(value, aclEntrySize) {
		list = append(list, aclEntry{
			tag:  binary.LittleEndian.Uint16(e),
			perm: fs.FileMode(binary.LittleEndian.Uint16(e[2:])) & 7,
			id:   binary.LittleEndian.Uint32(e[4:]),
		})
	}
	return list, true
}

// value is the list as an extended attribute.
func (a acl) value() []byte {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range a {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, uint16(e.perm))
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// of returns the permissions of the entry with a tag. missing is the answer if
// there is none.
func (a acl) of(tag uint16, missing fs.FileMode) fs.FileMode {
	for _, e := range a {
		if e.tag == tag {
			return e.perm
		}
	}
	return missing
}

// mask is the most that the list grants to named users and to groups.
func (a acl) mask() fs.FileMode { return a.of(aclMask, 7) }

// bits are the permission bits that the system shows for a file with the list.
// The group's bits are the mask.
func (a acl) bits() fs.FileMode {
	return a.of(aclOwner, 0)<<6 | a.of(aclMask, a.of(aclGroup, 0))<<3 | a.of(aclOthers, 0)
}

// amounts returns permission bits that grant nobody more than the list does. A
// named user may be in the group or one of the others. A member of a named group
// may be one of the others.
func (a acl) amounts() fs.FileMode {
	group, others := a.of(aclGroup, 0)&a.mask(), a.of(aclOthers, 0)
	for _, e := range a {
		switch e.tag {
		case aclNamedUser:
			group &= e.perm & a.mask()
			others &= e.perm & a.mask()
		case aclNamedGroup:
			others &= e.perm & a.mask()
		}
	}
	return a.of(aclOwner, 0)<<6 | group<<3 | others
}

// inOtherGroup returns the list for a file whose group is another one. Members
// of the old group may become others. Members of the new group were others, or
// in a named group, which may have granted less.
func (a acl) inOtherGroup() acl {
	both := a.of(aclGroup, 0) & a.mask() & a.of(aclOthers, 0)
	for _, e := range a {
		if e.tag == aclNamedGroup {
			both &= e.perm
		}
	}
	list := slices.Clone(a)
	for i, e := range list {
		if e.tag == aclGroup || e.tag == aclOthers {
			list[i].perm = both
		}
	}
	return list
}
