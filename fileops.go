package fileops

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"syscall"

	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/sync/errgroup"
)

// ReadFile reads a file of text, whole, and returns it as it is on disk: no
// newline is changed and a byte order mark stays. Bytes that are not UTF-8
// are an *[EncodingError] with their offset; see [ReadBytes] for files that
// are not text, and [ChunkOptions].Encoding for other encodings.
//
// What is not a regular file is [ErrNotRegular], at once: a FIFO cannot hang
// the reader. ReadFile blocks until the file is read or ctx ends; then it
// returns ctx's error even if the disk never answers.
func ReadFile(ctx context.Context, path string) (string, error) {
	return DefaultPool.ReadFile(ctx, path)
}

// AsyncReadFile is [ReadFile] as a future. It does not block.
func AsyncReadFile(ctx context.Context, path string) *Future[string] {
	return DefaultPool.AsyncReadFile(ctx, path)
}

// ReadFile is [ReadFile] on this pool.
func (p *Pool) ReadFile(ctx context.Context, path string) (string, error) {
	return run(ctx, p, readFile(path))
}

// AsyncReadFile is [AsyncReadFile] on this pool.
func (p *Pool) AsyncReadFile(ctx context.Context, path string) *Future[string] {
	return start(ctx, p, readFile(path))
}

func readFile(path string) operation[string] {
	return operation[string]{
		name: "read", path: path, alone: true,
		do:  func(t *task, path string) (string, error) { return t.readText(path, anySize) },
		now: func(t *task, path string) (string, error) { return ownText(t.readNow(path, new(textCheck))) },
	}
}

// readText reads a file of UTF-8 text.
func (t *task) readText(path string, limit int64) (string, error) {
	data, _, err := t.read(nil, path, limit, new(textCheck))
	return ownText(data, err)
}

// ownText makes what has been read a result.
func ownText(data []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return textscan.String(trim(data)), nil
}

// slabSize is the size of the memory that the texts of ReadFiles share. It is
// what keeping one of them may cost at most, beyond its own size.
const slabSize = 256 << 10

// A slab is memory for texts that are read one after the other: to allocate
// one for many is a fifth of the work. What is handed out is never reused.
type slab []byte

// readTextInto is readText into a slab, for files that may be read ahead.
func (t *task) readTextInto(s *slab, path string) (string, error) {
	if cap(*s)-len(*s) < slabSize/8 {
		*s = textscan.Uninitialized(slabSize)[:0]
	}
	free := (*s)[len(*s):len(*s):cap(*s)]
	data, _, err := t.read(free, path, aheadLimit, new(textCheck))
	if err != nil {
		return "", err
	}
	if cap(data) == cap(free) { // else it had no room there
		*s = (*s)[:len(*s)+len(data)]
	}
	return textscan.String(data), nil
}

// ReadBytes reads a file, whole, whatever it holds. Errors and blocking are
// those of [ReadFile], which also checks that the file is text.
func ReadBytes(ctx context.Context, path string) ([]byte, error) {
	return DefaultPool.ReadBytes(ctx, path)
}

// AsyncReadBytes is [ReadBytes] as a future. It does not block.
func AsyncReadBytes(ctx context.Context, path string) *Future[[]byte] {
	return DefaultPool.AsyncReadBytes(ctx, path)
}

// ReadBytes is [ReadBytes] on this pool.
func (p *Pool) ReadBytes(ctx context.Context, path string) ([]byte, error) {
	return run(ctx, p, readBytes(path))
}

// AsyncReadBytes is [AsyncReadBytes] on this pool.
func (p *Pool) AsyncReadBytes(ctx context.Context, path string) *Future[[]byte] {
	return start(ctx, p, readBytes(path))
}

func readBytes(path string) operation[[]byte] {
	return operation[[]byte]{
		name: "read", path: path, alone: true,
		do: func(t *task, path string) ([]byte, error) {
			data, _, err := t.read(nil, path, anySize, nil)
			return ownBytes(data, err)
		},
		now: func(t *task, path string) ([]byte, error) { return ownBytes(t.readNow(path, nil)) },
	}
}

// ownBytes makes what has been read a result.
func ownBytes(data []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return trim(data), nil
}

// A FileResult is one file of [ReadFiles].
type FileResult struct {
	Index int    // the path's place in the list
	Path  string // as given
	Text  string // what ReadFile returns
	Err   error  // why there is no text
}

// ReadFiles reads files of text as [ReadFile] does and yields one result for
// each path, in the order of paths, whatever each comes to. Some workers read
// ahead of the loop, by a few MiB each, so memory stays bounded however many
// files there are; a slow loop body stops them, not the other way round.
//
// Small texts that are read one after the other share memory, 256 KiB of it
// at most. Who keeps few of many for long should keep a [strings.Clone].
//
// When ctx ends, the paths not yet yielded are yielded with its error; so are
// they with [ErrOverloaded], should the pool refuse to go on. Breaking out of
// the loop stops the workers and leaks nothing.
func ReadFiles(ctx context.Context, paths []string) iter.Seq[FileResult] {
	return DefaultPool.ReadFiles(ctx, paths)
}

// ReadFiles is [ReadFiles] on this pool.
func (p *Pool) ReadFiles(ctx context.Context, paths []string) iter.Seq[FileResult] {
	return func(yield func(FileResult) bool) {
		t := &task{Context: ctx, pool: p}
		next, err := 0, p.begin(t)
		if err == nil {
			defer p.end(t)
			began := p.now()
			defer func() { p.ended(t, "read files", "", began, cmp.Or(t.Err(), err)) }()
			for r := range readFiles(t, paths) {
				if r.Err != nil && final(t, r.Err) {
					err = r.Err
					break
				}
				if !yield(r) {
					return
				}
				next = r.Index + 1
			}
			err = cmp.Or(t.Err(), err)
		}
		for i, path := range paths[next:] {
			if !yield(FileResult{Index: next + i, Path: path, Err: pathError("read", path, err)}) {
				return
			}
		}
	}
}

// readFiles yields the results up to where the task's context ends.
func readFiles(t *task, paths []string) iter.Seq[FileResult] {
	load := func(b *batch[FileResult], i int, r *FileResult) {
		*r = FileResult{Index: i, Path: paths[i], Err: laterError{}}
		if !b.full() {
			r.Text, r.Err = t.readTextInto(&b.slab, r.Path)
			b.bytes += int64(len(r.Text))
		}
	}
	return func(yield func(FileResult) bool) {
		for b := range readAhead(t, len(paths), load) {
			for _, r := range b.items {
				if r.Err == (laterError{}) {
					r.Text, r.Err = aside(t, func() (string, error) { return t.readText(r.Path, anySize) })
				}
				if !yield(r) {
					return
				}
			}
		}
	}
}

// FileSize returns a file's size in bytes, and of a directory the sum of the
// sizes of all files below it, counted as [ListFiles] finds them. What is
// neither is [ErrNotRegular].
func FileSize(ctx context.Context, path string) (int64, error) {
	return DefaultPool.FileSize(ctx, path)
}

// AsyncFileSize is [FileSize] as a future. It does not block.
func AsyncFileSize(ctx context.Context, path string) *Future[int64] {
	return DefaultPool.AsyncFileSize(ctx, path)
}

// FileSize is [FileSize] on this pool.
func (p *Pool) FileSize(ctx context.Context, path string) (int64, error) {
	return run(ctx, p, fileSize(path))
}

// AsyncFileSize is [AsyncFileSize] on this pool.
func (p *Pool) AsyncFileSize(ctx context.Context, path string) *Future[int64] {
	return start(ctx, p, fileSize(path))
}

func fileSize(path string) operation[int64] {
	return operation[int64]{name: "size", path: path, alone: true, do: func(t *task, path string) (int64, error) {
		st, err := t.stat("size", path)
		switch {
		case err != nil:
			return 0, err
		case st.mode.IsDir():
			return t.dirSize(path)
		case !st.mode.IsRegular():
			return 0, pathError("size", path, ErrNotRegular)
		}
		return st.size, nil
	}}
}

// stat describes a file, in a slot.
func (t *task) stat(op, path string) (st info, err error) {
	err = t.inSlot(op, path, func() (err error) {
		st, err = t.pool.fs.stat(orDot(path))
		return err
	})
	return st, err
}

// find describes the file at path, where something is to be saved, a link as
// itself. It is nil if there is none.
func (t *task) find(path string) (*info, error) {
	var st info
	err := t.inSlot("save", path, func() (err error) {
		st, err = t.pool.fs.lstat(path)
		return err
	})
	switch {
	case err == nil:
		return &st, nil
	case leadsNowhere(err):
		return nil, nil
	default:
		return nil, err
	}
}

// dirSize adds up the files below a directory.
func (t *task) dirSize(dir string) (int64, error) {
	paths, err := t.list(dir, false, keepAll)
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	group.SetLimit(fanOut(t.pool))
	sums := make([]int64, (len(paths)+batchFiles-1)/batchFiles)
	for i := range sums {
		part := paths[i*batchFiles : min((i+1)*batchFiles, len(paths))]
		group.Go(func() (err error) {
			sums[i], err = t.sizeOf(part)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var total int64
	for _, n := range sums {
		total += n
	}
	return total, nil
}

// sizeOf adds up files; what is gone, or is no file any more, counts nothing.
func (t *task) sizeOf(paths []string) (total int64, err error) {
	for _, path := range paths {
		switch st, err := t.stat("size", path); {
		case err != nil && !leadsNowhere(err):
			return 0, err
		case err == nil && st.mode.IsRegular():
			total += st.size
		}
	}
	return total, nil
}

// ListFiles returns the paths of all regular files in dir and the directories
// below it whose names end in a dot and extension ("go", "tar.gz"; one dot in
// front may be written), or of all if extension is "". Paths begin with dir
// and are sorted.
//
// Links to files count as files; directories behind links are not entered.
// Hidden files count. A directory that cannot be read is an error, the first
// one in the order of paths; one that is removed meanwhile is not. Temporary
// files of this package, which only a killed process leaves behind, are never
// listed.
func ListFiles(ctx context.Context, dir, extension string) ([]string, error) {
	return DefaultPool.ListFiles(ctx, dir, extension)
}

// AsyncListFiles is [ListFiles] as a future. It does not block.
func AsyncListFiles(ctx context.Context, dir, extension string) *Future[[]string] {
	return DefaultPool.AsyncListFiles(ctx, dir, extension)
}

// ListFiles is [ListFiles] on this pool.
func (p *Pool) ListFiles(ctx context.Context, dir, extension string) ([]string, error) {
	return run(ctx, p, listFiles(dir, extension))
}

// AsyncListFiles is [AsyncListFiles] on this pool.
func (p *Pool) AsyncListFiles(ctx context.Context, dir, extension string) *Future[[]string] {
	return start(ctx, p, listFiles(dir, extension))
}

func listFiles(dir, extension string) operation[[]string] {
	keep := keepAll
	if extension != "" {
		end := "." + strings.TrimPrefix(extension, ".")
		keep = func(name string) bool { return strings.HasSuffix(name, end) }
	}
	return operation[[]string]{name: "list", path: dir, alone: true, do: func(t *task, dir string) ([]string, error) {
		return t.list(dir, false, keep)
	}}
}

func keepAll(string) bool { return true }

// list returns the files below dir that keep wants; the first directory that
// cannot be listed ends it.
func (t *task) list(dir string, shallow bool, keep func(name string) bool) ([]string, error) {
	w := walk{task: t, shallow: shallow, keep: keep, failed: failOnError}
	return w.files(dir)
}

func failOnError(_ string, err error) error { return err }

// CopyFile copies src to dst: contents, permission bits, the times of last
// change and, on Linux, access, and extended attributes as far as dst's file
// system and the user's rights allow. Missing directories above dst are made.
// If dst is a directory, the copy goes into it under src's name.
//
// dst is replaced in one step once the copy is whole: at any time, and
// whatever fails, it is the old file or the new one. If dst is a symbolic
// link, the link is replaced. Copying a file onto itself, also by way of a
// link, is [ErrSameFile] and harms nothing; a src or an existing dst that is
// not a regular file is [ErrNotRegular].
//
// The file's blocks are shared where the file system can (a reflink), else
// copied by the kernel where it can, else through a buffer. ctx is looked at
// between blocks of a few MiB.
func CopyFile(ctx context.Context, src, dst string) error {
	return DefaultPool.CopyFile(ctx, src, dst)
}

// AsyncCopyFile is [CopyFile] as a future. It does not block.
func AsyncCopyFile(ctx context.Context, src, dst string) *Future[struct{}] {
	return DefaultPool.AsyncCopyFile(ctx, src, dst)
}

// CopyFile is [CopyFile] on this pool.
func (p *Pool) CopyFile(ctx context.Context, src, dst string) error {
	_, err := run(ctx, p, copyFile(src, dst))
	return err
}

// AsyncCopyFile is [AsyncCopyFile] on this pool.
func (p *Pool) AsyncCopyFile(ctx context.Context, src, dst string) *Future[struct{}] {
	return start(ctx, p, copyFile(src, dst))
}

func copyFile(src, dst string) operation[struct{}] {
	return operation[struct{}]{name: "copy", path: src, alone: true, do: func(t *task, src string) (struct{}, error) {
		return struct{}{}, t.copyFile(src, dst)
	}}
}

func (t *task) copyFile(src, dst string) error {
	failed := src // the path that an error is about
	err := t.inSlotOfBoth("copy", src, dst, func() (err error) {
		failed, err = t.copyOnce(src, dst, publishOptions{replace: true, perm: 0o600})
		if err == errCannotLink {
			failed, err = t.copyOnce(src, dst, publishOptions{replace: true, perm: 0o600, named: true})
		}
		return err
	})
	return pathError("copy", failed, err)
}

// copyOnce copies a file and returns the path that an error is about. The copy
// is nobody else's to read until it has src's permissions.
func (t *task) copyOnce(src, dst string, o publishOptions) (failed string, err error) {
	files := t.pool.fs
	in, from, err := openRegular(files, src)
	if err != nil {
		return src, err
	}
	defer in.Close()
	dst, err = copyTarget(files, src, dst, from)
	if err != nil {
		return dst, err
	}
	target, name, err := openParent(files, dst, o.sync)
	if err != nil {
		return dst, err
	}
	defer target.close()
	err = publish(target, name, o, func(d *draft) error {
		if err := t.copyContents(d.file, in, from.size); err != nil {
			return err
		}
		return d.copyMeta(in, from)
	})
	if e, ok := err.(readError); ok {
		return src, e.error
	}
	return dst, err
}

// A readError is an error of the file that is copied.
type readError struct{ error }

// copyTarget returns the path of the copy: dst, or a file in it if it is a
// directory.
func copyTarget(files filesystem, src, dst string, from info) (string, error) {
	to, err := files.stat(orDot(dst))
	if err == nil && to.mode.IsDir() {
		_, name := splitPath(src)
		dst = pathPrefix(dst) + name
		to, err = files.stat(dst)
	}
	switch {
	case isNotExist(err) && trimSlashes(dst) != dst:
		return dst, syscall.ENOTDIR // a slash asks for a directory
	case isNotExist(err):
		return dst, nil
	case err != nil:
		return dst, err
	case sameFile(from, to):
		return dst, ErrSameFile
	case !to.mode.IsRegular(): // unless it is a link that leads there, which is replaced
		if st, err := files.lstat(dst); err == nil && st.mode.Type() != fs.ModeSymlink {
			return dst, ErrNotRegular
		}
	}
	return dst, nil
}

// copyBlock is how much is copied between two looks at the context.
const copyBlock = 32 << 20

// copyContents copies all of src the fastest way there is. Asking the kernel
// to do it pays for files that do not fit a buffer.
func (t *task) copyContents(dst, src file, size int64) error {
	if size >= bufferSize {
		if dst.cloneFrom(src) == nil {
			t.copied(size)
			return nil
		}
		for {
			if err := t.Err(); err != nil {
				return err
			}
			n, err := dst.copyFrom(src, copyBlock)
			t.copied(n)
			if errors.Is(err, errors.ErrUnsupported) || n == 0 && err == nil {
				break // not by the kernel; or the end, as a read will show
			}
			if err != nil {
				return err
			}
		}
	}
	return t.copyThroughBuffer(dst, src, size)
}

// bufferSize is the size of the buffers that copies go through.
const bufferSize = 64 << 10

type buffer [bufferSize]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// copyThroughBuffer copies the rest of src the plain way.
func (t *task) copyThroughBuffer(dst, src file, size int64) error {
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for done := int64(0); ; {
		if err := t.Err(); err != nil {
			return err
		}
		n, err := src.Read(buf[:])
		done += int64(n)
		if n > 0 {
			m, err := dst.Write(buf[:n])
			t.copied(int64(m))
			if err == nil && m < n {
				err = io.ErrShortWrite
			}
			if err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF, err == nil && done == size && n < len(buf):
			return nil // the latter a short read that ends where stat saw the end
		case err != nil:
			return readError{err}
		}
	}
}

func (t *task) copied(n int64) {
	t.pool.bytesRead.Add(uint64(n))
	t.pool.bytesWritten.Add(uint64(n))
}
