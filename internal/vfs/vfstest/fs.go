package vfstest

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
)

// Path returns the path of the inner directory.
func (f *FS) Path() string { return f.inner.Path() }

// WithContext returns the same file system for calls that end with a context.
func (f *FS) WithContext(ctx context.Context) vfs.FS {
	bound := *f
	bound.inner = vfs.WithContext(ctx, f.inner)
	return &bound
}

// Together makes calls together, see [vfs.Together].
func (f *FS) Together(calls func(files vfs.FS)) (returned bool) {
	if !vfs.IsGuarded(f.inner) {
		calls(f)
		return true
	}
	return vfs.Together(f.inner, func(inner vfs.FS) {
		bound := *f
		bound.inner = inner
		calls(&bound)
	})
}

// IsFlat reports whether the inner file system lists whole trees.
func (f *FS) IsFlat() bool { return vfs.IsFlat(f.inner) }

// ReadTree lists some of the files below a directory, see [vfs.ReadTree].
func (f *FS) ReadTree(dir, token string) (entries []vfs.Entry, next string, err error) {
	f.use(f.handle, "readTree", dir)
	entries, err = do(f.Account, "readTree", dir, func() ([]vfs.Entry, error) {
		entries, token, err := vfs.ReadTree(f.inner, dir, token)
		next = token
		return entries, err
	})
	return entries, next, err
}

// openFile performs an operation that opens a file. If the operation opens the
// file and fails then (see [Late]), openFile closes it.
func (f *FS) openFile(op, name string, open func() (vfs.File, error)) (vfs.File, error) {
	f.use(f.handle, op, name)
	opened, err := do(f.Account, op, name, open)
	if err != nil {
		if opened != nil {
			opened.Close()
		}
		return nil, err
	}
	return &File{inner: opened, name: name, Account: f.Account, handle: f.enter(op + " " + name)}, nil
}

func (f *FS) Open(name string) (vfs.File, error) {
	return f.openFile("open", name, func() (vfs.File, error) { return f.inner.Open(name) })
}

// ReadCached calls the inner file system only if CachedReads is set: it must not
// wait, but a hook may block.
func (f *FS) ReadCached(name string, limit int64) ([]byte, bool) {
	f.use(f.handle, "readCached", name)
	if !f.CachedReads {
		return nil, false
	}
	data, err := do(f.Account, "readCached", name, func() ([]byte, error) {
		if data, ok := f.inner.ReadCached(name, limit); ok {
			return data, nil
		}
		return nil, errNotCached
	})
	return data, err == nil
}

var errNotCached = errors.New("not cached")

func (f *FS) Create(name string, perm fs.FileMode) (vfs.File, error) {
	return f.openFile("create", name, func() (vfs.File, error) { return f.inner.Create(name, perm) })
}

func (f *FS) CreateUnnamed(perm fs.FileMode) (vfs.File, error) {
	return f.openFile("createUnnamed", f.name, func() (vfs.File, error) { return f.inner.CreateUnnamed(perm) })
}

func (f *FS) OpenForWriting(name string) (vfs.File, error) {
	return f.openFile("openForWriting", name, func() (vfs.File, error) { return f.inner.OpenForWriting(name) })
}

func (f *FS) ACL(name string) ([]byte, error) {
	f.use(f.handle, "entryACL", name)
	return do(f.Account, "entryACL", name, func() ([]byte, error) { return f.inner.ACL(name) })
}

func (f *FS) OpenDir(name string) (vfs.FS, error) {
	f.use(f.handle, "openDir", name)
	dir, err := do(f.Account, "openDir", name, func() (vfs.FS, error) { return f.inner.OpenDir(name) })
	if err != nil {
		if dir != nil {
			dir.Close()
		}
		return nil, err
	}
	return &FS{inner: dir, name: name, Account: f.Account, handle: f.enter("openDir " + name)}, nil
}

// one performs an operation that returns only an error.
func (f *FS) one(op, name string, perform func() error) error {
	f.use(f.handle, op, name)
	_, err := do(f.Account, op, name, func() (struct{}, error) { return struct{}{}, perform() })
	return err
}

func (f *FS) LinkFile(of vfs.File, name string) error {
	return f.one("linkFile", name, func() error { return f.inner.LinkFile(inner(of, "linkFile"), name) })
}

func (f *FS) Stat(name string) (vfs.Info, error) {
	f.use(f.handle, "stat", name)
	return do(f.Account, "stat", name, func() (vfs.Info, error) { return f.inner.Stat(name) })
}

func (f *FS) Lstat(name string) (vfs.Info, error) {
	f.use(f.handle, "lstat", name)
	return do(f.Account, "lstat", name, func() (vfs.Info, error) { return f.inner.Lstat(name) })
}

func (f *FS) List(name string, follow bool) ([]vfs.Entry, error) {
	f.use(f.handle, "list", name)
	entries, err := do(f.Account, "list", name, func() ([]vfs.Entry, error) { return f.inner.List(name, follow) })
	if f.UnknownKinds {
		for i := range entries {
			entries[i].Kind = vfs.KindUnknown
		}
	}
	return entries, err
}

func (f *FS) Mkdir(name string) error {
	return f.one("mkdir", name, func() error { return f.inner.Mkdir(name) })
}

func (f *FS) Link(oldName, newName string) error {
	return f.one("link", newName, func() error { return f.inner.Link(oldName, newName) })
}

func (f *FS) Rename(oldName, newName string) error {
	return f.one("rename", newName, func() error { return f.inner.Rename(oldName, newName) })
}

func (f *FS) RenameNew(oldName, newName string) error {
	return f.one("renameNew", newName, func() error { return f.inner.RenameNew(oldName, newName) })
}

func (f *FS) Remove(name string) error {
	return f.one("remove", name, func() error { return f.inner.Remove(name) })
}

func (f *FS) SetTimes(of vfs.File, name string, accessed, modified time.Time) error {
	return f.one("setTimes", name, func() error {
		return f.inner.SetTimes(inner(of, "setTimes"), name, accessed, modified)
	})
}

func (f *FS) Sync() error {
	return f.one("sync", f.name, func() error {
		if !f.Durable {
			return nil
		}
		return f.inner.Sync()
	})
}

func (f *FS) Close() error { return f.closing(f.handle, "closeDir", f.name, f.inner.Close) }
