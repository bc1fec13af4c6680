package fileops

import (
	"cmp"
	"context"
	"io/fs"
	"iter"
	"time"
)

// A File is a file that [Files] finds. All but Path is set only with
// [DirOptions].Stat.
type File struct {
	Path     string      // begins with the directory as it was given
	Size     int64       // in bytes
	Modified time.Time   // the time of the last change
	Mode     fs.FileMode // of the file that a link leads to
}

// Files calls [Pool.Files] on [DefaultPool].
func Files(ctx context.Context, dir string, opts *DirOptions) iter.Seq2[File, error] {
	return DefaultPool.Files(ctx, dir, opts)
}

// Files yields the files that [Pool.DirToFiles] returns, in the order of their
// paths, while it finds them. It holds the directories that it is in and a few
// that are listed ahead, so its memory does not grow with the tree.
//
// A few workers list directories ahead of the loop. A slow loop body stops them.
// Breaking out of the loop stops them too, and leaks nothing.
//
// A directory that cannot be listed is yielded with its Path and the error, in its
// place, unless opts.IgnoreErrors is set. The loop may go on. If dir itself cannot
// be listed, if ctx ends, if opts is invalid, or if the pool refuses to go on, the
// error is the last thing that is yielded. opts.OnSkip is called on the goroutine
// of the loop.
func (p *Pool) Files(ctx context.Context, dir string, opts *DirOptions) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		broken := false
		err := stream(ctx, p, &use{op: "list", path: dir}, func(t *task) error {
			return t.eachFile(dir, opts, false, func(f File, err error) bool {
				broken = !yield(f, err)
				return !broken
			})
		})
		if err != nil && !broken {
			yield(File{Path: dir}, err)
		}
	}
}

// eachFile yields the files below a directory and the failures to list one. lists
// is that of a walk.
func (t *task) eachFile(dir string, opts *DirOptions, lists bool, yield func(File, error) bool) error {
	var own DirOptions // a callback may change those of the caller
	if opts != nil {
		own = *opts
	}
	opts = &own
	if err := cmp.Or(checkTypes(opts.FileTypes), opts.Select.check()); err != nil {
		return err
	}
	m := newMeter(opts.Progress)
	w := walk{
		task: t, shallow: opts.Shallow, keep: newTypeFilter(opts.FileTypes).matches, sel: newSelector(opts.Select),
		stat: opts.Stat, lists: lists,
	}
	for f, err := range w.all(dir) {
		more := true
		switch {
		case err != nil:
			return err
		case f.err == nil:
			more = yield(f.file(), nil)
			m.add(1, 0)
		case !f.byRule && !opts.IgnoreErrors:
			more = yield(File{Path: f.path}, f.err)
		case opts.OnSkip != nil:
			err = cmp.Or(protectCall(func() { opts.OnSkip(SkippedFile{f.path, f.reason("list")}) }), t.Err())
		}
		if err != nil || !more {
			return err
		}
	}
	return m.finish()
}

// file makes a File of a file that was found.
func (f *found) file() File {
	file := File{Path: f.path}
	if f.info != nil {
		file.Size, file.Mode, file.Modified = f.info.Size, f.info.Mode, f.info.ModTime()
	}
	return file
}

// A FileBytes is one file of [ScanFiles].
type FileBytes struct {
	Index int    // the path's place in the sequence
	Path  string // as given
	Data  []byte // the file's contents, valid until the loop goes on
	Err   error  // the reason why there are none
}

// ScanFiles calls [Pool.ScanFiles] on [DefaultPool].
func ScanFiles(ctx context.Context, paths iter.Seq[string]) iter.Seq[FileBytes] {
	return DefaultPool.ScanFiles(ctx, paths)
}

// ScanFiles reads files as [Pool.ReadBytes] does, to hash, search or index them. It
// yields one result for each path, in the order of paths, be it contents or an
// error. The contents are valid until the loop goes on: small files cost no
// allocation. A caller that keeps some must copy them.
//
// A few workers read ahead of the loop, by a few MiB each, so memory stays bounded
// however many files there are. A slow loop body stops the workers. Breaking out of
// the loop stops them too, and leaks nothing. The sequence of paths runs on the
// goroutine of the loop; [Pool.Files] may feed it.
//
// When ctx ends, or the pool refuses to go on, the last result has the error and
// the first path that was not read, if it is known. The rest of the paths is not
// asked for.
func (p *Pool) ScanFiles(ctx context.Context, paths iter.Seq[string]) iter.Seq[FileBytes] {
	return func(yield func(FileBytes) bool) {
		broken := false
		last := FileBytes{}
		err := stream(ctx, p, &use{op: "scan files"}, func(t *task) (err error) {
			t.yieldFirst()
			source, stop := newSeqFeed(paths)
			defer stop()
			last, err = scanFiles(t, source, func(f FileBytes) bool {
				broken = !yield(f)
				return !broken
			})
			return err
		})
		if err != nil && !broken {
			last.Err = pathError("read", last.Path, err)
			yield(last)
		}
	}
}

// A scanned is a file in a batch of ScanFiles.
type scanned struct {
	length int // of its part of the data
	err    error
}

// scanFiles yields files until an error ends the operation. Then it returns the
// first path that was not read.
func scanFiles(t *task, paths feed[string], yield func(FileBytes) bool) (next FileBytes, err error) {
	load := func(b *batch[numbered, scanned], s numbered, f *scanned, limit int64) bool {
		data, _, err := t.read(b.files, b.data, s.path, limit, nil)
		if err == (errTooLargeToHold{}) {
			return false
		}
		f.length, f.err = len(data)-len(b.data), err
		b.data = data
		b.bytes += int64(f.length)
		return true
	}
	p := pipeline[numbered, scanned]{task: t, feed: &numberedFeed{paths: paths}, load: load, ahead: aheadLimit, whole: anySize}
	for part, err := range p.parts() {
		if err != nil {
			if len(part.sources) > 0 {
				next = FileBytes{Index: part.sources[0].index, Path: part.sources[0].path}
			}
			return next, err
		}
		data := part.data
		for i, f := range part.items {
			s := part.sources[i]
			if f.err != nil && endsOperation(t, f.err) {
				return FileBytes{Index: s.index, Path: s.path}, cmp.Or(t.Err(), f.err)
			}
			if !yield(FileBytes{Index: s.index, Path: s.path, Data: data[:f.length:f.length], Err: f.err}) {
				return FileBytes{}, nil
			}
			data = data[f.length:]
		}
	}
	return FileBytes{}, nil
}
