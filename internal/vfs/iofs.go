package vfs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// Reading returns an fs.FS as an FS that can only be read: everything else is
// errors.ErrUnsupported. Paths are slash-separated, on every system, and are
// cleaned lexically. One that is absolute, or leads above the top, is
// [ErrEscapes].
//
// The fs.FS is foreign code. The guard calls it. Reading believes no size, no count
// and no name of it.
func Reading(fsys fs.FS, guard Guard) FS {
	return &ioFS{fsys: fsys, guard: guard, ctx: context.Background()}
}

// WithContext returns files for calls that end with a context, if the file system
// can end them.
func WithContext(ctx context.Context, files FS) FS {
	if c, ok := files.(interface{ WithContext(context.Context) FS }); ok {
		return c.WithContext(ctx)
	}
	return files
}

// An ioFS is an fs.FS.
type ioFS struct {
	unsupportedFS
	fsys     fs.FS
	guard    Guard
	together bool // the calls are some of Together
	ctx      context.Context
}

// A contextFS is an fs.FS that can end its calls with a context.
type contextFS interface {
	WithContext(ctx context.Context) fs.FS
}

func (d *ioFS) WithContext(ctx context.Context) FS {
	bound := *d
	bound.ctx = ctx
	return &bound
}

// files returns the fs.FS for calls that end with the context.
func (d *ioFS) files() (fs.FS, error) {
	c, ok := d.fsys.(contextFS)
	if !ok {
		return d.fsys, nil
	}
	if files := c.WithContext(d.ctx); files != nil {
		return files, nil
	}
	return nil, errNothing
}

func (d *ioFS) Path() string { return "" }
func (d *ioFS) Close() error { return nil }

// ReadCached never succeeds: nobody knows for what an fs.FS waits.
func (d *ioFS) ReadCached(string, int64) ([]byte, bool) { return nil, false }

// longestPath is PATH_MAX of Linux. It ends a walk of a file system in which each
// directory contains another one.
const longestPath = 4096

// clean returns a path as an fs.FS takes it.
func (d *ioFS) clean(name string) (string, error) {
	cleaned := path.Clean(name)
	switch {
	case cleaned[0] == '/', cleaned == "..", strings.HasPrefix(cleaned, "../"):
		return "", ErrEscapes
	case len(cleaned) > longestPath:
		return "", syscall.ENAMETOOLONG
	}
	return cleaned, d.ctx.Err()
}

// errOf returns the error of a call. After the end of the context that is the
// context's, whatever the file system makes of it.
func (d *ioFS) errOf(err error) error {
	if err != nil && d.ctx.Err() != nil {
		return d.ctx.Err()
	}
	return err
}

// errNothing reports a call that returned neither a result nor an error.
var errNothing = errors.New("the file system returned nothing")

// open opens a file. The caller guards it.
func (d *ioFS) open(files fs.FS, name string) (fs.File, error) {
	f, err := files.Open(name)
	if err == nil && f == nil {
		err = errNothing
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// with makes a guarded call about a path.
func with[T any](d *ioFS, name string, call func(files fs.FS, name string) (T, error)) (T, error) {
	cleaned, err := d.clean(name)
	if err != nil {
		var none T
		return none, err
	}
	return guarded(d, func() (T, error) {
		files, err := d.files()
		if err != nil {
			var none T
			return none, err
		}
		return call(files, cleaned)
	})
}

// Open also describes the file, which saves a guarded call.
func (d *ioFS) Open(name string) (File, error) {
	return with(d, name, func(files fs.FS, name string) (opened File, err error) {
		f, err := d.open(files, name)
		if err != nil {
			return nil, err
		}
		defer func() {
			if opened == nil {
				f.Close()
			}
		}()
		info, err := ioInfo(f.Stat())
		if err != nil {
			return nil, err
		}
		return &ioFile{fs: d, file: f, info: info}, nil
	})
}

func (d *ioFS) Stat(name string) (Info, error) {
	return with(d, name, func(files fs.FS, name string) (Info, error) {
		if s, ok := files.(fs.StatFS); ok {
			return ioInfo(s.Stat(name))
		}
		f, err := d.open(files, name)
		if err != nil {
			return Info{}, err
		}
		defer f.Close()
		return ioInfo(f.Stat())
	})
}

func (d *ioFS) Lstat(name string) (Info, error) {
	return with(d, name, func(files fs.FS, name string) (Info, error) {
		if s, ok := files.(fs.ReadLinkFS); ok {
			return ioInfo(s.Lstat(name))
		}
		return ioInfo(fs.Stat(files, name))
	})
}

// ioInfo makes an Info of a description.
func ioInfo(fi fs.FileInfo, err error) (Info, error) {
	switch {
	case err != nil:
		return Info{}, err
	case fi == nil:
		return Info{}, errNothing
	}
	info := Info{Mode: regularMode(fi.Mode()), Size: max(0, fi.Size()), Modified: NoTime}
	if t := fi.ModTime(); t.Year() >= firstYear && t.Year() <= lastYear {
		info.Modified = t.UnixNano()
	}
	info.Accessed = info.Modified
	if fromSystem(fi) {
		info.os = fi
		addSystem(&info, fi)
	}
	return info, nil
}

// The years that time.Time.UnixNano is defined for.
const firstYear, lastYear = 1679, 2261

// regularMode returns the mode of a file, with no type if it is irregular. The
// files of gocloud.dev/blob say that they are, though they are ordinary ones.
func regularMode(mode fs.FileMode) fs.FileMode { return mode &^ fs.ModeIrregular }

// fromSystem reports whether a description is one of package os, which knows the
// identity of files. Only such a file can be one that the pool writes.
func fromSystem(fi fs.FileInfo) bool { return fi.Sys() != nil && os.SameFile(fi, fi) }

// List follows a link if the file system does: an fs.FS cannot be told not to.
func (d *ioFS) List(name string, _ bool) ([]Entry, error) {
	return with(d, name, func(files fs.FS, name string) ([]Entry, error) {
		list, err := d.readDir(files, name)
		if err == nil {
			return d.entries(list), nil
		}
		if d.ctx.Err() == nil { // each file system has another error for a file
			if st, statErr := fs.Stat(files, name); statErr == nil && !st.IsDir() {
				err = syscall.ENOTDIR
			}
		}
		return nil, err
	})
}

func (d *ioFS) readDir(files fs.FS, name string) ([]fs.DirEntry, error) {
	if r, ok := files.(fs.ReadDirFS); ok {
		return r.ReadDir(name)
	}
	f, err := d.open(files, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return d.readAllEntries(dir)
}
