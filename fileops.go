package fileops

import (
	"cmp"
	"context"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/errgroup"
)

// ReadFile calls [Pool.ReadFile] on [DefaultPool].
func ReadFile(ctx context.Context, path string) (string, error) {
	return DefaultPool.ReadFile(ctx, path)
}

// AsyncReadFile calls [Pool.AsyncReadFile] on [DefaultPool].
func AsyncReadFile(ctx context.Context, path string) *Future[string] {
	return DefaultPool.AsyncReadFile(ctx, path)
}

// ReadFile reads a text file, whole, and returns it as it is on disk: it changes
// no newline and keeps a byte order mark. Bytes that are not UTF-8 are an
// *[EncodingError] with their offset. [Pool.ReadBytes] reads files that are no
// text, and [ChunkOptions].Encoding takes other encodings.
//
// Anything but a regular file is [ErrNotRegular], at once: a FIFO cannot hang
// the reader. A file larger than [PoolOptions].MaxFileSize is [ErrTooLarge].
//
// ReadFile blocks until the file is read or ctx ends. Then it returns the
// error of ctx, even if the disk never answers.
func (p *Pool) ReadFile(ctx context.Context, path string) (string, error) {
	return run(ctx, p, readFile(path))
}

// AsyncReadFile starts [Pool.ReadFile] and returns its future. It does not
// block; ctx cancels the read.
func (p *Pool) AsyncReadFile(ctx context.Context, path string) *Future[string] {
	return start(ctx, p, readFile(path))
}

func readFile(path string) operation[string] {
	return operation[string]{
		name: "read", path: path, inline: true,
		do: func(t *task, path string) (string, error) {
			data, _, err := t.read(t.files(), nil, path, anySize, new(textCheck))
			return textResult(data, err)
		},
		cached: func(t *task, path string) (string, error, bool) {
			data, err, ok := t.readCached(path, new(textCheck))
			text, err := textResult(data, err)
			return text, err, ok
		},
	}
}

// textResult makes the result of a read a text.
func textResult(data []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return textscan.String(trim(data)), nil
}

// ReadBytes calls [Pool.ReadBytes] on [DefaultPool].
func ReadBytes(ctx context.Context, path string) ([]byte, error) {
	return DefaultPool.ReadBytes(ctx, path)
}

// AsyncReadBytes calls [Pool.AsyncReadBytes] on [DefaultPool].
func AsyncReadBytes(ctx context.Context, path string) *Future[[]byte] {
	return DefaultPool.AsyncReadBytes(ctx, path)
}

// ReadBytes reads a file, whole, whatever its contents. Its errors, but for
// *[EncodingError], and its blocking are those of [Pool.ReadFile].
func (p *Pool) ReadBytes(ctx context.Context, path string) ([]byte, error) {
	return run(ctx, p, readBytes(path))
}

// AsyncReadBytes starts [Pool.ReadBytes] and returns its future. It does not
// block; ctx cancels the read.
func (p *Pool) AsyncReadBytes(ctx context.Context, path string) *Future[[]byte] {
	return start(ctx, p, readBytes(path))
}

func readBytes(path string) operation[[]byte] {
	return operation[[]byte]{
		name: "read", path: path, inline: true,
		do: func(t *task, path string) ([]byte, error) {
			data, _, err := t.read(t.files(), nil, path, anySize, nil)
			return bytesResult(data, err)
		},
		cached: func(t *task, path string) ([]byte, error, bool) {
			data, err, ok := t.readCached(path, nil)
			data, err = bytesResult(data, err)
			return data, err, ok
		},
	}
}

// bytesResult makes the result of a read that of ReadBytes.
func bytesResult(data []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return trim(data), nil
}

// A FileResult is one file of [ReadFiles].
type FileResult struct {
	Index int    // the path's place in the list
	Path  string // as given
	Text  string // the file's text, as ReadFile returns it
	Err   error  // the reason why there is no text
}

// ReadFiles calls [Pool.ReadFiles] on [DefaultPool].
func ReadFiles(ctx context.Context, paths []string) iter.Seq[FileResult] {
	return DefaultPool.ReadFiles(ctx, paths)
}

// ReadFiles reads text files as [Pool.ReadFile] does. It yields one result for
// each path, in the order of paths, be it a text or an error.
//
// A few workers read ahead of the loop, by a few MiB each, so memory stays
// bounded however many files there are. A slow loop body stops the workers.
// Breaking out of the loop stops them too, and leaks nothing.
//
// Small texts share memory, 128 KiB of it at most: a caller that keeps a few of
// many for long should keep a [strings.Clone].
//
// When ctx ends, the remaining paths are yielded with its error. When the pool
// refuses to go on, they are yielded with [ErrOverloaded].
func (p *Pool) ReadFiles(ctx context.Context, paths []string) iter.Seq[FileResult] {
	return func(yield func(FileResult) bool) {
		next, broken := 0, false
		err := stream(ctx, p, &use{op: "read files"}, func(t *task) error {
			for r, err := range readFiles(t, paths) {
				if err != nil {
					return err
				}
				next = r.Index + 1
				if broken = !yield(r); broken {
					break
				}
			}
			return nil
		})
		if broken {
			return
		}
		for i, path := range paths[next:] {
			if !yield(FileResult{Index: next + i, Path: path, Err: pathError("read", path, err)}) {
				return
			}
		}
	}
}

// readFiles yields the results up to an error that ends the operation.
func readFiles(t *task, paths []string) iter.Seq2[FileResult, error] {
	load := func(b *batch[numbered, FileResult], s numbered, r *FileResult, limit int64) bool {
		text, err := t.readShared(b.files, &b.texts, s.path, limit)
		if err == (errTooLargeToHold{}) {
			return false
		}
		*r = FileResult{Index: s.index, Path: s.path, Text: text, Err: err}
		b.bytes += int64(len(text))
		return true
	}
	p := pipeline[numbered, FileResult]{
		task: t, feed: &numberedFeed{paths: &listFeed[string]{paths}}, load: load, ahead: aheadLimit, whole: anySize,
	}
	return func(yield func(FileResult, error) bool) {
		for part, err := range p.parts() {
			if err != nil {
				yield(FileResult{}, err)
				return
			}
			for _, r := range part.items {
				if r.Err != nil && endsOperation(t, r.Err) {
					err = cmp.Or(t.Err(), r.Err)
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
}

// The memory that small texts of ReadFiles share. A kept text keeps its slab.
// One allocation for many texts is faster than one for each: BenchmarkReadMany
// takes as long with slabs of 256 KiB, 14 % longer with 64 KiB and 21 % longer
// with 32 KiB (Xeon, 2 cores, go1.26.8).
const (
	slabSize = 128 << 10
	slabRest = 16 << 10 // a slab with no more room than this is full
)

// A slab is memory that texts share. It is never used twice.
type slab []byte

// readShared is read for a text that may share the memory of a slab.
func (t *task) readShared(files vfs.FS, s *slab, path string, limit int64) (string, error) {
	if cap(*s)-len(*s) <= slabRest {
		*s = textscan.Uninitialized(slabSize)[:0]
	}
	free := (*s)[len(*s):len(*s):cap(*s)]
	data, _, err := t.read(files, free, path, limit, new(textCheck))
	if err != nil {
		return "", err
	}
	if cap(data) != cap(free) { // it had no room in the slab
		return textscan.String(trim(data)), nil
	}
	*s = (*s)[:len(*s)+len(data)]
	return textscan.String(data), nil
}

// FileSize calls [Pool.FileSize] on [DefaultPool].
func FileSize(ctx context.Context, path string) (int64, error) {
	return DefaultPool.FileSize(ctx, path)
}

// AsyncFileSize calls [Pool.AsyncFileSize] on [DefaultPool].
func AsyncFileSize(ctx context.Context, path string) *Future[int64] {
	return DefaultPool.AsyncFileSize(ctx, path)
}

// FileSize returns a file's size in bytes. For a directory it returns the sum of
// the sizes of all files below it, as [Pool.ListFiles] finds them. Anything else
// is [ErrNotRegular]. It blocks until it is done or ctx ends.
func (p *Pool) FileSize(ctx context.Context, path string) (int64, error) {
	return run(ctx, p, fileSize(path))
}

// AsyncFileSize starts [Pool.FileSize] and returns its future. It does not
// block; ctx cancels the work.
func (p *Pool) AsyncFileSize(ctx context.Context, path string) *Future[int64] {
	return start(ctx, p, fileSize(path))
}

func fileSize(path string) operation[int64] {
	return operation[int64]{name: "size", path: path, inline: true, do: func(t *task, path string) (int64, error) {
		st, err := t.stat("size", path)
		switch {
		case err != nil:
			return 0, err
		case st.Mode.IsDir():
			return t.dirSize(path)
		case !st.Mode.IsRegular():
			return 0, pathError("size", path, ErrNotRegular)
		}
		return st.Size, nil
	}}
}

// dirSize adds up the files below a directory, a few at a time and several times
// at once.
func (t *task) dirSize(dir string) (int64, error) {
	var total atomic.Int64
	group, ctx := errgroup.WithContext(t)
	group.SetLimit(fanOut(t.pool))
	add := func(paths []string) {
		group.Go(func() error {
			n, err := t.sizeOf(paths)
			total.Add(n)
			return err
		})
	}
	w := walk{task: t, keep: anyName, lists: true, stat: t.pool.opts.FS != nil} // its listings tell sizes
	var paths []string
	for f, err := range w.all(dir) {
		switch {
		case err != nil, f.err != nil && !f.byRule:
			group.Wait()
			return 0, cmp.Or(err, f.err)
		case f.err != nil:
			continue
		case ctx.Err() != nil:
			return 0, cmp.Or(group.Wait(), t.Err())
		case f.info != nil:
			total.Add(f.info.Size)
			continue
		}
		if paths = append(paths, f.path); len(paths) == batchFiles {
			add(paths)
			paths = nil
		}
	}
	add(paths)
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return total.Load(), nil
}

// sizeOf adds up files. A file that is gone, or is no regular file any more,
// counts nothing.
func (t *task) sizeOf(paths []string) (total int64, err error) {
	for _, path := range paths {
		switch st, err := t.stat("size", path); {
		case err != nil && !vfs.LeadsNowhere(err):
			return 0, err
		case err == nil && st.Mode.IsRegular():
			total += st.Size
		}
	}
	return total, nil
}

// ListFiles calls [Pool.ListFiles] on [DefaultPool].
func ListFiles(ctx context.Context, dir, extension string) ([]string, error) {
	return DefaultPool.ListFiles(ctx, dir, extension)
}

// AsyncListFiles calls [Pool.AsyncListFiles] on [DefaultPool].
func AsyncListFiles(ctx context.Context, dir, extension string) *Future[[]string] {
	return DefaultPool.AsyncListFiles(ctx, dir, extension)
}

// ListFiles returns the paths of the regular files in dir and the directories
// below it whose names end in a dot and extension ("go", "tar.gz"; a leading dot
// may be written), or of all files if extension is "". Paths begin with dir and
// are sorted. An extension with a slash, or with one of "*?[" as if it were a
// pattern, is an *[OptionError].
//
// Links to files count as files; directories behind links are not entered. What
// is no file is left out without a word: [DirOptions].OnSkip tells of it. Hidden
// files count. A directory that cannot be listed is an error, the first
// one in the order of paths; a directory that is removed meanwhile is not.
// Temporary files of this package, which a killed process leaves behind, are
// never listed.
func (p *Pool) ListFiles(ctx context.Context, dir, extension string) ([]string, error) {
	return run(ctx, p, listFiles(dir, extension))
}

// AsyncListFiles starts [Pool.ListFiles] and returns its future. It does not
// block; ctx cancels the work.
func (p *Pool) AsyncListFiles(ctx context.Context, dir, extension string) *Future[[]string] {
	return start(ctx, p, listFiles(dir, extension))
}

func listFiles(dir, extension string) operation[[]string] {
	keep := anyName
	if extension != "" {
		end := "." + strings.TrimPrefix(extension, ".")
		keep = func(name string) bool { return strings.HasSuffix(name, end) }
	}
	return operation[[]string]{name: "list", path: dir, inline: true, do: func(t *task, dir string) ([]string, error) {
		if err := checkExtension(extension); err != nil {
			return nil, err
		}
		w := walk{task: t, keep: keep}
		return w.files(dir, false)
	}}
}

// anyName is a walk's filter that keeps all files.
func anyName(string) bool { return true }

// CopyFile calls [Pool.CopyFile] on [DefaultPool].
func CopyFile(ctx context.Context, src, dst string) error {
	return DefaultPool.CopyFile(ctx, src, dst)
}

// AsyncCopyFile calls [Pool.AsyncCopyFile] on [DefaultPool].
func AsyncCopyFile(ctx context.Context, src, dst string) *Future[struct{}] {
	return DefaultPool.AsyncCopyFile(ctx, src, dst)
}

// CopyFile copies src to dst: contents, the times of last change and access, and
// extended attributes, as far as dst's file system takes them. Holes stay holes.
// Missing directories above dst are made. If dst is a directory, the copy goes
// into it under src's name.
//
// The copy gets src's permission bits, its POSIX access control list on Linux,
// and its owner and group where the system lets the process set them. Where it
// does not, the copy grants less: nobody may do more with it than with src, save
// the user who makes it. If the system cannot ensure that, the copy fails. The
// set-user-ID and set-group-ID bits and capabilities are not copied.
//
// dst is replaced in one step once the copy is whole: at any time, and after
// any failure, it is the old file or the new one. If dst is a symbolic link,
// the link is replaced. A copy of a file onto itself, also by way of a link, is
// [ErrSameFile] and harms nothing. A src, or an existing dst, that is not a
// regular file is [ErrNotRegular].
//
// The copy shares the file's blocks where the file system can do that (a
// reflink); else the kernel copies where it can; else the copy goes through a
// buffer. CopyFile blocks until the copy is done or ctx ends; it looks at ctx
// after each 32 MiB that the kernel copies.
func (p *Pool) CopyFile(ctx context.Context, src, dst string) error {
	_, err := run(ctx, p, copyFile(src, dst))
	return err
}

// AsyncCopyFile starts [Pool.CopyFile] and returns its future. It does not
// block; ctx cancels the copy.
func (p *Pool) AsyncCopyFile(ctx context.Context, src, dst string) *Future[struct{}] {
	return start(ctx, p, copyFile(src, dst))
}
