package fileops

import (
	"bytes"
	"io"
	"os"

	"github.com/lion-agi/fileops/internal/vfs"
	"golang.org/x/sync/semaphore"
)

// An outputFile is a file that an operation will write, and never one of the
// operation's own inputs.
//
// It grows while its contents are made, and gets its name when they are whole. A
// small one is kept in memory until then. A large one is written to its
// temporary file as it grows, which takes no memory and lets the disk work
// beside the processors. But that file is open between slots, so a pool has few
// of them: if each operation held one, all could wait for the descriptors that
// the others hold.
type outputFile struct {
	task     *task
	path     string // "" for no output
	opts     vfs.AtomicOptions
	replaces *vfs.Info // the file at path, nil if there is none

	pending  [][]byte // the contents in memory
	held     int      // bytes of them
	inMemory bool     // they stay there, for want of descriptors

	dir  vfs.FS        // of temp
	temp *vfs.TempFile // nil while all is in memory
}

const (
	openOutputs = 4       // temporary files that a pool may have open between slots
	outputHeld  = 1 << 20 // bytes that an output holds before it needs one of them
)

// outputBounds bound the outputs of a pool.
type outputBounds struct {
	open *semaphore.Weighted // the temporary files between slots
	held int                 // outputHeld; tests have less
}

func newOutputBounds() outputBounds {
	return outputBounds{semaphore.NewWeighted(openOutputs), outputHeld}
}

// newOutput returns the output file for a path, "" for none. It looks for the
// file that has the path now, a link as itself.
func (t *task) newOutput(path string, opts vfs.AtomicOptions) (*outputFile, error) {
	o := &outputFile{task: t, path: path, opts: opts}
	if path == "" {
		return o, nil
	}
	var st vfs.Info
	err := t.inSlot(o.use(), func() (err error) {
		st, err = t.pool.saved.Lstat(path)
		return err
	})
	switch {
	case err == nil:
		o.replaces = &st
		return o, nil
	case vfs.LeadsNowhere(err):
		return o, nil
	default:
		return nil, err
	}
}

// outputOf returns the output that stands for a writer: a file, as standard output
// may be, or nothing.
func (t *task) outputOf(w io.Writer) *outputFile {
	o := &outputFile{task: t}
	if f, ok := w.(*os.File); ok {
		if st, err := vfs.Describe(f); err == nil && st.Mode.IsRegular() {
			o.replaces = &st
		}
	}
	return o
}

func (o *outputFile) use() *use { return &use{op: "save", path: o.path} }

// has reports whether the path of an input is the output's own.
func (o *outputFile) has(path string) bool {
	return o.path != "" && o.task.pool.opts.FS == nil && path == vfs.CleanPath(o.path)
}

// is reports whether a file is the one that will be replaced.
func (o *outputFile) is(st vfs.Info) bool { return o.replaces != nil && vfs.SameFile(st, *o.replaces) }

// excluded is the reason why a file that is the output is no input.
func (o *outputFile) excluded(path string) *ExcludedError {
	source := "OutputFile"
	if o.path == "" { // it is the writer
		source = "w"
	}
	return &ExcludedError{Path: path, Rule: o.path, Source: source}
}

// write appends b, which it does not keep.
func (o *outputFile) write(b []byte) error {
	if o.temp == nil {
		o.pending = append(o.pending, bytes.Clone(b))
		o.held += len(b)
		if o.held < o.task.pool.outputs.held || o.inMemory {
			return nil
		}
		if began, err := o.begin(); !began {
			return err
		}
		return o.flush(o.takePending()...)
	}
	return o.flush(b)
}

// takePending empties the memory.
func (o *outputFile) takePending() [][]byte {
	parts := o.pending
	o.pending, o.held = nil, 0
	return parts
}

// flush writes to the temporary file.
func (o *outputFile) flush(parts ...[]byte) error {
	return o.once(func() error { return o.task.write(o.temp, parts) })
}

// once makes a call in a slot. It does not try again: a part of the call may
// have been done.
func (o *outputFile) once(call func() error) error {
	return pathError("save", o.path, o.task.once(o.task.Context, o.use(), call))
}

// begin opens the temporary file, if the pool may have one more open.
func (o *outputFile) begin() (began bool, err error) {
	open := o.task.pool.outputs.open
	if !open.TryAcquire(1) {
		return false, nil
	}
	err = o.once(o.openTemp)
	if err == nil {
		return true, nil
	}
	open.Release(1)
	if vfs.OutOfDescriptors(err) {
		o.inMemory = true
		err = nil
	}
	return false, err
}

func (o *outputFile) openTemp() error {
	dir, name, err := vfs.OpenParent(o.task.pool.saved, o.path, new(vfs.NameSync))
	if err != nil {
		return err
	}
	temp, err := vfs.CreateTemp(dir, name, o.opts)
	if err != nil {
		dir.Close()
		return err
	}
	o.dir, o.temp = dir, temp
	return nil
}

// commit gives the file its name.
func (o *outputFile) commit() error {
	if o.temp == nil {
		return o.save(o.takePending())
	}
	return o.once(o.temp.Commit)
}

// save writes the whole file at once.
func (o *outputFile) save(parts [][]byte) error { return o.task.save(o.path, o.opts, parts...) }

// discard ends the use of the output. It removes a file without its name.
func (o *outputFile) discard() {
	if o.temp == nil {
		return
	}
	o.task.cleanUp(o.use(), func() {
		o.temp.Discard()
		o.dir.Close()
	})
	o.task.pool.outputs.open.Release(1)
}
