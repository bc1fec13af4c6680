package fileops

import (
	"io"
	"iter"
	"time"

	"github.com/lion-agi/fileops/internal/textscan"
)

// textBlockSize is how much of a large file is read at a time.
const textBlockSize = 1 << 20

// A textBlock is a run of whole characters of a file.
type textBlock struct {
	data  []byte // valid until the next block
	chars int
	info  info // of the file
}

// textBlocks reads a file of UTF-8 text of any size, block by block, one
// block ahead of the loop. Each read takes a slot of its own and none is held
// while the loop works. An error is yielded last.
func (t *task) textBlocks(path string) iter.Seq2[textBlock, error] {
	return func(yield func(textBlock, error) bool) {
		r := blockReader{task: t, path: path, blocks: make(chan textBlock), quit: make(chan struct{}), stopped: make(chan struct{})}
		t.pool.enter()
		go r.run()
		defer r.stop()
		for {
			b, ok, err := r.next()
			if !ok {
				if err != nil {
					yield(textBlock{}, err)
				}
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// A blockReader is the goroutine behind textBlocks. It owns the open file, so
// that a system call which comes back after everyone has left loses nothing.
type blockReader struct {
	task    *task
	path    string
	blocks  chan textBlock // closed at the end
	quit    chan struct{}
	stopped chan struct{}
	err     error // set before blocks is closed

	file   file
	info   info
	offset int64 // of the next block in the file
}

// stop ends the reading. It does not wait for a system call that is stuck.
func (r *blockReader) stop() {
	close(r.quit)
	select {
	case <-r.stopped:
	case <-time.After(unwindTime):
	}
}

// next returns the next block; at the end, ok is false and err what ended it.
func (r *blockReader) next() (b textBlock, ok bool, err error) {
	select {
	case b, ok = <-r.blocks:
		if !ok {
			err = r.err
		}
	case <-r.task.Done():
		err = pathError("read", r.path, r.task.Err())
	}
	return b, ok, err
}

func (r *blockReader) run() {
	defer r.task.pool.leave()
	defer close(r.stopped)
	defer close(r.blocks)
	if r.err = r.task.inSlot("read", r.path, r.open); r.err != nil {
		return
	}
	defer r.task.cleanUp("close", r.path, func() { r.file.Close() })
	// Two buffers are enough: the loop has let go of one when it takes the
	// other.
	current, other := make([]byte, textBlockSize), make([]byte, textBlockSize)
	rest := 0 // bytes of a character that the last block ended in
	for {
		n := rest
		err := r.task.inSlot("read", r.path, func() error {
			m, err := r.file.Read(current[rest:])
			n += m
			return err
		})
		ended := reason(err) == io.EOF
		if err != nil && !ended {
			r.err = err
			return
		}
		b := textBlock{info: r.info}
		var complete, bad int
		b.chars, complete, bad = textscan.ScanPrefix(current[:n])
		if ended && bad < 0 && complete < n {
			bad = complete
		}
		if bad >= 0 {
			r.err = notUTF8(r.path, r.offset+int64(bad))
			return
		}
		b.data = current[:complete]
		r.offset += int64(complete)
		r.task.pool.bytesRead.Add(uint64(n - rest))
		if !r.send(b) || ended {
			return
		}
		rest = copy(other, current[complete:n]) // which the loop has let go of now
		current, other = other, current
	}
}

// send hands a block to the loop. It reports whether the loop wants more.
func (r *blockReader) send(b textBlock) bool {
	select {
	case r.blocks <- b:
		return true
	case <-r.quit:
		return false
	}
}

func (r *blockReader) open() (err error) {
	r.file, r.info, err = openRegular(r.task.pool.fs, r.path)
	return err
}
