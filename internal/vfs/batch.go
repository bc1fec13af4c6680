package vfs

// A Batch writes several files of one directory atomically. The disk works on
// all of them at the same time, and a flush of the directory serves them all.
type Batch struct {
	dir   FS
	opts  AtomicOptions
	names NameSync
	files []*TempFile
}

// OpenBatch begins a batch in a directory. It makes the directory if it is
// missing.
func OpenBatch(files FS, dir string, o AtomicOptions) (*Batch, error) {
	b := &Batch{opts: o, names: NameSync{Wanted: o.Sync}}
	var err error
	b.dir, err = makeDirs(files, dir, &b.names)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Add fills the temporary file of the next name and starts its way to the disk.
// After a failure the batch is as before.
func (b *Batch) Add(name string, write func(*TempFile) error) error {
	f, err := CreateTemp(b.dir, name, b.opts)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.StartWriteOut()
	}
	if err != nil {
		f.Discard()
		return err
	}
	b.files = append(b.files, f)
	return nil
}

// Commit gives the files their names, in order. It returns how many files are
// saved and the error of the file after them, or an [UnsyncedError] if all are
// saved but not all durable.
func (b *Batch) Commit() (saved int, err error) {
	saved = len(b.files)
	each := func(step func(*TempFile) error) {
		for i := range saved {
			if e := step(b.files[i]); e != nil {
				saved, err = i, e
				return
			}
		}
	}
	if b.opts.Sync { // one commit of the journal then serves the flushes of all files
		each(func(f *TempFile) error { return f.WriteOut() })
	}
	each((*TempFile).settle)
	each((*TempFile).giveName)
	for _, f := range b.files[:saved] {
		b.names.note(f.unsynced)
	}
	if saved > 0 {
		b.names.sync(b.dir)
	}
	if err == nil {
		err = b.names.Err()
	}
	return saved, err
}

// Discard ends the batch. It removes the files without their names.
func (b *Batch) Discard() {
	for _, f := range b.files {
		f.Discard()
	}
	b.dir.Close()
}
