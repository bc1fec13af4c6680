package fileops

import (
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/vfs"
)

// A source is a file that an operation on many files reads, or the reason why
// the operation leaves it out.
type source struct {
	path string
	err  error
}

// A finder finds the sources that the paths given to an operation stand for.
type finder struct {
	task    *task
	op      string // for errors
	shallow bool
	types   typeFilter
	exclude []string
	output  *outputFile // never a source
}

// below returns the files below a directory, in the order of their paths, and
// the directories that cannot be listed.
func (f *finder) below(dir string) (sources []source, unlisted []SkippedFile, err error) {
	w := walk{task: f.task, shallow: f.shallow, keep: f.types.matches, tolerant: true}
	paths, err := w.files(dir)
	if err != nil {
		return nil, nil, err
	}
	sources = make([]source, len(paths))
	for i, path := range paths {
		sources[i] = f.source(path)
	}
	return sources, w.failures, nil
}

// source returns a file as a source, which the options may exclude.
func (f *finder) source(path string) source {
	if containsAny(path, f.exclude) || f.output.has(path) {
		return source{path, pathError(f.op, path, ErrExcluded)}
	}
	return source{path, nil}
}

// containsAny reports whether path contains one of parts.
func containsAny(path string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(path, part) })
}

// comparePaths orders sources.
func comparePaths(a, b source) int { return strings.Compare(a.path, b.path) }

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
	err = t.inSlot(&use{op: op, path: path}, func() (err error) {
		st, err = t.pool.fs.Stat(vfs.OrDot(path))
		return err
	})
	return st, err
}
