package fileops

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// SaveOptions says how files are named and saved. nil means the zero value: the
// name as given, and an error if that is taken.
type SaveOptions struct {
	// Extension is appended, after a dot, to a name that has none. A leading
	// dot does not count.
	Extension string
	// Timestamp adds the local time to the name: name_20060102150405.txt.
	Timestamp bool
	// TimePrefix puts the timestamp in front: 20060102150405_name.txt. Without
	// Timestamp it does nothing.
	TimePrefix bool
	// TimestampFormat is the timestamp's layout as [time.Time.Format] takes
	// it, without slashes. "" means 20060102150405.
	TimestampFormat string
	// RandomHashDigits is the number of random hexadecimal digits at the end
	// of the name: name-3fa9.txt. It may be 255 at most.
	RandomHashDigits int
	// Overwrite replaces a file that has the name, in one step. The new file
	// keeps the old one's permission bits, its POSIX access control list on
	// Linux, and its owner and group where the system lets the process set them.
	// Where it does not, the new file grants less: nobody gains access, save the
	// user who writes it. A symbolic link is replaced, not followed. Without
	// Overwrite a name that is taken, even meanwhile, is an error that matches
	// [fs.ErrExist].
	Overwrite bool
	// InPlace writes into a file that has the name, instead of replacing it, and
	// follows a symbolic link to it. The file keeps its owner, its access
	// control list, its hard links and its place, which may be a mount point.
	// But the save is not atomic: readers can see a part of the text, and a
	// failure or a kill can leave old text behind new. Once begun, the save goes
	// on after ctx ends. A file that does not exist is saved as without InPlace.
	InPlace bool
	// NewDir makes an existing directory an error that matches [fs.ErrExist].
	// Without NewDir a missing directory is made.
	NewDir bool
	// Sync flushes the file, its name and the names of directories that were
	// made for it to the disk before the save counts as done. If the system can
	// flush the file but not the names, the file is saved and the error is
	// [ErrNotSynced]. A failed flush is not tried again, because a second one may
	// succeed without writing anything, see fsync(2).
	Sync bool
}

const defaultTimestamp = "20060102150405"

// longestName is the length of the longest file name that any system takes.
const longestName = 255

// orDefault returns a copy of o, or the zero value if o is nil.
func (o *SaveOptions) orDefault() *SaveOptions {
	own := new(SaveOptions)
	if o != nil {
		*own = *o
	}
	return own
}

// check returns an *OptionError for an option that means nothing.
func (o *SaveOptions) check() error {
	const bad = "/\\\x00"
	switch {
	case o.RandomHashDigits < 0 || o.RandomHashDigits > longestName:
		return &OptionError{"RandomHashDigits", o.RandomHashDigits, "must be from 0 to 255, the length of the longest name"}
	case strings.ContainsAny(o.Extension, bad):
		return &OptionError{"Extension", o.Extension, "must not contain a slash or NUL"}
	case strings.ContainsAny(o.TimestampFormat, bad):
		return &OptionError{"TimestampFormat", o.TimestampFormat, "must not contain a slash or NUL"}
	}
	return nil
}

// filePath returns the path of the file called name in dir, with the options'
// additions to the name.
func (o *SaveOptions) filePath(dir, name string, now time.Time) (string, error) {
	made, err := o.localPath(name, now)
	if err != nil {
		return "", &fs.PathError{Op: "save", Path: vfs.Prefix(dir) + name, Err: err}
	}
	return vfs.Prefix(dir) + filepath.FromSlash(made), nil
}

// localPath is filePath below the directory.
func (o *SaveOptions) localPath(name string, now time.Time) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	sub, base := path.Split(path.Clean(name))
	made := sub + o.fileName(base, now)
	return made, checkSystemName(name, made)
}

// checkSystemName returns an error if the system takes a part of made, which was
// made of name, for another name.
func checkSystemName(name, made string) error {
	for part := range strings.SplitSeq(made, "/") {
		if problem := vfs.NameProblem(part); problem != "" {
			return &OptionError{Option: "name", Value: name, Reason: problem}
		}
	}
	return nil
}

// checkName returns an error unless name is local to the directory that it is
// saved in. It refuses a backslash on every system, because a name on one
// system would be a path on another.
func checkName(name string) error {
	bad := &OptionError{Option: "name", Value: name}
	switch _, base := path.Split(name); {
	case name == "":
		bad.Reason = "must name a file"
	case strings.ContainsAny(name, "\\\x00"):
		bad.Reason = "must not contain a backslash or NUL"
	case !filepath.IsLocal(filepath.FromSlash(name)):
		bad.Reason = "must stay below the directory"
		return fmt.Errorf("%w: %w", ErrEscapes, bad)
	case base == "" || base == "." || base == "..":
		bad.Reason = "must name a file"
	default:
		return nil
	}
	return bad
}

// SaveToFile calls [Pool.SaveToFile] on [DefaultPool].
func SaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) (path string, err error) {
	return DefaultPool.SaveToFile(ctx, text, dir, name, opts)
}

// AsyncSaveToFile calls [Pool.AsyncSaveToFile] on [DefaultPool].
func AsyncSaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) *Future[string] {
	return DefaultPool.AsyncSaveToFile(ctx, text, dir, name, opts)
}

// SaveToFile writes text to a file called name in dir and returns the file's
// path. It makes dir, and the directories in name, which slashes separate, if
// they are missing. name must be local to dir ([filepath.IsLocal]), else the
// error is [ErrEscapes]. Any bad name or option is an *[OptionError]. On Windows a
// name that ends in a dot or a blank, which the system would remove, or that has
// a reserved character is bad, too.
//
// The write is atomic: after any failure, and even if the process is killed, the
// name is absent or stands for the old file, or it stands for the whole new
// one. A failure leaves no temporary file; directories that were made stay.
//
// SaveToFile blocks until the file is saved or ctx ends.
func (p *Pool) SaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) (path string, err error) {
	return run(ctx, p, saveToFile(text, dir, name, opts))
}

// AsyncSaveToFile starts [Pool.SaveToFile] and returns its future. It does not
// block; ctx cancels the save.
func (p *Pool) AsyncSaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) *Future[string] {
	return start(ctx, p, saveToFile(text, dir, name, opts))
}

func saveToFile(text, dir, name string, opts *SaveOptions) operation[string] {
	return operation[string]{name: "save", path: vfs.Prefix(dir) + name, inline: true, do: func(t *task, _ string) (string, error) {
		o := opts.orDefault()
		if err := cmp.Or(o.check(), t.requireWritable("save", vfs.Prefix(dir)+name)); err != nil {
			return "", err
		}
		path, err := o.filePath(dir, name, time.Now())
		if err != nil {
			return "", err
		}
		names, err := t.makeNewDir(dir, o)
		if err != nil {
			return "", err
		}
		err = t.inSlot(&use{op: "save", path: path}, func() error { return t.saveFile(path, o, textscan.Bytes(text)) })
		if err == nil {
			err = pathError("sync", dir, names.Err())
		}
		return path, err
	}}
}

func (o *SaveOptions) atomicOptions() vfs.AtomicOptions {
	return vfs.AtomicOptions{Replace: o.Overwrite || o.InPlace, Sync: o.Sync}
}

// saveFile writes a file: in place if that is asked for and there is one.
func (t *task) saveFile(path string, o *SaveOptions, data []byte) error {
	if o.InPlace {
		found, err := vfs.WriteInPlace(t.pool.saved, path, o.Sync, func(f vfs.File) error { return t.writeAll(f, data) })
		if found || err != nil {
			return err
		}
	}
	return vfs.WriteAtomic(t.pool.saved, path, o.atomicOptions(), func(f *vfs.TempFile) error { return t.write(f, [][]byte{data}) })
}

// save writes a file that consists of parts, atomically and in a slot.
func (t *task) save(path string, o vfs.AtomicOptions, parts ...[]byte) error {
	return t.inSlot(&use{op: "save", path: path}, func() error {
		return vfs.WriteAtomic(t.pool.saved, path, o, func(f *vfs.TempFile) error { return t.write(f, parts) })
	})
}

// makeNewDir makes, in a slot, a directory that must not exist, if the options ask
// for it.
func (t *task) makeNewDir(dir string, o *SaveOptions) (names vfs.NameSync, err error) {
	names.Wanted = o.Sync
	if !o.NewDir {
		return names, nil
	}
	dir = vfs.OrDot(dir)
	err = t.inSlot(&use{op: "mkdir", path: dir}, func() error { return vfs.MakeNewDir(t.pool.saved, dir, &names) })
	return names, err
}

// writePiece is how much is written between two looks at the context.
const writePiece = 1 << 20

// write writes the parts of a file.
func (t *task) write(f vfs.File, parts [][]byte) error {
	for _, data := range parts {
		for piece := range slices.Chunk(data, writePiece) {
			if err := t.Err(); err != nil {
				return err
			}
			if err := t.writeAll(f, piece); err != nil {
				return err
			}
		}
	}
	return t.Err()
}

func (t *task) writeAll(f vfs.File, data []byte) error {
	n, err := f.Write(data)
	t.pool.bytesWritten.Add(uint64(n))
	return err
}

// SaveChunks calls [Pool.SaveChunks] on [DefaultPool].
func SaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) (paths []string, err error) {
	return DefaultPool.SaveChunks(ctx, chunks, dir, opts)
}

// AsyncSaveChunks calls [Pool.AsyncSaveChunks] on [DefaultPool].
func AsyncSaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) *Future[[]string] {
	return DefaultPool.AsyncSaveChunks(ctx, chunks, dir, opts)
}

// SaveChunks saves each chunk as a JSON file of its own: the object that
// [TextChunk.MarshalJSON] makes, indented by two spaces. The files are called
// chunk_1.json, chunk_2.json and so on, in the order of chunks, with the
// additions of opts.
//
// SaveChunks returns the paths in the order of chunks. Each file is saved as
// [Pool.SaveToFile] does it, a few at a time. After the first failure no more
// files are begun. The saved files stay, and paths has their paths, with "" for
// the others.
func (p *Pool) SaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) (paths []string, err error) {
	return run(ctx, p, saveChunks(chunks, dir, opts))
}

// AsyncSaveChunks starts [Pool.SaveChunks] and returns its future. It does not
// block; ctx cancels the work.
func (p *Pool) AsyncSaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) *Future[[]string] {
	return start(ctx, p, saveChunks(chunks, dir, opts))
}

func saveChunks(chunks []TextChunk, dir string, opts *SaveOptions) operation[[]string] {
	return operation[[]string]{name: "save chunks", path: dir, do: func(t *task, _ string) ([]string, error) {
		return t.saveChunks(chunks, dir, opts.orDefault())
	}}
}

func (t *task) saveChunks(chunks []TextChunk, dir string, o *SaveOptions) ([]string, error) {
	if err := cmp.Or(o.check(), t.requireWritable("save", dir)); err != nil {
		return nil, err
	}
	s, err := t.newChunkSaver(dir, o)
	if err != nil {
		return nil, err
	}
	s.paths = make([]string, len(chunks))
	s.add(chunks)
	err = s.finish()
	return s.paths, err
}
