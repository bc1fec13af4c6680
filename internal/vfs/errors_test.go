package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReason(t *testing.T) {
	other := errors.New("other")
	wrapped := fmt.Errorf("wrapped: %w", syscall.EIO)
	for _, c := range []struct{ err, want error }{
		{nil, nil},
		{other, other},
		{wrapped, wrapped}, // its text belongs to it
		{&fs.PathError{Op: "open", Path: "f", Err: syscall.EIO}, syscall.EIO},
		{&os.LinkError{Op: "link", Old: "f", New: "g", Err: syscall.EIO}, syscall.EIO},
		{os.NewSyscallError("open", syscall.EIO), syscall.EIO},
	} {
		require.Equal(t, c.want, Reason(c.err))
	}
}

// syncedDir is a directory that answers Sync with one error after the other.
type syncedDir struct {
	FS
	answers []error
}

func (d *syncedDir) Sync() (err error) {
	err, d.answers = d.answers[0], d.answers[1:]
	return err
}

// TestNameSync checks that the first failure is kept, and that its reason is
// hidden: a caller who found it might repeat a call that has taken effect.
func TestNameSync(t *testing.T) {
	first := &fs.PathError{Op: "sync", Path: "f", Err: os.NewSyscallError("fsync", syscall.EMFILE)}
	dir := &syncedDir{answers: []error{nil, first, syscall.EIO, nil}}
	unwanted := new(NameSync)
	unwanted.sync(dir)
	require.NoError(t, unwanted.Err())
	require.Len(t, dir.answers, 4)

	names := NameSync{Wanted: true}
	names.sync(dir)
	require.NoError(t, names.Err())
	for len(dir.answers) > 0 {
		names.sync(dir)
		require.Equal(t, UnsyncedError{syscall.EMFILE}, names.Err())
	}
	require.EqualError(t, names.Err(), syscall.EMFILE.Error())
	require.False(t, OutOfDescriptors(names.Err()))
	require.False(t, OutOfDescriptors(Reason(names.Err())))
}

func TestKindsOfErrors(t *testing.T) {
	for _, c := range []struct {
		err                                 error
		notExist, outOfDescriptors, nowhere bool
	}{
		{err: nil},
		{err: syscall.EIO},
		{err: syscall.EACCES},
		{err: ErrNotRegular},
		{err: fs.ErrNotExist, notExist: true, nowhere: true},
		{err: syscall.ENOENT, notExist: true, nowhere: true},
		{err: &fs.PathError{Err: syscall.ENOENT}, notExist: true, nowhere: true},
		{err: syscall.ENOTDIR, nowhere: true},
		{err: syscall.ELOOP, nowhere: true},
		{err: ErrEscapes, nowhere: true},
		{err: syscall.EMFILE, outOfDescriptors: true},
		{err: fmt.Errorf("%w", syscall.ENFILE), outOfDescriptors: true},
	} {
		require.Equal(t, c.notExist, IsNotExist(c.err), "%v", c.err)
		require.Equal(t, c.outOfDescriptors, OutOfDescriptors(c.err), "%v", c.err)
		require.Equal(t, c.nowhere, LeadsNowhere(c.err), "%v", c.err)
	}
}

// TestLinksThatCannotBeMade has the errors of link(2) on file systems without
// hard links.
func TestLinksThatCannotBeMade(t *testing.T) {
	for _, err := range []error{errors.ErrUnsupported, syscall.EPERM, syscall.EMLINK, &os.LinkError{Err: syscall.EPERM}} {
		require.True(t, hasNoHardLinks(err), "%v", err)
	}
	for _, err := range []error{nil, syscall.EEXIST, syscall.EIO, syscall.ENOSPC, syscall.EACCES} {
		require.False(t, hasNoHardLinks(err), "%v", err)
	}
}
