// Package reliability has no code but tests, which break what lies under
// fileops for real and watch what it does: file systems that hang (FUSE),
// processes that are killed at each of their system calls (ptrace), machines
// that lose what was not yet written (an ext4 that is shut down), disks, inode
// tables, quotas and descriptor tables that are full. The package's own tests
// do the like below its filesystem seam, which is faster and more exact; these
// show that the seam does not lie.
//
// Most need root on Linux and skip without it, saying so. With
// FILEOPS_ALL_TESTS=1 in the environment a skip is a failure. They leave no
// mount behind, even if they are killed: they run in a mount namespace of
// their own.
//
// It is a module of its own so that what it needs does not weigh on fileops.
package reliability
