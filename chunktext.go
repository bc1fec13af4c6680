package fileops

// ChunkText cuts text into chunks of opts.Size code points or tokens and
// returns them in order. A nil opts means [DefaultChunkOptions].
//
// Chunk i, counted from 0, covers the units from i*Size to (i+1)*Size. The
// overlap extends it by half of the overlap past both ends, as far as there is
// text. The units that remain at the end are a chunk of their own if there are
// more than opts.Threshold of them. From the third chunk on, the overlap before
// them counts too. Otherwise they join the chunk before. An empty text, or a
// text without tokens, has no chunks.
//
// A code point is one step of a range loop over text. Each byte that is not
// valid UTF-8 therefore counts as one, and stays as it is.
//
// ChunkText reads no files and saves none. It uses Metadata and the options that
// say how to cut. The error is an *OptionError if any of opts is invalid, used
// or not, or a *PanicError if the Tokenizer panics.
//
// ChunkText may be called from many goroutines at once. It does not block unless
// the Tokenizer does. For a text of several MiB and for tens of thousands of
// chunks, the Unit Chars uses more than one processor. All calls in the process
// together add at most GOMAXPROCS-1 goroutines for this, whatever their number:
// a call that gets no further goroutine works alone. A Tokenizer runs on a
// goroutine of its own.
func ChunkText(text string, opts *ChunkOptions) ([]TextChunk, error) {
	opts = opts.orDefault()
	if err := opts.check(); err != nil {
		return nil, err
	}
	return opts.cut(text, false)
}

// check returns an *OptionError if an option is invalid.
func (o *ChunkOptions) check() error {
	if err := o.checkCut(); err != nil {
		return err
	}
	if o.OutputFile != "" {
		if _, err := formatOf(o.OutputFile); err != nil {
			return err
		}
	}
	_, err := metadataFields(o.Metadata)
	return err
}

// cut is ChunkText for options that have been checked. valid says that text is
// known to be valid UTF-8.
func (o *ChunkOptions) cut(text string, valid bool) ([]TextChunk, error) {
	return cut(text, o, valid, o.guardedTokenizer())
}

// guardedTokenizer returns a function that calls the Tokenizer and returns a
// panic in it as an error. It returns nil if there is no Tokenizer.
func (o *ChunkOptions) guardedTokenizer() func(string) ([]string, error) {
	if o.Tokenizer == nil {
		return nil
	}
	return func(text string) ([]string, error) {
		return protect(func() ([]string, error) { return o.Tokenizer(text), nil })
	}
}
