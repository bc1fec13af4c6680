package fileopsbeam

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lion-agi/fileops"
)

// ListFiles yields the files of a job in the order of paths, while it finds them. A
// directory that cannot be listed, or a link that is not followed, is a File with the
// reason in Unread. An error ends the sequence.
func ListFiles(ctx context.Context, job Job) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		if err := listFiles(ctx, &job, func(f File) bool { return yield(f, nil) }); err != nil {
			yield(File{}, err)
		}
	}
}

// listFiles gives files to yield until it returns false.
func listFiles(ctx context.Context, job *Job, yield func(File) bool) error {
	if err := job.Check(); err != nil {
		return err
	}
	source, err := openSource(ctx, job.Source)
	if err != nil {
		return err
	}
	l := &listing{source: source, selection: &job.Selection, dir: job.Source}
	opts := fileops.PoolOptions{Workers: job.Workers}
	if !source.system {
		l.dir, opts.FS = ".", source.fs
		l.versions, opts.FS = noteVersions(source.fs)
	}
	return l.run(ctx, fileops.NewPool(opts), yield)
}

// A listing is the listing of a source under way.
type listing struct {
	source    *source
	selection *Selection
	dir       string
	versions  *noted // nil if there are none
	skipped   []File // that the pool left out before the next file
	failed    error  // for another reason than one that lasts
}

func (l *listing) run(ctx context.Context, pool *fileops.Pool, yield func(File) bool) error {
	opts := &fileops.DirOptions{
		FileTypes: l.selection.FileTypes, Shallow: l.selection.Shallow, Select: l.selection.Select, Stat: true,
		OnSkip: func(s fileops.SkippedFile) { l.skip(s.Path, s.Err) },
	}
	for f, err := range pool.Files(ctx, l.dir, opts) {
		if err != nil && (f.Path == l.dir || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			l.skip(f.Path, err)
		}
		if more := l.yieldSkipped(yield); l.failed != nil || !more {
			return l.failed
		}
		if err == nil && !l.yield(l.file(f), yield) {
			return nil
		}
	}
	l.yieldSkipped(yield)
	return l.failed
}

// skip notes a path that is left out. One that the options exclude is not listed.
func (l *listing) skip(path string, err error) {
	if errors.Is(err, fileops.ErrExcluded) {
		return
	}
	if !l.source.lasts(err) {
		l.failed = err
		return
	}
	l.skipped = append(l.skipped, File{Path: l.below(path), Unread: reasonOf(err)})
}

func (l *listing) yieldSkipped(yield func(File) bool) (more bool) {
	more = true
	for _, f := range l.skipped {
		more = more && l.yield(f, yield)
	}
	l.skipped = l.skipped[:0]
	return more
}

// yield yields a file that is not excluded.
func (l *listing) yield(f File, yield func(File) bool) (more bool) {
	return l.selection.excludes(f.Path) || yield(f)
}

// below returns a path of the pool as one below the source.
func (l *listing) below(path string) string {
	return filepath.ToSlash(strings.TrimPrefix(path, l.source.prefix))
}

func (l *listing) file(f fileops.File) File {
	file := File{Path: l.below(f.Path), Size: f.Size, Modified: f.Modified.UTC()}
	if l.versions != nil {
		file.Version = l.versions.of(file.Path)
	}
	return file
}

// excludes reports whether a path contains one of the strings in Exclude.
func (s *Selection) excludes(path string) bool {
	return slices.ContainsFunc(s.Exclude, func(part string) bool {
		return strings.Contains("/"+path, filepath.ToSlash(part))
	})
}

// selects reports whether a file of an inventory is one that a listing would find.
func (s *Selection) selects(name string) bool {
	if s.Shallow && strings.Contains(name, "/") || s.excludes(name) {
		return false
	}
	return s.FileTypes == nil || slices.Contains(s.FileTypes, suffix(path.Base(name)))
}

// suffix returns the suffix of a name as [fileops.DirOptions].FileTypes has it.
func suffix(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && i < len(name)-1 {
		return name[i:]
	}
	return ""
}

// noteVersions returns files whose listings note versions, which a pool does not hand
// on. Only listings of a whole tree do: they come in the order of paths.
func noteVersions(files fs.FS) (*noted, fs.FS) {
	v, versions := files.(VersionFS)
	_, flat := files.(fileops.FlatFS)
	if !versions || !flat {
		return nil, files
	}
	n := &noted{version: v.Version}
	return n, &notingFS{files, n}
}
