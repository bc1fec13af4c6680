package fileops

import (
	"io"
	"iter"
	"time"

	"github.com/lion-agi/fileops/internal/textscan"
	"github.com/lion-agi/fileops/internal/vfs"
)

// pieceSize is how much of a large file is read at a time.
const pieceSize = 1 << 20

// A piece is a part of a large file, cut between two characters.
type piece struct {
	data  []byte // the text, valid until the next piece
	chars int
	size  int      // bytes of the file
	info  vfs.Info // of the file
}

// pieces reads a file of any size, one piece ahead of the loop. text is new.
// Each read takes a slot of its own, and none is held while the loop works. An
// error is yielded last.
func (t *task) pieces(path string, text pieceText) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		r := pieceReader{task: t, path: path, text: text, pieces: make(chan piece), quit: make(chan struct{}), stopped: make(chan struct{})}
		t.pool.enter()
		go r.run()
		defer r.stop()
		for {
			p, ok, err := r.next()
			if !ok {
				if err != nil {
					yield(piece{}, err)
				}
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// A pieceReader is the goroutine behind pieces. It owns the open file, so that a
// system call that returns after the loop has ended leaks nothing.
type pieceReader struct {
	task    *task
	path    string
	text    pieceText
	pieces  chan piece // closed at the end
	quit    chan struct{}
	stopped chan struct{}
	err     error // set before pieces is closed

	file   vfs.File
	info   vfs.Info
	offset int64 // of the next piece in the file
}

// stop ends the reading. It does not wait for a hung system call.
func (r *pieceReader) stop() {
	close(r.quit)
	select {
	case <-r.stopped:
	case <-time.After(unwindTime):
	}
}

// next returns the next piece. At the end, ok is false and err is the reason,
// nil for the end of the file.
func (r *pieceReader) next() (p piece, ok bool, err error) {
	select {
	case p, ok = <-r.pieces:
		if !ok {
			err = r.err
		}
	case <-r.task.Done():
		err = pathError("read", r.path, r.task.Err())
	}
	return p, ok, err
}

func (r *pieceReader) run() {
	defer r.task.pool.leave()
	defer close(r.stopped)
	defer close(r.pieces)
	if r.err = r.task.inSlot(r.use("read"), r.open); r.err != nil {
		return
	}
	defer r.task.cleanUp(r.use("close"), func() { r.file.Close() })
	r.err = r.readAll()
}

func (r *pieceReader) use(op string) *use { return &use{op: op, path: r.path} }

func (r *pieceReader) open() (err error) {
	r.file, r.info, err = vfs.OpenRegular(r.task.files(), r.path)
	return err
}

// readAll sends the pieces of the file. Two buffers are enough: the loop has let
// go of one when it takes the other.
func (r *pieceReader) readAll() error {
	size := int(min(max(r.info.Size+1, unsizedRoom), pieceSize))
	current, other := textscan.Uninitialized(size), textscan.Uninitialized(size)
	rest := 0 // bytes of a character that the last piece ended in
	for {
		n, ended, err := r.fill(current, rest)
		if err != nil {
			return err
		}
		p := piece{info: r.info}
		p.data, p.chars, p.size, err = r.text.next(current[:n], ended)
		if bad, ok := err.(badByte); ok {
			err = notUTF8(r.path, r.offset+int64(bad))
		}
		if err != nil {
			return err
		}
		r.offset += int64(p.size)
		if !r.send(p) || ended {
			return nil
		}
		rest = copy(other, current[p.size:n])
		current, other = other, current
	}
}

// fill reads into b behind its first n bytes. It returns how many bytes b holds
// then, and whether the file has ended.
func (r *pieceReader) fill(b []byte, n int) (filled int, ended bool, err error) {
	err = r.task.inSlot(r.use("read"), func() error {
		m, err := r.file.Read(b[n:])
		r.task.pool.bytesRead.Add(uint64(m))
		n += m
		return err
	})
	if vfs.Reason(err) == io.EOF {
		return n, true, nil
	}
	return n, false, err
}

// send hands a piece to the loop. It reports whether the loop wants more.
func (r *pieceReader) send(p piece) bool {
	select {
	case r.pieces <- p:
		return true
	case <-r.quit:
		return false
	}
}
