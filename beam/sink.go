package fileopsbeam

import (
	"bufio"
	"cmp"
	"io"
	"strings"

	"github.com/lion-agi/fileops"
)

// A sink writes the chunks of a part in a format.
type sink interface {
	add(chunk *fileops.TextChunk) error
	close() error
}

func newSink(format string, w io.Writer) (sink, error) {
	if format == formatParquet {
		return newParquetSink(w), nil
	}
	return &jsonlSink{bufio.NewWriterSize(w, sinkBuffer)}, nil
}

// sinkBuffer is the size of the writes to a spool.
const sinkBuffer = 256 << 10

// A jsonlSink writes a chunk a line, as fileops.ChunkTo does.
type jsonlSink struct{ w *bufio.Writer }

func (s *jsonlSink) add(chunk *fileops.TextChunk) error {
	line, err := chunk.MarshalJSON()
	if err != nil {
		return err
	}
	s.w.Write(line) // an error stays until close returns it
	return s.w.WriteByte('\n')
}

func (s *jsonlSink) close() error { return s.w.Flush() }

func compareSkips(a, b Skip) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
}
