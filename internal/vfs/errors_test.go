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
		{committed(syscall.EIO), syscall.EIO},
		{committed(&fs.PathError{Op: "sync", Path: "f", Err: os.NewSyscallError("fsync", syscall.EIO)}), syscall.EIO},
	} {
		require.Equal(t, c.want, Reason(c.err))
	}
}

func TestCommittedErrorsHideTheirReason(t *testing.T) {
	require.NoError(t, committed(nil))
	err := committed(&fs.PathError{Op: "sync", Path: "f", Err: fs.ErrNotExist})
	require.NotErrorIs(t, err, fs.ErrNotExist)
	require.False(t, IsNotExist(err))
	require.False(t, LeadsNowhere(err))
	require.EqualError(t, err, "sync f: file does not exist")
	_, isPathError := errors.AsType[*fs.PathError](err)
	require.False(t, isPathError)
	require.False(t, OutOfDescriptors(committed(syscall.EMFILE)))
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
