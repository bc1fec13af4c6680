package fileopsbeam

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/lion-agi/fileops"
	"github.com/parquet-go/parquet-go"
)

// A Record is a [fileops.TextChunk] as a row: of a Parquet file, and of a PCollection
// of Beam, which takes no maps of any.
type Record struct {
	Text      string   `parquet:"chunk_content" json:"chunk_content"`
	ID        int64    `parquet:"chunk_id" json:"chunk_id"`
	Total     int64    `parquet:"total_chunks" json:"total_chunks"`
	Size      int64    `parquet:"chunk_size" json:"chunk_size"`
	FilePath  string   `parquet:"file_path,dict" json:"file_path"`
	FileName  string   `parquet:"file_name,dict" json:"file_name"`
	FileSize  int64    `parquet:"file_size" json:"file_size"`
	Encoding  string   `parquet:"encoding,dict" json:"encoding"`
	Metadata  string   `parquet:"metadata,dict" json:"metadata"` // as JSON, "" if there is none
	Start     int64    `parquet:"start_byte" json:"start_byte"`
	End       int64    `parquet:"end_byte" json:"end_byte"`
	StartLine int64    `parquet:"start_line" json:"start_line"`
	EndLine   int64    `parquet:"end_line" json:"end_line"`
	Section   []string `parquet:"section,list" json:"section"`
	Tokens    []string `parquet:"tokens,list" json:"tokens"`
}

// newRecord makes a row of a chunk. metadata is that of all chunks as JSON.
func newRecord(c *fileops.TextChunk, metadata string) Record {
	return Record{
		Text: c.Text, ID: int64(c.ID), Total: int64(c.Total), Size: int64(c.Size),
		FilePath: c.FilePath, FileName: c.FileName, FileSize: c.FileSize,
		Encoding: c.Encoding, Metadata: metadata, Start: int64(c.Start), End: int64(c.End),
		StartLine: int64(c.StartLine), EndLine: int64(c.EndLine), Section: c.Section, Tokens: c.Tokens,
	}
}

// Chunk returns the chunk that the row is of. Numbers in its Metadata are json.Numbers.
func (r *Record) Chunk() (fileops.TextChunk, error) {
	c := fileops.TextChunk{
		Text: r.Text, ID: int(r.ID), Total: int(r.Total), Size: int(r.Size),
		FilePath: r.FilePath, FileName: r.FileName, FileSize: r.FileSize,
		Encoding: r.Encoding, Start: int(r.Start), End: int(r.End),
		StartLine: int(r.StartLine), EndLine: int(r.EndLine), Section: r.Section, Tokens: r.Tokens,
	}
	if r.Metadata == "" {
		return c, nil
	}
	d := json.NewDecoder(strings.NewReader(r.Metadata))
	d.UseNumber()
	return c, d.Decode(&c.Metadata)
}

// metadataOf returns the metadata of a chunk as JSON.
func metadataOf(c *fileops.TextChunk) (string, error) {
	if len(c.Metadata) == 0 {
		return "", nil
	}
	data, err := json.Marshal(c.Metadata)
	return string(data), err
}

// A parquetSink writes a chunk a row.
type parquetSink struct {
	w    *parquet.GenericWriter[Record]
	held int // bytes of texts since the last row group
}

// rowGroup is about how many bytes of texts a row group has. A reader holds one.
const rowGroup = 16 << 20

func newParquetSink(w io.Writer) *parquetSink {
	return &parquetSink{w: parquet.NewGenericWriter[Record](w, parquet.Compression(&parquet.Zstd))}
}

func (s *parquetSink) add(chunk *fileops.TextChunk) error {
	metadata, err := metadataOf(chunk)
	if err != nil {
		return err
	}
	if _, err := s.w.Write([]Record{newRecord(chunk, metadata)}); err != nil {
		return err
	}
	if s.held += len(chunk.Text); s.held < rowGroup {
		return nil
	}
	s.held = 0
	return s.w.Flush()
}

func (s *parquetSink) close() error { return s.w.Close() }
