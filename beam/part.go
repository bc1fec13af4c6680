package fileopsbeam

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/lion-agi/fileops"
)

// A PartResult says what became of a part.
type PartResult struct {
	Name         string `json:"name"`
	Object       string `json:"object,omitempty"` // has the chunks; "" if there are none
	Files        int64  `json:"files"`            // in the part: Cut and the length of Skipped
	Cut          int64  `json:"cut"`
	Chunks       int64  `json:"chunks"`
	BytesRead    int64  `json:"bytes_read"` // of the files that were cut
	BytesWritten int64  `json:"bytes_written"`
	Skipped      []Skip `json:"skipped,omitempty"`

	// Reused says that an earlier run has written the part.
	Reused bool `json:"-"`
}

// WritePart reads the files of a part, cuts them and writes their chunks to the output
// of the job. If that is done already, it only says so. It may be called at once, or
// again, for the same part, on any machine.
//
// The chunks are one object. It is called after the part and its own contents, so two
// calls that find different files do not mix. A small object, which is the result as
// JSON, publishes it: before that, the part is not there.
//
// An error that may pass is returned: the caller should try again. Files that cannot be
// cut are in Skipped.
func WritePart(ctx context.Context, job Job, part Part) (PartResult, error) {
	if err := job.Check(); err != nil {
		return PartResult{}, err
	}
	store, err := openStore(ctx, job.Output)
	if err != nil {
		return PartResult{}, err
	}
	c, err := newCut(ctx, job, part)
	if err != nil {
		return PartResult{}, err
	}
	name := partName(&job, c.listed)
	if result, err := published(ctx, store, name); err != nil || result.Reused {
		return result, err
	}
	return c.write(ctx, store, name)
}

// formatVersion is a part of the names of parts. It changes when this package would
// write other contents for the same files and options.
const formatVersion = "fileops part 1"

// partName returns the name of a part: a hash of all that its contents depend on.
func partName(job *Job, files []File) string {
	h := sha256.New()
	options, _ := json.Marshal(job.Options) // plain data, checked before
	for _, text := range []string{formatVersion, job.Source, job.format(), string(options)} {
		h.Write(appendText(nil, text))
	}
	hashFiles(h, files)
	return "part-" + hex.EncodeToString(h.Sum(nil)[:16])
}

// published returns the result of a part that an earlier call has written.
func published(ctx context.Context, store Store, name string) (PartResult, error) {
	var result PartResult
	data, err := store.Get(ctx, name+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return PartResult{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &result)
	}
	if err != nil {
		return PartResult{}, fmt.Errorf("result of %s: %w", name, err)
	}
	if result.Object != "" {
		size, err := store.Size(ctx, result.Object)
		if errors.Is(err, fs.ErrNotExist) || err == nil && size != result.BytesWritten {
			return PartResult{}, nil // somebody has removed it
		}
		if err != nil {
			return PartResult{}, err
		}
	}
	result.Reused = true
	return result, nil
}

// A cut is the cutting of a part under way.
type cut struct {
	job    *Job
	source *source
	opts   *fileops.ChunkOptions
	listed []File // sorted
	files  []File // those that are read
	skips  []Skip
	failed error // the first one that does not last
}

// newCut sorts the files of a part and leaves out those that cannot be read.
func newCut(ctx context.Context, job Job, part Part) (*cut, error) {
	c := &cut{job: &job, listed: slices.Clone(part.Files)}
	slices.SortFunc(c.listed, File.compare)
	var err error
	if c.source, err = openSource(ctx, job.Source); err != nil {
		return nil, err
	}
	if c.opts, err = job.Options.chunkOptions(); err != nil {
		return nil, err
	}
	c.opts.OnSkip = c.onSkip
	for _, f := range c.listed {
		last := len(c.files) - 1
		switch problem := f.problem(); {
		case problem != "":
			c.skips = append(c.skips, Skip{f.Path, problem})
		case last >= 0 && f.Path == c.files[last].Path:
			c.skips = append(c.skips, Skip{f.Path, "it is listed twice"})
		default:
			c.files = append(c.files, f)
		}
	}
	return c, nil
}

// onSkip takes a file that could not be cut.
func (c *cut) onSkip(s fileops.SkippedFile) {
	i, ok := (&partFS{files: c.files}).number(s.Path)
	switch {
	case !ok:
		c.fail(s.Err)
	case c.source.lasts(s.Err):
		c.skips = append(c.skips, Skip{c.files[i].Path, reasonOf(s.Err)})
	default:
		c.fail(fmt.Errorf("%s: %w", c.source.path(c.files[i].Path), s.Err))
	}
}

// fail notes the first error that ends the part.
func (c *cut) fail(err error) {
	if c.failed == nil {
		c.failed = err
	}
}

// errUncounted reports files that got lost, which would be a fault of this package.
var errUncounted = errors.New("the files of the part do not add up")

// each gives the chunks of the part's files to emit, in the order of paths. It returns
// the bytes of the files that were cut.
func (c *cut) each(ctx context.Context, emit func(*fileops.TextChunk) error) (read int64, err error) {
	var done fileops.Progress
	c.opts.Progress = func(p fileops.Progress) { done = p }
	files := &partFS{source: c.source, files: c.files}
	if !c.source.system {
		defer files.openAhead(ctx, cmp.Or(c.job.Workers, fileops.DefaultWorkers))()
	}
	pool := fileops.NewPool(fileops.PoolOptions{FS: files, Workers: c.job.Workers})
	for chunk, err := range pool.Chunks(ctx, ".", c.opts) {
		if err == nil {
			err = c.failed
		}
		if err != nil {
			return 0, err
		}
		i, _ := files.number(chunk.FilePath)
		chunk.FilePath = c.source.path(c.files[i].Path)
		if err := emit(&chunk); err != nil {
			return 0, err
		}
	}
	if c.failed == nil && done.Files != len(c.files) {
		c.failed = errUncounted
	}
	return done.Bytes, c.failed
}

// write cuts the files, writes the chunks and publishes the result.
func (c *cut) write(ctx context.Context, store Store, name string) (PartResult, error) {
	result := PartResult{Name: name, Files: int64(len(c.listed))}
	s, err := newSpool()
	if err != nil {
		return PartResult{}, err
	}
	defer s.remove()
	out, err := newSink(c.job.format(), s)
	if err != nil {
		return PartResult{}, err
	}
	result.BytesRead, err = c.each(ctx, func(chunk *fileops.TextChunk) error {
		result.Chunks++
		return out.add(chunk)
	})
	if err == nil {
		err = out.close()
	}
	if err != nil {
		return PartResult{}, err
	}
	slices.SortFunc(c.skips, func(a, b Skip) int { return compareSkips(a, b) })
	result.Skipped = c.skips
	result.Cut = result.Files - int64(len(c.skips))
	if result.Chunks > 0 {
		result.Object = name + "-" + s.sum() + "." + c.job.format()
		result.BytesWritten = s.size
		if err := s.putTo(ctx, store, result.Object); err != nil {
			return PartResult{}, err
		}
	}
	return result, putJSON(ctx, store, name+".json", result)
}

// putJSON puts a value as JSON.
func putJSON(ctx context.Context, store Store, name string, value any) error {
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	return store.Put(ctx, name, bytes.NewReader(data), int64(len(data)))
}

// A spool is a temporary file for the object of a part: its name depends on all of its
// contents, and it shall be put by one request.
type spool struct {
	file *os.File
	hash hash.Hash
	size int64
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", tempPattern)
	if err != nil {
		return nil, err
	}
	return &spool{file: file, hash: sha256.New()}, nil
}

// Write implements [io.Writer].
func (s *spool) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	s.hash.Write(b[:n])
	s.size += int64(n)
	return n, err
}

// sum returns a name for the contents.
func (s *spool) sum() string { return hex.EncodeToString(s.hash.Sum(nil)[:8]) }

func (s *spool) putTo(ctx context.Context, store Store, name string) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return store.Put(ctx, name, s.file, s.size)
}

func (s *spool) remove() {
	s.file.Close()
	os.Remove(s.file.Name())
}
