package fileops

import (
	"fmt"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file is [Selection].FollowLinks: a walk that enters the directories behind
// links enters each directory once.

// visits are the directories that a walk has entered, by their identity. The few
// systems without inode numbers tell directories apart among those of one time of
// change.
type visits map[vfs.FileID][]visit

type visit struct {
	info vfs.Info
	path string
}

// add notes a directory. If it was there already it returns the path by which it was
// entered.
func (v visits) add(info vfs.Info, path string) (as string, again bool) {
	id := info.ID()
	for _, other := range v[id] {
		if vfs.SameFile(other.info, info) {
			return other.path, true
		}
	}
	v[id] = append(v[id], visit{info, path})
	return "", false
}

// alreadyEntered is the reason why a walk leaves out a directory that it has entered.
type alreadyEntered struct{ as string }

func (e alreadyEntered) Error() string {
	return fmt.Sprintf("%v: the directory is read as %s", ErrNotFollowed, oneLine(e.as))
}

func (alreadyEntered) Is(target error) bool { return target == ErrNotFollowed }

// identify finds out which directory d is. A link to a directory above is known at
// once: workers that list ahead would follow it for ever.
func (w *walk) identify(files vfs.FS, d *directory) (err error) {
	if !w.sel.follows() {
		return nil
	}
	if d.info, err = files.Stat(d.path); err != nil {
		return err
	}
	for above := d.parent; above != nil; above = above.parent {
		if vfs.SameFile(above.info, d.info) {
			return alreadyEntered{above.path}
		}
	}
	return nil
}

// visit notes that the walk enters a directory that it has listed, or leaves the
// directory out if it has entered it by another path.
func (w *walk) visit(d *directory) {
	if !w.sel.follows() || d.err != nil {
		return
	}
	if w.visits == nil {
		w.visits = visits{}
	}
	if as, again := w.visits.add(d.info, d.path); again {
		d.err = pathError("list", d.path, alreadyEntered{as})
		d.at = len(d.items)
	}
}

func (s *selector) follows() bool { return s != nil && s.FollowLinks }
