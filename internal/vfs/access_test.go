package vfs

import (
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A person is somebody who may use a file.
type person struct {
	id     uint32
	groups []uint32
}

// may returns the permissions that a person has by acl(5), each asked for alone.
func (a Access) may(t *testing.T, p person) fs.FileMode {
	t.Helper()
	inGroup := func(id uint32) bool { return slices.Contains(p.groups, id) }
	if a.acl == nil {
		switch {
		case p.id == a.owner:
			return a.perm >> 6 & 7
		case inGroup(a.group):
			return a.perm >> 3 & 7
		default:
			return a.perm & 7
		}
	}
	list, ok := parseACL(a.acl)
	require.True(t, ok)
	if p.id == a.owner {
		return list.of(aclOwner, 0)
	}
	var granted fs.FileMode
	member := false
	for _, e := range list {
		switch {
		case e.tag == aclNamedUser && e.id == p.id:
			return e.perm & list.mask()
		case e.tag == aclGroup && inGroup(a.group), e.tag == aclNamedGroup && inGroup(e.id):
			member = true
			granted |= e.perm & list.mask()
		}
	}
	if member {
		return granted
	}
	return list.of(aclOthers, 0)
}

// randomAccess returns an access with or without a list, of few users and groups.
func randomAccess(r *rand.Rand) Access {
	perm := func() fs.FileMode { return fs.FileMode(r.IntN(8)) }
	a := Access{perm: perm()<<6 | perm()<<3 | perm(), owner: r.Uint32N(4), group: r.Uint32N(4)}
	if r.IntN(4) == 0 {
		return a
	}
	list := acl{{aclOwner, perm(), 0}}
	for id := range r.Uint32N(3) {
		list = append(list, aclEntry{aclNamedUser, perm(), id + 1})
	}
	list = append(list, aclEntry{aclGroup, perm(), 0})
	for id := range r.Uint32N(3) {
		list = append(list, aclEntry{aclNamedGroup, perm(), id + 1})
	}
	list = append(list, aclEntry{aclMask, perm(), 0}, aclEntry{aclOthers, perm(), 0})
	a.acl, a.perm = list.value(), list.bits()
	return a
}

// TestLessAccessLetsNobodyIn reduces thousands of accesses in the ways that a
// system may force, and asks for every user in every set of groups: nobody may do
// more than before, save the old owner and the new one.
func TestLessAccessLetsNobodyIn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var people []person
	for id := range uint32(5) {
		for set := range 1 << 4 {
			p := person{id: id}
			for group := range uint32(4) {
				if set>>group&1 == 1 {
					p.groups = append(p.groups, group)
				}
			}
			people = append(people, p)
		}
	}
	for range 3000 {
		before := randomAccess(r)
		moved := before.inOtherGroup()
		moved.owner, moved.group = r.Uint32N(4), r.Uint32N(4)
		plain := before.withoutACL()
		plainMoved := plain.inOtherGroup()
		plainMoved.owner, plainMoved.group = moved.owner, moved.group
		first := before
		first.acl, first.perm = nil, before.first()
		first.owner, first.group = moved.owner, moved.group
		for name, after := range map[string]Access{"moved": moved, "without a list": plain, "both": plainMoved, "first": first} {
			for _, p := range people {
				if p.id == before.owner || p.id == after.owner {
					continue
				}
				require.Zero(t, after.may(t, p)&^before.may(t, p), "%s: %+v of %+v for %+v", name, after, before, p)
			}
		}
	}
}

// TestAccessOfOrdinaryFiles states the bits that files keep whose group cannot be
// kept, and those that a list amounts to.
func TestAccessOfOrdinaryFiles(t *testing.T) {
	for perm, want := range map[fs.FileMode]fs.FileMode{
		0o644: 0o644, 0o640: 0o600, 0o660: 0o600, 0o666: 0o666, 0o755: 0o755, 0o604: 0o600, 0o664: 0o644, 0o400: 0o400,
	} {
		require.Equal(t, want, Access{perm: perm}.inOtherGroup().perm, "%o", perm)
	}
	mask := aclEntry{aclMask, 6, 0}
	for _, c := range []struct {
		list                 acl
		bits, amounts, moved fs.FileMode
	}{
		{acl{{aclOwner, 6, 0}, {aclGroup, 4, 0}, {aclOthers, 4, 0}}, 0o644, 0o644, 0o644},
		{acl{{aclOwner, 6, 0}, {aclNamedUser, 6, 7}, {aclGroup, 0, 0}, mask, {aclOthers, 0, 0}}, 0o660, 0o600, 0o660},
		{acl{{aclOwner, 6, 0}, {aclNamedUser, 0, 7}, {aclGroup, 6, 0}, mask, {aclOthers, 4, 0}}, 0o664, 0o600, 0o664},
		{acl{{aclOwner, 7, 0}, {aclGroup, 6, 0}, {aclNamedGroup, 4, 7}, {aclMask, 4, 0}, {aclOthers, 4, 0}}, 0o744, 0o744, 0o744},
		{acl{{aclOwner, 6, 0}, {aclGroup, 6, 0}, {aclNamedGroup, 0, 7}, mask, {aclOthers, 4, 0}}, 0o664, 0o660, 0o660},
	} {
		require.Equal(t, c.bits, c.list.bits(), "%v", c.list)
		require.Equal(t, c.amounts, c.list.amounts(), "%v", c.list)
		require.Equal(t, c.moved, Access{acl: c.list.value()}.inOtherGroup().perm, "%v", c.list)
	}
}

// TestUnknownLists checks that a list of an unknown form lets in the owner alone.
func TestUnknownLists(t *testing.T) {
	valid := acl{{aclOwner, 6, 0}, {aclGroup, 4, 0}, {aclOthers, 4, 0}}.value()
	list, ok := parseACL(valid)
	require.True(t, ok)
	require.Equal(t, valid, list.value())
	for _, value := range [][]byte{{}, {2, 0, 0}, {3, 0, 0, 0}, valid[:len(valid)-1], append(slices.Clone(valid), 0)} {
		_, ok := parseACL(value)
		require.False(t, ok, "%v", value)
		a := Access{perm: 0o664, acl: value}
		require.Equal(t, Access{perm: 0o600}, a.withoutACL())
		require.Equal(t, Access{perm: 0o600}, a.inOtherGroup())
	}
	denied := newAccess(Info{Mode: 0o664}, func() ([]byte, error) { return nil, fs.ErrPermission })
	require.Equal(t, Access{perm: 0o600}, denied)
}
