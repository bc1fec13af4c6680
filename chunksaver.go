package fileops

import (
	"context"
	"fmt"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/errgroup"
)

// A chunkSaver saves chunks to a directory.
type chunkSaver struct {
	task   *task
	chunks []TextChunk
	dir    string
	opts   SaveOptions
	now    time.Time
}

// saveAll saves the chunks by a few workers, each a run of them at a time.
func (s *chunkSaver) saveAll() ([]string, error) {
	paths := make([]string, len(s.chunks))
	group, ctx := errgroup.WithContext(s.task)
	group.SetLimit(fanOut(s.task.pool))
	for first := 0; first < len(paths) && ctx.Err() == nil; first += batchFiles {
		group.Go(func() error {
			return s.saveRun(ctx, first, paths[first:min(first+batchFiles, len(paths))])
		})
	}
	err := group.Wait()
	if err == nil {
		err = pathError("save", s.dir, s.task.Err())
	}
	return paths, err
}

// saveRun saves the chunks from first on and enters their paths.
func (s *chunkSaver) saveRun(ctx context.Context, first int, paths []string) error {
	var batch []chunkFile
	var buf []byte
	for len(paths) > 0 && ctx.Err() == nil {
		var failed error
		batch, buf, failed = s.encode(batch[:0], buf[:0], first, len(paths))
		saved, err := s.save(batch)
		for i, f := range batch[:saved] {
			paths[i] = f.path
		}
		if err != nil {
			return err
		}
		if saved == len(batch) && failed != nil {
			return failed
		}
		first, paths = first+saved, paths[saved:]
	}
	return nil
}

// A chunkFile is a file to save.
type chunkFile struct {
	path string
	data []byte
}

// encode makes the JSON of at most n chunks from first on, in buf. It stops when
// there is enough for a batch, or at a chunk that cannot be encoded.
func (s *chunkSaver) encode(batch []chunkFile, buf []byte, first, n int) ([]chunkFile, []byte, error) {
	for i := first; i < first+n && len(buf) < batchBytes; i++ {
		path, err := s.opts.filePath(s.dir, fmt.Sprintf("chunk_%d", i+1), s.now)
		if err != nil {
			return batch, buf, err
		}
		began := len(buf)
		if buf, err = appendIndented(buf, &s.chunks[i]); err != nil {
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
	if err != nil {
		err = pathError("save", batch[saved].path, err)
	}
	return saved, err
}

// saveBatch saves files until one fails.
func (s *chunkSaver) saveBatch(files []chunkFile) (saved int, err error) {
	dir, _ := vfs.SplitPath(files[0].path)
	batch, err := vfs.OpenBatch(s.task.pool.fs, dir, s.opts.atomicOptions())
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
