package vfs

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// direntBufferSize is the size of the buffers for getdents64(2). The records of
// a directory of a few hundred names fit one.
const direntBufferSize = 32 << 10

var direntBuffers = sync.Pool{New: func() any { return new([direntBufferSize]byte) }}

func (d *linuxFS) List(name string, follow bool) ([]Entry, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := d.openat(name, flags, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := direntBuffers.Get().(*[direntBufferSize]byte)
	defer direntBuffers.Put(buf)
	var entries []Entry
	for {
		n, err := unix.Getdents(fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return entries, err
		}
		entries = appendEntries(entries, buf[:n])
	}
}

// averageRecord is about the length of a record of getdents64(2).
const averageRecord = 32

// appendEntries reads the records of getdents64(2). All names of one call share
// one string, which saves an allocation for each.
func appendEntries(entries []Entry, records []byte) []Entry {
	const reclenAt, typeAt, nameAt = 16, 18, 19
	names := string(records)
	entries = slices.Grow(entries, len(records)/averageRecord)
	for at := 0; at < len(records); {
		length := int(binary.NativeEndian.Uint16(records[at+reclenAt:]))
		name := names[at+nameAt : at+length]
		name = name[:strings.IndexByte(name, 0)]
		if name != "." && name != ".." {
			entries = append(entries, Entry{Name: name, Kind: direntKind(records[at+typeAt])})
		}
		at += length
	}
	return entries
}

func direntKind(t byte) Kind {
	switch t {
	case unix.DT_REG:
		return KindFile
	case unix.DT_DIR:
		return KindDir
	case unix.DT_LNK:
		return KindLink
	case unix.DT_UNKNOWN:
		return KindUnknown
	default:
		return KindOther
	}
}
