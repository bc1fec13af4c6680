package fileops

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lion-agi/fileops/internal/textscan"
	"golang.org/x/sync/errgroup"
)

// SaveOptions says how files are named and saved. nil means the zero value:
// the name as given, and an error if it is taken.
type SaveOptions struct {
	// Extension is appended, after a dot, to a name that has none. A dot in
	// front of it does not count.
	Extension string
	// Timestamp adds the local time to the name: name_20060102150405.txt.
	Timestamp bool
	// TimePrefix puts the timestamp in front: 20060102150405_name.txt. It
	// means nothing without Timestamp.
	TimePrefix bool
	// TimestampFormat is the timestamp's layout as [time.Time.Format] takes
	// it, without slashes. "" means 20060102150405.
	TimestampFormat string
	// RandomHashDigits is how many random hexadecimal digits end the name:
	// name-3fa9.txt.
	RandomHashDigits int
	// Overwrite replaces a file that has the name, in one step, and keeps
	// its permissions; a symbolic link is replaced, not followed. Without it
	// a name that is taken, even meanwhile, is an error that [fs.ErrExist]
	// matches.
	Overwrite bool
	// NewDir makes a directory that exists an error, which [fs.ErrExist]
	// matches. Without it the directory is made if it is missing.
	NewDir bool
	// Sync flushes the file, its name and the names of directories that were
	// made for it to the disk before the save counts as done (fsync). A flush
	// that fails is not tried again, since a second one may succeed without
	// writing anything (see fsync(2)).
	Sync bool
}

const defaultTimestamp = "20060102150405"

// longestName is how long a file's name may be where it may be longest.
const longestName = 255

func (o *SaveOptions) orDefault() *SaveOptions {
	if o == nil {
		return new(SaveOptions)
	}
	return o
}

// check returns an *OptionError for what means nothing.
func (o *SaveOptions) check() error {
	const bad = "/\\\x00"
	switch {
	case o.RandomHashDigits < 0 || o.RandomHashDigits > longestName:
		return &OptionError{"RandomHashDigits", o.RandomHashDigits, "must be from 0 to 255, which is the longest a name can be"}
	case strings.ContainsAny(o.Extension, bad):
		return &OptionError{"Extension", o.Extension, "must not contain a slash or NUL"}
	case strings.ContainsAny(o.TimestampFormat, bad):
		return &OptionError{"TimestampFormat", o.TimestampFormat, "must not contain a slash or NUL"}
	}
	return nil
}

// filePath returns the path of a file that is to be called name in dir. Its
// form is the original's.
func (o *SaveOptions) filePath(dir, name string, now time.Time) (string, error) {
	if err := checkName(name); err != nil {
		return "", &fs.PathError{Op: "save", Path: pathPrefix(dir) + name, Err: err}
	}
	sub, base := path.Split(path.Clean(name))
	stem, ext := base, strings.TrimPrefix(o.Extension, ".")
	if dot := strings.LastIndexByte(base, '.'); dot >= 0 {
		stem, ext = base[:dot], base[dot+1:]
	}
	if o.Timestamp {
		layout := o.TimestampFormat
		if layout == "" {
			layout = defaultTimestamp
		}
		if stamp := now.Format(layout); o.TimePrefix {
			stem = stamp + "_" + stem
		} else {
			stem += "_" + stamp
		}
	}
	if o.RandomHashDigits > 0 {
		stem += "-" + randomHex(o.RandomHashDigits)
	}
	if ext != "" || strings.HasSuffix(base, ".") {
		stem += "." + ext
	}
	return pathPrefix(dir) + filepath.FromSlash(sub+stem), nil
}

// checkName returns an error unless name is local to the directory it is
// saved in. A backslash is refused on every system: what is a name on one
// would be a path on another.
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

// SaveToFile writes text to a file called name in dir and returns the file's
// path. dir and the directories in name, which slashes separate, are made if
// missing. name must be local to dir ([filepath.IsLocal]); one that is not is
// [ErrEscapes], and any bad name or option an *[OptionError].
//
// The name never stands for half a file: whatever fails, and even if the
// process is killed, it is absent or what it was before, or it is the whole
// new file. A failure leaves no temporary file behind; directories that were
// made stay.
func SaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) (path string, err error) {
	return DefaultPool.SaveToFile(ctx, text, dir, name, opts)
}

// AsyncSaveToFile is [SaveToFile] as a future. It does not block.
func AsyncSaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) *Future[string] {
	return DefaultPool.AsyncSaveToFile(ctx, text, dir, name, opts)
}

// SaveToFile is [SaveToFile] on this pool.
func (p *Pool) SaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) (path string, err error) {
	return run(ctx, p, saveToFile(text, dir, name, opts))
}

// AsyncSaveToFile is [AsyncSaveToFile] on this pool.
func (p *Pool) AsyncSaveToFile(ctx context.Context, text, dir, name string, opts *SaveOptions) *Future[string] {
	return start(ctx, p, saveToFile(text, dir, name, opts))
}

func saveToFile(text, dir, name string, opts *SaveOptions) operation[string] {
	return operation[string]{name: "save", path: pathPrefix(dir) + name, alone: true, do: func(t *task, _ string) (string, error) {
		o := opts.orDefault()
		if err := o.check(); err != nil {
			return "", err
		}
		path, err := o.filePath(dir, name, time.Now())
		if err != nil {
			return "", err
		}
		if o.NewDir {
			if err := t.makeNewDir(dir, o.Sync); err != nil {
				return "", err
			}
		}
		return path, t.save(path, o.publishOptions(), textscan.Bytes(text))
	}}
}

func (o *SaveOptions) publishOptions() publishOptions {
	return publishOptions{replace: o.Overwrite, sync: o.Sync}
}

// save publishes a file that consists of parts, in a slot.
func (t *task) save(path string, o publishOptions, parts ...[]byte) error {
	return t.inSlot("save", path, func() error {
		return publishAt(t.pool.fs, path, o, func(d *draft) error { return t.write(d, parts) })
	})
}

// makeNewDir makes, in a slot, a directory that must not exist.
func (t *task) makeNewDir(dir string, sync bool) error {
	dir = orDot(dir)
	return t.inSlot("mkdir", dir, func() error { return makeNewDir(t.pool.fs, dir, sync) })
}

// writeBlock is how much is written between two looks at the context.
const writeBlock = 1 << 20

// write writes the parts of a file to a draft.
func (t *task) write(d *draft, parts [][]byte) error {
	for _, data := range parts {
		for block := range slices.Chunk(data, writeBlock) {
			if err := t.Err(); err != nil {
				return err
			}
			n, err := d.file.Write(block)
			t.pool.bytesWritten.Add(uint64(n))
			if err == nil && n < len(block) {
				err = io.ErrShortWrite
			}
			if err != nil {
				return err
			}
		}
	}
	return t.Err()
}

// SaveChunks saves each chunk as a file of JSON, an object as
// [TextChunk.MarshalJSON] makes it, indented by two spaces. The files are
// called chunk_1.json, chunk_2.json and so on, in the order of chunks, in the
// form that opts asks for.
//
// It returns the paths in the order of chunks. Each file is saved as
// [SaveToFile] does it. After the first failure no more files are begun;
// those that are saved by then stay, and paths has their paths, with "" for
// the others.
func SaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) (paths []string, err error) {
	return DefaultPool.SaveChunks(ctx, chunks, dir, opts)
}

// AsyncSaveChunks is [SaveChunks] as a future. It does not block.
func AsyncSaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) *Future[[]string] {
	return DefaultPool.AsyncSaveChunks(ctx, chunks, dir, opts)
}

// SaveChunks is [SaveChunks] on this pool.
func (p *Pool) SaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) (paths []string, err error) {
	return run(ctx, p, saveChunks(chunks, dir, opts))
}

// AsyncSaveChunks is [AsyncSaveChunks] on this pool.
func (p *Pool) AsyncSaveChunks(ctx context.Context, chunks []TextChunk, dir string, opts *SaveOptions) *Future[[]string] {
	return start(ctx, p, saveChunks(chunks, dir, opts))
}

func saveChunks(chunks []TextChunk, dir string, opts *SaveOptions) operation[[]string] {
	return operation[[]string]{name: "save chunks", path: dir, do: func(t *task, _ string) ([]string, error) {
		return t.saveChunks(chunks, dir, opts.orDefault())
	}}
}

func (t *task) saveChunks(chunks []TextChunk, dir string, o *SaveOptions) ([]string, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.NewDir {
		if err := t.makeNewDir(dir, o.Sync); err != nil {
			return nil, err
		}
	}
	c := chunkSaver{task: t, chunks: chunks, dir: dir, opts: *o, now: time.Now()}
	if c.opts.Extension == "" {
		c.opts.Extension = "json"
	}
	return c.saveAll()
}

// A chunkSaver saves chunks to a directory.
type chunkSaver struct {
	task   *task
	chunks []TextChunk
	dir    string
	opts   SaveOptions
	now    time.Time
}

// saveAll saves the chunks by a few workers, each a run of them at a time.
func (c *chunkSaver) saveAll() ([]string, error) {
	paths := make([]string, len(c.chunks))
	group, ctx := errgroup.WithContext(c.task)
	group.SetLimit(fanOut(c.task.pool))
	for first := 0; first < len(paths) && ctx.Err() == nil; first += batchFiles {
		group.Go(func() error {
			var buf []byte
			for i := first; i < min(first+batchFiles, len(paths)) && ctx.Err() == nil; i++ {
				var err error
				if buf, err = c.save(i, buf[:0], &paths[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		err = pathError("save", c.dir, c.task.Err())
	}
	return paths, err
}

// save saves chunk i and notes its path. buf is for its JSON.
func (c *chunkSaver) save(i int, buf []byte, saved *string) ([]byte, error) {
	path, err := c.opts.filePath(c.dir, fmt.Sprintf("chunk_%d", i+1), c.now)
	if err != nil {
		return buf, err
	}
	if buf, err = appendIndented(buf, &c.chunks[i]); err != nil {
		return buf, pathError("save", path, err)
	}
	if err = c.task.save(path, c.opts.publishOptions(), buf); err != nil {
		return buf, err
	}
	*saved = path
	return buf, nil
}
