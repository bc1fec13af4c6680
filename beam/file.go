package fileopsbeam

import (
	"cmp"
	"encoding/binary"
	"errors"
	"hash"
	"io/fs"
	"strings"
	"time"
)

// A File is a reference to a file, as a listing tells of it. It is all that crosses
// from the listing to the workers.
type File struct {
	Path     string    `json:"path"` // below the source, with slashes
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified,omitzero"`
	Version  string    `json:"version,omitempty"` // the ETag or the generation, if there is one

	// Unread is the reason why the listing leaves the file out, "" for a file that
	// is cut. The file counts as listed and skipped.
	Unread string `json:"unread,omitempty"`
}

// compare orders files by path.
func (f File) compare(other File) int {
	return cmp.Or(
		strings.Compare(f.Path, other.Path), cmp.Compare(f.Size, other.Size), f.Modified.Compare(other.Modified),
		strings.Compare(f.Version, other.Version), strings.Compare(f.Unread, other.Unread),
	)
}

// problem returns the reason why no source can have the file, "" if there is none. An
// inventory may have any keys.
func (f File) problem() string {
	switch {
	case f.Unread != "":
		return f.Unread
	case !isName(f.Path):
		return "no path can name it"
	case f.Size < 0:
		return "its size is negative"
	}
	return ""
}

// isName reports whether a path is one of io/fs. But it may be any bytes.
func isName(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return false
		}
	}
	return true
}

// appendFile appends the bytes of a file: texts with their lengths, and numbers.
func appendFile(b []byte, f File) []byte {
	b = appendText(b, f.Path)
	b = binary.AppendVarint(b, f.Size)
	b = binary.AppendVarint(b, modifiedNumber(f.Modified))
	b = appendText(b, f.Version)
	return appendText(b, f.Unread)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// modifiedNumber returns a time as a number, 0 for the zero time.
func modifiedNumber(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

var errMalformed = errors.New("malformed file references")

// eachFile yields the files that appendFile has appended.
func eachFile(b []byte, yield func(File)) error {
	d := decoder{b}
	for len(d.rest) > 0 {
		f := File{Path: d.text(), Size: d.number()}
		if n := d.number(); n != 0 {
			f.Modified = time.Unix(0, n).UTC()
		}
		f.Version, f.Unread = d.text(), d.text()
		if d.rest == nil {
			return errMalformed
		}
		yield(f)
	}
	return nil
}

// A decoder reads what appendFile writes. Its rest is nil after a failure.
type decoder struct{ rest []byte }

func (d *decoder) text() string {
	n, length := binary.Uvarint(d.rest)
	if length <= 0 || n > uint64(len(d.rest)-length) {
		d.rest = nil
		return ""
	}
	end := length + int(n)
	s := string(d.rest[length:end])
	d.rest = d.rest[end:]
	return s
}

func (d *decoder) number() int64 {
	n, length := binary.Varint(d.rest)
	if length <= 0 {
		d.rest = nil
		return 0
	}
	d.rest = d.rest[length:]
	return n
}

// hashFiles adds files to the hash that names their part.
func hashFiles(h hash.Hash, files []File) {
	var b []byte
	for _, f := range files {
		b = appendFile(b[:0], f)
		h.Write(b)
	}
}

// fits reports whether an open file is the one that was listed, as far as its
// description tells.
func (f File) fits(info fs.FileInfo) bool {
	if info.Size() != f.Size {
		return false
	}
	return f.Version != "" || f.Modified.IsZero() || info.ModTime().Equal(f.Modified)
}
