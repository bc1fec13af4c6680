package fileops

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/vfs"
)

// A source is a file that an operation on many files reads, or the reason why
// the operation leaves it out.
type source struct {
	path   string
	err    error
	byRule bool // err is no failure
}

// comparePaths orders sources by their paths. Of two with one path, a file that
// is read comes first.
func comparePaths(a, b source) int {
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	leftOut := func(s source) int {
		if s.err != nil {
			return 1
		}
		return 0
	}
	return cmp.Compare(leftOut(a), leftOut(b))
}

// A finder finds the sources that the paths given to an operation stand for.
type finder struct {
	task    *task
	op      string // for errors
	shallow bool
	types   typeFilter
	exclude exclusion
	sel     *Selection
	output  *outputFile // never a source
	earlier earlierOutputs
}

// A treeFeed gives the sources below a directory, in the order of their paths:
// files, and the things that are left out.
type treeFeed struct {
	finder *finder
	walk   walk
}

// below returns the feed of a directory, which must be stopped.
func (f *finder) below(dir string) (*treeFeed, error) {
	t := &treeFeed{f, walk{
		task: f.task, shallow: f.shallow, keep: f.types.matches, exclude: f.exclude, sel: newSelector(f.sel),
	}}
	return t, t.walk.begin(dir)
}

func (t *treeFeed) next(wait bool) (s source, ok bool, err error) {
	for {
		f, ok, err := t.walk.next(wait)
		switch {
		case !ok:
			return source{}, false, err
		case f.err != nil:
			return source{f.path, f.reason(t.finder.op), f.byRule}, true, nil
		}
		if s, ok := t.finder.found(f.path); ok {
			return s, true, nil
		}
	}
}

func (t *treeFeed) left() int { return -1 }

func (t *treeFeed) stop() { t.walk.stop() }

// all returns all sources below a directory.
func (f *finder) all(dir string) (all []source, err error) {
	t, err := f.below(dir)
	if err != nil {
		return nil, err
	}
	defer t.stop()
	for {
		s, ok, err := t.next(true)
		if !ok {
			return all, err
		}
		all = append(all, s)
	}
}

// found returns a file that a walk has found as a source. ok is false for a file
// that the operation itself has just written.
func (f *finder) found(path string) (s source, ok bool) {
	switch sighting, err := f.earlier.see(f.task, path); {
	case err != nil:
		return source{path: path, err: err}, true
	case sighting == ownOutput:
		return source{}, false
	case sighting == earlierOutput:
		return f.excluded(&ExcludedError{Path: path, Rule: f.earlier.dir, Source: "OutputDir"}), true
	case f.output.has(path):
		return f.excluded(f.output.excluded(path)), true
	}
	return source{path: path}, true
}

// named returns a file that the caller has named as a source.
func (f *finder) named(path string) source {
	if out := f.exclude.match(path); out != nil {
		out.Path = path
		return f.excluded(out)
	}
	if f.output.has(path) {
		return f.excluded(f.output.excluded(path))
	}
	return source{path: path}
}

// excluded returns a file that the options exclude.
func (f *finder) excluded(out *ExcludedError) source {
	return source{out.Path, pathError(f.op, out.Path, out), true}
}

// reason returns why an operation leaves out a thing that a walk leaves out.
func (f *found) reason(op string) error {
	switch f.err.(type) {
	case *ExcludedError, *OptionError:
		return &fs.PathError{Op: op, Path: f.path, Err: f.err}
	}
	return f.err
}

// earlierOutputs recognises the files that earlier runs of an operation have
// saved in its output directory, whatever the spelling of its path.
type earlierOutputs struct {
	dir   string                 // "" for none
	made  func(name string) bool // whether the operation gives files such a name
	names map[string]bool        // those that were there before this run

	// The answer for the directory that was asked about last. Paths come in
	// their order, so the files of a directory come together.
	last      string
	lastIsDir bool
}

// newEarlierOutputs looks for earlier outputs in output, if that is below dir.
func (t *task) newEarlierOutputs(output, dir string, made func(string) bool) (earlierOutputs, error) {
	if output == "" || t.pool.opts.FS != nil { // those are among other files
		return earlierOutputs{}, nil
	}
	switch below, err := t.isBelow(output, dir); {
	case err != nil:
		return earlierOutputs{}, err
	case !below:
		return earlierOutputs{}, nil
	}
	e := earlierOutputs{dir: output, made: made, names: map[string]bool{}}
	w := walk{task: t, shallow: true, keep: made, lists: true}
	paths, err := w.files(output, true)
	if err != nil && !vfs.LeadsNowhere(err) {
		return earlierOutputs{}, err
	}
	for _, path := range paths {
		_, name := vfs.SplitPath(path)
		e.names[name] = true
	}
	return e, nil
}

// isBelow reports whether path leads to dir or below it, or would if it existed.
func (t *task) isBelow(path, dir string) (bool, error) {
	top, err := t.stat("list", dir)
	if err != nil {
		return false, err
	}
	var last vfs.Info
	for {
		st, err := t.stat("list", path)
		parent, _ := vfs.SplitPath(path)
		switch {
		case err == nil && vfs.SameFile(st, top):
			return true, nil
		case err == nil && vfs.SameFile(st, last): // the root is above itself
			return false, nil
		case err == nil:
			last, path = st, vfs.Prefix(path)+".."
		case !vfs.LeadsNowhere(err):
			return false, err
		case errors.Is(err, ErrEscapes), parent == path:
			return false, nil
		default:
			path = parent
		}
	}
}

// A sighting says whether a file is an output.
type sighting int

const (
	noOutput sighting = iota
	earlierOutput
	ownOutput // of this run
)

// see looks whether a file is an output.
func (e *earlierOutputs) see(t *task, path string) (sighting, error) {
	if e.dir == "" {
		return noOutput, nil
	}
	dir, name := vfs.SplitPath(path)
	if !e.made(name) {
		return noOutput, nil
	}
	if dir != e.last {
		is, err := t.sameDir(dir, e.dir)
		if err != nil {
			return noOutput, err
		}
		e.last, e.lastIsDir = dir, is
	}
	switch {
	case !e.lastIsDir:
		return noOutput, nil
	case e.names[name]:
		return earlierOutput, nil
	default:
		return ownOutput, nil
	}
}

// sameDir reports whether two paths lead to one directory. A directory that does
// not exist is no other's.
func (t *task) sameDir(a, b string) (bool, error) {
	var infos [2]vfs.Info
	for i, path := range []string{a, b} {
		st, err := t.stat("list", path)
		switch {
		case err != nil && vfs.LeadsNowhere(err):
			return false, nil
		case err != nil:
			return false, err
		}
		infos[i] = st
	}
	return vfs.SameFile(infos[0], infos[1]), nil
}

// An exclusion matches the paths that contain one of its strings.
type exclusion []string

// newExclusion takes the strings of Exclude. They are compared with slashes, for
// a pattern with slashes would match nothing on Windows.
func newExclusion(parts []string) exclusion {
	var x exclusion
	for _, part := range parts {
		x = append(x, filepath.ToSlash(part))
	}
	return x
}

// checkExclude returns an *OptionError for a string that every path contains or
// that none does.
func checkExclude(parts []string) error {
	for _, part := range parts {
		switch {
		case part == "":
			return &OptionError{"Exclude", part, "must not be empty: every path contains it"}
		case strings.ContainsAny(part, "*\x00"):
			return &OptionError{"Exclude", part, `must be a part of a path, such as ".log" or "build/", not a pattern`}
		}
	}
	return nil
}

// match returns why a path is left out, without the path, nil if it contains none of
// the strings.
func (x exclusion) match(path string) *ExcludedError {
	if len(x) == 0 {
		return nil
	}
	path = filepath.ToSlash(path)
	for _, part := range x {
		if strings.Contains(path, part) {
			return &ExcludedError{Rule: part, Source: "Exclude"}
		}
	}
	return nil
}

// A typeFilter keeps files by their last suffix.
type typeFilter []string

// newTypeFilter takes types with and without the dot.
func newTypeFilter(types []string) typeFilter {
	var f typeFilter
	for _, t := range types {
		if t != "" && t[0] != '.' {
			t = "." + t
		}
		f = append(f, t)
	}
	return f
}

// notInSuffix are the characters that only a pattern or a path has.
const notInSuffix = "*?[/\\\x00"

// checkTypes returns an *OptionError for a type that no file has.
func checkTypes(types []string) error {
	for _, t := range types {
		switch {
		case strings.ContainsAny(t, notInSuffix):
			return &OptionError{"FileTypes", t, `must be a suffix such as ".txt", not a pattern or a path`}
		case t == "." || strings.Contains(strings.TrimPrefix(t, "."), "."):
			return &OptionError{"FileTypes", t, `must be the last suffix of a name, such as ".gz" for "a.tar.gz" (ListFiles takes "tar.gz")`}
		}
	}
	return nil
}

// checkExtension does the same for the extension of ListFiles, which may contain
// dots.
func checkExtension(extension string) error {
	if strings.ContainsAny(extension, notInSuffix) {
		return &OptionError{"extension", extension, `must be the end of a name such as "txt", not a pattern or a path`}
	}
	return nil
}

// matches reports whether a file of that name has one of the types. No types
// match everything.
func (f typeFilter) matches(name string) bool {
	return len(f) == 0 || slices.Contains(f, suffix(name))
}

// suffix returns a name's last suffix with its dot, as Python's Path.suffix
// does: ".env" and "a." have none.
func suffix(name string) string {
	if i := strings.LastIndexByte(name, '.'); 0 < i && i < len(name)-1 {
		return name[i:]
	}
	return ""
}

// stat describes a file, in a slot.
func (t *task) stat(op, path string) (st vfs.Info, err error) {
	if err := vfs.CheckPath(path); err != nil {
		return st, pathError(op, path, err)
	}
	err = t.inSlot(&use{op: op, path: path}, func() (err error) {
		st, err = t.files().Stat(path)
		return err
	})
	return st, err
}
