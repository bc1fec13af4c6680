package fileopsbeam

import (
	"context"
	"io/fs"
	"sync"

	"github.com/lion-agi/fileops"
)

// Noted has the versions of files that are listed and not yet asked for. A pool lists
// some pages ahead.
type noted struct {
	version func(fs.FileInfo) string
	mu      sync.Mutex
	queue   []versioned // in the order of paths
}

type versioned struct{ path, version string }

// add notes the versions of a page.
func (n *noted) add(entries []fs.DirEntry) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		n.queue = append(n.queue, versioned{e.Name(), n.version(info)})
	}
	return nil
}

// of returns the version of a file, and forgets it and those before it.
func (n *noted) of(path string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, v := range n.queue {
		if v.path == path {
			n.queue = n.queue[i+1:]
			return v.version
		}
	}
	return ""
}

// A notingFS notes the versions of the files that it lists.
type notingFS struct {
	fs.FS // a fileops.FlatFS
	noted *noted
}

// WithContext implements [fileops.ContextFS]. Files that turn out to list a directory at
// a time are left as they are.
func (n *notingFS) WithContext(ctx context.Context) fs.FS {
	c, ok := n.FS.(fileops.ContextFS)
	if !ok {
		return n
	}
	bound := c.WithContext(ctx)
	if _, flat := bound.(fileops.FlatFS); !flat {
		return bound
	}
	return &notingFS{bound, n.noted}
}

// Stat implements [fs.StatFS].
func (n *notingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(n.FS, name) }

// ReadTree implements [fileops.FlatFS].
func (n *notingFS) ReadTree(dir, token string) (entries []fs.DirEntry, next string, err error) {
	entries, next, err = n.FS.(fileops.FlatFS).ReadTree(dir, token)
	if err == nil {
		err = n.noted.add(entries)
	}
	return entries, next, err
}
