package fileopsbeam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/lion-agi/fileops"
)

// A VersionFS is an [fs.FS] whose files have versions, such as the ETags of a bucket. A
// file is then read in the version of the listing, or not at all.
type VersionFS interface {
	fs.FS

	// Version returns the version of a file that was listed, "" if it has none.
	Version(info fs.FileInfo) string

	// Expect says which version of a file the next Open must open. For another one,
	// Open fails with [fileops.ErrChanged].
	Expect(path, version string)
}

// A source is the files of a job.
type source struct {
	fs     fs.FS
	system bool   // it is a directory of the system
	prefix string // of the paths in chunks
}

// openSource opens the source of a job.
func openSource(ctx context.Context, place string) (*source, error) {
	scheme := schemeOf(place)
	if scheme == "" {
		return &source{fs: dirFS(place), system: true, prefix: prefixOf(place)}, nil
	}
	open, err := sources.get(scheme)
	if err != nil {
		return nil, err
	}
	files, err := openSources.get(place, func() (fs.FS, error) { return open(context.WithoutCancel(ctx), place) })
	return &source{fs: files}, err
}

var (
	openSources opened[fs.FS]
	openStores  opened[Store]
)

// Opened keeps the sources that were opened by URL. The client of a bucket has
// connections, which the next part uses again.
type opened[T any] struct {
	mu    sync.Mutex
	byURL map[string]T
}

func (o *opened[T]) get(url string, open func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if value, ok := o.byURL[url]; ok {
		return value, nil
	}
	value, err := open()
	if err != nil {
		return value, fmt.Errorf("open %s: %w", withoutQuery(url), err)
	}
	if o.byURL == nil {
		o.byURL = map[string]T{}
	}
	o.byURL[url] = value
	return value, nil
}

// withoutQuery returns a URL without its parameters, which may be secrets.
func withoutQuery(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return url
}

// prefixOf returns what fileops puts before the name of a file in a directory.
func prefixOf(dir string) string {
	if dir == "." {
		return ""
	}
	if os.IsPathSeparator(dir[len(dir)-1]) || dir == filepath.VolumeName(dir) {
		return dir
	}
	return dir + string(filepath.Separator)
}

// path returns the path of a file as chunks have it.
func (s *source) path(below string) string {
	if s.system {
		below = filepath.FromSlash(below)
	}
	return s.prefix + below
}

// A dirFS is a directory of the system. Unlike os.DirFS it takes names that are not
// UTF-8, as fileops does.
type dirFS string

func (d dirFS) Open(name string) (fs.File, error) {
	f, err := os.Open(prefixOf(string(d)) + name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// A partFS is the files of a part. Each is in a directory of its own, which is called
// by the file's number in the part: so no path is in the way of another one, as "a" and
// "a/b" in a bucket would be, and the order of paths is that of the part.
type partFS struct {
	source *source
	files  []File
	ctx    context.Context // nil means none
	ahead  *ahead          // nil if files are opened when the pool asks for them
}

// numberDigits is how long a number is. It bounds the files of a part, far above what
// a machine can hold.
const numberDigits = 12

func (p *partFS) name(i int) string {
	return fmt.Sprintf("%0*d/%s", numberDigits, i, path.Base(p.files[i].Path))
}

// number returns the number of a file.
func (p *partFS) number(name string) (i int, ok bool) {
	if len(name) <= numberDigits {
		return 0, false
	}
	i, err := strconv.Atoi(name[:numberDigits])
	return i, err == nil && i >= 0 && i < len(p.files)
}

// errStale is the reason of a skip: the file of the listing is not there any more.
var errStale = errors.New("changed since it was listed")

// WithContext implements [fileops.ContextFS].
func (p *partFS) WithContext(ctx context.Context) fs.FS {
	bound := *p
	bound.ctx = ctx
	return &bound
}

// Open opens a file in the version of the listing.
func (p *partFS) Open(name string) (fs.File, error) {
	i, ok := p.number(name)
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if p.ahead != nil {
		return p.ahead.get(i)
	}
	return p.open(i)
}

// open opens a file by its number.
func (p *partFS) open(i int) (fs.File, error) {
	listed := p.files[i]
	if v, ok := p.source.fs.(VersionFS); ok && listed.Version != "" {
		v.Expect(listed.Path, listed.Version)
	}
	f, err := p.bound().Open(listed.Path)
	if errors.Is(err, fileops.ErrChanged) {
		err = errStale
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsDir() {
		err = fileops.ErrNotRegular
	}
	if err == nil && !listed.fits(info) {
		err = errStale
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &listedFile{File: f, info: info, left: listed.Size}, nil
}

// A listedFile is an open file of which as much is read as was listed. To look for the
// end would cost another call.
type listedFile struct {
	fs.File
	info fs.FileInfo
	left int64
}

func (f *listedFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *listedFile) Read(b []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.File.Read(b[:min(int64(len(b)), f.left)])
	if f.left -= int64(n); err == io.EOF && f.left > 0 {
		err = fileops.ErrChanged // it became shorter just now
	}
	return n, err
}

// bound returns the source for calls that end with the context.
func (p *partFS) bound() fs.FS {
	if c, ok := p.source.fs.(fileops.ContextFS); ok && p.ctx != nil {
		return c.WithContext(p.ctx)
	}
	return p.source.fs
}

// Stat describes the top, which is all that a pool asks for here.
func (p *partFS) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return topInfo{}, nil
	}
	f, err := p.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// ReadTree implements [fileops.FlatFS].
func (p *partFS) ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error) {
	const pageSize = 1000
	from, _ := strconv.Atoi(token) // "" is 0
	to := min(len(p.files), from+pageSize)
	for i := from; i < to; i++ {
		entries = append(entries, partEntry(p.name(i)))
	}
	if to < len(p.files) {
		next = strconv.Itoa(to)
	}
	return entries, next, nil
}
