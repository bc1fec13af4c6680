package fileops

import (
	"slices"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file is where a chunking writes its chunks: to OutputFile, to OutputDir, or to
// the writer of ChunkTo.

// findOutput looks for the output file, which must not be read.
func (c *chunking) findOutput() (err error) {
	if c.w != nil {
		c.output = c.task.outputOf(c.w)
		return nil
	}
	c.output, err = c.task.newOutput(c.opts.OutputFile, vfs.AtomicOptions{Replace: true})
	return err
}

func (c *chunking) hasOutputs() bool { return c.opts.OutputFile != "" || c.opts.OutputDir != "" }

func (c *chunking) openOutputDir() (err error) {
	if c.opts.OutputDir != "" {
		c.saver, err = c.task.newChunkSaver(c.opts.OutputDir, c.save)
	}
	return err
}

// commitOutputs completes the outputs. If a file failed and the operation went on,
// the output file is not whole. Unless the operation streams, the files in OutputDir
// are written only now, so a failure before leaves none.
func (c *chunking) commitOutputs() error {
	if !c.streams {
		if err := c.openOutputDir(); err != nil {
			return err
		}
		if c.saver != nil {
			c.saver.add(c.all)
		}
	}
	if c.saver != nil {
		if err := c.saver.finish(); err != nil {
			return err
		}
	}
	if c.opts.OutputFile == "" || c.failed {
		return nil
	}
	return c.commitOutput()
}

// closeOutputs ends the use of the outputs.
func (c *chunking) closeOutputs() {
	if c.saver != nil {
		c.saver.finish()
	}
	c.output.discard()
}

// appendChunks appends encoded chunks, if they are to be encoded.
func (c *chunking) appendChunks(dst []byte, chunks []TextChunk) []byte {
	if c.format == nil || len(chunks) == 0 {
		return dst
	}
	return c.format.appendChunks(append(dst, c.format.separator...), chunks)
}

// put writes chunks to the outputs.
func (c *chunking) put(p cutPart) error {
	if c.streams && c.saver != nil {
		for _, f := range p.files {
			if err := c.saver.add(f.chunks); err != nil {
				return err
			}
		}
	}
	return c.write(p.data)
}

// write writes encoded chunks, if there are any.
func (c *chunking) write(encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	if !c.began {
		c.began = true
		encoded = encoded[len(c.format.separator):]
		if err := c.writeTo([]byte(c.format.header)); err != nil {
			return err
		}
	}
	return c.writeTo(encoded)
}

// writeTo writes to the output file, or to w in pieces.
func (c *chunking) writeTo(b []byte) error {
	if c.w == nil {
		return c.output.write(b)
	}
	for piece := range slices.Chunk(b, writePiece) {
		if err := writeFull(c.w, piece); err != nil {
			return err
		}
	}
	return nil
}

// commitOutput completes the output file.
func (c *chunking) commitOutput() error {
	end := c.format.footer
	if !c.began {
		end = c.format.header + end
	}
	if err := c.output.write([]byte(end)); err != nil {
		return err
	}
	return c.output.commit()
}
