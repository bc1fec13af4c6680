package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gocloud.dev/blob"
)

// A store is a bucket with all that its views share.
type store struct {
	bucket   *blob.Bucket
	prefix   string // of the keys; "" or with a slash at its end
	opts     Options
	versions *versions
}

// A view is the files of a store for calls that end with a context.
type view struct {
	*store
	ctx context.Context
}

// A tree is a view of a store that lists keys in order.
type tree struct{ view }

// pageSize is the number of keys for which a listing asks at a time. S3 gives no
// more.
const pageSize = 1000

// WithContext implements fileops.ContextFS.
func (v *view) WithContext(ctx context.Context) fs.FS {
	bound := view{v.store, ctx}
	if v.opts.Unordered {
		return &bound
	}
	return &tree{bound}
}

// pathError gives an error the operation and the path, as io/fs asks for.
func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Open opens a file, with one request. A directory takes another one.
func (v *view) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, pathError("open", name, fs.ErrInvalid)
	}
	if name == "." {
		return v.newDir(name), nil
	}
	f, err := v.openFile(name)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, fs.ErrNotExist) && v.isDir(name) {
		return v.newDir(name), nil
	}
	return nil, pathError("open", name, err)
}

// Stat implements [fs.StatFS].
func (v *view) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, pathError("stat", name, fs.ErrInvalid)
	}
	if name == "." {
		return dirInfo(path.Base(name)), nil
	}
	var attrs *blob.Attributes
	err := v.newAttempts().each(v.ctx, func(w *watch) (err error) {
		attrs, err = v.bucket.Attributes(w.ctx, v.prefix+name)
		return err
	})
	switch {
	case err == nil:
		k := known{versionOf(attrs.As), attrs.Size, attrs.ModTime}
		v.versions.put(v.prefix+name, k)
		return fileInfo(path.Base(name), v.prefix+name, k), nil
	case errors.Is(err, fs.ErrNotExist) && v.isDir(name):
		return dirInfo(path.Base(name)), nil
	}
	return nil, pathError("stat", name, err)
}

// isDir reports whether there is a file below a directory.
func (v *view) isDir(name string) bool {
	objects, _, err := v.list(v.prefix+name+"/", "", blob.FirstPageToken, 1)
	return err == nil && len(objects) > 0
}

// list lists a page of keys.
func (v *view) list(prefix, delimiter string, token []byte, size int) (objects []*blob.ListObject, next []byte, err error) {
	err = v.newAttempts().each(v.ctx, func(w *watch) (err error) {
		objects, next, err = v.bucket.ListPage(w.ctx, token, size, &blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
		return err
	})
	if err == nil && len(next) > 0 && bytes.Equal(next, token) { // a listing that never ends
		err = io.ErrNoProgress
	}
	return objects, next, err
}

// dirPrefix returns the beginning of the keys below a directory.
func (v *view) dirPrefix(name string) string {
	if name == "." {
		return v.prefix
	}
	return v.prefix + name + "/"
}

// ReadDir implements [fs.ReadDirFS]. An entry that no path can name ("d//x" lists
// one that is called "") is no directory, whatever it is, so that no walk enters it.
func (v *view) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, pathError("readdir", name, fs.ErrInvalid)
	}
	prefix, found := v.dirPrefix(name), false
	var entries []fs.DirEntry
	for token := blob.FirstPageToken; len(token) > 0; {
		objects, next, err := v.list(prefix, "/", token, pageSize)
		if err != nil {
			return nil, pathError("readdir", name, err)
		}
		found = found || len(objects) > 0
		entries = append(entries, v.entries(prefix, objects)...)
		token = next
	}
	if !found && prefix != "" {
		return nil, pathError("readdir", name, fs.ErrNotExist)
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// ReadTree implements fileops.FlatFS.
func (v *tree) ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error) {
	if !fs.ValidPath(dir) {
		return nil, "", pathError("readdir", dir, fs.ErrInvalid)
	}
	if v.opts.Unordered {
		return nil, "", pathError("readdir", dir, errors.ErrUnsupported)
	}
	from := blob.FirstPageToken
	if token != "" {
		from = []byte(token)
	}
	prefix := v.dirPrefix(dir)
	objects, rest, err := v.list(prefix, "", from, pageSize)
	if err == nil && token == "" && len(objects) == 0 && len(rest) == 0 && prefix != "" {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, "", pathError("readdir", dir, err)
	}
	return v.entries(prefix, objects), string(rest), nil
}

// entries makes entries of objects. It notes their versions. Empty objects whose
// keys end with a slash only mark directories, so they are left out.
func (v *view) entries(prefix string, objects []*blob.ListObject) []fs.DirEntry {
	entries := make([]fs.DirEntry, 0, len(objects))
	for _, o := range objects {
		name := strings.TrimPrefix(o.Key, prefix)
		switch {
		case o.IsDir:
			entries = append(entries, entryOfDir(strings.TrimSuffix(name, "/")))
		case o.Size == 0 && (name == "" || strings.HasSuffix(name, "/")), marksDirectory(o.As):
		default:
			k := known{versionOf(o.As), o.Size, o.ModTime}
			v.versions.put(o.Key, k)
			entries = append(entries, fileInfo(name, o.Key, k))
		}
	}
	return entries
}
