package fileops

import (
	"bytes"

	"golang.org/x/sync/semaphore"
)

// An output is a file that is written bit by bit while its contents come to
// be, and published when it is whole. A small one is kept in memory until
// then. A large one is written to its draft as it grows, which takes no memory
// and lets the disk work beside the processors; but a draft is open between
// slots, so a pool has few of them: were each operation to hold one, all could
// wait for the descriptors that the others hold.
type output struct {
	task *task
	path string
	opts publishOptions

	pending [][]byte // what is in memory
	held    int      // bytes of it
	memory  bool     // it stays there, for want of descriptors or of a way to name the draft

	dir   filesystem
	name  string // in dir
	draft *draft // nil while all is in memory
}

const (
	openOutputs = 4       // drafts that a pool may have open between slots
	outputHeld  = 1 << 20 // bytes that an output holds before it needs one
)

// outputBounds are what bounds the outputs of a pool.
type outputBounds struct {
	open *semaphore.Weighted // the drafts between slots
	held int                 // outputHeld; tests have less
}

func newOutputBounds() outputBounds {
	return outputBounds{semaphore.NewWeighted(openOutputs), outputHeld}
}

// newOutput returns an output that replaces what is at path.
func (t *task) newOutput(path string) *output {
	return &output{task: t, path: path, opts: publishOptions{replace: true}}
}

// write appends b, which it does not keep.
func (o *output) write(b []byte) error {
	if o.draft == nil {
		o.pending = append(o.pending, bytes.Clone(b))
		o.held += len(b)
		if o.held < o.task.pool.outputs.held || o.memory {
			return nil
		}
		if began, err := o.begin(); !began {
			return err
		}
		return o.flush(o.takePending()...)
	}
	return o.flush(b)
}

// takePending returns what is in memory, which it is no more.
func (o *output) takePending() [][]byte {
	parts := o.pending
	o.pending, o.held = nil, 0
	return parts
}

// flush writes to the draft.
func (o *output) flush(parts ...[]byte) error {
	return o.once(func() error { return o.task.write(o.draft, parts) })
}

// once makes a call in a slot, which is not tried again: part of it may have
// been done.
func (o *output) once(call func() error) error {
	return pathError("save", o.path, o.task.inSlotOnce("save", o.path, "", call))
}

// begin opens the draft, if it may be open.
func (o *output) begin() (began bool, err error) {
	open := o.task.pool.outputs.open
	if !open.TryAcquire(1) {
		return false, nil
	}
	err = o.once(o.open)
	if err == nil {
		return true, nil
	}
	open.Release(1)
	if outOfDescriptors(err) {
		o.memory = true
		err = nil
	}
	return false, err
}

// open opens the directory and the draft.
func (o *output) open() (err error) {
	o.dir, o.name, err = openParent(o.task.pool.fs, o.path, o.opts.sync)
	if err != nil {
		return err
	}
	o.draft, err = newDraft(o.dir, o.opts)
	if err != nil {
		o.dir.close()
	}
	return err
}

// finish publishes the file. If it is errCannotLink, all must be written again
// to an output that stays in memory, since what was written is lost.
func (o *output) finish() error {
	if o.draft == nil {
		return o.task.save(o.path, o.opts, o.takePending()...)
	}
	return o.once(func() error { return o.draft.finish(o.name) })
}

// discard ends the use of the output and removes what has not been published.
func (o *output) discard() {
	if o.draft == nil {
		return
	}
	o.task.cleanUp("save", o.path, func() {
		o.draft.discard()
		o.dir.close()
	})
	o.task.pool.outputs.open.Release(1)
}
