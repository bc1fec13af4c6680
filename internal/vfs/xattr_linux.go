package vfs

import "golang.org/x/sys/unix"

// errNoXattr says that a file has no such extended attribute.
const errNoXattr = unix.ENODATA
