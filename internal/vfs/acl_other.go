//go:build !linux

package vfs

import "errors"

// These systems have no access control lists that this package reads.

func fileACL(int) ([]byte, error)          { return nil, nil }
func setFileACL(int, []byte) error         { return errors.ErrUnsupported }
func (osFS) ACL(string) ([]byte, error)    { return nil, nil }
func (*rootFS) ACL(string) ([]byte, error) { return nil, nil }
