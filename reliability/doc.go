// Package reliability contains only tests. They cause real faults below fileops:
// file systems that hang (FUSE), processes that are killed at each of their
// system calls (ptrace), machines that lose unwritten data (an ext4 that is shut
// down), and full disks, inode tables, quotas and descriptor tables. The
// package's own tests inject faults at its file system seam, which is faster and
// more exact. These tests show that the real system behaves like those faults.
//
// Most tests need root on Linux, and skip without it. With FILEOPS_ALL_TESTS=1 in
// the environment a skip is a failure. The tests run in a mount namespace of
// their own, so no mount outlives them, even if they are killed.
//
// This is a module of its own, so that fileops does not depend on the imports
// of the tests.
package reliability
