package cloud

import (
	"io"
	"io/fs"
	"path"
	"time"
)

// An Object identifies a file in its bucket. The Sys of a file's [fs.FileInfo] returns
// it, as a *Object.
type Object struct {
	Key     string // in the bucket
	Version string // the ETag or the generation, "" if the store has none
}

// An info describes a file or a directory. It is its entry, too.
type info struct {
	name     string
	size     int64
	mode     fs.FileMode
	modified time.Time
	object   *Object // nil for a directory
}

// The permissions of all files and directories. A bucket has no such thing.
const (
	filePerm = 0o444
	dirPerm  = 0o555
)

func fileInfo(name, key string, k known) *info {
	modified := k.modified
	if k.version != "" { // listings tell more of the second than answers do
		modified = modified.Truncate(time.Second)
	}
	return &info{name, k.size, filePerm, modified, &Object{key, k.version}}
}

func dirInfo(name string) *info { return &info{name: name, mode: fs.ModeDir | dirPerm} }

// entryOfDir is the entry of a directory. If no path can name it, it is none.
func entryOfDir(name string) *info {
	if name == "" || name == "." || name == ".." {
		return &info{name: name, mode: fs.ModeIrregular}
	}
	return dirInfo(name)
}

func (i *info) Name() string               { return i.name }
func (i *info) Size() int64                { return i.size }
func (i *info) Mode() fs.FileMode          { return i.mode }
func (i *info) Type() fs.FileMode          { return i.mode.Type() }
func (i *info) ModTime() time.Time         { return i.modified }
func (i *info) IsDir() bool                { return i.mode.IsDir() }
func (i *info) Info() (fs.FileInfo, error) { return i, nil }
func (i *info) String() string             { return fs.FormatDirEntry(i) }

func (i *info) Sys() any {
	if i.object == nil {
		return nil
	}
	return i.object
}

// A dir is an open directory.
type dir struct {
	view    *view
	info    *info
	path    string
	listed  bool
	entries []fs.DirEntry
}

func (v *view) newDir(name string) *dir {
	return &dir{view: v, info: dirInfo(path.Base(name)), path: name}
}

func (d *dir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *dir) Close() error               { return nil }
func (d *dir) Read([]byte) (int, error)   { return 0, pathError("read", d.path, fs.ErrInvalid) }

// ReadDir implements [fs.ReadDirFile]. It lists the directory at the first call.
func (d *dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.listed {
		entries, err := d.view.ReadDir(d.path)
		if err != nil {
			return nil, err
		}
		d.listed, d.entries = true, entries
	}
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	some := d.entries[:n:n]
	d.entries = d.entries[n:]
	return some, nil
}
