package vfs

import "golang.org/x/sys/unix"

// openLarge lets a 32-bit process open files of 2 GiB and more, see O_LARGEFILE in
// open(2). Package os adds the flag everywhere but in os.Root.
const openLarge = unix.O_LARGEFILE
