package cloud

import (
	"errors"
	"io"
	"io/fs"
	"path"

	"github.com/lion-agi/fileops"
	"gocloud.dev/blob"
)

// A file is the body of an object that is being read.
type file struct {
	view     *view
	key      string
	info     *info
	size     int64 // -1 if the store does not tell it
	offset   int64 // of the next byte
	body     *blob.Reader
	watch    *watch
	attempts *attempts
	ended    error // why nothing more can be read
}

// openFile asks for an object, in the version that is known.
func (v *view) openFile(name string) (*file, error) {
	key := v.prefix + name
	want, isKnown := v.versions.get(key)
	f := &file{view: v, key: key, attempts: v.newAttempts()}
	err := f.open(want)
	if err == nil && isKnown && !f.is(want) {
		f.drop()
		err = fileops.ErrChanged
	}
	if err != nil {
		if errors.Is(err, fileops.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
			v.versions.forget(key)
		}
		return nil, err
	}
	f.size = f.body.Size()
	got := known{versionOf(f.body.As), max(0, f.size), f.body.ModTime()}
	f.info = fileInfo(path.Base(name), key, got)
	return f, nil
}

// open asks for the object from the offset on, until it gets an answer.
func (f *file) open(want known) error {
	return f.attempts.each(f.view.ctx, func(w *watch) (err error) {
		f.body, err = f.view.bucket.NewRangeReader(w.ctx, f.key, f.offset, -1, &blob.ReaderOptions{
			BeforeRead: func(as func(any) bool) error { return onCondition(want.version, as) },
		})
		if err == nil {
			f.watch = w.keep()
		}
		return err
	})
}

// is reports whether the answer is of a version. Not every store obeys the
// condition, and not every one has versions.
func (f *file) is(want known) bool {
	switch got := versionOf(f.body.As); {
	case want.version != "":
		return got == want.version
	case got != "":
		return true
	}
	return f.body.Size() == want.size && f.body.ModTime().Equal(want.modified)
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// Read reads on. If the body breaks off, it asks for the rest of the same version.
func (f *file) Read(b []byte) (n int, err error) {
	if f.ended != nil || len(b) == 0 {
		return 0, f.ended
	}
	err = f.watch.during(func() (err error) {
		n, err = f.body.Read(b)
		return err
	})
	f.offset += int64(n)
	if err == io.EOF && f.offset < f.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = f.resume(err)
	}
	if err != nil && err != io.EOF {
		f.ended = pathError("read", f.info.name, err)
		return n, f.ended
	}
	return n, err
}

// resume asks for the rest of the object after an error. Only a rest of the same
// version fits: without one, the error stays. So it does after the last byte, where
// it says that the checksum is wrong.
func (f *file) resume(cause error) error {
	version := f.info.object.Version
	if ended := f.view.ctx.Err(); ended != nil {
		return ended
	}
	if version == "" || f.offset >= f.size || !f.attempts.again(f.view.ctx) {
		return errorOf(cause)
	}
	f.drop()
	want := known{version: version}
	if err := f.open(want); err != nil {
		return err
	}
	if !f.is(want) {
		return fileops.ErrChanged
	}
	return nil
}

// Close ends the request.
func (f *file) Close() error {
	f.ended = fs.ErrClosed
	f.drop()
	return nil
}

// drop lets the body go.
func (f *file) drop() {
	if f.watch != nil {
		f.watch.end()
		f.body.Close() // which may complain of what was not read
		f.watch = nil
	}
}
