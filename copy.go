package fileops

import (
	"io/fs"
	"syscall"

	"github.com/lion-agi/fileops/internal/vfs"
)

func copyFile(src, dst string) operation[struct{}] {
	return operation[struct{}]{name: "copy", path: src, inline: true, do: func(t *task, src string) (struct{}, error) {
		if err := t.requireWritable("copy", dst); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.copyFile(src, dst)
	}}
}

func (t *task) copyFile(src, dst string) error {
	failed := src // the path that an error is about
	err := t.inSlot(&use{"copy", src, dst}, func() (err error) {
		failed, err = t.copyOnce(src, dst)
		return err
	})
	return pathError("copy", failed, err)
}

// copyOnce copies a file. It returns the path that an error is about.
func (t *task) copyOnce(src, dst string) (failed string, err error) {
	files := t.pool.fs
	in, from, err := vfs.OpenRegular(files, src)
	if err != nil {
		return src, err
	}
	defer in.Close()
	dst, err = copyTarget(files, src, dst, from)
	if err != nil {
		return dst, err
	}
	access := vfs.AccessOf(in, from)
	o := vfs.AtomicOptions{Replace: true, Access: &access}
	err = vfs.WriteAtomic(files, dst, o, func(f *vfs.TempFile) error {
		if err := vfs.CopyContents(f, in, from, t.copied); err != nil {
			return err
		}
		return f.CopyMeta(in, from)
	})
	if e, ok := err.(vfs.ReadError); ok {
		return src, e.Err
	}
	return dst, err
}

// copied counts copied bytes and stops the copy when the context has ended.
func (t *task) copied(n int64) error {
	t.pool.bytesRead.Add(uint64(n))
	t.pool.bytesWritten.Add(uint64(n))
	return t.Err()
}

// copyTarget returns the path of the copy: dst, or a file in dst if that is a
// directory.
func copyTarget(files vfs.FS, src, dst string, from vfs.Info) (string, error) {
	if err := vfs.CheckPath(dst); err != nil {
		return dst, err
	}
	to, err := files.Stat(dst)
	if err == nil && to.Mode.IsDir() {
		_, name := vfs.SplitPath(src)
		dst = vfs.Prefix(dst) + name
		to, err = files.Stat(dst)
	}
	switch {
	case vfs.IsNotExist(err) && vfs.TrimSlashes(dst) != dst:
		return dst, syscall.ENOTDIR // a slash asks for a directory
	case vfs.IsNotExist(err):
		return dst, nil
	case err != nil:
		return dst, err
	case vfs.SameFile(from, to):
		return dst, ErrSameFile
	case !to.Mode.IsRegular(): // unless dst is a link to it, which is replaced
		if st, err := files.Lstat(dst); err == nil && st.Mode.Type() != fs.ModeSymlink {
			return dst, ErrNotRegular
		}
	}
	return dst, nil
}
