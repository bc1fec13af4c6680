// Package vfs is the seam between the engine and the system: directories and
// files as interfaces, with the implementations that the package needs.
//
//   - [System] is the whole file system: Linux system calls, or package os
//     elsewhere.
//   - [Confined] is one directory that no name leads out of: openat2(2) where
//     the kernel has it, or os.Root.
//   - [Portable] and [PortableConfined] are the implementations on package os,
//     which every system has.
//   - [Reading] is any fs.FS, which can only be read.
//   - Package vfstest puts a fault injector in front of any of them.
//
// [WriteAtomic] and [TempFile] write files so that a name never stands for half
// a file.
package vfs

import (
	"io"
	"io/fs"
	"math"
	"os"
	"time"
)

// An FS is a directory. Names are relative to it; those of the whole file
// system may be absolute. LinkFile, Mkdir, Link, Rename, RenameNew and Remove
// take the names of entries of the directory, which have no slash.
//
// Errors may be bare system errors. The caller wraps them, because only the
// caller knows the operation and the path as it was given.
type FS interface {
	// Path returns the directory's absolute path, or "" if it is unknown or if
	// names are relative to the working directory.
	Path() string

	// Open opens a file for reading. It does not wait for a FIFO's writer.
	Open(name string) (File, error)
	// ReadCached reads a regular file of at most limit bytes if neither opening
	// nor reading it can wait for a disk or a server. In all other cases, and
	// after any error, ok is false.
	ReadCached(name string, limit int64) (data []byte, ok bool)
	// OpenForWriting opens an existing file for writing. It does not wait for a
	// FIFO's reader.
	OpenForWriting(name string) (File, error)
	// OpenDir opens the directory name as an FS of its own.
	OpenDir(name string) (FS, error)
	// Create makes a file, which must not exist, and opens it for writing.
	Create(name string, perm fs.FileMode) (File, error)
	// CreateUnnamed makes a file without a name and opens it for reading and
	// writing. The file vanishes when it is closed, unless LinkFile gives it a
	// name. CreateUnnamed fails with errors.ErrUnsupported where the system has
	// no such files.
	CreateUnnamed(perm fs.FileMode) (File, error)
	// LinkFile gives a file of CreateUnnamed a name, which must not exist. It
	// fails with errors.ErrUnsupported where the system cannot do that.
	LinkFile(f File, name string) error

	// Stat describes a file. It follows a symbolic link.
	Stat(name string) (Info, error)
	// Lstat describes a file. It does not follow a symbolic link.
	Lstat(name string) (Info, error)
	// ACL returns the POSIX access control list of an entry, as the extended
	// attribute holds it, and nil if there is none. It does not follow a
	// symbolic link.
	ACL(name string) ([]byte, error)
	// List returns the entries of a directory, in no order. It follows a
	// symbolic link to a directory only if follow is set.
	List(name string, follow bool) ([]Entry, error)

	// Mkdir makes a directory.
	Mkdir(name string) error
	// Link gives a file a second name, which must not exist.
	Link(oldName, newName string) error
	// Rename moves a file and replaces the file that has the new name.
	Rename(oldName, newName string) error
	// RenameNew moves a file to a name that must not exist, in one step. It
	// fails with errors.ErrUnsupported where the system cannot do that.
	RenameNew(oldName, newName string) error
	// Remove removes a file.
	Remove(name string) error
	// SetTimes sets the times of access and change of an open file. Some
	// systems need its name as well, which is "" if the file has none.
	SetTimes(f File, name string, accessed, modified time.Time) error
	// Sync makes the directory's names durable.
	Sync() error
	// Close closes the directory.
	Close() error
}

// A File is an open file.
type File interface {
	io.ReadWriteSeeker
	io.Closer
	// Stat describes the file.
	Stat() (Info, error)
	// Chmod sets the permission bits.
	Chmod(perm fs.FileMode) error
	// Chown sets the owner and the group. -1 leaves one as it is.
	Chown(owner, group int) error
	// ACL returns the POSIX access control list, nil if there is none.
	ACL() ([]byte, error)
	// SetACL sets the POSIX access control list. nil removes it.
	SetACL(acl []byte) error
	// Truncate cuts the file to a size, or extends it by a hole.
	Truncate(size int64) error
	// Sync makes the contents durable.
	Sync() error
	// StartWriteOut begins to write the contents to the disk, without waiting.
	// It does nothing where the system cannot do that.
	StartWriteOut() error
	// WriteOut writes the contents to the disk, so that a name that the file
	// gets afterwards cannot outlive a loss of power without them. It does not
	// make anything durable, and does nothing where the system cannot do that.
	WriteOut() error
	// CloneFrom makes the file share the blocks of src (a reflink). It fails
	// with errors.ErrUnsupported where the file system cannot do that.
	CloneFrom(src File) error
	// CopyFrom lets the kernel copy at most n bytes from the current offset of
	// src. It returns 0 and no error at the end of src, and
	// errors.ErrUnsupported where the kernel cannot copy.
	CopyFrom(src File, n int64) (int64, error)
	// NextData returns where the first data at or after an offset begins and
	// ends. The rest is holes, which take no space on the disk. NextData returns
	// io.EOF if there is no more data, and errors.ErrUnsupported where the
	// system cannot tell. It moves the file's offset.
	NextData(offset int64) (start, end int64, err error)
	// CopyAttributes gives the file the extended attributes of src, as far as
	// its file system takes them, save its access control list and its
	// capabilities, which grant rights.
	CopyAttributes(src File) error
}

// An Info describes a file.
type Info struct {
	Mode     fs.FileMode
	Size     int64
	Accessed int64 // in nanoseconds since 1970, like Modified
	Modified int64
	Owner    uint32 // like Group, 0 where the system has no such number
	Group    uint32
	Sparse   bool // the file takes less space than its size: it may have holes

	dev, ino uint64      // the file's identity, where the system has such numbers
	os       os.FileInfo // the file's identity elsewhere
}

// NoTime is the time of a file that has none, as in a zip or an embed.FS, or one
// that an int64 of nanoseconds cannot hold.
const NoTime = math.MinInt64

// ModTime returns the time of the last change, zero if there is none.
func (i *Info) ModTime() time.Time {
	if i.Modified == NoTime {
		return time.Time{}
	}
	return time.Unix(0, i.Modified)
}

// SameFile reports whether a and b describe one file.
func SameFile(a, b Info) bool {
	if a.ino != 0 || b.ino != 0 {
		return a.dev == b.dev && a.ino == b.ino
	}
	return a.os != nil && b.os != nil && os.SameFile(a.os, b.os)
}

// A FileID stands for a file. Different files may have one FileID on systems without
// inode numbers, so [SameFile] decides.
type FileID struct{ dev, ino uint64 }

// ID returns the file's FileID.
func (i Info) ID() FileID {
	if i.ino == 0 {
		return FileID{ino: uint64(i.Modified)}
	}
	return FileID{i.dev, i.ino}
}

// Replaced reports whether b describes another file than a. It is false where the
// files have no identity.
func Replaced(a, b Info) bool {
	known := func(i Info) bool { return i.ino != 0 || i.os != nil }
	return known(a) && known(b) && !SameFile(a, b)
}

// Describe describes a file that the caller has opened.
func Describe(f *os.File) (Info, error) { return infoFrom(f.Stat()) }

// An Entry is a name in a directory.
type Entry struct {
	Name string
	Kind Kind
	told *told // by an fs.FS, nil elsewhere
}

// Kind is the type of an entry as the directory states it.
type Kind uint8

// The kinds of entries.
const (
	KindUnknown Kind = iota // the directory does not say: ask Lstat
	KindFile
	KindDir
	KindLink
	KindOther // a FIFO, a socket, a device
)

// KindOf returns the kind of a file with the given mode.
func KindOf(mode fs.FileMode) Kind {
	switch mode.Type() {
	case 0:
		return KindFile
	case fs.ModeDir:
		return KindDir
	case fs.ModeSymlink:
		return KindLink
	default:
		return KindOther
	}
}
