package fileops

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/errgroup"
)

// A chunkSaver saves chunks to a directory by a few workers, each a run of them at
// a time.
type chunkSaver struct {
	task  *task
	dir   string
	opts  *SaveOptions
	now   time.Time
	names vfs.NameSync // of the directory

	number int      // of the next chunk, from 0
	paths  []string // of the saved files, nil if nobody wants to know

	ctx      context.Context // ends at the first failure
	group    *errgroup.Group
	unsynced atomic.Pointer[error] // the first ErrNotSynced, which stops nothing
}

func (t *task) newChunkSaver(dir string, o *SaveOptions) (s *chunkSaver, err error) {
	s = &chunkSaver{task: t, dir: dir, opts: o.forChunks(), now: time.Now()}
	s.names, err = t.makeNewDir(dir, o)
	s.group, s.ctx = errgroup.WithContext(t)
	s.group.SetLimit(fanOut(t.pool))
	return s, err
}

// add saves more chunks. It waits while all workers are busy. After a failure, which
// it returns, no more files are begun.
func (s *chunkSaver) add(chunks []TextChunk) error {
	for first := 0; first < len(chunks) && s.ctx.Err() == nil; first += batchFiles {
		r := chunkRun{chunks: chunks[first:min(first+batchFiles, len(chunks))], number: s.number + first}
		if s.paths != nil {
			r.paths = s.paths[r.number:]
		}
		s.group.Go(func() error { return s.saveRun(r) })
	}
	s.number += len(chunks)
	if s.ctx.Err() != nil {
		return s.finish()
	}
	return nil
}

// finish waits until all chunks are saved.
func (s *chunkSaver) finish() error {
	err := s.group.Wait()
	if err == nil {
		err = pathError("save", s.dir, s.task.Err())
	}
	if unsynced := s.unsynced.Load(); err == nil && unsynced != nil {
		err = *unsynced
	}
	if err == nil {
		err = pathError("sync", s.dir, s.names.Err())
	}
	return err
}

// A chunkRun is a few chunks to save.
type chunkRun struct {
	chunks []TextChunk
	number int      // of the first one
	paths  []string // the first ones are to be set, unless it is nil
}

// saveRun saves chunks and enters their paths.
func (s *chunkSaver) saveRun(r chunkRun) error {
	var batch []chunkFile
	var buf []byte
	for len(r.chunks) > 0 && s.ctx.Err() == nil {
		var failed error
		batch, buf, failed = s.encode(batch[:0], buf[:0], r)
		saved, err := s.save(batch)
		if r.paths != nil {
			for i, f := range batch[:saved] {
				r.paths[i] = f.path
			}
			r.paths = r.paths[saved:]
		}
		if err != nil {
			return err
		}
		if saved == len(batch) && failed != nil {
			return failed
		}
		r.chunks, r.number = r.chunks[saved:], r.number+saved
	}
	return nil
}

// A chunkFile is a file to save.
type chunkFile struct {
	path string
	data []byte
}

// encode makes the JSON of chunks in buf. It stops when there is enough for a batch,
// or at a chunk that cannot be encoded.
func (s *chunkSaver) encode(batch []chunkFile, buf []byte, r chunkRun) ([]chunkFile, []byte, error) {
	for i := range r.chunks {
		if len(buf) >= batchBytes {
			break
		}
		path, err := s.opts.filePath(s.dir, chunkStem(r.number+i), s.now)
		if err != nil {
			return batch, buf, err
		}
		began := len(buf)
		if buf, err = appendIndented(buf, &r.chunks[i]); err != nil {
			return batch, buf, pathError("save", path, err)
		}
		batch = append(batch, chunkFile{path, buf[began:len(buf):len(buf)]})
	}
	return batch, buf, nil
}

// save saves a batch, or its first files if there are no descriptors for more
// at the moment. It returns their number.
func (s *chunkSaver) save(batch []chunkFile) (saved int, err error) {
	if len(batch) == 0 {
		return 0, nil
	}
	err = s.task.inSlot(&use{op: "save", path: batch[0].path}, func() error {
		saved, err = s.saveBatch(batch)
		if saved > 0 && s.task.mayPass(err, 0) {
			return nil // else the saved files would be saved again
		}
		return err
	})
	if unsynced := err; errors.Is(err, ErrNotSynced) {
		s.unsynced.CompareAndSwap(nil, &unsynced) // not &err, which the return clears
		return saved, nil
	}
	if err != nil {
		err = pathError("save", batch[saved].path, err)
	}
	return saved, err
}

// saveBatch saves files until one fails.
func (s *chunkSaver) saveBatch(files []chunkFile) (saved int, err error) {
	if s.opts.InPlace {
		return s.saveInPlace(files)
	}
	dir, _ := vfs.SplitPath(files[0].path)
	batch, err := vfs.OpenBatch(s.task.pool.saved, dir, s.opts.atomicOptions())
	if err != nil {
		return 0, err
	}
	defer batch.Discard()
	for _, f := range files {
		_, name := vfs.SplitPath(f.path)
		err = batch.Add(name, func(to *vfs.TempFile) error { return s.task.write(to, [][]byte{f.data}) })
		if err != nil {
			break
		}
	}
	if s.task.Err() != nil {
		return 0, s.task.Err()
	}
	saved, failed := batch.Commit()
	if failed != nil {
		err = failed
	}
	return saved, err
}

// saveInPlace is saveBatch for the option InPlace: each file is written by itself.
func (s *chunkSaver) saveInPlace(files []chunkFile) (saved int, err error) {
	var unsynced error
	for i, f := range files {
		if err := s.task.Err(); err != nil {
			return i, err
		}
		err := s.task.saveFile(f.path, s.opts, f.data)
		if _, ok := err.(vfs.UnsyncedError); ok {
			unsynced = err
		} else if err != nil {
			return i, err
		}
	}
	return len(files), unsynced
}
